import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  mkdirSync,
  openSync,
} from 'node:fs';
import { systemErrorCode } from '../platform/errors.ts';
import { unsafe, writing } from './restore-errors.ts';
import type { OwnerIds } from './restore-owner.ts';
import { ASCII, nameOf, parentOf, type RawPath, shownPath } from './restore-paths.ts';

/** Open at the same time, in each thread that makes files: together fewer than the least limit there is (1024). */
const KEPT = 256;
const FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** O_PATH of Linux, for which Node has no name: needs no right to what it opens. */
const LOCATE = 0o10000000 | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** What stands in the way of a directory: a file, or a symbolic link, which is never followed. */
const IN_THE_WAY = new Set(['ELOOP', 'ENOTDIR']);
/** Of its owner: to list it, to write into it, to go through it. */
const OWNER_BITS = 0o700;

/** For the functions of node:fs. */
export type Way = string | Buffer;

/**
 * The directories of a restore target, each reached from the one above it by its descriptor (proc(5): /proc/self/fd):
 * nobody who puts a link into the target meanwhile can lead us out of it.
 */
export class RestoreDirectories {
  readonly #root: string;
  readonly #rootDescriptor: number;
  /** Path below the root → descriptor; the one used longest ago first. */
  readonly #open = new Map<RawPath, number>();
  /** The last of them: to enter it once more for each file would make a new table every few hundred files. */
  #newest: RawPath = '';
  #isClosed = false;

  /** The root must be there; `way` leads to it. Throws LS-REPO-018, or LS-REPO-011 when it is a link. */
  constructor(root: string, way = root) {
    this.#root = root;
    this.#rootDescriptor = openDirectory(way, root);
  }

  get rootDescriptor(): number {
    return this.#rootDescriptor;
  }

  /** A way to a file that leads through no link; good until the next call. Directories on it are made. */
  wayTo(path: RawPath, owner: OwnerIds | undefined): Way {
    return wayBelow(this.descriptorOf(parentOf(path), owner), path);
  }

  /** The directory itself; made with those above it. Good until the next call, and not the caller's to close. */
  descriptorOf(path: RawPath, owner: OwnerIds | undefined): number {
    // Their numbers may be somebody else's by now.
    if (this.#isClosed) throw new TypeError('the target is closed');
    const missing: RawPath[] = [];
    let at = path;
    for (; at !== '' && !this.#open.has(at); at = parentOf(at)) missing.push(at);
    let descriptor = this.#open.get(at) ?? this.#rootDescriptor;
    if (at !== '') this.#keep(at, descriptor);
    for (const next of missing.toReversed()) {
      descriptor = this.#make(next, descriptor, owner);
      this.#keep(next, descriptor);
    }
    return descriptor;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const descriptor of this.#open.values()) closeSync(descriptor);
    this.#open.clear();
    closeSync(this.#rootDescriptor);
  }

  /** As the one used last: it is not the one that is closed. */
  #keep(path: RawPath, descriptor: number): void {
    if (path === this.#newest) return;
    this.#newest = path;
    this.#open.delete(path);
    this.#open.set(path, descriptor);
    const [oldest] = this.#open;
    if (this.#open.size <= KEPT || !oldest) return;
    closeSync(oldest[1]);
    this.#open.delete(oldest[0]);
  }

  /** A directory belongs to the owner of the first file in it: a program must be able to write beside its files. */
  #make(path: RawPath, parent: number, owner: OwnerIds | undefined): number {
    const way = wayBelow(parent, path);
    const shown = shownPath(this.#root, path);
    const isNew = writing(shown, () => makeNew(way));
    const descriptor = openDirectory(way, shown);
    try {
      if (!isNew) writing(shown, () => unlock(descriptor));
      else if (owner) writing(shown, () => fchownSync(descriptor, owner.uid, owner.gid));
      return descriptor;
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }
}

function wayBelow(directory: number, path: RawPath): Way {
  const way = `/proc/self/fd/${directory}/${nameOf(path)}`;
  // As a string it takes half the time.
  return ASCII.test(way) ? way : Buffer.from(way, 'latin1');
}

/** False: something is there; whoever opens it will see what. */
function makeNew(way: Way): boolean {
  // Another thread may have made it, or this one, long ago; to be refused takes longer than to look.
  if (existsSync(way)) return false;
  try {
    mkdirSync(way, { mode: 0o755 });
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function openDirectory(way: Way, shown: string): number {
  try {
    return writing(shown, () => openUnlocked(way));
  } catch (error) {
    if (IN_THE_WAY.has(systemErrorCode((error as Error).cause) ?? ''))
      throw unsafe(shown, 'a file or a symbolic link is in its way');
    throw error;
  }
}

/** A restore that was broken off may have given it its mode already, with which its owner may not list it. */
function openUnlocked(way: Way): number {
  try {
    return openSync(way, FLAGS);
  } catch (error) {
    if (systemErrorCode(error) !== 'EACCES') throw error;
    if (!makeMine(way)) throw error;
    return openSync(way, FLAGS);
  }
}

function makeMine(way: Way): boolean {
  try {
    const located = openSync(way, LOCATE);
    try {
      chmodSync(`/proc/self/fd/${located}`, OWNER_BITS);
      return true;
    } finally {
      closeSync(located);
    }
  } catch {
    return false;
  }
}

/** Likewise, or with which its owner may not write into it. */
function unlock(descriptor: number): void {
  const { mode, uid } = fstatSync(descriptor);
  if ((mode & OWNER_BITS) === OWNER_BITS || uid !== process.geteuid?.()) return;
  fchmodSync(descriptor, (mode & 0o7777) | OWNER_BITS);
}
