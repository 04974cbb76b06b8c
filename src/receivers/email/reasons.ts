import { systemErrorCode } from '../../platform/errors.ts';
import { networkReason } from '../../platform/network-reason.ts';
import type { MailServer } from './server.ts';

/** Why there was no session with a mail server, in its words: the ports with and without TLS are easily mixed up. */
export function mailReason(error: Error, { tls }: MailServer): string {
  const code = systemErrorCode(error) ?? '';
  if (/^(?:EPROTO$|ERR_SSL_)/.test(code))
    return 'it does not speak TLS from the first byte on: is this its port with STARTTLS (`tls: starttls`)?';
  if (!/TIMEOUT|TIMEDOUT/i.test(code)) return networkReason(error);
  return tls === 'implicit'
    ? 'no answer in time: it hangs, or the network drops it'
    : 'no greeting in time: it hangs, the network drops it, or it speaks TLS from the first byte on (`tls: implicit`)';
}

/** Of a session that was given up. */
export function tooSlow(afterMs: number): Error {
  return new Error(`it answers, but so slowly that it was given up after ${afterMs / 1000} s`);
}

/** A server may repeat what it was given. */
export function withoutLogin(text: string, { login }: MailServer): string {
  if (!login) return text;
  const [password, username] = [login.password.reveal(), login.username.reveal()];
  // A short name may be part of any word.
  const hidden = username.length < 4 ? [password] : [password, username];
  return hidden
    .flatMap((value) => [value, Buffer.from(value).toString('base64')])
    .reduce((shorter, value) => shorter.replaceAll(value, '…'), text);
}
