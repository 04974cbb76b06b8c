import { hash } from 'node:crypto';
import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { systemErrorCode } from '../../platform/errors.ts';
import { byWay } from '../../platform/long-paths.ts';
import { fileBytes } from '../../platform/walk-tree.ts';
import { FRAME_BYTES } from '../frames.ts';
import { hasZeroBlock, isZero, mayBeSparse } from '../sparse.ts';

/** Where a file is, spelled as in a capture. */
export interface FileName {
  readonly file: string;
  readonly escaped?: true;
}

/** What stat(2) says, in what can be handed to another thread. */
export interface FileFacts {
  /** With the type of the file. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Nanoseconds since 1970, decimal. */
  readonly mtime: string;
  readonly size: number;
}

/** Why a file could not be read: a code of the system, or words. */
export interface ReadProblem {
  readonly problem: string;
}

/** A file read as a whole into the buffer. `isHole`: its zeros are room that was never written. */
export interface FileRead {
  readonly facts: FileFacts;
  readonly offset: number;
  readonly length: number;
  readonly sha256: string;
  readonly isHole: boolean;
  readonly isSparse: boolean;
}

/** A part of a file, at the beginning of the buffer; 0 bytes: the file ends before. */
export interface PartRead {
  readonly length: number;
  readonly sha256: string;
  readonly isHole: boolean;
  readonly isSparse: boolean;
}

export const CHANGED: ReadProblem = { problem: 'it changed while it was read' };
/** Than it was said to have: it may be read, with other room. */
export const OTHER_SIZE: ReadProblem = { problem: 'it has another size' };

export function factsOf(stat: BigIntStats): FileFacts {
  return {
    mode: Number(stat.mode),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mtime: String(stat.mtimeNs),
    size: Number(stat.size),
  };
}

/** Of names, which are not followed when they are links. */
export function statFiles({ files }: { readonly files: readonly FileName[] }): (FileFacts | ReadProblem)[] {
  return files.map((name) =>
    unlessFailed(() => byWay(fileBytes(name), (way) => factsOf(lstatSync(way, { bigint: true })))),
  );
}

/**
 * Small files, one behind the other into the buffer, each with its hash. A file has the room that it was said to need; one
 * that needs another, or changes meanwhile, is a problem here.
 */
export function readFiles({
  files,
  buffer,
}: {
  readonly files: readonly (FileName & { readonly size: number })[];
  readonly buffer: ArrayBuffer;
}): { readonly files: readonly (FileRead | ReadProblem)[]; readonly buffer: ArrayBuffer } {
  let offset = 0;
  const read = files.map((file) => {
    const from = offset;
    offset += file.size;
    return unlessFailed(() => readFile(file, Buffer.from(buffer, from, file.size), from));
  });
  return { files: read, buffer };
}

function readFile(name: FileName, into: Buffer, offset: number): FileRead | ReadProblem {
  const descriptor = openFile(name);
  try {
    const before = fstatSync(descriptor, { bigint: true });
    if (!before.isFile()) return { problem: 'it is no regular file' };
    if (before.size !== BigInt(into.length)) return OTHER_SIZE;
    if (fill(descriptor, into, null) < into.length || !isAtEnd(descriptor)) return CHANGED;
    const after = fstatSync(descriptor, { bigint: true });
    if (after.mtimeNs !== before.mtimeNs || after.size !== before.size) return CHANGED;
    const facts = factsOf(before);
    return {
      facts,
      offset,
      length: into.length,
      sha256: hash('sha256', into, 'hex'),
      ...holesOf(before, into),
    };
  } finally {
    closeSync(descriptor);
  }
}

export function openFile(name: FileName): number {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  return byWay(fileBytes(name), (way) => openSync(way, flags));
}

function holesOf(stat: BigIntStats, bytes: Uint8Array) {
  const mayHaveHoles = mayBeSparse(stat);
  const isHole = mayHaveHoles && bytes.length > 0 && isZero(bytes);
  return { isHole, isSparse: isHole || (mayHaveHoles && hasZeroBlock(bytes)) };
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

const probe = Buffer.alloc(1);

function isAtEnd(descriptor: number): boolean {
  return readSync(descriptor, probe, 0, 1, null) === 0;
}

function unlessFailed<Result>(read: () => Result): Result | ReadProblem {
  try {
    return read();
  } catch (error) {
    return { problem: systemErrorCode(error) ?? String(error) };
  }
}
