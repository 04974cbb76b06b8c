import type { z } from 'zod';
import { componentSettings, port } from '../../config/fields.ts';

export const pushgatewaySchema = componentSettings({
  port: port().default(9091).describe('Port on loopback for pushes and the web page.'),
});

export type PushgatewayConfig = z.infer<typeof pushgatewaySchema>;
