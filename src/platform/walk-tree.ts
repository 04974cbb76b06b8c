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
 * In a name that was read as text: it may be no UTF-8 (U+FFFD stands for such bytes), it may be spelled otherwise than it
 * is, or its order as text may not be that of its bytes (from the surrogates on).
 */
const RARE = /[\u241b\ud800-\uffff]/;

/** Text where it is the name itself and nothing in it is rare; else bytes, which take four times as long. */
type Name = string | Buffer;

type Kind = 'file' | 'directory' | 'symlink' | SpecialKind;
type Named = Dirent | Dirent<Buffer>;

/**
 * Everything below a directory, itself not: directories before what is in them, names in the order of their bytes.
 * Follows no link, and opens directories only: what has become of a file by the time it is read is for its reader to see. A
 * directory that vanishes meanwhile is passed over; other errors of the system are thrown as they come. Holds the names of
 * one directory a level, no more.
 */
export function* walkTree(root: string, { onSpecial }: TreeWalk): Generator<TreeEntry> {
  const levels: { readonly path: Name; readonly names: Iterator<Named> }[] = [];
  const enter = (path: Name) => {
    const isRoot = levels.length === 0;
    levels.push({ path, names: namesIn(isRoot ? root : join(root, path), isRoot).values() });
  };
  enter('');
  for (let level = levels.at(-1); level; level = levels.at(-1)) {
    const next = level.names.next();
    if (next.done) {
      levels.pop();
      continue;
    }
    const { name } = next.value;
    const kind = kindOf(next.value);
    const path = level.path.length === 0 ? name : join(level.path, name);
    if (kind === 'FIFO' || kind === 'socket' || kind === 'device') {
      onSpecial({ ...foundAt(root, path), kind });
      continue;
    }
    yield kind === 'file' ? fileAt(root, path) : { ...foundAt(root, path), kind };
    if (kind === 'directory') enter(path);
  }
}

function namesIn(directory: Name, isRoot: boolean): Named[] {
  try {
    return byWay(directory, (way) => {
      const descriptor = openSync(way, DIRECTORY);
      try {
        return namesOf(`/proc/self/fd/${descriptor}`);
      } finally {
        closeSync(descriptor);
      }
    });
  } catch (error) {
    if (!isRoot && GONE.has(systemErrorCode(error) ?? '')) return [];
    throw error;
  }
}

function namesOf(directory: string): Named[] {
  const texts = readdirSync(directory, { withFileTypes: true });
  if (!texts.some(({ name }) => RARE.test(name))) return texts.sort((a, b) => (a.name < b.name ? -1 : 1));
  const bytes = readdirSync(directory, { withFileTypes: true, encoding: 'buffer' });
  return bytes.sort((a, b) => Buffer.compare(a.name, b.name));
}

function kindOf(entry: Named): Kind {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  if (entry.isSymbolicLink()) return 'symlink';
  if (entry.isFIFO()) return 'FIFO';
  return entry.isSocket() ? 'socket' : 'device';
}

/** Of nearly all there is one object less to be made. */
function fileAt(root: string, path: Name): TreeEntry {
  if (typeof path === 'string') return { path, file: `${root}/${path}`, mayBeLinked: true };
  return { ...foundAt(root, path), mayBeLinked: true };
}

/** The root is a string of this program; only what is below it may be no UTF-8. */
function foundAt(root: string, path: Name): Found {
  if (typeof path === 'string') return { path, file: `${root}/${path}` };
  const { text, escaped } = spellBytes(path);
  if (!escaped) return { path: text, file: `${root}/${text}` };
  return { path: text, file: `${spellBytes(Buffer.from(root)).text}/${text}`, escaped };
}

function join(directory: Name, name: Name): Name {
  if (typeof directory === 'string' && typeof name === 'string') return `${directory}/${name}`;
  return Buffer.concat([Buffer.from(directory), SLASH, Buffer.from(name)]);
}

/** An entry's file, as the system takes it. */
export function fileWay({ file, escaped }: Pick<Found, 'file' | 'escaped'>): string | Buffer {
  return escaped ? spelledBytes({ text: file, escaped }) : file;
}
