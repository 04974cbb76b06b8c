import { constants } from 'node:fs';
import { link, lstat, mkdir, open, readdir, rm, rmdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { systemErrorCode } from '../platform/errors.ts';
import { exists, syncDirectory, unfinishedName, writeFileAtomic } from '../platform/files.ts';
import { unusable, writingAsync } from './restore-errors.ts';
import { NO_LINK } from './restore-links.ts';

/** What is being restored: another snapshot or another selection must not be mixed into the same directory. */
export interface RestoreClaim {
  /** The snapshot's id. */
  readonly snapshot: string;
  /** What of it, in words that are the same for the same; absent: all. */
  readonly selection?: string | undefined;
}

/** The target's directory is there and ours; the mark beside it says that it is not complete. */
export interface MarkedTarget {
  /** An earlier restore of the same did not finish: what is right of it stays. */
  readonly resumes: boolean;
  /** Whether the directory itself was made. */
  readonly isNew: boolean;
}

/**
 * For a moment a program that is being started, in any thread of this process, has its sockets as well: until it is executed
 * (fork(2)). One that has just ended may seem to be at work so long.
 */
const ATTEMPTS = 20;
const RETRY_MS = 25;

function markOf(root: string): string {
  return `${root}.restoring`;
}

/** Throws LS-REPO-010 when the target is not empty, no directory, or marked by a restore of something else. */
export async function markTarget(
  root: string,
  claim: RestoreClaim,
  about: { readonly startedAt: string },
): Promise<MarkedTarget> {
  const mark = markOf(root);
  await writingAsync(root, () => mkdir(dirname(root), { recursive: true }));
  const earlier = await readMark(root);
  const found = await lstat(root).catch(ignoreMissing);
  if (found && !found.isDirectory())
    throw unusable(root, `it is ${found.isSymbolicLink() ? 'a symbolic link' : 'no directory'}`, OTHER);
  if (earlier === undefined) await assertEmpty(root, found !== undefined);
  else if (earlier.snapshot !== claim.snapshot || earlier.selection !== claim.selection)
    throw unusable(
      root,
      `a restore of something else into it did not finish (${mark})`,
      `to go on with that one: leitstand restore --snapshot ${[earlier.snapshot, earlier.selection ?? '', root].filter(Boolean).join(' ')}; or ${clearIt(root)}`,
    );
  const text = `${JSON.stringify({ ...claim, ...about, pid: process.pid })}\n`;
  await writingAsync(mark, () => writeMark(mark, text, earlier !== undefined));
  // What is restored may have lain in a private directory: it is for its owner to open.
  if (!found) await writingAsync(root, () => mkdir(root, { mode: 0o700 }));
  return { resumes: earlier !== undefined, isNew: !found };
}

const OTHER = 'choose a directory that does not exist yet';

function clearIt(root: string): string {
  return `look at what is in ${root}; if nothing there is needed: rm -r ${root} ${markOf(root)}`;
}

/** Of a claim only what is comparable; undefined: there is no mark. */
async function readMark(root: string): Promise<RestoreClaim | undefined> {
  try {
    const handle = await open(markOf(root), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const claim = JSON.parse(await handle.readFile('utf8')) as Partial<RestoreClaim> | null;
      return { snapshot: String(claim?.snapshot), selection: claim?.selection };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw unusable(
      root,
      `an earlier restore into it did not finish, and its mark (${markOf(root)}) cannot be read`,
      clearIt(root),
    );
  }
}

async function assertEmpty(root: string, isThere: boolean): Promise<void> {
  const [first] = isThere ? await writingAsync(root, () => readdir(root)) : [];
  if (first !== undefined) throw unusable(root, `it is not empty (it holds ${first})`, OTHER);
}

async function writeMark(mark: string, text: string, isThere: boolean): Promise<void> {
  if (isThere) {
    await writeFileAtomic(mark, text);
    return;
  }
  // It is there with all that it says or not at all: half of it would stop whoever wants to go on.
  const whole = unfinishedName(mark);
  try {
    await writeNew(whole, text);
    await link(whole, mark).catch((error: unknown) => {
      if (!NO_LINK.has(systemErrorCode(error) ?? '')) throw error;
      return writeNew(mark, text);
    });
  } finally {
    await rm(whole, { force: true });
  }
  await syncDirectory(dirname(mark));
}

async function writeNew(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o644);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The target is complete, and durable. */
export async function removeMark(root: string): Promise<void> {
  await rm(markOf(root));
  await syncDirectory(dirname(root));
}

/** Nothing was restored: everything is as it was before. */
export async function unmarkTarget(root: string, { isNew }: Pick<MarkedTarget, 'isNew'>): Promise<void> {
  if (isNew) await rmdir(root);
  await removeMark(root);
}

/**
 * Of two processes that go on with the same target, one. An abstract socket (unix(7)) is gone with its process, however
 * that ends. Named with the time of birth, since a directory that is gone leaves its inode to others. Throws LS-REPO-010.
 */
export async function lockTarget(
  root: string,
  { dev, ino, birthtimeNs }: { readonly dev: bigint; readonly ino: bigint; readonly birthtimeNs: bigint },
): Promise<Server> {
  const path = `\0leitstand-restore-${dev}-${ino}-${birthtimeNs}`;
  for (let attempt = 1; ; attempt++) {
    try {
      const server = await listen(path);
      if (await exists(markOf(root))) return server;
      server.close();
      throw unusable(
        root,
        'another restore was at work in it until now, and has completed it',
        'look at what is there, or choose another directory',
      );
    } catch (error) {
      if (systemErrorCode(error) !== 'EADDRINUSE') throw error;
    }
    if (attempt === ATTEMPTS)
      throw unusable(
        root,
        'another restore is at work in it',
        'wait for it to end, or choose another directory',
      );
    await setTimeout(RETRY_MS);
  }
}

async function listen(path: string): Promise<Server> {
  const server = createServer();
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path }, resolve);
  });
  return server;
}

function ignoreMissing(error: unknown): undefined {
  if (systemErrorCode(error) !== 'ENOENT') throw error;
}
