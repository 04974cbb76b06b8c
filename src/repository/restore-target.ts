import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  futimesSync,
  openSync,
  writeSync,
} from 'node:fs';
import { chown, lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LeitstandError, systemErrorCode } from '../platform/errors.ts';
import { exists, syncDirectory } from '../platform/files.ts';
import { repositoryErrors } from './errors.ts';
import type { FileEntry } from './file-entry.ts';
import { isSafePath } from './paths.ts';

const PERMISSION_BITS = 0o777;

/**
 * An empty directory being filled. Only creates: never follows a link, never writes over anything, never leaves
 * the target. Until `finish()`, a file `<target>.restoring` says that it is incomplete, also after a crash.
 */
export class RestoreTarget {
  readonly #root: string;
  readonly #mark: string;
  /** Owners can only be set by root. */
  readonly #setsOwner = process.getuid?.() === 0;
  readonly #directories = new Set<string>();
  readonly #files: string[] = [];

  private constructor(root: string) {
    this.#root = root;
    this.#mark = `${root}.restoring`;
  }

  /** Throws LS-REPO-010 when the target is not empty, no directory, or marked by an unfinished restore. */
  static async open(root: string, about: string): Promise<RestoreTarget> {
    const target = new RestoreTarget(root);
    await target.#assertFree();
    await writing(target.#mark, async () => {
      await mkdir(dirname(root), { recursive: true });
      await writeFile(target.#mark, about, { flag: 'wx', flush: true });
      // What is restored may have lain in a private directory: it is for its owner to open.
      await mkdir(root, { recursive: true, mode: 0o700 });
    });
    target.#directories.add(root);
    return target;
  }

  /** Creates one file and fills it from `content`; mode, modification time and (as root) owner as recorded. */
  async write(path: string, entry: FileEntry, content: AsyncIterable<Uint8Array>): Promise<void> {
    if (!isSafePath(path)) throw unsafe(path, 'it would leave the target');
    const file = join(this.#root, path);
    await this.#makeDirectories(path, entry);
    const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
    const descriptor = await writing(file, async () => openSync(file, flags, 0o600));
    try {
      for await (const bytes of content) await writing(file, async () => writeFully(descriptor, bytes));
      await writing(file, async () => this.#applyMetadata(descriptor, entry));
    } finally {
      closeSync(descriptor);
    }
    this.#files.push(file);
  }

  /** Everything durable first, then the mark goes. */
  async finish(): Promise<void> {
    await writing(this.#root, async () => {
      for (const file of this.#files) syncFile(file);
      for (const directory of this.#directories) await syncDirectory(directory);
      await syncDirectory(dirname(this.#root));
      await rm(this.#mark);
      await syncDirectory(dirname(this.#root));
    });
  }

  async #assertFree(): Promise<void> {
    if (await exists(this.#mark))
      throw unusable(
        this.#root,
        `an earlier restore into it did not finish (${this.#mark})`,
        `look at what is in ${this.#root}; if nothing there is needed: rm -r ${this.#root} ${this.#mark}`,
      );
    const stat = await lstat(this.#root).catch(ignoreMissing);
    if (!stat) return;
    const other = 'choose a directory that does not exist yet';
    if (!stat.isDirectory())
      throw unusable(
        this.#root,
        `it is ${stat.isSymbolicLink() ? 'a symbolic link' : 'no directory'}`,
        other,
      );
    const [first] = await writing(this.#root, () => readdir(this.#root));
    if (first !== undefined) throw unusable(this.#root, `it is not empty (it holds ${first})`, other);
  }

  async #makeDirectories(path: string, entry: FileEntry): Promise<void> {
    let directory = this.#root;
    for (const segment of path.split('/').slice(0, -1)) {
      directory = join(directory, segment);
      if (this.#directories.has(directory)) continue;
      await this.#makeDirectory(directory, entry);
      this.#directories.add(directory);
    }
  }

  /** A directory belongs to the owner of the first file in it: a program must be able to write beside its files. */
  async #makeDirectory(directory: string, entry: FileEntry): Promise<void> {
    const isNew = await writing(directory, () => makeNewDirectory(directory));
    if (!isNew && !(await lstat(directory)).isDirectory())
      throw unsafe(directory, 'a file or a symbolic link is in its way');
    if (isNew && this.#setsOwner) await writing(directory, () => chown(directory, entry.uid, entry.gid));
  }

  #applyMetadata(descriptor: number, entry: FileEntry): void {
    if (this.#setsOwner) fchownSync(descriptor, entry.uid, entry.gid);
    fchmodSync(descriptor, entry.mode & PERMISSION_BITS);
    const seconds = Number(BigInt(entry.mtime) / 1000n) / 1e6;
    futimesSync(descriptor, seconds, seconds);
  }
}

async function makeNewDirectory(directory: string): Promise<boolean> {
  try {
    await mkdir(directory, { mode: 0o755 });
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function writeFully(descriptor: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(descriptor, bytes, written);
}

function syncFile(file: string): void {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function ignoreMissing(error: unknown): undefined {
  if (systemErrorCode(error) !== 'ENOENT') throw error;
}

async function writing<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (cause instanceof LeitstandError || code === undefined) throw cause;
    throw repositoryErrors.error('LS-REPO-018', {
      what: `could not write ${path}`,
      why: code === 'EEXIST' ? 'two files of the snapshot map to this path, or something else made it' : code,
      where: { file: path },
      fix:
        code === 'ENOSPC'
          ? 'choose a target on a disk with more room (df -h)'
          : 'choose a target this user may write to',
      cause,
    });
  }
}

function unusable(root: string, why: string, fix: string) {
  return repositoryErrors.error('LS-REPO-010', {
    what: 'cannot restore into this target',
    why,
    where: { file: root },
    fix,
  });
}

function unsafe(path: string, why: string) {
  return repositoryErrors.error('LS-REPO-011', {
    what: `refused to write ${JSON.stringify(path)}`,
    why,
    fix: 'treat this snapshot as hostile or broken: use another one, and find out who wrote it',
  });
}
