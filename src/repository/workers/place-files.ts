import { closeSync, constants, fchmodSync, fchownSync, futimesSync, openSync } from 'node:fs';
import { writeAll } from '../../platform/write-all.ts';
import { RestoreDirectories } from '../restore-directories.ts';
import { notWritten } from '../restore-errors.ts';
import { type RawPath, shownPath } from '../restore-paths.ts';

/** A target that is being filled, as any thread of this process can reach it. */
export interface PlacingTarget {
  /** Of this run alone. */
  readonly id: number;
  /** For people. */
  readonly root: string;
  /** Of its directory, open as long as files are placed. */
  readonly descriptor: number;
}

/** Files that are to be made, in columns: there are 100,000 of them in a frame where they are small. */
export interface FilesToPlace {
  readonly target: PlacingTarget;
  /** Which of the frame's uses each one is. */
  readonly uses: Uint32Array<ArrayBuffer>;
  /** Paths below the target, as they are on the disk, with NUL between them. */
  readonly paths: Uint8Array<ArrayBuffer>;
  readonly modes: Uint32Array<ArrayBuffer>;
  /** Seconds since 1970, as fs.utimes takes them. */
  readonly times: Float64Array<ArrayBuffer>;
  /** User and group of each; absent: they belong to whoever restores. */
  readonly owners?: Float64Array<ArrayBuffer> | undefined;
}

export type Column = Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

export function columnsOf({ uses, paths, modes, times, owners }: FilesToPlace): Column[] {
  return [uses, paths, modes, times, ...(owners ? [owners] : [])];
}

const CREATE = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
const directoriesOf = new Map<number, RestoreDirectories>();

/** Makes a file, complete with owner, mode and time. Throws LS-REPO-018, and LS-REPO-011 where a link is in the way. */
export function placeFile(files: FilesToPlace, index: number, path: RawPath, content: Uint8Array): void {
  const { target, modes, times, owners } = files;
  const owner = owners && { uid: owners[index * 2] ?? 0, gid: owners[index * 2 + 1] ?? 0 };
  const way = directoriesIn(target).wayTo(path, owner);
  const seconds = times[index] ?? 0;
  // A negative number means "now" to Node; the same as text does not.
  const time = seconds < 0 ? String(seconds) : seconds;
  try {
    const descriptor = openSync(way, CREATE, 0o600);
    try {
      writeAll(descriptor, content, 0);
      if (owner) fchownSync(descriptor, owner.uid, owner.gid);
      fchmodSync(descriptor, modes[index] ?? 0o600);
      futimesSync(descriptor, time, time);
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    throw notWritten(shownPath(target.root, path), cause);
  }
}

/** Of this thread: it opens directories by itself, each from the one above it. */
function directoriesIn({ id, root, descriptor }: PlacingTarget): RestoreDirectories {
  const known = directoriesOf.get(id) ?? new RestoreDirectories(root, `/proc/self/fd/${descriptor}/.`);
  directoriesOf.set(id, known);
  return known;
}

/** Nothing is placed any more; a thread that ends needs no such word. */
export function forgetTarget({ id }: PlacingTarget): void {
  directoriesOf.get(id)?.close();
  directoriesOf.delete(id);
}
