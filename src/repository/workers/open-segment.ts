import { hash } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { release } from '../buffers.ts';
import { SHA256_DIGITS } from '../format.ts';
import { FRAME_BYTES, roomFor } from '../frames.ts';
import { openRange, type StoredRange } from '../pack-bytes.ts';
import type { PackReference } from '../records.ts';
import { type Column, columnsOf as columnsOfFiles, type FilesToPlace, placeFile } from './place-files.ts';
import { type PartToWrite, writePartNow } from './write-parts.ts';

/** Frames of a pack, and what is wanted of them. */
export interface SegmentToOpen {
  /** The stored bytes in which they lie, from its beginning on. */
  readonly buffer: ArrayBuffer;
  readonly storedLength: number;
  /** How much work it is, in bytes. */
  readonly length: number;
  readonly pack: Omit<PackReference, 'id'>;
  readonly wanted: StoredRange;
  /** Absent: the pack is plain. */
  readonly payloadKey?: Uint8Array | undefined;
  readonly frames: readonly FrameToOpen[];
  /** Of the columns of all frames, so that they change hands. */
  readonly buffers: readonly ArrayBuffer[];
}

/** Its columns are gone when it was opened. */
export interface FrameToOpen extends StoredRange {
  /** What the decoder allots at once: about what comes out. */
  readonly plainLength: number;
  /** Where the parts are in the plaintext. */
  readonly offsets: Uint32Array<ArrayBuffer>;
  readonly lengths: Uint32Array<ArrayBuffer>;
  /** One behind the other, in hex; spaces where a part is not compared. */
  readonly sha256: Uint8Array<ArrayBuffer>;
  /** Where parts are written to, by their place among the parts. */
  readonly writes: readonly (readonly [index: number, PartToWrite])[];
  /** Whether the plaintext is to come back. */
  readonly isWanted: boolean;
  /** Parts that are whole files. */
  readonly files?: FilesToPlace | undefined;
}

export interface OpenedFrame {
  readonly problem?: 'is cut off' | 'was altered';
  /** Of each part: whether it is what it should be, and was written. */
  readonly states: Uint8Array;
  readonly plain?: Uint8Array<ArrayBuffer>;
}

export interface OpenedSegment {
  readonly frames: readonly OpenedFrame[];
  /** The buffer that came. */
  readonly buffer: ArrayBuffer;
  /** Of the plaintexts. */
  readonly buffers: readonly ArrayBuffer[];
}

export const STATE = { wrong: 0, right: 1, placed: 2 } as const;

/** In place of a hash: the part is not compared. */
export const UNCHECKED = ' '.repeat(SHA256_DIGITS);
/** What has less lies in memory that Node shares among many. */
const OWN_MEMORY_BYTES = 64 * 1024;

/** Decrypts and decodes, compares each part, and writes those that are right. Throws as `placeFile` does. */
export function openSegment(segment: SegmentToOpen): OpenedSegment {
  const { buffer, storedLength, pack, wanted, payloadKey, frames } = segment;
  const stored = Buffer.from(buffer, 0, storedLength);
  const range = openRange(pack, stored, { wanted, payloadKey, inPlace: true });
  const opened = frames.map((frame) => {
    const one = openFrame(frame, range.take(frame));
    for (const column of columnsOf(frame)) release(column);
    return one;
  });
  return { frames: opened, buffer, buffers: opened.flatMap(({ plain }) => plain?.buffer ?? []) };
}

/**
 * What is said of many parts: copied for a thread, it would fill the old part of that one's heap, since what comes in a large
 * message is thought to stay.
 */
export function columnsOf({ offsets, lengths, sha256, files }: FrameToOpen): Column[] {
  return [offsets, lengths, sha256, ...(files ? columnsOfFiles(files) : [])];
}

function openFrame(frame: FrameToOpen, stored: Uint8Array | undefined): OpenedFrame {
  const states = new Uint8Array(frame.offsets.length);
  if (stored === undefined) return { problem: 'was altered', states };
  if (stored.length < frame.length) return { problem: 'is cut off', states };
  const plain = decode(frame, stored);
  if (!plain) return { problem: 'was altered', states };
  const sha256 = Buffer.from(frame.sha256.buffer, frame.sha256.byteOffset, frame.sha256.length);
  for (const i of states.keys()) {
    const digits = sha256.toString('latin1', i * SHA256_DIGITS, (i + 1) * SHA256_DIGITS);
    states[i] = isRight(partOf(frame, i, plain), frame.lengths[i] ?? 0, digits) ? STATE.right : STATE.wrong;
  }
  for (const [i, part] of frame.writes) {
    if (states[i] !== STATE.right) continue;
    writePartNow(part, partOf(frame, i, plain));
    states[i] = STATE.placed;
  }
  if (frame.files) place(frame, frame.files, { plain, states });
  if (frame.isWanted) return { states, plain };
  release(plain);
  return { states };
}

function decode({ plainLength }: FrameToOpen, stored: Uint8Array): Buffer<ArrayBuffer> | undefined {
  try {
    const plain = zstdDecompressSync(stored, {
      maxOutputLength: FRAME_BYTES,
      chunkSize: roomFor(plainLength),
    });
    return plain.buffer.byteLength < OWN_MEMORY_BYTES ? copyOf(plain) : (plain as Buffer<ArrayBuffer>);
  } catch {
    return undefined;
  }
}

function copyOf(bytes: Uint8Array): Buffer<ArrayBuffer> {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}

function isRight(part: Uint8Array, length: number, digits: string): boolean {
  if (part.length < length) return false;
  return digits === UNCHECKED || hash('sha256', part, 'hex') === digits;
}

function partOf({ offsets, lengths }: FrameToOpen, index: number, plain: Uint8Array): Uint8Array {
  const offset = offsets[index] ?? 0;
  return plain.subarray(offset, offset + (lengths[index] ?? 0));
}

function place(
  frame: FrameToOpen,
  files: FilesToPlace,
  { plain, states }: { readonly plain: Uint8Array; readonly states: Uint8Array },
): void {
  const paths = Buffer.from(files.paths.buffer, files.paths.byteOffset, files.paths.length);
  let start = 0;
  for (const [i, use] of files.uses.entries()) {
    const end = paths.indexOf(0, start);
    const path = paths.toString('latin1', start, end < 0 ? paths.length : end);
    start += path.length + 1;
    if (states[use] !== STATE.right) continue;
    placeFile(files, i, path, partOf(frame, use, plain));
    states[use] = STATE.placed;
  }
}
