import { closeSync, constants, fstatSync, ftruncateSync, openSync, unlinkSync } from 'node:fs';
import { type FileEntry, isSparse } from './file-entry.ts';
import type { Way } from './restore-directories.ts';
import { unsafe, writing } from './restore-errors.ts';
import { hashDescriptor, writePart } from './restore-io.ts';
import type { PlacedFile } from './restore-links.ts';
import { type RawPath, rawPath, shownPath } from './restore-paths.ts';
import type { PartToWrite } from './workers/write-parts.ts';

const CREATE = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | constants.O_NOFOLLOW;
/** Files that wait for further pieces with their descriptors open. */
const KEPT_OPEN = 64;

/** `dev` and `ino` are of the file that was created: another one under its name is not ours. */
interface Begun extends PlacedFile {
  readonly entry: FileEntry;
  descriptor: number | undefined;
  /** Who works with the descriptor: so long it stays open, since its number may become another file's. */
  holds: number;
  /** It is to go as soon as nobody holds it. */
  isDropped: boolean;
}

/** Files of a target whose parts come one after the other. Nothing else is ever written over, or taken away. */
export class BegunFiles {
  readonly #root: string;
  readonly #wayTo: (path: RawPath, entry: FileEntry) => Way;
  readonly #begun = new Map<FileEntry, Begun>();
  /** Files whose descriptors are held. */
  #held = 0;

  /** `wayTo`: to a path below the root, which is made as far as its directory. */
  constructor(root: string, wayTo: (path: RawPath, entry: FileEntry) => Way) {
    [this.#root, this.#wayTo] = [root, wayTo];
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

  /** Writes one part; the first one makes the file. */
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

  /** With all its parts; one without any is made. `describe` says the rest of it. */
  complete(path: string, entry: FileEntry, describe: (descriptor: number) => void): PlacedFile {
    const begun = this.#begunOf(path, entry);
    const descriptor = this.#descriptorOf(begun);
    this.#begun.delete(entry);
    try {
      writing(shownPath(this.#root, begun.path), () => describe(descriptor));
    } finally {
      closeSync(descriptor);
    }
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

  /** What is not complete stays as it is. */
  dispose(): void {
    for (const { descriptor } of this.#begun.values()) if (descriptor !== undefined) closeSync(descriptor);
    this.#begun.clear();
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
