import { type LeitstandError, systemErrorCode } from '../../platform/errors.ts';
import { isUntrustedCertificate } from '../../platform/network-reason.ts';
import { receiverErrors } from '../errors.ts';
import { quoted } from '../exchange.ts';
import { mailReason, withoutLogin } from './reasons.ts';
import { type MailServer, serverName } from './server.ts';

/** What went wrong between us and a mail server. */
export interface Failure {
  readonly error: Error;
  /** Of the library: `EAUTH`, `ETLS`, `EENVELOPE`, …. */
  readonly code: string | undefined;
  /** The server's answer, where there was one: `535 5.7.8 Authentication failed`. */
  readonly response: string | undefined;
  readonly status: number | undefined;
}

export function readFailure(thrown: unknown): Failure {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { code, originalCode, response, responseCode } = error as Error & Partial<Record<string, unknown>>;
  const system = typeof originalCode === 'string' ? originalCode : systemErrorCode(error);
  return {
    // With the code of the system on top, where `networkReason` looks for it.
    error: Object.assign(new Error(error.message), system === undefined ? {} : { code: system }),
    code: typeof code === 'string' ? code : undefined,
    response: typeof response === 'string' ? response : undefined,
    status: typeof responseCode === 'number' ? responseCode : undefined,
  };
}

/** The failure as an LS-RECEIVER error, with what to do; without secrets, which a server may quote. */
export function sendError(failure: Failure, server: MailServer): LeitstandError {
  const { code, response, status = 0 } = failure;
  const { whose } = server;
  const name = serverName(server);
  const answer = response === undefined ? undefined : quoted(withoutLogin(response, server));
  if (code === 'ETLS' || isCertificate(failure)) return tlsError(failure, server);
  if (answer === undefined || status < 500) {
    return receiverErrors.error('LS-RECEIVER-012', {
      what: `${whose}: the mail server ${name} ${answer === undefined ? 'does not answer' : 'puts it off'}`,
      why: answer === undefined ? mailReason(failure.error, server) : `it answers ${answer}`,
      fix:
        answer === undefined
          ? `check \`smarthost\` and the way there from this machine: nc -v ${server.host} ${server.port}`
          : 'try again in some minutes; Alertmanager tries again by itself',
    });
  }
  if (code === 'EAUTH') {
    return receiverErrors.error('LS-RECEIVER-031', {
      what: `${whose}: the mail server ${name} does not let us log in`,
      why: `it answers ${answer}`,
      fix: loginFix(answer, server),
    });
  }
  return receiverErrors.error('LS-RECEIVER-011', {
    what: `${whose}: the mail server ${name} refuses the mail`,
    why: `it answers ${answer}`,
    fix: refusalFix(answer, server),
  });
}

const CERTIFICATE_CODES = /^(?:CERT_|ERR_TLS_CERT)/;

function isCertificate({ error }: Failure): boolean {
  return isUntrustedCertificate(error) || CERTIFICATE_CODES.test(systemErrorCode(error) ?? '');
}

function tlsError(failure: Failure, server: MailServer): LeitstandError {
  const name = serverName(server);
  if (isCertificate(failure)) {
    return receiverErrors.error('LS-RECEIVER-032', {
      what: `${server.whose}: the certificate of the mail server ${name} is not accepted`,
      why: mailReason(failure.error, server),
      fix: `name the server as its certificate does; if its authority is your own, add \`ca_file\` with its PEM file`,
    });
  }
  return receiverErrors.error('LS-RECEIVER-032', {
    what: `${server.whose}: no encrypted connection with the mail server ${name}`,
    why:
      failure.response === undefined
        ? mailReason(failure.error, server)
        : `it offers no STARTTLS: ${quoted(failure.response)}`,
    fix: 'take its port with TLS (465: `tls: implicit`); only for a server on this machine, `tls: none`',
  });
}

function loginFix(answer: string, { login }: MailServer): string {
  const secrets = login
    ? `the ${login.username.label} and the ${login.password.label}`
    : '`username` and `password`';
  if (/application-specific|app password|gsmtp/i.test(answer))
    return `make an app password (https://myaccount.google.com/apppasswords) and put it into ${secrets}`;
  if (/basic authentication is disabled|SmtpClientAuthentication/i.test(answer))
    return 'let its administrator allow "authenticated SMTP" for the mailbox, or take another mail server';
  return login
    ? `correct ${secrets}; many providers want an app password in place of that of the mailbox`
    : 'add `username` and `password`';
}

function refusalFix(answer: string, { login }: MailServer): string {
  if (/relay|5\.7\.1\b|authenticat/i.test(answer) && login === undefined)
    return 'add `username` and `password`: the server sends for those who log in';
  if (/\b5\.1\.[0-3]\b|user unknown|no such user|mailbox unavailable|recipient/i.test(answer))
    return 'correct the address in `to`';
  if (/sender|from|5\.1\.[78]\b|not owned|SendAsDenied/i.test(answer))
    return 'put an address into `from` that this account may send as';
  return 'see what its words ask for: `from`, `to`, or the account at the mail server';
}
