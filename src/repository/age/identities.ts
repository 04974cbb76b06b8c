import { readBech32 } from '../../platform/bech32.ts';
import type { Where } from '../../platform/errors.ts';
import { Secret } from '../../stack/secret.ts';
import { repositoryErrors } from '../errors.ts';

/** The secret half of a key pair of age (X25519), and the public half that belongs to it. */
export interface AgeIdentity {
  /** `AGE-SECRET-KEY-1…` */
  readonly secret: Secret;
  /** `age1…` */
  readonly recipient: string;
}

const KEY_BYTES = 32;
const SECRET_PREFIX = 'age-secret-key-';
/** Also one that was not copied from its first character on. */
const SECRET_HALF = /SECRET-KEY-|^(?!age1)[0-9a-z-]{50,}/i;

/** A key pair of age, made here and now. */
export async function makeRecoveryKey(): Promise<AgeIdentity> {
  const { generateX25519Identity } = await import('age-encryption');
  return identityOf(await generateX25519Identity());
}

/**
 * The keys of an identity file, as age-keygen writes it: one `AGE-SECRET-KEY-1…` a line, empty lines, and comments
 * with `#`. Throws LS-REPO-030, which names the line and quotes nothing of it.
 */
export async function parseIdentities(text: string, file?: string): Promise<readonly AgeIdentity[]> {
  const identities: AgeIdentity[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const key = line.trim();
    if (key === '' || key.startsWith('#')) continue;
    if (!isSecretKey(key)) throw noIdentity(key, index + 1, file);
    identities.push(await identityOf(key.toUpperCase()));
  }
  if (identities.length > 0) return identities;
  throw repositoryErrors.error('LS-REPO-030', {
    what: 'there is no secret key in the identity file',
    ...(file === undefined ? {} : { where: { file } }),
    fix: 'give the file with the line AGE-SECRET-KEY-1…, as age-keygen or the recovery kit wrote it',
  });
}

/**
 * The public half of a key, `age1…`, without white space around it. Throws LS-REPO-030; a secret half that was pasted by
 * mistake is not quoted.
 */
export function parseRecipient(text: string, where?: Where): string {
  const recipient = text.trim();
  if (SECRET_HALF.test(recipient))
    throw repositoryErrors.error('LS-REPO-030', {
      what: 'this is the secret half of a key, where the public one belongs',
      why: 'with the secret half, whoever reads it could open the backups; it is not shown here',
      where,
      fix: 'give the public half, age1…: age-keygen -y FILE prints it; and make a new key if others have seen this one',
    });
  const key = readBech32(recipient);
  if (key?.prefix === 'age' && key.bytes.length === KEY_BYTES && recipient === recipient.toLowerCase())
    return recipient;
  throw repositoryErrors.error('LS-REPO-030', {
    what: `${JSON.stringify(recipient.slice(0, 80))} is no public key of age`,
    why: recipient.startsWith('age1')
      ? 'its check digits are wrong: a character is missing or was mistyped'
      : 'such a key begins with age1 and has 62 characters',
    where,
    fix: 'copy it again from the recovery kit, or from what age-keygen printed',
  });
}

async function identityOf(secret: string): Promise<AgeIdentity> {
  const { identityToRecipient } = await import('age-encryption');
  return { secret: new Secret(secret, 'secret key of age'), recipient: await identityToRecipient(secret) };
}

function isSecretKey(key: string): boolean {
  const read = readBech32(key);
  return read?.prefix === SECRET_PREFIX && read.bytes.length === KEY_BYTES;
}

function noIdentity(key: string, line: number, file: string | undefined) {
  const why = /^AGE-SECRET-KEY-1/i.test(key)
    ? 'it begins like one, but a character is missing or was mistyped'
    : key.toLowerCase().startsWith('age1')
      ? 'it is the public half of a key, which opens nothing'
      : key.startsWith('AGE-')
        ? 'it is a key of another kind (a plug-in, post-quantum), which only age itself reads'
        : key.startsWith('age-encryption.org/') || key.startsWith('-----BEGIN')
          ? 'it is an encrypted file or a key of another program'
          : 'it is something else';
  return repositoryErrors.error('LS-REPO-030', {
    what: `line ${line} of the identity file is no secret key of age`,
    why,
    ...(file === undefined ? {} : { where: { file, line } }),
    fix: 'give the file with the line AGE-SECRET-KEY-1…, as age-keygen or the recovery kit wrote it',
  });
}
