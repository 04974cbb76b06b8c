import { closeSync, constants, fstatSync, openSync, unlinkSync, writeSync } from 'node:fs';
import type { Server } from 'node:net';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { systemErrorCode } from '../platform/errors.ts';
import type { FileEntry } from './file-entry.ts';
import { isSafePath } from './paths.ts';
import { RestoreDirectories } from './restore-directories.ts';
import { unsafe, writing } from './restore-errors.ts';
import { hashDescriptor, writeAside } from './restore-io.ts';
import {
  lockTarget,
  type MarkedTarget,
  markTarget,
  type RestoreClaim,
  removeMark,
  unmarkTarget,
} from './restore-mark.ts';
import { applyMetadata } from './restore-metadata.ts';
import { ownerIds, type RestoreOwner } from './restore-owner.ts';
import { makeDurable } from './restore-sync.ts';

const CREATE = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | constants.O_NOFOLLOW;
/** Of a file that is there: neither a link is followed, nor waited for the other end of a pipe. */
const LOOK = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** Files that wait for further pieces with their descriptors open. */
const KEPT_OPEN = 64;
/** Larger ones are written beside the main thread. */
const ASIDE_BYTES = 256 * 1024;

interface Begun {
  readonly path: string;
  readonly entry: FileEntry;
  /** Of the file that was created: another one under its name is not ours. */
  readonly dev: bigint;
  readonly ino: bigint;
  descriptor: number | undefined;
}

/**
 * A directory being filled. Only creates: never follows a link, never writes over anything that it has not begun
 * itself, never leaves the target. Until `finish()`, a file `<target>.restoring` says that it is incomplete, also after
 * a crash; the same restore then goes on with it.
 */
export class RestoreTarget {
  readonly #root: string;
  readonly #marked: MarkedTarget;
  readonly #directories: RestoreDirectories;
  readonly #lock: Server;
  readonly #owner: RestoreOwner | undefined;
  readonly #begun = new Map<FileEntry, Begun>();
  /** Fingerprints of the paths that were looked for. */
  readonly #places = new Set<number>();
  /** In place, of this run or an earlier one. */
  #files = 0;

  private constructor(
    root: string,
    parts: {
      readonly marked: MarkedTarget;
      readonly directories: RestoreDirectories;
      readonly lock: Server;
      readonly owner: RestoreOwner | undefined;
    },
  ) {
    this.#root = root;
    this.#marked = parts.marked;
    this.#directories = parts.directories;
    this.#lock = parts.lock;
    this.#owner = parts.owner;
  }

  /** To be closed. Throws LS-REPO-010 when the target may not be filled. */
  static async open(
    root: string,
    claim: RestoreClaim,
    { startedAt, owner }: { readonly startedAt: string; readonly owner?: RestoreOwner | undefined },
  ): Promise<RestoreTarget> {
    const marked = await markTarget(root, claim, { startedAt });
    const directories = new RestoreDirectories(root);
    try {
      const lock = await lockTarget(root, fstatSync(directories.rootDescriptor, { bigint: true }));
      return new RestoreTarget(root, { marked, directories, lock, owner });
    } catch (error) {
      directories.close();
      throw error;
    }
  }

  get resumes(): boolean {
    return this.#marked.resumes;
  }

