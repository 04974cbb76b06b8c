import { z } from 'zod';
import { port, size } from '../../config/fields.ts';

export const alertmanagerSchema = z.strictObject({
  port: port().default(9093).describe('Port on loopback for the API and the web page.'),
  memory: size().optional().describe('Memory limit of the program.'),
});

export type AlertmanagerConfig = z.infer<typeof alertmanagerSchema>;
