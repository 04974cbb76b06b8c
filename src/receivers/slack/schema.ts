import { z } from 'zod';
import { secret } from '../../config/fields.ts';

export const slackSchema = z.strictObject({
  webhook_url: secret().describe('URL of a Slack incoming webhook.'),
  channel: z
    .string()
    .min(1)
    .optional()
    .describe('Channel, such as `#alerts`. Webhooks of Slack apps post to their own channel and ignore it.'),
  title: z.string().optional().describe("First line, in Alertmanager's template language."),
  text: z.string().optional().describe("What follows, in Alertmanager's template language."),
  send_resolved: z.boolean().default(true).describe('Whether it is told when an alert is over.'),
});

export type SlackConfig = z.infer<typeof slackSchema>;
