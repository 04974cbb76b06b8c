import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/*
 * The payload of an age file (age-encryption.org/v1, "Payload"): chunks of 64 KiB, each sealed by ChaCha20-Poly1305 with
 * a 16-byte tag behind it. A nonce is the chunk's number, 11 bytes, big-endian, and 1 for the last chunk, else 0: so a
 * chunk opens in its own place only, and a payload that was cut off or continued does not open at its end.
 *
 * Everything here is synchronous and takes plain bytes and numbers, so that it can run in a worker thread.
 */

/** Plaintext of every chunk but the last, which has what is left. */
export const CHUNK_BYTES = 64 * 1024;
const TAG_BYTES = 16;
const STORED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;
const ALGORITHM = 'chacha20-poly1305';

/** Chunks of a payload, by number. */
export interface ChunkRange {
  readonly first: number;
  /** The last one of the whole payload: it alone has the flag. */
  readonly final: number;
}

export interface OpenedChunks {
  /** From the beginning of the first chunk on; zeros where a chunk did not open. */
  readonly plain: Buffer;
  /** Numbers of chunks that are not what was sealed. */
  readonly wrong: readonly number[];
}

/** Of one file: HKDF-SHA-256 of the file key, with the 16-byte nonce behind the header as salt. */
export function payloadKeyOf(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', fileKey, nonce, 'payload', 32));
}

/** What so much plaintext takes when it is sealed; an empty one has one empty chunk. */
export function sealedLength(plainBytes: number): number {
  return plainBytes + Math.max(1, Math.ceil(plainBytes / CHUNK_BYTES)) * TAG_BYTES;
}

/** The plaintext of a payload of that length; undefined when none is so long. */
export function plainLength(payloadBytes: number): number | undefined {
  const chunks = Math.ceil(payloadBytes / STORED_CHUNK_BYTES);
  const plain = payloadBytes - chunks * TAG_BYTES;
  // Only an empty plaintext has an empty last chunk.
  const isWhole =
    payloadBytes >= TAG_BYTES && (plain > (chunks - 1) * CHUNK_BYTES || payloadBytes === TAG_BYTES);
  return isWhole ? plain : undefined;
}

/** Where the chunks with these bytes of the plaintext are; offsets in the payload. */
export function chunksOf(
  offset: number,
  length: number,
): { readonly first: number; readonly offset: number; readonly length: number } {
  const first = Math.floor(offset / CHUNK_BYTES);
  const end = Math.ceil((offset + Math.max(1, length)) / CHUNK_BYTES);
  return { first, offset: first * STORED_CHUNK_BYTES, length: (end - first) * STORED_CHUNK_BYTES };
}

/** Number of the last chunk of a payload of that length. */
export function finalChunk(payloadBytes: number): number {
  return Math.max(0, Math.ceil(payloadBytes / STORED_CHUNK_BYTES) - 1);
}

/**
 * An age file: the opening (header and nonce), then the payload of what the parts are together. `into`: room for it. A part
 * may lie in that room, if it begins behind the opening and the tags of all its chunks.
 */
export function sealParts(
  opening: Uint8Array,
  payloadKey: Uint8Array,
  parts: readonly Uint8Array[],
  into?: ArrayBuffer,
): Buffer<ArrayBuffer> {
  const plainBytes = parts.reduce((sum, part) => sum + part.length, 0);
  const length = opening.length + sealedLength(plainBytes);
  const sealed = into ? Buffer.from(into, 0, length) : Buffer.allocUnsafeSlow(length);
  sealed.set(opening);
  let at = opening.length;
  const final = Math.max(0, Math.ceil(plainBytes / CHUNK_BYTES) - 1);
  const taken = { part: 0, offset: 0 };
  const key = createSecretKey(payloadKey);
  for (let chunk = 0; chunk <= final; chunk++) {
    const cipher = createCipheriv(ALGORITHM, key, nonceOf(chunk, final), { authTagLength: TAG_BYTES });
    let room = Math.min(CHUNK_BYTES, plainBytes - chunk * CHUNK_BYTES);
    while (room > 0) {
      const part = parts[taken.part] ?? new Uint8Array();
      const piece = part.subarray(taken.offset, taken.offset + room);
      moveTo(sealed, at, cipher.update(piece));
      at += piece.length;
      room -= piece.length;
      taken.offset += piece.length;
      if (taken.offset === part.length) [taken.part, taken.offset] = [taken.part + 1, 0];
    }
    cipher.final();
    sealed.set(cipher.getAuthTag(), at);
    at += TAG_BYTES;
  }
  return sealed;
}

/**
 * `stored`: chunks as they follow each other from the first on. One that was cut short is wrong, not an error. `inPlace`:
 * the plaintext takes their place.
 */
export function openChunks(
  payloadKey: Uint8Array,
  stored: Uint8Array,
  { first, final, inPlace = false }: ChunkRange & { readonly inPlace?: boolean | undefined },
): OpenedChunks {
  const count = Math.min(Math.ceil(stored.length / STORED_CHUNK_BYTES), final - first + 1);
  const lastBytes = Math.min(STORED_CHUNK_BYTES, stored.length - (count - 1) * STORED_CHUNK_BYTES);
  const length = count === 0 ? 0 : (count - 1) * CHUNK_BYTES + Math.max(0, lastBytes - TAG_BYTES);
  // A chunk's plaintext ends before the next chunk begins: what is still to be opened is not touched.
  const plain = inPlace
    ? Buffer.from(stored.buffer, stored.byteOffset, length)
    : Buffer.allocUnsafeSlow(length);
  const wrong: number[] = [];
  const key = createSecretKey(payloadKey);
  for (let i = 0; i < count; i++) {
    const chunk = stored.subarray(i * STORED_CHUNK_BYTES, (i + 1) * STORED_CHUNK_BYTES);
    const opened = openChunk(key, chunk, nonceOf(first + i, final));
    if (opened) moveTo(plain, i * CHUNK_BYTES, opened);
    else {
      wrong.push(first + i);
      plain.fill(0, i * CHUNK_BYTES, Math.min(plain.length, (i + 1) * CHUNK_BYTES));
    }
  }
  return { plain, wrong };
}

/** A whole payload; undefined unless it is exactly what was sealed. */
export function openPayload(payloadKey: Uint8Array, payload: Uint8Array): Buffer | undefined {
  if (plainLength(payload.length) === undefined) return undefined;
  const { plain, wrong } = openChunks(payloadKey, payload, { first: 0, final: finalChunk(payload.length) });
  return wrong.length === 0 ? plain : undefined;
}

/** Copies what a cipher gave, and frees its memory: it is nobody else's, and left to the collector it keeps that busy. */
function moveTo(room: Uint8Array, at: number, given: Uint8Array): void {
  room.set(given, at);
  (given.buffer as ArrayBuffer).transfer(0);
}

function openChunk(key: KeyObject, chunk: Uint8Array, nonce: Uint8Array): Uint8Array | undefined {
  if (chunk.length < TAG_BYTES) return undefined;
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(chunk.subarray(chunk.length - TAG_BYTES));
  try {
    const plain = decipher.update(chunk.subarray(0, chunk.length - TAG_BYTES));
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
}

function nonceOf(chunk: number, final: number): Uint8Array {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(chunk, 5, 6);
  nonce.writeUInt8(chunk === final ? 1 : 0, 11);
  return nonce;
}
