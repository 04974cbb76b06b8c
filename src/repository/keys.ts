import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { link, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LeitstandError, systemErrorCode } from '../platform/errors.ts';
import {
  ensureDirectory,
  exists,
  syncDirectory,
  unfinishedName,
  writeFileAtomic,
} from '../platform/files.ts';
import { repositoryErrors } from './errors.ts';

/** Ed25519 (RFC 8032). */
export interface SigningKey {
  readonly keyId: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** First 16 hex digits of the SHA-256 of the raw 32-byte public key. */
export function keyIdOf(publicKey: KeyObject): string {
  return createHash('sha256').update(rawPublicKey(publicKey)).digest('hex').slice(0, 16);
}

export function rawPublicKey(publicKey: KeyObject): Buffer {
  return Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
}

/** The key that `loadOrCreateSigningKey` made here before; undefined when there is none. Throws LS-REPO-014. */
export async function loadSigningKey(directory: string): Promise<SigningKey | undefined> {
  const path = join(directory, 'signing.pem');
  return usingKeyFiles(
    directory,
    async () => {
      if (!(await exists(path))) return undefined;
      const privateKey = await loadPrivateKey(path);
      const publicKey = createPublicKey(privateKey);
      return { keyId: keyIdOf(publicKey), privateKey, publicKey };
    },
    (told) => unusable(directory, told),
  );
}

/**
 * The key of a directory of keys: `signing.pem` (0400) and `signing.pub.pem` (0644). Made on first use; of two processes that make it at once, both get the same one. Throws LS-REPO-014 rather than replace a
 * lost private half.
 */
export async function loadOrCreateSigningKey(directory: string): Promise<SigningKey> {
  return usingKeyFiles(
    directory,
    () => loadOrCreate(directory),
    (told) => unusable(directory, told),
  );
}

async function loadOrCreate(directory: string): Promise<SigningKey> {
  const privatePath = join(directory, 'signing.pem');
  const publicPath = join(directory, 'signing.pub.pem');
  if (!(await exists(privatePath))) {
    if (await exists(publicPath)) throw lostPrivateHalf(privatePath, publicPath);
    await ensureDirectory(dirname(privatePath));
    const { privateKey } = generateKeyPairSync('ed25519');
    await createExclusively(privatePath, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  }
  const privateKey = await loadPrivateKey(privatePath);
  const publicKey = createPublicKey(privateKey);
  if (!(await exists(publicPath)))
    await writeFileAtomic(publicPath, publicKey.export({ type: 'spki', format: 'pem' }));
  return { keyId: keyIdOf(publicKey), privateKey, publicKey };
}

/** A public key in PEM, as `signing.pub.pem` holds it. Throws LS-REPO-014. */
export async function loadPublicKey(path: string): Promise<KeyObject> {
  return parseKey(path, await readKey(path), createPublicKey);
}

async function loadPrivateKey(path: string): Promise<KeyObject> {
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0)
    throw repositoryErrors.error('LS-REPO-014', {
      what: `the signing key is open to other users (mode ${(mode & 0o777).toString(8)})`,
      why: 'who can read it can sign forged backups',
      where: { file: path },
      fix: `chmod 400 ${path}`,
    });
  return parseKey(path, await readKey(path), createPrivateKey);
}

async function readKey(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw repositoryErrors.error('LS-REPO-014', {
      what: 'the key cannot be read',
      why: systemErrorCode(cause),
      where: { file: path },
      fix: `give the user that runs Leitstand read access to ${path}`,
      cause,
    });
  }
}

function parseKey(path: string, pem: string, parse: (pem: string) => KeyObject): KeyObject {
  const key = tryParse(pem, parse);
  if (key?.asymmetricKeyType === 'ed25519') return key;
  throw repositoryErrors.error('LS-REPO-014', {
    what: 'the file holds no Ed25519 key in PEM form',
    where: { file: path },
    fix: `put ${path} back from the recovery kit or a copy of the state directory`,
  });
}

/** The parser's own message may quote the key, so it is dropped. */
function tryParse(pem: string, parse: (pem: string) => KeyObject): KeyObject | undefined {
  try {
    return parse(pem);
  } catch {
    return undefined;
  }
}

interface KeyFilesTold {
  /** The system's code, such as EIO. */
  readonly why: string;
  readonly fix: string;
  readonly cause: unknown;
}

/** What the system says of a directory of keys is told by `refusal`. */
export async function usingKeyFiles<Result>(
  directory: string,
  work: () => Promise<Result>,
  refusal: (told: KeyFilesTold) => LeitstandError,
): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    const why = systemErrorCode(cause);
    if (cause instanceof LeitstandError || why === undefined) throw cause;
    const fix = `let the user that runs Leitstand read and write ${directory}, and see that its disk is sound and not full`;
    throw refusal({ why, fix, cause });
  }
}

/** Hard-links the finished file into place: the first of two writers wins, and nobody sees half a key. */
export async function createExclusively(path: string, content: string | Buffer): Promise<void> {
  const temporary = unfinishedName(path);
  try {
    const handle = await open(temporary, 'wx', 0o400);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(temporary, path);
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  await syncDirectory(dirname(path));
}

function unusable(directory: string, told: KeyFilesTold) {
  return repositoryErrors.error('LS-REPO-014', {
    what: 'the directory of the signing key cannot be used',
    where: { file: directory },
    ...told,
  });
}

function lostPrivateHalf(privatePath: string, publicPath: string) {
  return repositoryErrors.error('LS-REPO-014', {
    what: 'the private half of the signing key is missing',
    why: `its public half ${publicPath} is there, so it existed before`,
    where: { file: privatePath },
    fix: `put ${privatePath} back from a copy; or, to start anew with a key to which all earlier backups are foreign, move ${publicPath} to a safe place`,
  });
}
