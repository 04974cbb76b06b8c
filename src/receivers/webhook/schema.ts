import { z } from 'zod';
import { duration, path, secret, url } from '../../config/fields.ts';
import { objectToTemplate } from '../../config/template/objections.ts';
import { textsIn } from '../own-texts.ts';

export const webhookSchema = z
  .strictObject({
    url: secret().describe('Where Alertmanager posts its JSON (webhook version 4).'),
    max_alerts: z
      .int()
      .min(0)
      .optional()
      .describe('At most this many alerts in a message; 0 means all, which is the default.'),
    send_resolved: z.boolean().default(true).describe('Whether it is told when an alert is over.'),
    timeout: duration({ min: '1s' })
      .optional()
      .describe(
        'How long an answer is waited for, from Alertmanager 0.28 on; keep it below `routing.group_interval`. Default: as long as it takes.',
      ),
    bearer_token: secret().optional().describe('Token for the header `Authorization: Bearer`.'),
    username: z.string().min(1).optional().describe('For basic authentication.'),
    password: secret().optional().describe('For basic authentication.'),
    proxy_url: url().optional().describe('Proxy that Alertmanager goes through.'),
    ca_file: path({ absolute: true })
      .optional()
      .describe('PEM file of the authority that signed the certificate, where it is no public one.'),
    payload: z
      .record(z.string(), z.unknown())
      .optional()
      .describe(
        "Another JSON object in place of version 4, from Alertmanager 0.32 on: texts in it are in Alertmanager's template language.",
      ),
  })
  .check(({ value, issues }) => {
    const complain = (message: string, fix: string) =>
      issues.push({ code: 'custom', message, params: { fix }, input: value });
    const { username, password, bearer_token, payload } = value;
    for (const { path: at, text } of textsIn(payload)) {
      const objection = objectToTemplate(text);
      if (objection)
        issues.push({
          code: 'custom',
          path: ['payload', ...at],
          message: objection.problem,
          params: { fix: objection.fix },
          input: value,
        });
    }
    if ((username === undefined) !== (password === undefined))
      complain('has only one of `username` and `password`', 'add the other, or delete this one');
    if (bearer_token !== undefined && password !== undefined)
      complain(
        'has `bearer_token` and `password`',
        'delete one of them: a request has one header Authorization',
      );
  });

export type WebhookConfig = z.infer<typeof webhookSchema>;
