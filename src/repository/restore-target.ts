import { hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:net';
import { systemErrorCode } from '../platform/errors.ts';
import { type DirectoryEntry, type FileEntry, type ListEntry, type SymlinkEntry } from './file-entry.ts';
import { BegunFiles } from './restore-begun.ts';
import { RestoreDirectories, type Way } from './restore-directories.ts';
import { unsafe, writing } from './restore-errors.ts';
import { hashDescriptor } from './restore-io.ts';
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

/** Of a file that is there: neither a link is followed, nor waited for the other end of a pipe. */
const LOOK = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

let placingId = 0;

/**
 * A directory being filled. Only creates: never follows a link, never writes over anything that it has not begun
 * itself, never leaves the target. Until `finish()`, a file `<target>.restoring` says that it is incomplete, also after
 * a crash; the same restore then goes on with it. Paths are those below the target, spelled as the entry's.
 */
export class RestoreTarget {
  /** Files whose parts come one after the other. */
  readonly begun: BegunFiles;
  readonly #root: string;
  readonly #marked: MarkedTarget;
  readonly #directories: RestoreDirectories;
  readonly #others: RestoreOthers;
  readonly #lock: Server;
  readonly #owner: RestoreOwner | undefined;
  readonly #placing: PlacingTarget;
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
    this.#others = new RestoreOthers(root, parts.directories, parts.owner);
    this.#lock = parts.lock;
    this.#owner = parts.owner;
    this.begun = new BegunFiles(root, (path, entry) => this.#wayTo(path, entry));
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
    let owners: Float64Array<ArrayBuffer> | undefined;
    rows.forEach((row, i) => {
      times[i] = utimeSince1970(table.number(row, 'seconds'), table.number(row, 'nanoseconds'));
      const ids = ownerIds(this.#owner, { uid: table.number(row, 'uid'), gid: table.number(row, 'gid') });
      if (!ids) return;
      owners ??= new Float64Array(rows.length * 2);
      owners[i * 2] = ids.uid;
      owners[i * 2 + 1] = ids.gid;
    });
    return {
      target: this.#placing,
      uses: rows.map((_, i) => first + i),
      paths: table.pathsOf(rows),
      modes: rows.map((row) => restoredMode({ type: 'file', mode: table.number(row, 'mode') })),
      times,
      owners,
    };
  }

  countPlaced(): void {
    this.#files += 1;
  }

  /** The file is complete: mode, modification time and owner as recorded; one without any part is made. */
  close(path: string, entry: FileEntry): PlacedFile {
    const placed = this.begun.complete(path, entry, (descriptor) =>
      applyMetadata(descriptor, entry, this.#owner),
    );
    this.#files += 1;
    return placed;
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
    this.begun.dispose();
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
