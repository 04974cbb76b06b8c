import { closeSync, constants, type Dirent, openSync, readdirSync } from 'node:fs';
import { systemErrorCode } from './errors.ts';
import { byWay } from './long-paths.ts';
import { spellBytes, spelledBytes } from './path-spelling.ts';

/** What the walk does not look into: they have no content that could be kept. */
export type SpecialKind = 'FIFO' | 'socket' | 'device';

interface Found {
  /** Below the root, with `/`. */
  readonly path: string;
  /** Absolute; may be longer than the kernel takes at once: see `long-paths.ts`. */
  readonly file: string;
  /** Both are spelled as in `path-spelling.ts`. */
  readonly escaped?: true;
}

/** A regular file has no `kind`; its other names may be among the entries. */
export type TreeEntry = Found &
  ({ readonly kind: 'directory' | 'symlink' } | { readonly kind?: never; readonly mayBeLinked: true });

export interface TreeWalk {
  /** Told of each special file: it is not among the entries, and is never opened. */
  readonly onSpecial: (entry: Found & { readonly kind: SpecialKind }) => void;
}

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** It went away, or something else took its place. */
const GONE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);
const SLASH = Buffer.from('/');

/**
 * Everything below a directory, itself not: directories before what is in them, names in the order of their bytes.
 * Follows no link, and opens directories only: what has become of a file by the time it is read is for its reader to see. A
 * directory that vanishes meanwhile is passed over; other errors of the system are thrown as they come. Holds the names of
 * one directory a level, no more.
 */
export function* walkTree(root: string, { onSpecial }: TreeWalk): Generator<TreeEntry> {
  const base = Buffer.from(root);
  const levels: { readonly path: Buffer; readonly names: Iterator<Dirent<Buffer>> }[] = [];
  const enter = (path: Buffer) => {
    const names = namesIn(path.length === 0 ? base : join(base, path), levels.length === 0);
    levels.push({ path, names: names.values() });
  };
  enter(Buffer.alloc(0));
  for (let level = levels.at(-1); level; level = levels.at(-1)) {
    const next = level.names.next();
    if (next.done) {
      levels.pop();
      continue;
    }
    const path = level.path.length === 0 ? next.value.name : join(level.path, next.value.name);
    const found = foundAt(root, path);
    const kind = kindOf(next.value);
    if (kind === 'FIFO' || kind === 'socket' || kind === 'device') {
      onSpecial({ ...found, kind });
      continue;
    }
    yield kind === 'file' ? { ...found, mayBeLinked: true } : { ...found, kind };
    if (kind === 'directory') enter(path);
  }
}

function namesIn(directory: Buffer, isRoot: boolean): Dirent<Buffer>[] {
  try {
    return byWay(directory, (way) => {
      const descriptor = openSync(way, DIRECTORY);
      try {
        return readdirSync(`/proc/self/fd/${descriptor}`, { withFileTypes: true, encoding: 'buffer' });
      } finally {
        closeSync(descriptor);
      }
    }).sort((a, b) => Buffer.compare(a.name, b.name));
  } catch (error) {
    if (!isRoot && GONE.has(systemErrorCode(error) ?? '')) return [];
    throw error;
  }
}

function kindOf(entry: Dirent<Buffer>): 'file' | 'directory' | 'symlink' | SpecialKind {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  if (entry.isSymbolicLink()) return 'symlink';
  if (entry.isFIFO()) return 'FIFO';
  return entry.isSocket() ? 'socket' : 'device';
}

/** The root is a string of this program; only what is below it may be no UTF-8. */
function foundAt(root: string, path: Buffer): Found {
  const { text, escaped } = spellBytes(path);
  if (!escaped) return { path: text, file: `${root}/${text}` };
  return { path: text, file: `${spellBytes(Buffer.from(root)).text}/${text}`, escaped };
}

function join(directory: Buffer, name: Buffer): Buffer {
  return Buffer.concat([directory, SLASH, name]);
}

/** The bytes of an entry's file. */
export function fileBytes({ file, escaped }: Pick<Found, 'file' | 'escaped'>): Buffer {
  return spelledBytes({ text: file, ...(escaped ? { escaped } : {}) });
}
