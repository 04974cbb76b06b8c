import { z } from 'zod';
import { port, size } from '../../config/fields.ts';

export const pushgatewaySchema = z.strictObject({
  port: port().default(9091).describe('Port on loopback for pushes and the web page.'),
  memory: size().optional().describe('Memory limit of the program.'),
});

export type PushgatewayConfig = z.infer<typeof pushgatewaySchema>;
