import type { Secret } from '../../stack/secret.ts';
import { receiverErrors } from '../errors.ts';

/** A word for what is no user name or password that Alertmanager would send as it is; undefined: it is one. */
export function objectToCredential(value: string): string | undefined {
  if (/\$\{[A-Za-z_][^}]*\}/.test(value)) return 'it holds a `${…}`: a variable that nobody replaced';
  if (/[\r\n]/.test(value)) return 'it has several lines';
  if (/\p{Cc}/u.test(value)) return 'it holds a control character';
  // Files are trimmed from 0.27 on (alertmanager#3680), and the server gets another password than this.
  return value === value.trim() ? undefined : 'it begins or ends with white space';
}

/** Throws LS-RECEIVER-030, which does not show the value. */
export function checkCredential(secret: Secret, whose: string): Secret {
  const why = objectToCredential(secret.reveal());
  if (why === undefined) return secret;
  throw receiverErrors.error('LS-RECEIVER-030', {
    what: `${whose}: the ${secret.label} is no user name or password for a mail server`,
    why,
    fix: `put the user name or the password alone, on one line, into the ${secret.label}`,
  });
}
