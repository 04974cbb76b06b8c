import type { Store } from '../stack/store.ts';
import { chunksOf, CHUNK_BYTES, finalChunk, openChunks, plainLength } from './age/stream.ts';
import type { PackReference } from './records.ts';

/*
 * Offsets in a list are those in the plaintext of a pack. Of a plain pack these are the stored bytes; of an encrypted one
 * whole chunks are fetched and opened, and the place of the last one comes of the size in the signed record.
 */

/** Part of an object as it is stored. */
export interface StoredRange {
  readonly offset: number;
  readonly length: number;
}

/** Bytes of the plaintext; 0 where a record gives a size that no encrypted pack has. */
export function plainSizeOf({ size, header }: Omit<PackReference, 'id'>): number {
  return header === undefined ? size : (plainLength(size - header) ?? 0);
}

/** What has to be fetched for a part of the plaintext. With the first chunk come header and nonce. */
export function storedRangeOf(
  { size, header }: Omit<PackReference, 'id'>,
  { offset, length }: StoredRange,
): StoredRange {
  if (header === undefined) return { offset, length };
  const chunks = chunksOf(offset, length);
  const start = chunks.first === 0 ? 0 : header + chunks.offset;
  const end = Math.min(size, header + chunks.offset + chunks.length);
  return { offset: start, length: Math.max(0, end - start) };
}

/** Takes parts of the plaintext from what was fetched for `wanted`. */
export interface OpenedRange {
  /** Undefined when a chunk in it is not what was sealed. Shorter than asked for when the pack ends before. */
  take(part: StoredRange): Uint8Array | undefined;
}

/** `stored`: what lies in `storedRangeOf(pack, wanted)`. `inPlace`: it is the caller's, and decrypted where it is. */
export function openRange(
  pack: Omit<PackReference, 'id'>,
  stored: Uint8Array,
  {
    wanted,
    payloadKey,
    inPlace,
  }: {
    readonly wanted: StoredRange;
    readonly payloadKey: Uint8Array | undefined;
    readonly inPlace?: boolean | undefined;
  },
): OpenedRange {
  const { header } = pack;
  if (header === undefined || payloadKey === undefined)
    return { take: ({ offset, length }) => cut(stored, offset - wanted.offset, length) };
  const { first } = chunksOf(wanted.offset, wanted.length);
  const chunks = stored.subarray(first === 0 ? header : 0);
  const final = finalChunk(pack.size - header);
  const { plain, wrong } = openChunks(payloadKey, chunks, { first, final, inPlace });
  const isWrong = (from: number, to: number) =>
    wrong.some((chunk) => chunk * CHUNK_BYTES < to && (chunk + 1) * CHUNK_BYTES > from);
  return {
    take: ({ offset, length }) =>
      isWrong(offset, offset + length) ? undefined : cut(plain, offset - first * CHUNK_BYTES, length),
  };
}

/** A part of the plaintext of one pack; undefined when it is not there, or not what was sealed. */
export async function readPlain(
  store: Store,
  name: string,
  {
    pack,
    wanted,
    payloadKey,
  }: {
    readonly pack: Omit<PackReference, 'id'>;
    readonly wanted: StoredRange;
    readonly payloadKey: Uint8Array | undefined;
  },
): Promise<Uint8Array | undefined> {
  const stored = await store.get(name, storedRangeOf(pack, wanted));
  return stored && openRange(pack, stored, { wanted, payloadKey }).take(wanted);
}

function cut(bytes: Uint8Array, at: number, length: number): Uint8Array {
  return bytes.subarray(Math.max(0, at), Math.max(0, at + length));
}