  /**
   * Whether the file is there as it should be, from a restore that did not finish; its mode, time and owner are made
   * right. What is there otherwise is removed.
   */
  async has(path: string, entry: FileEntry, breathe: () => Promise<void>): Promise<boolean> {
    const way = this.#wayTo(path, entry);
    const shown = join(this.#root, path);
    const place = fingerprint(path);
    // Two files of the snapshot have the same place: what is there may be the other one.
    if (this.#places.has(place)) return false;
    this.#places.add(place);
    const descriptor = openIfThere(way, shown);
    if (descriptor === undefined) return false;
    try {
      const stat = fstatSync(descriptor);
      if (stat.isFile() && stat.size === entry.size) {
        const sha256 = await hashDescriptor(descriptor, entry.size, breathe);
        if (sha256 === entry.sha256) {
          writing(shown, () => applyMetadata(descriptor, entry, this.#owner));
          this.#files += 1;
          return true;
        }
      }
      // The way may have been another directory's meanwhile.
      writing(shown, () => unlinkSync(this.#wayTo(path, entry)));
      return false;
    } finally {
      closeSync(descriptor);
    }
  }

  /** Writes one part; the first one creates the file. The file is complete with `close`. */
  async write(path: string, entry: FileEntry, at: number, bytes: Uint8Array): Promise<void> {
    const begun = this.#begun.get(entry) ?? this.#create(path, entry);
    const descriptor = this.#descriptorOf(begun);
    const file = join(this.#root, path);
    if (bytes.length >= ASIDE_BYTES) await writeAside(file, descriptor, bytes, at);
    else writing(file, () => writeFully(descriptor, bytes, at));
  }

  /** What has been written of it, from its beginning to its end. */
  async hashOf(entry: FileEntry, breathe: () => Promise<void>): Promise<string> {
    const begun = this.#begun.get(entry);
    return begun ? hashDescriptor(this.#descriptorOf(begun), entry.size, breathe) : '';
  }

  /** Mode, modification time and owner as recorded; a file without any part is made. */
  close(path: string, entry: FileEntry): void {
    const begun = this.#begun.get(entry) ?? this.#create(path, entry);
    const descriptor = this.#descriptorOf(begun);
    this.#begun.delete(entry);
    try {
      writing(join(this.#root, path), () => applyMetadata(descriptor, entry, this.#owner));
    } finally {
      closeSync(descriptor);
    }
    this.#files += 1;
  }

  /** It will not be complete: nothing is left of it. */
  drop(path: string, entry: FileEntry): void {
    const begun = this.#begun.get(entry);
    if (!begun) return;
    // Reopened if need be, so that it is ours that is removed.
    closeSync(this.#descriptorOf(begun));
    this.#begun.delete(entry);
    writing(join(this.#root, path), () => unlinkSync(this.#wayTo(path, entry)));
  }

  /** Everything durable first, then the mark goes. */
  async finish(): Promise<void> {
    await makeDurable(this.#root, this.#files);
    await removeMark(this.#root);
  }

  /** Nothing was written: as if it had not been asked for. */
  async abandon(): Promise<void> {
    if (!this.resumes) await unmarkTarget(this.#root, this.#marked);
  }

  /** Frees what it holds; the mark stays unless it is finished. */
  dispose(): void {
    for (const { descriptor } of this.#begun.values()) if (descriptor !== undefined) closeSync(descriptor);
    this.#begun.clear();
    this.#directories.close();
    this.#lock.close();
  }

  #wayTo(path: string, entry: FileEntry): string {
    if (!isSafePath(path)) throw unsafe(path, 'it would leave the target');
    return this.#directories.wayTo(path, ownerIds(this.#owner, entry));
  }

  #create(path: string, entry: FileEntry): Begun {
    const way = this.#wayTo(path, entry);
    const descriptor = writing(join(this.#root, path), () => openSync(way, CREATE, 0o600));
    const { dev, ino } = fstatSync(descriptor, { bigint: true });
    const begun = { path, entry, dev, ino, descriptor };
    this.#begun.set(entry, begun);
    this.#closeOldest();
    return begun;
  }

  /** Only the few that have been waiting longest are closed meanwhile. */
  #closeOldest(): void {
    if (this.#begun.size <= KEPT_OPEN) return;
    const open = [...this.#begun.values()].filter(({ descriptor }) => descriptor !== undefined);
    for (const begun of open.slice(0, open.length - KEPT_OPEN)) {
      if (begun.descriptor !== undefined) closeSync(begun.descriptor);
      begun.descriptor = undefined;
    }
  }

  #descriptorOf(begun: Begun): number {
    if (begun.descriptor !== undefined) return begun.descriptor;
    const { path, entry, dev, ino } = begun;
    const way = this.#wayTo(path, entry);
    const shown = join(this.#root, path);
    const descriptor = writing(shown, () => openSync(way, constants.O_RDWR | constants.O_NOFOLLOW));
    const found = fstatSync(descriptor, { bigint: true });
    if (found.dev !== dev || found.ino !== ino) {
      closeSync(descriptor);
      throw unsafe(shown, 'something else has been put in the place of the file');
    }
    begun.descriptor = descriptor;
    // The newest from now on: it is not the one that is closed.
    this.#begun.delete(entry);
    this.#begun.set(entry, begun);
    this.#closeOldest();
    return descriptor;
  }
}

/** 52 bits: few bytes for each of a million paths, and hardly ever the same for two. */
function fingerprint(path: string): number {
  const digest = hash('sha256', path, 'buffer');
  return digest.readUInt32BE(0) * 2 ** 20 + (digest.readUInt32BE(4) >>> 12);
}

function openIfThere(way: string, shown: string): number | undefined {
  try {
    return openSync(way, LOOK);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP') throw unsafe(shown, 'a symbolic link is in its way');
    return writing(shown, () => {
      throw error;
    });
  }
}

function writeFully(descriptor: number, bytes: Uint8Array, at: number): void {
  let written = 0;
  while (written < bytes.length)
    written += writeSync(descriptor, bytes, written, bytes.length - written, at + written);
}
