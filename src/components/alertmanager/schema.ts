import type { z } from 'zod';
import { componentSettings, externalUrl, port } from '../../config/fields.ts';

export const alertmanagerSchema = componentSettings({
  port: port().default(9093).describe('Port on loopback for the API and the web page.'),
  external_url: externalUrl(),
});

export type AlertmanagerConfig = z.infer<typeof alertmanagerSchema>;
