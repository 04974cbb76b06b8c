import { z } from 'zod';
import { hostPort, mailAddress, path, secret, template } from '../../config/fields.ts';
import { mailMistakes } from './mistakes.ts';

const tls = z.enum(['starttls', 'implicit', 'none']);

const readBack = z
  .strictObject({
    imap: hostPort(993, 143)
      .describe('IMAP server of the mailbox, `host:port`.')
      .meta({ examples: ['imap.example.org:993'] }),
    username: secret().describe('User name of the mailbox.'),
    password: secret().describe('Password of the mailbox.'),
    mailbox: z.string().min(1).default('INBOX').describe('Folder in which alerts arrive.'),
    tls: tls.optional().describe('As for the mail server. Default: `implicit` on port 993, else `starttls`.'),
    ca_file: path({ absolute: true })
      .optional()
      .describe('PEM file of the authority that signed its certificate. Default: those of the system.'),
  })
  .describe('A mailbox that the mails reach: `alert test` looks there whether its own has arrived.');

export const emailSchema = z
  .strictObject({
    to: z
      .union([mailAddress(), z.array(mailAddress()).min(1).max(100)])
      .describe('Address of the recipient, or a list of addresses.')
      .meta({ examples: ['ops@example.org'] }),
    from: mailAddress()
      .describe('Address of the sender; one that the mail server lets you use.')
      .meta({ examples: ['Leitstand <alerts@example.org>'] }),
    smarthost: hostPort(587, 465, 25)
      .describe('Mail server that takes the mails, `host:port`.')
      .meta({ examples: ['smtp.example.org:587'] }),
    username: secret().optional().describe('User name for the mail server. Default: nobody logs in.'),
    password: secret().optional().describe('Its password, or an app password.'),
    tls: tls
      .optional()
      .describe(
        '`starttls`: the connection must be encrypted by STARTTLS. `implicit`: TLS from the first byte on. `none`: in clear. Default: `implicit` on port 465, else `starttls`.',
      ),
    ca_file: path({ absolute: true })
      .optional()
      .describe(
        "PEM file of the authority that signed the mail server's certificate. Default: those of the system; that of the inbox for the inbox.",
      ),
    hello: z
      .string()
      .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/)
      .optional()
      .describe("Name by which this machine greets the mail server. Default: Alertmanager's, `localhost`."),
    send_resolved: z.boolean().default(true).describe('Whether it is told when an alert is over.'),
    subject: template().optional().describe("Subject, in Alertmanager's template language."),
    html: template().optional().describe("HTML part, in Alertmanager's template language."),
    text: template().optional().describe("Text part, in Alertmanager's template language."),
    headers: z
      .record(z.string(), template({ mayBeEmpty: true }).describe('Its value.'))
      .default({})
      .describe("Further headers of the mail, in Alertmanager's template language."),
    read_back: readBack.optional(),
  })
  .check(({ value, issues }) => {
    for (const { path: at, problem, fix } of mailMistakes(value))
      issues.push({ code: 'custom', path: [...at], message: problem, params: { fix }, input: value });
  });

export type EmailConfig = z.infer<typeof emailSchema>;
