import { open, type FileHandle, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { systemErrorCode } from '../../platform/errors.ts';
import { ensureDirectory, exists, syncDirectory, writeFileAtomic } from '../../platform/files.ts';
import { tryLock } from '../../platform/lock.ts';
import { repositoryErrors } from '../errors.ts';

/** What this host knows of a pack that it has put, or was about to put. */
export interface PackKey {
  /** SHA-256 of the stored bytes. */
  readonly pack: string;
  readonly source: string;
  /** Bytes before the first chunk. */
  readonly header: number;
  readonly payloadKey: Uint8Array;
  /** By `recipientsId`: to whom the pack is encrypted. */
  readonly recipients: string;
  /** Milliseconds since 1970, by this host's clock. */
  readonly at: number;
}

/**
 * The payload keys of the packs that this host has put: what lets it drill the newest backup and go on with a run that
 * died, while the recovery key lies elsewhere. One private file (0600) for each repository, in which a key stands before
 * its pack is put. Several processes may use it at once. Throws LS-REPO-031.
 */
export interface PackKeys {
  /** The file. */
  readonly path: string;
  get(pack: string): Promise<PackKey | undefined>;
  /** On the disk when it resolves. */
  add(key: PackKey): Promise<void>;
  /**
   * Forgets all of that source that need not be kept: on the disk, once it resolves. `held`: keys that this process has
   * built upon, which somebody else may have forgotten meanwhile.
   */
  compact(source: string, isKept: (key: PackKey) => boolean, held?: Iterable<PackKey>): Promise<void>;
}

/** The directory with the files of all repositories: `keys` in the state directory. */
export interface PackKeyFiles {
  of(repositoryId: string): PackKeys;
}

/** Makes nothing; the file comes with the first key. */
export function openPackKeys(directory: string): PackKeyFiles {
  const opened = new Map<string, PackKeys>();
  return {
    of: (repositoryId) => {
      const keys = opened.get(repositoryId) ?? new PackKeyFile(directory, repositoryId);
      opened.set(repositoryId, keys);
      return keys;
    },
  };
}

/** Held for as long as a line is written, or the file made anew. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 20;

class PackKeyFile implements PackKeys {
  readonly #directory: string;
  readonly path: string;
  readonly #keys = new Map<string, PackKey>();
  /** How much of which file has been read. */
  #read: { readonly inode: number; readonly size: number } | undefined;
  /** One after the other, as far as this process goes. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(directory: string, repositoryId: string) {
    this.#directory = directory;
    this.path = join(directory, `packs-${repositoryId}.jsonl`);
  }

  async get(pack: string): Promise<PackKey | undefined> {
    const known = this.#keys.get(pack);
    if (known) return known;
    await this.#inTurn(() => this.#load());
    return this.#keys.get(pack);
  }

  async add(key: PackKey): Promise<void> {
    await this.#locked(async () => {
      const isNew = !(await exists(this.path));
      const handle = await open(this.path, 'a', 0o600);
      try {
        // On a line of its own, also behind one that was cut off.
        await handle.appendFile(`\n${lineOf(key)}\n`);
        await handle.datasync();
      } finally {
        await handle.close();
      }
      if (isNew) await syncDirectory(this.#directory);
    });
    this.#keys.set(key.pack, key);
  }

  async compact(
    source: string,
    isKept: (key: PackKey) => boolean,
    held: Iterable<PackKey> = [],
  ): Promise<void> {
    await this.#locked(async () => {
      this.#forget();
      await this.#load();
      const keys = new Map(this.#keys);
      for (const key of held) if (!keys.has(key.pack)) keys.set(key.pack, key);
      const kept = [...keys.values()].filter((key) => key.source !== source || isKept(key));
      if (kept.length === this.#keys.size && kept.every(({ pack }) => this.#keys.has(pack))) return;
      await writeFileAtomic(this.path, kept.map((key) => `${lineOf(key)}\n`).join(''), { mode: 0o600 });
      this.#forget();
      await this.#load();
    });
  }

  /** What is new in the file, which somebody else may have made anew meanwhile. */
  async #load(): Promise<void> {
    if (!(await exists(this.path))) return this.#forget();
    const handle = await this.#openPrivate();
    try {
      const { ino: inode, size } = await handle.stat();
      if (this.#read?.inode !== inode || size < this.#read.size) this.#forget();
      const from = this.#read?.size ?? 0;
      const bytes = Buffer.alloc(size - from);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
      // A line that is being written is read the next time.
      const end = bytes.subarray(0, bytesRead).lastIndexOf('\n') + 1;
      for (const line of bytes.toString('utf8', 0, end).split('\n')) {
        const key = keyOf(line);
        if (key) this.#keys.set(key.pack, key);
      }
      this.#read = { inode, size: from + end };
    } finally {
      await handle.close();
    }
  }

  async #openPrivate(): Promise<FileHandle> {
    const { mode } = await stat(this.path);
    if ((mode & 0o077) !== 0)
      throw unusable(
        this.path,
        `it is open to other users (mode ${(mode & 0o777).toString(8)})`,
        `chmod 600 ${this.path}`,
      );
    return open(this.path, 'r');
  }

  #forget(): void {
    this.#keys.clear();
    this.#read = undefined;
  }

  async #locked(work: () => Promise<void>): Promise<void> {
    await this.#inTurn(async () => {
      await ensureDirectory(this.#directory);
      const lock = await this.#lock();
      try {
        await work();
      } finally {
        lock.release();
      }
    });
  }

  async #lock(): Promise<{ release(): void }> {
    const path = join(this.#directory, 'packs.lock');
    for (let waited = 0; ; waited += RETRY_MS) {
      const lock = await tryLock(path, 'keys of packs');
      if (lock.held) return lock;
      if (waited >= PATIENCE_MS)
        throw unusable(
          this.path,
          `process ${lock.holder?.pid ?? 'unknown'} has held ${path} for a minute`,
          'wait for it, or look at it with ps, and run the backup again',
        );
      await setTimeout(RETRY_MS);
    }
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.#turn.then(work).catch((error: unknown) => {
      throw explain(this.path, error);
    });
    this.#turn = result.catch(() => undefined);
    await result;
  }
}

function lineOf({ pack, source, header, payloadKey, recipients, at }: PackKey): string {
  const key = Buffer.from(payloadKey).toString('base64');
  return JSON.stringify({ pack, source, header, key, recipients, at });
}

/** Undefined for what was cut off, or is of a later version. */
function keyOf(line: string): PackKey | undefined {
  if (line === '') return undefined;
  try {
    const { pack, source, header, key, recipients, at } = JSON.parse(line) as Record<string, unknown>;
    const payloadKey = typeof key === 'string' ? new Uint8Array(Buffer.from(key, 'base64')) : undefined;
    return typeof pack === 'string' &&
      typeof source === 'string' &&
      typeof header === 'number' &&
      payloadKey?.length === 32 &&
      typeof recipients === 'string' &&
      typeof at === 'number'
      ? { pack, source, header, payloadKey, recipients, at }
      : undefined;
  } catch {
    return undefined;
  }
}

function explain(path: string, error: unknown): unknown {
  const code = systemErrorCode(error);
  if (code === undefined) return error;
  const fix =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'make room on the disk of the state directory (df -h) and run the backup again'
      : `run this as the user that owns ${path}, and look at its rights (ls -l)`;
  return unusable(path, code, fix, error);
}

function unusable(path: string, why: string, fix: string, cause?: unknown) {
  return repositoryErrors.error('LS-REPO-031', {
    what: 'the file with the keys of packs cannot be used',
    why,
    where: { file: path },
    fix,
    cause,
  });
}
