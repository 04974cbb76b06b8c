import { closeSync, constants, fchownSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../platform/errors.ts';
import { unsafe, writing } from './restore-errors.ts';
import type { OwnerIds } from './restore-owner.ts';

/** Open at the same time. */
const KEPT = 128;
const FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** What stands in the way of a directory: a file, or a symbolic link, which is never followed. */
const IN_THE_WAY = new Set(['ELOOP', 'ENOTDIR']);

/**
 * The directories of a restore target, each reached from the one above it by its descriptor (proc(5): /proc/self/fd):
 * nobody who puts a link into the target meanwhile can lead us out of it.
 */
export class RestoreDirectories {
  readonly #root: string;
  readonly #rootDescriptor: number;
  /** Path below the root → descriptor; the one used longest ago first. */
  readonly #open = new Map<string, number>();

  /** The root must be there. Throws LS-REPO-018, or LS-REPO-011 when it is a link. */
  constructor(root: string) {
    this.#root = root;
    this.#rootDescriptor = openDirectory(root, root);
  }

  get rootDescriptor(): number {
    return this.#rootDescriptor;
  }

  /** A way to a file that leads through no link; good until the next call. Directories on it are made. */
  wayTo(path: string, owner: OwnerIds | undefined): string {
    const cut = path.lastIndexOf('/');
    return `/proc/self/fd/${this.#descriptor(path.slice(0, Math.max(0, cut)), owner)}/${path.slice(cut + 1)}`;
  }

  close(): void {
    for (const descriptor of this.#open.values()) closeSync(descriptor);
    this.#open.clear();
    closeSync(this.#rootDescriptor);
  }

  #descriptor(path: string, owner: OwnerIds | undefined): number {
    if (path === '') return this.#rootDescriptor;
    const known = this.#open.get(path);
    const descriptor = known ?? this.#make(path, owner);
    this.#open.delete(path);
    this.#open.set(path, descriptor);
    const [oldest] = this.#open;
    if (this.#open.size > KEPT && oldest) {
      closeSync(oldest[1]);
      this.#open.delete(oldest[0]);
    }
    return descriptor;
  }

  /** A directory belongs to the owner of the first file in it: a program must be able to write beside its files. */
  #make(path: string, owner: OwnerIds | undefined): number {
    const cut = path.lastIndexOf('/');
    const parent = this.#descriptor(path.slice(0, Math.max(0, cut)), owner);
    const way = `/proc/self/fd/${parent}/${path.slice(cut + 1)}`;
    const shown = join(this.#root, path);
    const isNew = writing(shown, () => makeNew(way));
    const descriptor = openDirectory(way, shown);
    if (isNew && owner) {
      try {
        writing(shown, () => fchownSync(descriptor, owner.uid, owner.gid));
      } catch (error) {
        closeSync(descriptor);
        throw error;
      }
    }
    return descriptor;
  }
}

function makeNew(way: string): boolean {
  try {
    mkdirSync(way, { mode: 0o755 });
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function openDirectory(way: string, shown: string): number {
  try {
    return writing(shown, () => openSync(way, FLAGS));
  } catch (error) {
    if (IN_THE_WAY.has(systemErrorCode((error as Error).cause) ?? ''))
      throw unsafe(shown, 'a file or a symbolic link is in its way');
    throw error;
  }
}
