import { z } from 'zod';
import { path, secret, template, url } from '../../config/fields.ts';

export const slackSchema = z
  .strictObject({
    webhook_url: secret().optional().describe('URL of a Slack incoming webhook. This, or `app_token`.'),
    app_token: secret()
      .optional()
      .describe('Bot token of a Slack app (`xoxb-…`), from Alertmanager 0.30 on. This, or `webhook_url`.'),
    channel: z
      .string()
      .min(1)
      .refine((text) => !text.includes('{{'), {
        error: 'is fixed: it can hold no template',
        params: { fix: 'for other channels make another receiver and a route' },
      })
      .optional()
      .describe(
        'Channel, such as `#alerts`; required with `app_token`. Webhooks of Slack apps post to their own channel and ignore it.',
      )
      .meta({ examples: ['#alerts'] }),
    title: template({ mayBeEmpty: true })
      .optional()
      .describe(
        'First line, in Alertmanager\'s template language. Print values with `{{ template "leitstand.slack.escaped" VALUE }}`, so that none can call a channel.',
      ),
    text: template({ mayBeEmpty: true }).optional().describe('What follows, in the same language.'),
    send_resolved: z.boolean().default(true).describe('Whether it is told when an alert is over.'),
    read_back: z
      .strictObject({
        token: secret()
          .optional()
          .describe('Bot token that may read the channel (scope `channels:history`). Default: `app_token`.'),
        channel_id: z
          .string()
          .regex(/^[CGD][A-Z0-9]{6,}$/, { error: 'is no ID of a channel, which looks like C0123456789' })
          .describe('ID of the channel, at the end of its *About* page in Slack.')
          .meta({ examples: ['C0123456789'] }),
      })
      .optional()
      .describe('To see in Slack itself whether a test arrived.'),
    api_url: url()
      .default('https://slack.com/api')
      .describe("Slack's Web API, for `app_token` and `read_back`; another one for what stands in for it."),
    proxy_url: url().optional().describe('Proxy that Alertmanager goes through.'),
    ca_file: path({ absolute: true })
      .optional()
      .describe('PEM file of the authority that signed the certificate, where it is no public one.'),
  })
  .check(({ value, issues }) => {
    const complain = (message: string, fix: string) =>
      issues.push({ code: 'custom', message, params: { fix }, input: value });
    if (value.webhook_url === undefined && value.app_token === undefined)
      complain(
        'does not say how Slack is reached',
        'add `webhook_url: ${secret:SLACK_WEBHOOK_URL}`, or `app_token: ${secret:SLACK_APP_TOKEN}` and `channel`',
      );
    if (value.webhook_url !== undefined && value.app_token !== undefined)
      complain('has `webhook_url` and `app_token`', 'delete one of them');
    if (/^\/(?:services|slack\/services)\//.test(URL.parse(value.api_url)?.pathname ?? ''))
      complain(
        'has the URL of a webhook as `api_url`',
        'write it as `webhook_url: ${secret:SLACK_WEBHOOK_URL}`, and delete `api_url`',
      );
    if (value.app_token !== undefined && value.channel === undefined)
      complain('has `app_token` and no `channel`', "add `channel: '#alerts'`");
    if (value.read_back && value.read_back.token === undefined && value.app_token === undefined)
      complain(
        'has `read_back` without a token',
        'add `token: ${secret:SLACK_READ_TOKEN}` below `read_back`',
      );
  });

export type SlackConfig = z.infer<typeof slackSchema>;
