import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemErrorCode } from '../../platform/errors.ts';
import { ensureDirectory, exists } from '../../platform/files.ts';
import { repositoryErrors } from '../errors.ts';
import { createExclusively, usingKeyFiles } from '../keys.ts';
import { type AgeIdentity, makeRecoveryKey, parseIdentities } from './identities.ts';

/** The key of this host: it opens the lists and the sealed facts of its own backups, and no pack. */
export type HostKey = AgeIdentity;

const FILE = 'host.age';

/** The key that `loadOrCreateHostKey` made here before; undefined when there is none. Throws LS-REPO-031. */
export async function loadHostKey(directory: string): Promise<HostKey | undefined> {
  const path = join(directory, FILE);
  return usingKeyFiles(
    directory,
    async () => ((await exists(path)) ? readHostKey(path) : undefined),
    ({ why, fix }) => unusable(path, why, fix),
  );
}

/**
 * `host.age` (0400) of a directory of keys: an identity file of age. Made on first use; of two processes that make it at
 * once, both get the same one. A lost one is no loss: the next backup stores everything anew. Throws LS-REPO-031.
 */
export async function loadOrCreateHostKey(directory: string): Promise<HostKey> {
  const path = join(directory, FILE);
  return usingKeyFiles(
    directory,
    () => loadOrCreate(path),
    ({ why, fix }) => unusable(path, why, fix),
  );
}

async function loadOrCreate(path: string): Promise<HostKey> {
  if (!(await exists(path))) {
    await ensureDirectory(dirname(path));
    const { secret, recipient } = await makeRecoveryKey();
    await createExclusively(
      path,
      `# Opens the lists of this host's backups; made by Leitstand.\n# public key: ${recipient}\n${secret.reveal()}\n`,
    );
  }
  return readHostKey(path);
}

async function readHostKey(path: string): Promise<HostKey> {
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0)
    throw unusable(
      path,
      `it is open to other users (mode ${(mode & 0o777).toString(8)})`,
      `chmod 400 ${path}`,
    );
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw unusable(
      path,
      systemErrorCode(cause) ?? String(cause),
      `give the user that runs Leitstand read access to ${path}`,
    );
  });
  const [key] = await parseIdentities(text, path).catch(() => []);
  if (key) return key;
  throw unusable(
    path,
    'it holds no secret key of age',
    `put it back from a copy of the state directory; or move it away: the next backup makes another one and stores everything anew`,
  );
}

function unusable(path: string, why: string, fix: string) {
  return repositoryErrors.error('LS-REPO-031', {
    what: 'the host key cannot be used',
    why,
    where: { file: path },
    fix,
  });
}
