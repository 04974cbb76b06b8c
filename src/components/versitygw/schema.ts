import type { z } from 'zod';
import { componentSettings, port, secret } from '../../config/fields.ts';

export const versitygwSchema = componentSettings({
  port: port().default(7070).describe('Port on loopback for the S3 API.'),
  access_key: secret().describe('Name of the only user, who may do everything.'),
  secret_key: secret().describe("The user's secret key."),
});

export type VersitygwConfig = z.infer<typeof versitygwSchema>;
