import { randomBytes } from 'node:crypto';
import { readBech32, writeBech32 } from '../../platform/bech32.ts';
import type { Where } from '../../platform/errors.ts';
import { Secret } from '../../stack/secret.ts';
import { repositoryErrors } from '../errors.ts';
import { KEY_BYTES, type KeyPair, keyPairOf, type PublicKey, publicKeyOf } from './x25519.ts';

/** The secret half of a key pair of age (X25519), and the public half that belongs to it. */
export interface AgeIdentity {
  /** `AGE-SECRET-KEY-1…` */
  readonly secret: Secret;
  /** `age1…` */
  readonly recipient: string;
}

const PUBLIC_PREFIX = 'age';
const SECRET_PREFIX = 'age-secret-key-';
/** Also one that was not copied from its first character on. */
const SECRET_HALF = /SECRET-KEY-|^(?!age1)[0-9a-z-]{50,}/i;

/** A key pair of age, made here and now. */
export async function makeRecoveryKey(): Promise<AgeIdentity> {
  const bytes = randomBytes(KEY_BYTES);
  const secret = writeBech32({ prefix: SECRET_PREFIX, bytes }).toUpperCase();
  return identityOf(secret, bytes);
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
    const bytes = readKey(key, SECRET_PREFIX);
    if (!bytes) throw noIdentity(key, index + 1, file);
    identities.push(identityOf(key.toUpperCase(), bytes));
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
  if (readKey(recipient, PUBLIC_PREFIX) && recipient === recipient.toLowerCase()) return recipient;
  throw repositoryErrors.error('LS-REPO-030', {
    what: `${JSON.stringify(recipient.slice(0, 80))} is no public key of age`,
    why: recipient.startsWith('age1')
      ? 'its check digits are wrong: a character is missing or was mistyped'
      : 'such a key begins with age1 and has 62 characters',
    where,
    fix: 'copy it again from the recovery kit, or from what age-keygen printed',
  });
}

/** Of a text that has passed `parseRecipient`. */
export function publicKeyOfRecipient(recipient: string): PublicKey {
  const bytes = readKey(recipient, PUBLIC_PREFIX);
  if (!bytes) throw new TypeError('no public key of age');
  return publicKeyOf(bytes);
}

export function keyPairOfIdentity({ secret }: AgeIdentity): KeyPair {
  const bytes = readKey(secret.reveal(), SECRET_PREFIX);
  if (!bytes) throw new TypeError('no secret key of age');
  return keyPairOf(bytes);
}

function identityOf(secret: string, bytes: Uint8Array): AgeIdentity {
  const recipient = writeBech32({ prefix: PUBLIC_PREFIX, bytes: keyPairOf(bytes).bytes });
  return { secret: new Secret(secret, 'secret key of age'), recipient };
}

/** The 32 bytes of a key with that prefix; undefined when it is none. */
function readKey(key: string, prefix: string): Uint8Array | undefined {
  const read = readBech32(key);
  return read?.prefix === prefix && read.bytes.length === KEY_BYTES ? read.bytes : undefined;
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
