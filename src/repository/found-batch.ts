import type { CaptureEntry } from '../stack/source.ts';
import { type Day, dayOfSecond } from './list-spans.ts';
import {
  type Described,
  findUnchanged,
  isRegular,
  type LineFound,
  plainBytes,
  staysTheSame,
} from './unchanged-line.ts';
import { type FileNames, packNames } from './workers/file-names.ts';
import { type FileFacts, mtimeText } from './workers/read-files.ts';
import type { FilesFound } from './workers/stat-files.ts';

/** What a capture names, and how it was found before anything was read. */
export interface PlannedEntry {
  readonly entry: CaptureEntry;
  readonly facts: FileFacts;
  /** Of the modification time. */
  readonly day: Day;
}

/** What little there is to say of nearly all entries, in a byte. */
const CLASS = 1;
const KINDS = [undefined, 'directory', 'symlink'] as const;
const KIND_SHIFT = 1;
const ESCAPED = 8;
const MAY_BE_LINKED = 16;
const NO_BYTES = Buffer.alloc(0);

/** Entries of a plan that come one after the other, of one day; what is known of one is put together where it is asked for. */
export interface PlannedRows {
  readonly day: Day;
  readonly count: number;
  path(i: number): string;
  pathLength(i: number): number;
  size(i: number): number;
  planned(i: number): PlannedEntry;
  /** Whether the line that begins there says just what is to be said of that entry; see `findUnchanged`. */
  findIn(bytes: Uint8Array, from: number, i: number): LineFound | undefined;
  part(from: number, to: number): PlannedRows;
}

/**
 * Entries of a capture in one text and some columns: an object for each, held until all others are known as well, would keep
 * the collector busy.
 */
export class FoundBatch {
  readonly names: FileNames;
  readonly #ends: Uint32Array;
  /** The path is the end of the file, from there on. */
  readonly #pathFrom: Uint32Array;
  readonly #bits: Uint8Array;
  /** Where it is not. */
  readonly #paths = new Map<number, string>();
  #found: FilesFound | undefined;
  /** Of all names; empty where one of them is rare. */
  #bytes: Buffer | undefined;
  #columns: Described | undefined;

  constructor(entries: readonly CaptureEntry[]) {
    const { length } = entries;
    this.names = packNames(entries);
    this.#ends = new Uint32Array(length);
    this.#pathFrom = new Uint32Array(length);
    this.#bits = new Uint8Array(length);
    let end = -1;
    for (const [i, entry] of entries.entries()) {
      const { path, file, kind, escaped, mayBeLinked } = entry;
      end += 1 + file.length;
      this.#ends[i] = end;
      this.#pathFrom[i] = end - path.length;
      if (!file.endsWith(path)) this.#paths.set(i, path);
      this.#bits[i] =
        (entry.class === 'mutable' ? CLASS : 0) |
        (KINDS.indexOf(kind) << KIND_SHIFT) |
        (escaped ? ESCAPED : 0) |
        (mayBeLinked ? MAY_BE_LINKED : 0);
    }
  }

  get count(): number {
    return this.names.count;
  }

  /** What was found of them. */
  set found(found: FilesFound) {
    this.#found = found;
  }

