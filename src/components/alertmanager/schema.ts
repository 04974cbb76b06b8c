import type { z } from 'zod';
import { componentSettings, port } from '../../config/fields.ts';

export const alertmanagerSchema = componentSettings({
  port: port().default(9093).describe('Port on loopback for the API and the web page.'),
});

export type AlertmanagerConfig = z.infer<typeof alertmanagerSchema>;
