import { hash } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { release } from '../buffers.ts';
import { SHA256_DIGITS } from '../format.ts';
import { FRAME_BYTES, roomFor } from '../frames.ts';
import { openRange, type StoredRange } from '../pack-bytes.ts';
import type { PackReference } from '../records.ts';
import { type FilesToPlace, placeFile } from './place-files.ts';
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
}

export interface FrameToOpen extends StoredRange {
  /** What the decoder allots at once: about what comes out. */
  readonly plainLength: number;
  /** Where the parts are in the plaintext. */
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  /** One behind the other, in hex; spaces where a part is not compared. */
  readonly sha256: string;
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

const UNCHECKED = ' '.repeat(SHA256_DIGITS);
/** What has less lies in memory that Node shares among many. */
const OWN_MEMORY_BYTES = 64 * 1024;

/** Decrypts and decodes, compares each part, and writes those that are right. Throws as `placeFile` does. */
export function openSegment(segment: SegmentToOpen): OpenedSegment {
  const { buffer, storedLength, pack, wanted, payloadKey, frames } = segment;
  const stored = Buffer.from(buffer, 0, storedLength);
  const range = openRange(pack, stored, { wanted, payloadKey, inPlace: true });
  const opened = frames.map((frame) => openFrame(frame, range.take(frame)));
  return { frames: opened, buffer, buffers: opened.flatMap(({ plain }) => plain?.buffer ?? []) };
}

function openFrame(frame: FrameToOpen, stored: Uint8Array | undefined): OpenedFrame {
  const states = new Uint8Array(frame.offsets.length);
  if (stored === undefined) return { problem: 'was altered', states };
  if (stored.length < frame.length) return { problem: 'is cut off', states };
  const plain = decode(frame, stored);
  if (!plain) return { problem: 'was altered', states };
  for (const i of states.keys()) states[i] = isRight(frame, i, plain) ? STATE.right : STATE.wrong;
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

function isRight(frame: FrameToOpen, index: number, plain: Uint8Array): boolean {
  const part = partOf(frame, index, plain);
  if (part.length < (frame.lengths[index] ?? 0)) return false;
  const sha256 = frame.sha256.slice(index * SHA256_DIGITS, (index + 1) * SHA256_DIGITS);
  return sha256 === UNCHECKED || hash('sha256', part, 'hex') === sha256;
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
  const paths = files.paths.split('\0');
  for (const [i, use] of files.uses.entries()) {
    if (states[use] !== STATE.right) continue;
    placeFile(files, i, paths[i] ?? '', partOf(frame, use, plain));
    states[use] = STATE.placed;
  }
}
