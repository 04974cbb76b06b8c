import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { release } from './buffers.ts';
import { repositoryErrors } from './errors.ts';

/** Largest plaintext of a frame, and the size of the pieces that larger files are cut into. */
export const FRAME_BYTES = 4 * 1024 * 1024;
const BLOCK_BYTES = 128 * 1024;
const PROBE_STRIPS = 4;
const PROBE_STRIP_BYTES = 16 * 1024;
/** Compression to more than this share is not worth the time it costs at every read. */
const WORTHWHILE = 0.97;
/**
 * Where a probe becomes no smaller than this share, the fast level saves nearly as much in two thirds of the time: chunks of
 * Loki and Prometheus, which are compressed by themselves, come to 81.7 and 91.0 % instead of 80.7 and 90.2 % (measured).
 */
const LITTLE = 0.75;
const LEVEL = 1;
/** `zstd --fast=2`. */
const FAST_LEVEL = -2;
/** Of zlib's Z_MIN_CHUNK. */
const LEAST_ROOM = 64;

/**
 * One zstd frame (RFC 8878) of at most FRAME_BYTES plaintext: level 1, a faster one where a probe says that little is saved,
 * or raw blocks where compression would not pay. Decoded back and compared before it is returned; throws LS-REPO-017.
 */
export function encodeFrame(plain: Uint8Array): Buffer {
  const level = levelFor(plain);
  const frame = (level !== undefined && compressedFrame(plain, level)) || rawFrame(plain);
  if (!decodesTo(frame, plain))
    throw repositoryErrors.error('LS-REPO-017', {
      what: 'a compressed frame did not decode to what went in',
      why: 'the memory or the compression library of this machine is faulty',
      fix: 'test the memory (memtest86+), and run the backup again on a machine that is sound',
    });
  return frame;
}

/** Undefined where it would be no shorter. */
function compressedFrame(plain: Uint8Array, level: number): Buffer | undefined {
  const frame = compress(plain, level);
  if (frame.length < plain.length) return frame;
  release(frame);
  return undefined;
}

/** Throws zlib's error when the bytes are no sound frame, or hold more than `maximum` bytes. */
export function decodeFrame(frame: Uint8Array, maximum = FRAME_BYTES): Buffer {
  return zstdDecompressSync(frame, {
    maxOutputLength: maximum,
    chunkSize: roomFor(Math.min(maximum, FRAME_BYTES)),
  });
}

/** With a byte more than is needed, zlib does not take the same room once again to see that nothing more comes. */
export function roomFor(plainLength: number): number {
  return Math.max(LEAST_ROOM, plainLength + 1);
}

export function compress(plain: Uint8Array, level: number): Buffer {
  return zstdCompressSync(plain, {
    chunkSize: Math.max(64 * 1024, roomFor(compressBound(plain.length))),
    params: compressionParams(level),
  });
}

/** ZSTD_COMPRESSBOUND of zstd.h: what does not fit into one chunk leaves several to the collector, and is put together of them. */
function compressBound(length: number): number {
  const small = 128 * 1024;
  return length + (length >> 8) + (length < small ? (small - length) >> 11 : 0);
}

/** With the content checksum that `zstd -t` checks. */
export function compressionParams(level: number): Readonly<Record<number, number>> {
  return { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 };
}

function decodesTo(frame: Uint8Array, plain: Uint8Array): boolean {
  try {
    const decoded = decodeFrame(frame, plain.length);
    const isSame = decoded.equals(plain);
    release(decoded);
    return isSame;
  } catch {
    return false;
  }
}

/** By 64 KiB in four strips, since a frame may hold many small files of different kinds. Undefined: it would not pay. */
function levelFor(plain: Uint8Array): number | undefined {
  if (plain.length <= PROBE_STRIPS * PROBE_STRIP_BYTES) return LEVEL;
  const step = Math.floor((plain.length - PROBE_STRIP_BYTES) / (PROBE_STRIPS - 1));
  const strips = Array.from({ length: PROBE_STRIPS }, (_, i) =>
    plain.subarray(i * step, i * step + PROBE_STRIP_BYTES),
  );
  const probe = Buffer.concat(strips);
  const compressed = compress(probe, LEVEL);
  const share = compressed.length / probe.length;
  for (const used of [probe, compressed]) release(used);
  if (share >= WORTHWHILE) return undefined;
  return share > LITTLE ? FAST_LEVEL : LEVEL;
}

/** RFC 8878, 3.1.1: single segment, 4-byte content size, raw blocks (type 0) of at most 128 KiB. */
function rawFrame(plain: Uint8Array): Buffer {
  const header = Buffer.alloc(9);
  header.writeUInt32LE(0xfd2fb528, 0);
  header.writeUInt8(0xa0, 4);
  header.writeUInt32LE(plain.length, 5);
  const parts: Uint8Array[] = [header];
  for (let offset = 0; offset < plain.length; offset += BLOCK_BYTES) {
    const block = plain.subarray(offset, offset + BLOCK_BYTES);
    const isLast = offset + BLOCK_BYTES >= plain.length;
    const blockHeader = Buffer.alloc(3);
    blockHeader.writeUIntLE((block.length << 3) | (isLast ? 1 : 0), 0, 3);
    parts.push(blockHeader, block);
  }
  return Buffer.concat(parts);
}
