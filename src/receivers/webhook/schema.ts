import { z } from 'zod';
import { secret } from '../../config/fields.ts';

export const webhookSchema = z.strictObject({
  url: secret().describe('Where Alertmanager posts its JSON (webhook version 4).'),
  max_alerts: z
    .int()
    .min(0)
    .optional()
    .describe('At most this many alerts in a message; 0 means all, which is the default.'),
  send_resolved: z.boolean().default(true).describe('Whether it is told when an alert is over.'),
});

export type WebhookConfig = z.infer<typeof webhookSchema>;
