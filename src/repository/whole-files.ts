import { release } from './buffers.ts';
import { SHA256_DIGITS } from './format.ts';
import type { PieceUse } from './pack-plan.ts';
import type { RawPath } from './restore-paths.ts';
import { entryOf, type WholeFile } from './whole-file.ts';

/** Rows of a table. */
export interface FileRows {
  readonly table: WholeFiles;
  readonly rows: Uint32Array<ArrayBuffer>;
}

/** Where the parts of some rows are in their frame, in columns. */
export interface PartColumns {
  readonly offsets: Uint32Array<ArrayBuffer>;
  readonly lengths: Uint32Array<ArrayBuffer>;
  /** One behind the other, in hex; memory that is nobody else's. */
  readonly sha256: Uint8Array<ArrayBuffer>;
}

const LEAST_ROOM = 1024;
/** So many are said by a signed record before any is there; more come as they grow. */
const MOST_ROOM = 64 * 1024;
const PATH_BYTES = 64;
/** Numbers of a row, each in its place. */
const NUMBER = {
  frameOffset: 0,
  frameLength: 1,
  offset: 2,
  length: 3,
  mode: 4,
  uid: 5,
  gid: 6,
  seconds: 7,
  nanoseconds: 8,
  pack: 9,
  pathEnd: 10,
} as const;
const NUMBERS = 11;

/** Whole files in columns: tens of thousands of objects for each batch keep the collector busy, and the program large. */
export class WholeFiles {
  #count = 0;
  #numbers: Float64Array<ArrayBuffer>;
  #sha256: Buffer<ArrayBuffer>;
  /** Below the target, one behind the other. */
  #paths: Buffer<ArrayBuffer>;
  readonly #packs: string[] = [];
  readonly #packNumbers = new Map<string, number>();
  /** Paths in the snapshot, where those below the target are others. */
  readonly #snapshotPaths = new Map<number, string>();

  /** `expected`: how many will come, as far as is known. */
  constructor(expected = 0) {
    const rows = Math.min(Math.max(expected, LEAST_ROOM), MOST_ROOM);
    this.#numbers = new Float64Array(rows * NUMBERS);
    this.#sha256 = Buffer.allocUnsafeSlow(rows * SHA256_DIGITS);
    this.#paths = Buffer.allocUnsafeSlow(rows * PATH_BYTES);
  }

  get count(): number {
    return this.#count;
  }

  /** `path`: below the target. */
  add(file: WholeFile, path: RawPath): void {
    const row = this.#count;
    const start = this.#pathStart(row);
    const end = start + path.length;
    this.#makeRoom(row + 1, end);
    const numbers = this.#numbers;
    const at = row * NUMBERS;
    numbers[at + NUMBER.frameOffset] = file.frameOffset;
    numbers[at + NUMBER.frameLength] = file.frameLength;
    numbers[at + NUMBER.offset] = file.offset;
    numbers[at + NUMBER.length] = file.length;
    numbers[at + NUMBER.mode] = file.mode;
    numbers[at + NUMBER.uid] = file.uid;
    numbers[at + NUMBER.gid] = file.gid;
    numbers[at + NUMBER.seconds] = file.seconds;
    numbers[at + NUMBER.nanoseconds] = file.nanoseconds;
    numbers[at + NUMBER.pack] = this.#numberOf(file.pack);
    numbers[at + NUMBER.pathEnd] = end;
    this.#sha256.write(file.sha256, row * SHA256_DIGITS, 'latin1');
    this.#paths.write(path, start, 'latin1');
    if (path !== file.path) this.#snapshotPaths.set(row, file.path);
    this.#count += 1;
  }

  /** Only the first so many were right. */
  truncate(count: number): void {
    this.#count = count;
    for (const row of this.#snapshotPaths.keys()) if (row >= count) this.#snapshotPaths.delete(row);
  }

  /** Its memory is given back: nothing is asked for any more. */
  dispose(): void {
    for (const column of [this.#numbers, this.#sha256, this.#paths]) release(column);
  }

  pack(row: number): string {
    return this.#packs[this.number(row, 'pack')] ?? '';
  }

  number(row: number, name: keyof typeof NUMBER): number {
    return this.#numbers[row * NUMBERS + NUMBER[name]] ?? 0;
  }

  /** The file as a part of its frame; its entry as it was in its list. */
  useOf(row: number): PieceUse {
    const [offset, length] = [this.number(row, 'offset'), this.number(row, 'length')];
    const sha256 = this.#sha256.toString('latin1', row * SHA256_DIGITS, (row + 1) * SHA256_DIGITS);
    const entry = entryOf({
      path: this.#snapshotPaths.get(row) ?? this.#path(row),
      mode: this.number(row, 'mode'),
      uid: this.number(row, 'uid'),
      gid: this.number(row, 'gid'),
      seconds: this.number(row, 'seconds'),
      nanoseconds: this.number(row, 'nanoseconds'),
      sha256,
      pack: this.pack(row),
      frameOffset: this.number(row, 'frameOffset'),
      frameLength: this.number(row, 'frameLength'),
      offset,
      length,
    });
    return { entry, index: 0, at: 0, offset, length, sha256 };
  }

  partsOf(rows: Uint32Array<ArrayBuffer>): PartColumns {
    const sha256 = Buffer.allocUnsafeSlow(rows.length * SHA256_DIGITS);
    rows.forEach((row, i) => {
      this.#sha256.copy(sha256, i * SHA256_DIGITS, row * SHA256_DIGITS, (row + 1) * SHA256_DIGITS);
    });
    return {
      offsets: rows.map((row) => this.number(row, 'offset')),
      lengths: rows.map((row) => this.number(row, 'length')),
      sha256,
    };
  }

  /** Below the target, with NUL between them; memory that is nobody else's. */
  pathsOf(rows: Uint32Array): Buffer<ArrayBuffer> {
    let bytes = 0;
    for (const row of rows) bytes += this.#pathEnd(row) - this.#pathStart(row) + 1;
    const paths = Buffer.allocUnsafeSlow(Math.max(0, bytes - 1)).fill(0);
    let at = 0;
    for (const row of rows) at += this.#paths.copy(paths, at, this.#pathStart(row), this.#pathEnd(row)) + 1;
    return paths;
  }

  #path(row: number): string {
    return this.#paths.toString('utf8', this.#pathStart(row), this.#pathEnd(row));
  }

  #pathStart(row: number): number {
    return row === 0 ? 0 : this.#pathEnd(row - 1);
  }

  #pathEnd(row: number): number {
    return this.number(row, 'pathEnd');
  }

  #numberOf(pack: string): number {
    const known = this.#packNumbers.get(pack);
    if (known !== undefined) return known;
    this.#packNumbers.set(pack, this.#packs.length);
    return this.#packs.push(pack) - 1;
  }

  #makeRoom(rows: number, pathBytes: number): void {
    if (rows * NUMBERS > this.#numbers.length) {
      this.#numbers = grown(this.#numbers, new Float64Array(this.#numbers.length * 2));
      this.#sha256 = grown(this.#sha256, Buffer.allocUnsafeSlow(this.#sha256.length * 2));
    }
    if (pathBytes > this.#paths.length)
      this.#paths = grown(this.#paths, Buffer.allocUnsafeSlow(Math.max(pathBytes, this.#paths.length * 2)));
  }
}

function grown<Column extends Float64Array | Buffer>(from: Column, to: Column): Column {
  to.set(from);
  release(from);
  return to;
}
