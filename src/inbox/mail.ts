import type { SMTPServerDataStream, SMTPServerSession } from 'smtp-server';
import type { Clock } from '../platform/clock.ts';
import type { Fault, MailSandbox, SandboxMail, SandboxReply } from '../stack/sandbox.ts';
import { type StatusFault, toldTo } from './faults.ts';
import { mainHeaders } from './mail-headers.ts';
import type { Keep } from './record.ts';
import { NO_ROOM, type Room, share } from './room.ts';

export interface MailDesk {
  readonly endpoint: MailSandbox;
  readonly keep: Keep;
  readonly room: Room;
  readonly clock: Clock;
  /** The next misbehaviour of the kind, counted as used. */
  takeFault(wanted: (fault: Fault) => boolean): Fault | undefined;
  /** Keeps what failed before there was a mail. */
  keepFailure(status: number, problem: string): Promise<void>;
}

/** Its message is the text of the reply. */
export class SmtpRefusal extends Error {
  readonly responseCode: number;

  constructor(status: number, text: string) {
    super(text);
    this.responseCode = status;
  }
}

/** RFC 5321, 4.1.2: dot-string or quoted string; beyond ASCII with SMTPUTF8 (RFC 6531). */
const ATOM = "[\\w!#$%&'*+/=?^`{|}~\\u0080-\\u{10FFFF}-]+";
const LOCAL_PART = new RegExp(`^(?:${ATOM}(?:\\.${ATOM})*|"(?:[ !#-\\[\\]-~]|\\\\[ -~])*")$`, 'u');
/** Labels of RFC 1035, decoded from Punycode; the library has looked into address literals. */
const LABEL = '[\\p{L}\\p{M}\\p{N}](?:[\\p{L}\\p{M}\\p{N}-]*[\\p{L}\\p{M}\\p{N}])?';
const DOMAIN = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[.+\\])$`, 'u');

/** Faults that have a stage of their own; all others answer the mail itself. */
const AUTH_STATUS = 535;
const RECIPIENT_STATUSES: readonly number[] = [550, 451];

function isOfMail(status: number): boolean {
  return status !== AUTH_STATUS && !RECIPIENT_STATUSES.includes(status);
}

/** As the servers say it that are used most. */
const REPLIES: Readonly<Record<number, string>> = {
  421: '4.7.0 Try again later, closing connection',
  451: '4.7.1 Greylisting in action, please come back later',
  452: '4.2.2 The recipient is over quota',
  535: '5.7.8 Error: authentication failed',
  550: '5.1.1 User unknown',
  552: '5.3.4 Message size exceeds fixed limit',
  554: '5.7.1 Message rejected',
};

/** Any user and password will do; the password goes no further. Resolves with the user. */
export async function logIn(
  desk: MailDesk,
  { user, password }: { readonly user: string; readonly password: string },
): Promise<string> {
  const fault = takeStatus(desk, (status) => status === AUTH_STATUS);
  if (fault) return refuse(desk, { status: AUTH_STATUS, problem: toldTo(fault, REPLIES[AUTH_STATUS]) });
  if (user === '' || password === '')
    return refuse(desk, {
      status: AUTH_STATUS,
      problem: `AUTH with an empty ${user === '' ? 'user name' : 'password'}`,
    });
  return user;
}

/** Empty is the sender of bounces. */
export async function acceptSender(address: string): Promise<void> {
  if (address !== '' && !isAddress(address))
    throw new SmtpRefusal(553, '5.1.7 The sender is not an address of RFC 5321');
}

export async function acceptRecipient(desk: MailDesk, address: string): Promise<void> {
  if (!isAddress(address)) throw new SmtpRefusal(553, '5.1.3 The recipient is not an address of RFC 5321');
  const fault = takeStatus(desk, (status) => RECIPIENT_STATUSES.includes(status));
  if (fault)
    await refuse(desk, {
      status: fault.status,
      problem: `${toldTo(fault, REPLIES[fault.status])} to RCPT TO:<${address}>`,
    });
}

export interface IncomingMail {
  readonly stream: SMTPServerDataStream;
  readonly session: SMTPServerSession;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

/** The mail is kept before it is answered. Resolves with the text of the reply; rejects with an SmtpRefusal. */
export async function receiveMail(desk: MailDesk, mail: IncomingMail): Promise<string> {
  const part = share(desk.room);
  try {
    return await judgeMail(desk, mail, await readMail(mail.stream, part));
  } finally {
    part.giveBack();
  }
}

async function judgeMail(
  desk: MailDesk,
  { session, signal }: IncomingMail,
  source: Buffer | undefined,
): Promise<string> {
  const receivedAt = desk.clock.now().toISOString();
  const fault = desk.takeFault(
    (one) => one.kind === 'slow' || (one.kind === 'status' && isOfMail(one.status)),
  );
  if (fault?.kind === 'slow') await desk.clock.sleep(fault.delayMs, signal).catch(() => undefined);
  const reply =
    source === undefined
      ? failed(552, `the mail is larger than ${desk.endpoint.maxBodyBytes} bytes`)
      : fault?.kind === 'status'
        ? failed(fault.status, toldTo(fault, REPLIES[fault.status]))
        : fault && signal.aborted
          ? failed(0, `${toldTo(fault)}; the sender did not wait for it`)
          : await desk.endpoint.receive(mailOf(session, source));
  const { message } = reply;
  await desk.keep({
    receivedAt,
    type: desk.endpoint.type,
    path: 'smtp',
    recipient: message?.recipient ?? recipientOf(desk, session),
    headers: source ? mainHeaders(source) : {},
    body: source?.toString('utf8') ?? '',
    replyStatus: reply.status,
    accepted: reply.accepted,
    problems: reply.problems,
    title: message?.title ?? '',
    text: message?.text ?? '',
    status: message?.status ?? 'unknown',
  });
  if (reply.status >= 400) throw new SmtpRefusal(reply.status, reply.body);
  return reply.body;
}

function recipientOf({ endpoint }: MailDesk, session: SMTPServerSession): string {
  return endpoint.recipientOf?.(addressesOf(session)) ?? '';
}

function addressesOf({ envelope }: SMTPServerSession): string[] {
  return envelope.rcptTo.map(({ address }) => address);
}

function mailOf(session: SMTPServerSession, source: Buffer): SandboxMail {
  const { envelope, secure, user } = session;
  return {
    from: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
    to: addressesOf(session),
    isEncrypted: secure,
    ...(typeof user === 'string' ? { user } : {}),
    source,
  };
}

/** Undefined when it is larger than was offered. Rejects, once all of it has come, when there is no room for it. */
async function readMail(
  stream: SMTPServerDataStream,
  part: ReturnType<typeof share>,
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let fits = true;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    fits &&= stream.sizeExceeded || part.take(chunk.length);
    if (!stream.sizeExceeded && fits) {
      chunks.push(chunk);
      continue;
    }
    chunks.length = 0;
    part.giveBack();
  }
  if (!fits) throw new Error(NO_ROOM);
  return stream.sizeExceeded ? undefined : Buffer.concat(chunks);
}

function takeStatus(desk: MailDesk, wanted: (status: number) => boolean): StatusFault | undefined {
  const fault = desk.takeFault((one) => one.kind === 'status' && wanted(one.status));
  return fault?.kind === 'status' ? fault : undefined;
}

async function refuse(
  desk: MailDesk,
  { status, problem }: { readonly status: number; readonly problem: string },
): Promise<never> {
  await desk.keepFailure(status, problem);
  throw new SmtpRefusal(status, replyText(status));
}

function failed(status: number, problem: string): SandboxReply {
  return { status, body: replyText(status), accepted: false, problems: [problem] };
}

function replyText(status: number): string {
  return REPLIES[status] ?? `The inbox was told to answer ${status}`;
}

/** `postmaster` needs no domain: RFC 5321, 4.1.1.3. */
function isAddress(address: string): boolean {
  const at = address.lastIndexOf('@');
  if (at === -1) return address.toLowerCase() === 'postmaster';
  return LOCAL_PART.test(address.slice(0, at)) && DOMAIN.test(address.slice(at + 1));
}
