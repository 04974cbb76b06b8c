import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeSeal } from '../../../src/repository/age/header.ts';
import { makeRecoveryKey } from '../../../src/repository/age/identities.ts';
import {
  CHUNK_BYTES,
  chunksOf,
  finalChunk,
  openChunks,
  openPayload,
  plainLength,
  sealedLength,
  sealParts,
} from '../../../src/repository/age/stream.ts';

const key = randomBytes(32);
const opening = new Uint8Array();
const TAG = 16;
const seal = (plain: Uint8Array) => sealParts(opening, key, [plain]);
const sizes = fc.oneof(
  fc.integer({ min: 0, max: 5 * CHUNK_BYTES }),
  fc.constantFrom(0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES),
);

describe('the payload of an age file', () => {
  it('is the same whatever parts it is made of, and opens to what went in', () => {
    fc.assert(
      fc.property(sizes, fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 6 }), (size, cuts) => {
        const plain = randomBytes(size);
        const ends = [...cuts.map((cut) => Math.min(cut, size)).sort((a, b) => a - b), size];
        const parts = ends.map((end, i) => plain.subarray(ends[i - 1] ?? 0, end));
        const sealed = sealParts(opening, key, parts);
        expect(sealed.equals(seal(plain))).toBe(true);
        expect(sealed.length).toBe(sealedLength(size));
        expect(plainLength(sealed.length)).toBe(size);
        expect(openPayload(key, sealed)?.equals(plain)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('opens in parts: the chunks with any bytes of it, and nothing else', () => {
    const plain = randomBytes(5 * CHUNK_BYTES + 77);
    const sealed = seal(plain);
    const final = finalChunk(sealed.length);
    fc.assert(
      fc.property(fc.nat(plain.length - 1), fc.nat(3 * CHUNK_BYTES), (offset, wanted) => {
        const length = Math.min(wanted, plain.length - offset);
        const range = chunksOf(offset, length);
        const stored = sealed.subarray(range.offset, range.offset + range.length);
        const opened = openChunks(key, stored, { first: range.first, final });
        expect(opened.wrong).toEqual([]);
        const at = offset - range.first * CHUNK_BYTES;
        expect(opened.plain.subarray(at, at + length).equals(plain.subarray(offset, offset + length))).toBe(
          true,
        );
      }),
    );
  });

  it('names the chunk in which any byte was changed, its tag included, and gives zeros in its place', () => {
    const plain = randomBytes(3 * CHUNK_BYTES + 5);
    const sealed = seal(plain);
    const final = finalChunk(sealed.length);
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), (at) => {
        const changed = Buffer.from(sealed);
        changed[at] = (changed[at] ?? 0) ^ 0x10;
        const wrong = Math.floor(at / (CHUNK_BYTES + TAG));
        const opened = openChunks(key, changed, { first: 0, final });
        expect(opened.wrong).toEqual([wrong]);
        const place = opened.plain.subarray(wrong * CHUNK_BYTES, (wrong + 1) * CHUNK_BYTES);
        expect(place.every((byte) => byte === 0)).toBe(true);
        expect(openPayload(key, changed)).toBeUndefined();
      }),
    );
  });

  it('does not open when it was cut off, continued, put into another order, or is of another file', () => {
    const plain = randomBytes(3 * CHUNK_BYTES);
    const sealed = seal(plain);
    const chunk = CHUNK_BYTES + TAG;
    const cuts = [0, TAG, chunk - 1, chunk, 2 * chunk, 2 * chunk + TAG, sealed.length - 1];
    for (const length of cuts) expect(openPayload(key, sealed.subarray(0, length))).toBeUndefined();
    for (const more of [1, TAG, chunk])
      expect(openPayload(key, Buffer.concat([sealed, randomBytes(more)]))).toBeUndefined();
    expect(openPayload(key, Buffer.concat([sealed, sealed.subarray(2 * chunk)]))).toBeUndefined();
    const swapped = [
      sealed.subarray(chunk, 2 * chunk),
      sealed.subarray(0, chunk),
      sealed.subarray(2 * chunk),
    ];
    expect(openPayload(key, Buffer.concat(swapped))).toBeUndefined();
    expect(openPayload(randomBytes(32), sealed)).toBeUndefined();
    // In the middle of a longer file the last chunk is none.
    const opened = openChunks(key, sealed, { first: 0, final: 3 });
    expect(opened.wrong).toEqual([2]);
  });

  it('is wrong at its end wherever it is cut off, and right before', () => {
    const plain = randomBytes(2 * CHUNK_BYTES + 5);
    const sealed = seal(plain);
    const final = finalChunk(sealed.length);
    const cut = fc.oneof(
      fc.nat(sealed.length - 1),
      fc.constantFrom(0, 5, CHUNK_BYTES + TAG + 5, 2 * (CHUNK_BYTES + TAG)),
    );
    fc.assert(
      fc.property(cut, (length) => {
        const opened = openChunks(key, sealed.subarray(0, length), { first: 0, final });
        const whole = Math.floor(length / (CHUNK_BYTES + TAG));
        expect(opened.wrong).toEqual(length % (CHUNK_BYTES + TAG) === 0 ? [] : [whole]);
        const end = whole * CHUNK_BYTES;
        expect(opened.plain.subarray(0, end).equals(plain.subarray(0, end))).toBe(true);
        expect(opened.plain.subarray(end).every((byte) => byte === 0)).toBe(true);
      }),
    );
    const more = openChunks(key, Buffer.concat([sealed, randomBytes(3 * CHUNK_BYTES)]), { first: 0, final });
    expect([more.wrong, more.plain.length]).toEqual([[2], 3 * CHUNK_BYTES]);
  });

  it('opens in the place of what is stored just as well, also where it is cut off or wrong', () => {
    const sealed = seal(randomBytes(3 * CHUNK_BYTES + 5));
    const final = finalChunk(sealed.length);
    fc.assert(
      fc.property(fc.nat(sealed.length), fc.option(fc.nat(sealed.length - 1)), (length, flipped) => {
        const stored = Buffer.from(sealed);
        if (flipped !== null) stored[flipped] = (stored[flipped] ?? 0) ^ 1;
        const room = Buffer.concat([Buffer.alloc(100, 7), stored.subarray(0, length), Buffer.alloc(100, 7)]);
        const aside = openChunks(key, Buffer.from(room.subarray(100, 100 + length)), { first: 0, final });
        const opened = openChunks(key, room.subarray(100, 100 + length), { first: 0, final, inPlace: true });
        expect(opened.wrong).toEqual(aside.wrong);
        expect(opened.plain.equals(aside.plain)).toBe(true);
        expect(opened.plain.buffer).toBe(room.buffer);
        for (const beside of [room.subarray(0, 100), room.subarray(-100)])
          expect(beside.every((byte) => byte === 7)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('has a length that says how long the plaintext is, or is no payload', () => {
    expect([0, 1, 15].map(plainLength)).toEqual([undefined, undefined, undefined]);
    expect(plainLength(TAG)).toBe(0);
    expect(plainLength(CHUNK_BYTES + TAG)).toBe(CHUNK_BYTES);
    expect(plainLength(CHUNK_BYTES + 2 * TAG)).toBeUndefined();
    expect(plainLength(CHUNK_BYTES + 2 * TAG + 1)).toBe(CHUNK_BYTES + 1);
  });

  it('begins with an opening of its own each time', async () => {
    const { recipient } = await makeRecoveryKey();
    const [a, b] = [makeSeal([recipient]), makeSeal([recipient])];
    expect(Buffer.from(a.opening).equals(b.opening)).toBe(false);
    expect(Buffer.from(a.payloadKey).equals(b.payloadKey)).toBe(false);
    expect(structuredClone(a)).toEqual(a);
    expect(() => makeSeal([])).toThrow(TypeError);
  });
});
