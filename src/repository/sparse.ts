import type { BigIntStats } from 'node:fs';
import { holeOf, isHole, type PieceReference } from './file-entry.ts';

/** Of the file systems there are: what a hole is made of. */
const BLOCK_BYTES = 4096;
/** Of st_blocks, on Linux. */
const STAT_BLOCK_BYTES = 512n;
const ZEROS = Buffer.alloc(4 * 1024 * 1024);
const ZERO_BLOCK = ZEROS.subarray(0, BLOCK_BYTES);

/** It takes less room than it is long: holes, or a file system that compresses. What is zero in it may be a hole. */
export function mayBeSparse({ size, blocks }: Pick<BigIntStats, 'size' | 'blocks'>): boolean {
  return size >= BLOCK_BYTES && blocks * STAT_BLOCK_BYTES < size;
}

export function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const part = bytes.subarray(at, at + ZEROS.length);
    if (ZEROS.compare(part, 0, part.length, 0, part.length) !== 0) return false;
  }
  return true;
}

/** Whether a whole block is zero; the bytes begin at a block's beginning. */
export function hasZeroBlock(bytes: Uint8Array): boolean {
  for (let at = 0; at + BLOCK_BYTES <= bytes.length; at += BLOCK_BYTES)
    if (ZERO_BLOCK.equals(bytes.subarray(at, at + BLOCK_BYTES))) return true;
  return false;
}

/** The parts that are no whole blocks of zeros, from front to back. `bytes` begin at a block's beginning. */
export function* withoutZeroBlocks(
  bytes: Uint8Array,
): Generator<{ readonly at: number; readonly bytes: Uint8Array }> {
  let from = 0;
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const end = at + BLOCK_BYTES;
    if (end > bytes.length || !ZERO_BLOCK.equals(bytes.subarray(at, end))) continue;
    if (from < at) yield { at: from, bytes: bytes.subarray(from, at) };
    from = end;
  }
  if (from < bytes.length) yield { at: from, bytes: bytes.subarray(from) };
}

/** Zeros of that length, in parts that may be held at once. */
export function* zeros(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= ZEROS.length)
    yield ZEROS.subarray(0, Math.min(left, ZEROS.length));
}

/** Holes (their lengths) that follow each other become one. */
export function finishPieces(parts: readonly (PieceReference | number)[]): PieceReference[] {
  const pieces: PieceReference[] = [];
  for (const part of parts) {
    const last = pieces.at(-1);
    if (typeof part !== 'number') pieces.push(part);
    else if (last && isHole(last)) pieces.splice(-1, 1, holeOf(last[4] + part));
    else pieces.push(holeOf(part));
  }
  return pieces;
}
