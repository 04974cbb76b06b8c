import type { Transporter } from 'nodemailer';
import type { MailAddress } from '../../platform/mail-address.ts';
import type { DirectMessage, DirectSender } from '../../stack/receiver.ts';
import { tooSlow } from './reasons.ts';
import { readFailure, sendError } from './send-errors.ts';
import { type MailServer, tlsOptions } from './server.ts';

const TIMEOUT_MS = 10_000;
/** For the whole session: a server that says a word now and then is never silent for as long as TIMEOUT_MS. */
const LONGEST_SESSION_MS = 30_000;

export interface MailRoute {
  readonly server: MailServer;
  readonly hello: string | undefined;
  readonly from: MailAddress;
  readonly to: readonly MailAddress[];
}

/** Speaks to the server as Alertmanager would, from this process. */
export function directSender(route: MailRoute, longestMs = LONGEST_SESSION_MS): DirectSender {
  return { send: (message) => send(route, message, longestMs) };
}

async function send(route: MailRoute, message: DirectMessage, longestMs: number): Promise<string> {
  const { signal } = message;
  const transport = await connect(route);
  const limit = AbortSignal.timeout(longestMs);
  try {
    const { response, rejectedErrors } = await transport.sendMail({
      ...mailOf(route, message),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    // Alertmanager sends to all of them or to nobody.
    const [refused] = rejectedErrors ?? [];
    if (refused) throw refused;
    return String(response);
  } catch (error) {
    signal?.throwIfAborted();
    throw sendError(readFailure(limit.aborted ? tooSlow(longestMs) : error), route.server);
  } finally {
    transport.close();
  }
}

async function connect({ server, hello }: MailRoute): Promise<Transporter> {
  const { createTransport } = await import('nodemailer');
  const { host, port, tls, login } = server;
  return createTransport({
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    tls: await tlsOptions(server),
    name: hello ?? 'localhost',
    ...(login === undefined
      ? {}
      : { auth: { user: login.username.reveal(), pass: login.password.reveal() } }),
    dnsTimeout: TIMEOUT_MS,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

function mailOf({ from, to }: MailRoute, { nonce, title, text }: DirectMessage) {
  return {
    from: { ...from },
    to: to.map((address) => ({ ...address })),
    subject: title,
    text: text.includes(nonce) ? text : `${text}\n\n${nonce}\n`,
    headers: {
      'Auto-Submitted': 'auto-generated',
      'X-Leitstand-Alert': nonce,
    },
  };
}
