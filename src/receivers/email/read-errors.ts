import type { LeitstandError } from '../../platform/errors.ts';
import { receiverErrors } from '../errors.ts';
import { quoted } from '../exchange.ts';
import { mailReason, withoutLogin } from './reasons.ts';
import { type MailServer, serverName } from './server.ts';

/** Of imapflow: the words of the server's refusal, and that it was the login. */
interface ImapError extends Error {
  readonly authenticationFailed?: boolean;
  readonly responseText?: string;
}

/** Why a mailbox could not be asked. */
export function mailboxError(thrown: unknown, server: MailServer): LeitstandError {
  const error: ImapError = thrown instanceof Error ? thrown : new Error(String(thrown));
  const name = serverName(server);
  const { responseText } = error;
  const answer = responseText === undefined ? undefined : quoted(withoutLogin(responseText, server));
  if (error.authenticationFailed === true) {
    const { username, password } = server.login ?? {};
    return receiverErrors.error('LS-RECEIVER-013', {
      what: `${server.whose}: ${name} does not let us read the mailbox`,
      why: answer === undefined ? 'the user name or the password is not right' : `it answers ${answer}`,
      fix: `correct the ${username?.label ?? 'user name'} and the ${password?.label ?? 'password'} of \`read_back\`; many providers want an app password, and IMAP switched on`,
    });
  }
  return receiverErrors.error('LS-RECEIVER-012', {
    what: `${server.whose}: the mailbox on ${name} cannot be asked`,
    why: answer === undefined ? mailReason(error, server) : `it answers ${answer}`,
    fix: `check \`read_back.imap\`, \`tls\` and \`ca_file\`, and the way there from this machine: nc -v ${server.host} ${server.port}`,
  });
}

export function noSuchFolder(server: MailServer, folder: string, folders: readonly string[]): LeitstandError {
  return receiverErrors.error('LS-RECEIVER-033', {
    what: `${server.whose}: there is no folder ${folder} in the mailbox on ${serverName(server)}`,
    why: folders.length === 0 ? undefined : `there are: ${folders.slice(0, 20).join(', ')}`,
    fix: 'correct `read_back.mailbox`',
  });
}