  get found(): FilesFound {
    if (!this.#found) throw new TypeError('files that were not looked at');
    return this.#found;
  }

  pathLength(i: number): number {
    return this.#paths.get(i)?.length ?? (this.#ends[i] ?? 0) - (this.#pathFrom[i] ?? 0);
  }

  path(i: number): string {
    const other = this.#paths.size > 0 ? this.#paths.get(i) : undefined;
    return other ?? this.names.files.slice(this.#pathFrom[i], this.#ends[i]);
  }

  findIn(bytes: Uint8Array, from: number, i: number): LineFound | undefined {
    const described = this.#described;
    if (!described || !this.#isPlain(i)) return undefined;
    return findUnchanged(bytes, from, described, i);
  }

  /** Whether there is no more to be said of it than is in the columns. */
  #isPlain(i: number): boolean {
    const { modes, linked } = this.found;
    const isCommon = ((this.#bits[i] ?? 0) & ~MAY_BE_LINKED) === 0 && isRegular(modes[i] ?? 0);
    return (
      isCommon && (linked.size === 0 || !linked.has(i)) && (this.#paths.size === 0 || !this.#paths.has(i))
    );
  }

  get #described(): Described | undefined {
    this.#bytes ??= plainBytes(this.names.files) ?? NO_BYTES;
    if (this.#bytes === NO_BYTES) return undefined;
    this.#columns ??= { ...this.found, names: this.#bytes, pathsFrom: this.#pathFrom, pathsEnd: this.#ends };
    return this.#columns;
  }

  mayBeLinked(i: number): boolean {
    return ((this.#bits[i] ?? 0) & MAY_BE_LINKED) !== 0;
  }

  planned(i: number, day: Day): PlannedEntry {
    const { modes, uids, gids, seconds, nanoseconds, sizes, linked } = this.found;
    const entry = this.entry(i);
    const facts = {
      mode: modes[i] ?? 0,
      uid: uids[i] ?? 0,
      gid: gids[i] ?? 0,
      mtime: mtimeText(seconds[i] ?? 0, nanoseconds[i] ?? 0),
      size: sizes[i] ?? 0,
    };
    const link = linked.size > 0 && this.mayBeLinked(i) ? linked.get(i) : undefined;
    return { entry, facts: link === undefined ? facts : { ...facts, linked: link }, day };
  }

  day(i: number): Day {
    return dayOfSecond(this.found.seconds[i] ?? 0);
  }

  /** Without what was asked for lstat(2) alone. */
  entry(i: number): CaptureEntry {
    const bits = this.#bits[i] ?? 0;
    const entry: CaptureEntry = {
      path: this.path(i),
      file: this.names.files.slice(i === 0 ? 0 : (this.#ends[i - 1] ?? 0) + 1, this.#ends[i]),
      class: bits & CLASS ? 'mutable' : 'immutable',
    };
    if ((bits & ~(CLASS | MAY_BE_LINKED)) === 0) return entry;
    const kind = KINDS[(bits >> KIND_SHIFT) & 3];
    return { ...entry, ...(kind ? { kind } : {}), ...(bits & ESCAPED ? { escaped: true } : {}) };
  }
}

/** Of a batch those with some numbers, in that order. */
export class RowsOfBatch implements PlannedRows {
  readonly day: Day;
  readonly count: number;
  readonly #batch: FoundBatch;
  readonly #numbers: Uint32Array;

  constructor(batch: FoundBatch, numbers: Uint32Array, day: Day) {
    [this.#batch, this.#numbers, this.count, this.day] = [batch, numbers, numbers.length, day];
  }

  path(i: number): string {
    return this.#batch.path(this.#number(i));
  }

  pathLength(i: number): number {
    return this.#batch.pathLength(this.#number(i));
  }

  size(i: number): number {
    return this.#batch.found.sizes[this.#number(i)] ?? 0;
  }

  planned(i: number): PlannedEntry {
    return this.#batch.planned(this.#number(i), this.day);
  }

  findIn(bytes: Uint8Array, from: number, i: number): LineFound | undefined {
    return this.#batch.findIn(bytes, from, this.#number(i));
  }

  part(from: number, to: number): PlannedRows {
    return new RowsOfBatch(this.#batch, this.#numbers.subarray(from, to), this.day);
  }

  #number(i: number): number {
    return this.#numbers[i] ?? 0;
  }
}

/** Of an entry that was put together already. */
export function rowOf(planned: PlannedEntry): PlannedRows {
  const { entry, facts, day } = planned;
  const { path } = entry;
  const { mode, uid, gid, size, mtime, linked } = facts;
  const row: PlannedRows = {
    day,
    count: 1,
    path: () => path,
    pathLength: () => path.length,
    size: () => size,
    planned: () => planned,
    findIn: (bytes, from) => {
      const isPlain = staysTheSame(planned) && !entry.escaped && linked === undefined;
      const names = isPlain ? plainBytes(path) : undefined;
      if (!names) return undefined;
      const described = {
        modes: [mode],
        uids: [uid],
        gids: [gid],
        sizes: [size],
        seconds: [Number(mtime.slice(0, -9))],
        nanoseconds: [Number(mtime.slice(-9))],
        names,
        pathsFrom: [0],
        pathsEnd: [names.length],
      };
      return findUnchanged(bytes, from, described, 0);
    },
    part: () => row,
  };
  return row;
}
