import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  mkdirSync,
  openSync,
} from 'node:fs';
import { systemErrorCode } from '../platform/errors.ts';
import { unsafe, writing } from './restore-errors.ts';
import type { OwnerIds } from './restore-owner.ts';
import { nameOf, parentOf, type RawPath, shownPath } from './restore-paths.ts';

/** Open at the same time. */
const KEPT = 128;
const FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** O_PATH of Linux, for which Node has no name: needs no right to what it opens. */
const LOCATE = 0o10000000 | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** What stands in the way of a directory: a file, or a symbolic link, which is never followed. */
const IN_THE_WAY = new Set(['ELOOP', 'ENOTDIR']);
/** Of its owner: to list it, to write into it, to go through it. */
const OWNER_BITS = 0o700;

/**
 * The directories of a restore target, each reached from the one above it by its descriptor (proc(5): /proc/self/fd):
 * nobody who puts a link into the target meanwhile can lead us out of it.
 */
export class RestoreDirectories {
  readonly #root: string;
  readonly #rootDescriptor: number;
  /** Path below the root → descriptor; the one used longest ago first. */
  readonly #open = new Map<RawPath, number>();

  /** The root must be there; `way` leads to it. Throws LS-REPO-018, or LS-REPO-011 when it is a link. */
  constructor(root: string, way = root) {
    this.#root = root;
    this.#rootDescriptor = openDirectory(Buffer.from(way), root);
  }

  get rootDescriptor(): number {
    return this.#rootDescriptor;
  }

  /** A way to a file that leads through no link; good until the next call. Directories on it are made. */
  wayTo(path: RawPath, owner: OwnerIds | undefined): Buffer {
    return wayBelow(this.descriptorOf(parentOf(path), owner), path);
  }

  /** The directory itself; made with those above it. Good until the next call, and not the caller's to close. */
  descriptorOf(path: RawPath, owner: OwnerIds | undefined): number {
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
    for (const descriptor of this.#open.values()) closeSync(descriptor);
    this.#open.clear();
    closeSync(this.#rootDescriptor);
  }

  /** As the one used last: it is not the one that is closed. */
  #keep(path: RawPath, descriptor: number): void {
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

function wayBelow(directory: number, path: RawPath): Buffer {
  return Buffer.from(`/proc/self/fd/${directory}/${nameOf(path)}`, 'latin1');
}

function makeNew(way: Buffer): boolean {
  try {
    mkdirSync(way, { mode: 0o755 });
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function openDirectory(way: Buffer, shown: string): number {
  try {
    return writing(shown, () => openUnlocked(way));
  } catch (error) {
    if (IN_THE_WAY.has(systemErrorCode((error as Error).cause) ?? ''))
      throw unsafe(shown, 'a file or a symbolic link is in its way');
    throw error;
  }
}

/** A restore that was broken off may have given it its mode already, with which its owner may not list it. */
function openUnlocked(way: Buffer): number {
  try {
    return openSync(way, FLAGS);
  } catch (error) {
    if (systemErrorCode(error) !== 'EACCES') throw error;
    if (!makeMine(way)) throw error;
    return openSync(way, FLAGS);
  }
}

function makeMine(way: Buffer): boolean {
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
