import { hash } from 'node:crypto';
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { systemErrorCode } from '../../platform/errors.ts';
import { byWay } from '../../platform/long-paths.ts';
import { fileWay } from '../../platform/walk-tree.ts';
import { FRAME_BYTES } from '../frames.ts';
import { hasZeroBlock, isZero, mayBeSparse } from '../sparse.ts';
import { type FileName, type FileNames, unpackNames } from './file-names.ts';

/** What stat(2) says, in what can be handed to another thread. */
export interface FileFacts {
  /** With the type of the file. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Nanoseconds since 1970, decimal. */
  readonly mtime: string;
  readonly size: number;
  /** Which file it is, where it has other names that are to be kept as such. */
  readonly linked?: string;
}

/** Nanoseconds since 1970, decimal, of seconds and the nanoseconds to be added. */
export function mtimeText(seconds: number, nanoseconds: number): string {
  if (seconds <= 0) return String(BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds));
  return `${seconds}${nanoseconds === 0 ? '000000000' : String(nanoseconds).padStart(9, '0')}`;
}

/** Why a file could not be read: a code of the system, or words. */
export interface ReadProblem {
  readonly problem: string;
}

/** Files read as wholes, one behind the other in the buffer. */
export interface FilesRead {
  /** Of each in turn, in hex; what stands for a file that is a problem says nothing. */
  readonly sha256: string;
  /** Of each: one of ROOM. */
  readonly rooms: Uint8Array;
  /** By number of the file. */
  readonly problems: ReadonlyMap<number, ReadProblem>;
  readonly buffer: ArrayBuffer;
}

/** Of what a file's zeros are: written, in part never written, or a hole as a whole. */
export const ROOM = { written: 0, sparse: 1, hole: 2 } as const;

/** A part of a file, at the beginning of the buffer; 0 bytes: the file ends before. */
export interface PartRead {
  readonly length: number;
  readonly sha256: string;
  readonly isHole: boolean;
  readonly isSparse: boolean;
}

export const CHANGED: ReadProblem = { problem: 'it changed while it was read' };
/** Than it was found with: it may be read by itself. */
export const NOT_AS_FOUND: ReadProblem = { problem: 'it has another size or time' };
const NOT_REGULAR: ReadProblem = { problem: 'it is no regular file' };

export function factsOf(stat: BigIntStats): FileFacts {
  return {
    mode: Number(stat.mode),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mtime: String(stat.mtimeNs),
    size: Number(stat.size),
  };
}

/** Small files, and how they were found: only what still is like that counts as read. */
export interface FilesToRead extends FileNames {
  readonly sizes: Float64Array;
  /** Nanoseconds since 1970, decimal, with spaces between them. */
  readonly mtimes: string;
  /** Room for all of them. */
  readonly buffer: ArrayBuffer;
}

/** Each with its hash. One that is not as it was found, or changes meanwhile, is a problem here. */
export function readFiles({ sizes, mtimes, buffer, ...names }: FilesToRead): FilesRead {
  const rooms = new Uint8Array(names.count);
  const problems = new Map<number, ReadProblem>();
  const found = mtimes.split(' ');
  let [sha256, offset, i] = ['', 0, 0];
  for (const name of unpackNames(names)) {
    const [size = 0, mtime = ''] = [sizes[i], found[i]];
    const bytes = Buffer.from(buffer, offset, size);
    offset += size;
    const stat = unlessFailed(() => readFile(name, mtime, bytes));
    if ('problem' in stat) problems.set(i, stat);
    else rooms[i] = roomOf(stat, bytes);
    sha256 += hash('sha256', bytes, 'hex');
    i += 1;
  }
  return { sha256, rooms, problems, buffer };
}

/** The whole of it, which has as many bytes as `into`. */
function readFile(name: FileName, mtime: string, into: Buffer): BigIntStats | ReadProblem {
  const descriptor = openFile(name);
  try {
    const length = fill(descriptor, into, null);
    const stat = fstatSync(descriptor, { bigint: true });
    if (!stat.isFile()) return NOT_REGULAR;
    if (stat.size !== BigInt(into.length) || String(stat.mtimeNs) !== mtime) return NOT_AS_FOUND;
    return length < into.length ? CHANGED : stat;
  } catch (error) {
    if (!fstatSync(descriptor).isFile()) return NOT_REGULAR;
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

export function openFile(name: FileName): number {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  return byWay(fileWay(name), (way) => openSync(way, flags));
}

function roomOf(stat: BigIntStats, bytes: Uint8Array): number {
  if (!mayBeSparse(stat) || bytes.length === 0) return ROOM.written;
  if (isZero(bytes)) return ROOM.hole;
  return hasZeroBlock(bytes) ? ROOM.sparse : ROOM.written;
}

/** A part of a large file that is open already. Shorter than asked for: the file ends there. */
export function readPart({
  descriptor,
  at,
  length,
  mayHaveHoles,
  buffer,
}: {
  readonly descriptor: number;
  readonly at: number;
  readonly length: number;
  readonly mayHaveHoles: boolean;
  readonly buffer: ArrayBuffer;
}): {
  readonly part: PartRead | ReadProblem;
  readonly buffer: ArrayBuffer;
} {
  const part = unlessFailed(() => {
    const room = Buffer.from(buffer, 0, Math.min(length, FRAME_BYTES));
    const bytes = room.subarray(0, fill(descriptor, room, at));
    const isHole = mayHaveHoles && bytes.length > 0 && isZero(bytes);
    const isSparse = isHole || (mayHaveHoles && hasZeroBlock(bytes));
    return { length: bytes.length, sha256: hash('sha256', bytes, 'hex'), isHole, isSparse };
  });
  return { part, buffer };
}

/** Bytes read; `at` null: from where the last reading ended. */
function fill(descriptor: number, into: Buffer, at: number | null): number {
  let length = 0;
  while (length < into.length) {
    const read = readSync(descriptor, into, length, into.length - length, at === null ? null : at + length);
    if (read === 0) break;
    length += read;
  }
  return length;
}

function unlessFailed<Result>(read: () => Result): Result | ReadProblem {
  try {
    return read();
  } catch (error) {
    return { problem: systemErrorCode(error) ?? String(error) };
  }
}
