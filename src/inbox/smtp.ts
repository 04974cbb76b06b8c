import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { SMTPServerOptions } from 'smtp-server';
import type { Fault } from '../stack/sandbox.ts';
import type { Identity } from './certificate.ts';
import { HTML_PAGE, toldTo } from './faults.ts';
import { acceptRecipient, acceptSender, logIn, type MailDesk, receiveMail, SmtpRefusal } from './mail.ts';
import { openSmtpSession } from './smtp-session.ts';

const IDLE_MS = 60_000;
const MAX_RECIPIENTS = 100;
/** Jokes of the library, and commands for proxies. */
const UNWANTED = ['WIZ', 'SHELL', 'KILL', 'XCLIENT', 'XFORWARD'];

export interface SmtpDesk extends MailDesk {
  readonly identity: () => Promise<Identity>;
  /** A certificate that nobody signed, made when it is first needed. */
  readonly badIdentity: () => Promise<Identity>;
  readonly onTlsFailure: (error: Error) => void;
}

/**
 * Speaks SMTP as a submission server does (RFC 5321, 3207, 4954, 6409): STARTTLS is offered, AUTH only within TLS.
 * Whether a mail without either is taken is the endpoint's to say. Any user and password will do, except empty ones.
 */
export async function serveSmtp(desk: SmtpDesk, socket: Socket): Promise<void> {
  const isEncrypted = socket instanceof TLSSocket;
  const fault = desk.takeFault(
    (one) => isOfGreeting(one) && !(one.kind === 'bad-certificate' && isEncrypted),
  );
  if (fault?.kind === 'hang' || fault?.kind === 'drop' || fault?.kind === 'html') {
    await desk.keepFailure(0, toldTo(fault));
    if (fault.kind === 'drop') socket.destroy();
    if (fault.kind === 'html') socket.end(`HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n${HTML_PAGE}`);
    socket.resume();
    return;
  }
  const identity = await (fault?.kind === 'bad-certificate' ? desk.badIdentity() : desk.identity());
  openSmtpSession(socket, sessionOptions(desk, { identity, isEncrypted, fault }), desk.onTlsFailure);
}

/** Those that show before the first command. */
function isOfGreeting({ kind }: Fault): boolean {
  return kind !== 'status' && kind !== 'slow';
}

interface SessionFacts {
  readonly identity: Identity;
  readonly isEncrypted: boolean;
  /** For the whole session: `bad-certificate` or `no-starttls`. */
  readonly fault: Fault | undefined;
}

function sessionOptions(desk: SmtpDesk, { identity, isEncrypted, fault }: SessionFacts): SMTPServerOptions {
  const withoutStartTls = fault?.kind === 'no-starttls' ? ['STARTTLS'] : [];
  const ended = new AbortController();
  let isSomethingTaken = false;
  return {
    secure: isEncrypted,
    secured: isEncrypted,
    key: identity.key,
    cert: identity.certificate,
    name: 'leitstand-inbox',
    logger: false,
    disableReverseLookup: true,
    authOptional: true,
    authMethods: ['PLAIN', 'LOGIN'],
    disabledCommands: isEncrypted ? UNWANTED : [...UNWANTED, 'AUTH', ...withoutStartTls],
    size: desk.endpoint.maxBodyBytes,
    rejectOversized: true,
    maxRecipients: MAX_RECIPIENTS,
    socketTimeout: IDLE_MS,
    onSecure: (_socket, session, callback) => {
      session.disabledCommands = UNWANTED;
      callback();
    },
    onAuth: ({ username, password }, _session, callback) =>
      answer(logIn(desk, { user: username ?? '', password: password ?? '' }), callback, (user) => ({ user })),
    onMailFrom: ({ address }, _session, callback) => answer(acceptSender(address), callback),
    onRcptTo: ({ address }, _session, callback) => answer(acceptRecipient(desk, address), callback),
    onData: (stream, session, callback) => {
      const receiving = receiveMail(desk, { stream, session, signal: ended.signal });
      answer(receiving, callback, (text) => {
        isSomethingTaken = true;
        return text;
      });
    },
    onClose: () => {
      ended.abort();
      if (fault && !isSomethingTaken) desk.keepFailure(0, toldTo(fault)).catch(() => undefined);
    },
  };
}

type Callback<Reply> = (error: Error | null, reply?: Reply) => void;

/** What cannot be judged or kept is not accepted: the sender tries again, and its log says why. */
function answer<Result, Reply>(
  work: Promise<Result>,
  callback: Callback<Reply>,
  replyOf?: (result: Result) => Reply,
): void {
  work.then(
    (result) => (replyOf ? callback(null, replyOf(result)) : callback(null)),
    (error: unknown) => callback(error instanceof SmtpRefusal ? error : ownProblem(error)),
  );
}

function ownProblem(error: unknown): SmtpRefusal {
  const reason = error instanceof Error ? error.message : 'unknown error';
  return new SmtpRefusal(451, `4.3.0 the inbox has a problem: ${reason}`);
}
