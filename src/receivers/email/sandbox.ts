import type { MailSandbox, SandboxMail, SandboxMessage, SandboxReply } from '../../stack/sandbox.ts';
import { recipientOf } from './addressees.ts';
import { formatProblems } from './format-rules.ts';
import { htmlAsText } from './html-as-text.ts';
import { headerValue, type ParsedMail, parseMail } from './parse-mail.ts';

/** Gmail's limit; others take less (`mailLimits`). */
const MAX_BODY_BYTES = 25 * 1024 * 1024;

/** Takes what a careful mail server on the internet takes, and says why not. */
export const emailSandbox: MailSandbox = {
  protocol: 'smtp',
  type: 'email',
  example: 'SMTP on the same port, with STARTTLS or TLS, any user name and password',
  maxBodyBytes: MAX_BODY_BYTES,
  receive,
  recipientOf,
};

async function receive({ to, source }: SandboxMail): Promise<SandboxReply> {
  const parsed = await parseMail(source).catch(() => undefined);
  const problems = parsed ? formatProblems(source) : ['a mail that cannot be read'];
  const message = { message: messageOf(parsed, recipientOf(to)) };
  return problems.length === 0
    ? { status: 250, body: '2.0.0 Ok: taken by the inbox', accepted: true, problems, ...message }
    : { status: 554, body: `5.6.0 ${problems[0] ?? ''}`, accepted: false, problems, ...message };
}

function messageOf(mail: ParsedMail | undefined, recipient: string): SandboxMessage {
  const title = mail?.subject ?? '';
  return {
    title,
    text: (mail?.text ?? htmlAsText(mail?.html ?? '')).trim(),
    status: statusOf(mail, title),
    recipient,
  };
}

const STATUSES = ['firing', 'resolved'] as const;

/** Of Leitstand's own header; else of the beginning of the subject, which Alertmanager writes so by itself. */
function statusOf(mail: ParsedMail | undefined, title: string): SandboxMessage['status'] {
  const told = (mail && headerValue(mail, 'x-leitstand-status')) ?? /^\[([A-Z]+)/.exec(title)?.[1];
  return STATUSES.find((status) => status === told?.toLowerCase()) ?? 'unknown';
}
