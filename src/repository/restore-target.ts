import { hash } from 'node:crypto';
import { closeSync, constants, fstatSync, ftruncateSync, openSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:net';
import { systemErrorCode } from '../platform/errors.ts';
import {
  type DirectoryEntry,
  type FileEntry,
  isSparse,
  type ListEntry,
  type SymlinkEntry,
} from './file-entry.ts';
import { RestoreDirectories, type Way } from './restore-directories.ts';
import { unsafe, writing } from './restore-errors.ts';
import { hashDescriptor, writePart } from './restore-io.ts';
import { linkFile, type PlacedFile } from './restore-links.ts';
import {
  lockTarget,
  type MarkedTarget,
  markTarget,
  type RestoreClaim,
  removeMark,
  unmarkTarget,
} from './restore-mark.ts';
import { applyMetadata, restoredMode } from './restore-metadata.ts';
import { RestoreOthers } from './restore-others.ts';
import { ownerIds, type RestoreOwner } from './restore-owner.ts';
import { type RawPath, rawPath, shownPath } from './restore-paths.ts';
import { makeDurable } from './restore-sync.ts';
import { utimeSince1970 } from './restore-times.ts';
import type { FileRows } from './whole-files.ts';
import { type FilesToPlace, forgetTarget, type PlacingTarget } from './workers/place-files.ts';
import type { PartToWrite } from './workers/write-parts.ts';

const CREATE = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | constants.O_NOFOLLOW;
/** Of a file that is there: neither a link is followed, nor waited for the other end of a pipe. */
const LOOK = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** Files that wait for further pieces with their descriptors open. */
const KEPT_OPEN = 64;

let placingId = 0;

/** `dev` and `ino` are of the file that was created: another one under its name is not ours. */
interface Begun extends PlacedFile {
  readonly entry: FileEntry;
  descriptor: number | undefined;
  /** Who works with the descriptor: so long it stays open, since its number may become another file's. */
  holds: number;
  /** It is to go as soon as nobody holds it. */
  isDropped: boolean;
}

/**
 * A directory being filled. Only creates: never follows a link, never writes over anything that it has not begun
 * itself, never leaves the target. Until `finish()`, a file `<target>.restoring` says that it is incomplete, also after
 * a crash; the same restore then goes on with it. Paths are those below the target, spelled as the entry's.
 */
export class RestoreTarget {
  readonly #root: string;
  readonly #marked: MarkedTarget;
  readonly #directories: RestoreDirectories;
  readonly #others: RestoreOthers;
  readonly #lock: Server;
  readonly #owner: RestoreOwner | undefined;
  readonly #placing: PlacingTarget;
  readonly #begun = new Map<FileEntry, Begun>();
  /** Fingerprints of the paths that were looked for. */
  readonly #places = new Set<number>();
  /** In place, of this run or an earlier one. */
  #files = 0;
  /** Files whose descriptors are held. */
  #held = 0;

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
    this.#others = new RestoreOthers(root, parts.directories, parts.owner);
    this.#lock = parts.lock;
    this.#owner = parts.owner;
    this.#placing = { id: placingId++, root, descriptor: parts.directories.rootDescriptor };
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
   * The file as it should be, from a restore that did not finish; its mode, time and owner are made right. What is there
   * otherwise is removed, and it is undefined.
   */
  async has(path: string, entry: FileEntry, breathe: () => Promise<void>): Promise<PlacedFile | undefined> {
    const raw = rawPath(path, entry);
    if (!this.#mayReplace(raw)) return undefined;
    const shown = shownPath(this.#root, raw);
    const descriptor = openIfThere(this.#wayTo(raw, entry), shown);
    if (descriptor === undefined) return undefined;
    try {
      const stat = fstatSync(descriptor, { bigint: true });
      if (stat.isFile() && stat.size === BigInt(entry.size)) {
        const sha256 = await hashDescriptor(descriptor, entry.size, breathe);
        if (sha256 === entry.sha256) {
          writing(shown, () => applyMetadata(descriptor, entry, this.#owner));
          this.#files += 1;
          return { path: raw, dev: stat.dev, ino: stat.ino };
        }
      }
      // The way may have been another directory's meanwhile.
      writing(shown, () => unlinkSync(this.#wayTo(raw, entry)));
      return undefined;
    } finally {
      closeSync(descriptor);
    }
  }

  /** What is needed to make whole files, by whichever thread has their content; each that is there is to be counted. */
  toPlace({ table, rows }: FileRows, first: number): FilesToPlace {
    const times = new Float64Array(rows.length);
    const owners = new Float64Array(rows.length * 2);
    let isOwned = false;
    rows.forEach((row, i) => {
      times[i] = utimeSince1970(table.number(row, 'seconds'), table.number(row, 'nanoseconds'));
      const ids = ownerIds(this.#owner, { uid: table.number(row, 'uid'), gid: table.number(row, 'gid') });
      if (!ids) return;
      isOwned = true;
      owners[i * 2] = ids.uid;
      owners[i * 2 + 1] = ids.gid;
    });
    return {
      target: this.#placing,
      uses: rows.map((_, i) => first + i),
      paths: table.pathsOf(rows),
      modes: rows.map((row) => restoredMode({ type: 'file', mode: table.number(row, 'mode') })),
      times,
      owners: isOwned ? owners : undefined,
    };
  }

  countPlaced(): void {
    this.#files += 1;
  }

  /** Makes the file, without content as yet. */
  begin(path: string, entry: FileEntry): void {
    const raw = rawPath(path, entry);
    const way = this.#wayTo(raw, entry);
    const shown = shownPath(this.#root, raw);
    const descriptor = writing(shown, () => openSync(way, CREATE, 0o600));
    const { dev, ino } = fstatSync(descriptor, { bigint: true });
    this.#begun.set(entry, { path: raw, entry, dev, ino, descriptor, holds: 0, isDropped: false });
    if (isSparse(entry)) writing(shown, () => ftruncateSync(descriptor, entry.size));
    this.#closeOldest();
  }

  /** Writes one part; the first one makes the file. The file is complete with `close`. */
  async write(path: string, entry: FileEntry, at: number, bytes: Uint8Array): Promise<void> {
    const begun = this.#begunOf(path, entry);
    const part = { sparse: isSparse(entry), bytes, at };
    await this.#holding(begun, (descriptor) =>
      writePart(shownPath(this.#root, begun.path), descriptor, part),
    );
  }

  /**
   * A part that a thread will write; the first one makes the file. To be told when that is done. Undefined where it would keep
   * too many files open: one frame may have a part of each of very many.
   */
  beginPart(path: string, entry: FileEntry, at: number): PartToWrite | undefined {
    const isHeld = (this.#begun.get(entry)?.holds ?? 0) > 0;
    if (!isHeld && this.#held >= KEPT_OPEN) return undefined;
    const begun = this.#begunOf(path, entry);
    const descriptor = this.#hold(begun);
    return { descriptor, at, sparse: isSparse(entry), path: shownPath(this.#root, begun.path) };
  }

  endPart(entry: FileEntry): void {
    const begun = this.#begun.get(entry);
    if (begun) this.#letGo(begun);
  }

  /** With its descriptor, open for reading and writing until the work is done. */
  holding<Result>(
    path: string,
    entry: FileEntry,
    work: (descriptor: number) => Promise<Result>,
  ): Promise<Result> {
    return this.#holding(this.#begunOf(path, entry), work);
  }

  /** What has been written of it is gone; it is to be written again. */
  empty(entry: FileEntry): void {
    const begun = this.#begun.get(entry);
    if (!begun) return;
    const descriptor = this.#descriptorOf(begun);
    writing(shownPath(this.#root, begun.path), () => {
      ftruncateSync(descriptor, 0);
      if (isSparse(entry)) ftruncateSync(descriptor, entry.size);
    });
  }

  /** What has been written of it, from its beginning to its end. */
  async hashOf(entry: FileEntry, breathe: () => Promise<void>): Promise<string> {
    const begun = this.#begun.get(entry);
    if (!begun) return '';
    return this.#holding(begun, (descriptor) => hashDescriptor(descriptor, entry.size, breathe));
  }

  /** Mode, modification time and owner as recorded; a file without any part is made. */
  close(path: string, entry: FileEntry): PlacedFile {
    const begun = this.#begunOf(path, entry);
    const descriptor = this.#descriptorOf(begun);
    this.#begun.delete(entry);
    try {
      writing(shownPath(this.#root, begun.path), () => applyMetadata(descriptor, entry, this.#owner));
    } finally {
      closeSync(descriptor);
    }
    this.#files += 1;
    return begun;
  }

  /** It will not be complete: nothing is left of it. */
  drop(entry: FileEntry): void {
    const begun = this.#begun.get(entry);
    if (!begun) return;
    begun.isDropped = true;
    if (begun.holds > 0) return;
    // Reopened if need be, so that it is ours that is removed.
    closeSync(this.#descriptorOf(begun));
    this.#begun.delete(entry);
    writing(shownPath(this.#root, begun.path), () => unlinkSync(this.#wayTo(begun.path, entry)));
  }

  /** Another name for a file that is complete; false where the file system has none, or not so many. */
  link(path: string, entry: FileEntry, placed: PlacedFile): boolean {
    const raw = rawPath(path, entry);
    const isMade = linkFile(this.#directories, {
      root: this.#root,
      path: raw,
      placed,
      owner: ownerIds(this.#owner, entry),
      mayReplace: this.#mayReplace(raw),
    });
    // Else it comes as a file of its own, which may replace the same.
    if (isMade) this.#files += 1;
    else this.#places.delete(fingerprint(raw));
    return isMade;
  }

  makeDirectory(path: string, entry: DirectoryEntry): void {
    this.#others.makeDirectory(rawPath(path, entry), entry);
  }

  /** It is made at the end, when no file can be led elsewhere by it any more. */
  addSymlink(path: string, entry: SymlinkEntry): void {
    this.#others.addLink(rawPath(path, entry), entry);
  }

  /** Everything durable first, then the mark goes. */
  async finish(): Promise<void> {
    this.#files += this.#others.makeLinks((path) => this.#mayReplace(path));
    await makeDurable(this.#root, this.#files);
    await this.#others.finishDirectories();
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
    forgetTarget(this.#placing);
    this.#directories.close();
    this.#lock.close();
  }

  /**
   * Whether what is there is of an earlier run; once for each place: where two entries of the snapshot have the same,
   * what is there may be the other one.
   */
  #mayReplace(path: RawPath): boolean {
    if (!this.resumes) return false;
    const place = fingerprint(path);
    if (this.#places.has(place)) return false;
    this.#places.add(place);
    return true;
  }

  #wayTo(path: RawPath, entry: ListEntry): Way {
    return this.#directories.wayTo(path, ownerIds(this.#owner, entry));
  }

  #begunOf(path: string, entry: FileEntry): Begun {
    if (!this.#begun.has(entry)) this.begin(path, entry);
    return this.#begun.get(entry) as Begun;
  }

  async #holding<Result>(begun: Begun, work: (descriptor: number) => Promise<Result>): Promise<Result> {
    const descriptor = this.#hold(begun);
    try {
      return await work(descriptor);
    } finally {
      this.#letGo(begun);
    }
  }

  #hold(begun: Begun): number {
    const descriptor = this.#descriptorOf(begun);
    if (begun.holds === 0) this.#held += 1;
    begun.holds += 1;
    return descriptor;
  }

  #letGo(begun: Begun): void {
    begun.holds -= 1;
    if (begun.holds === 0) this.#held -= 1;
    if (begun.isDropped) this.drop(begun.entry);
  }

  /** Only the few that have been waiting longest are closed meanwhile. */
  #closeOldest(): void {
    if (this.#begun.size <= KEPT_OPEN) return;
    const open = [...this.#begun.values()].filter(({ descriptor }) => descriptor !== undefined);
    for (const begun of open.slice(0, Math.max(0, open.length - KEPT_OPEN))) {
      if (begun.descriptor === undefined || begun.holds > 0) continue;
      closeSync(begun.descriptor);
      begun.descriptor = undefined;
    }
  }

  #descriptorOf(begun: Begun): number {
    if (begun.descriptor !== undefined) return begun.descriptor;
    const { path, entry, dev, ino } = begun;
    const way = this.#wayTo(path, entry);
    const shown = shownPath(this.#root, path);
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
function fingerprint(path: RawPath): number {
  const digest = hash('sha256', path, 'buffer');
  return digest.readUInt32BE(0) * 2 ** 20 + (digest.readUInt32BE(4) >>> 12);
}

function openIfThere(way: Way, shown: string): number | undefined {
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
