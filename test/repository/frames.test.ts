import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compress, decodeFrame, encodeFrame, FRAME_BYTES } from '../../src/repository/frames.ts';
import { type FooterPiece, footerPieceFrame, footerPieceRest } from '../../src/repository/pack-footer.ts';
import { readFooter } from '../../src/repository/pack-format.ts';
import type { Store } from '../../src/stack/store.ts';
import { makeRepository } from './fixture.ts';
import { footerOf } from './footer.ts';

describe('a frame', () => {
  it.each([1, 100, 65_536, 65_537, 131_072, 131_073, FRAME_BYTES - 1, FRAME_BYTES])(
    'of %i bytes decodes to what went in, compressible or not',
    (size) => {
      for (const plain of [Buffer.alloc(size, 'abc '), randomBytes(size)]) {
        const frame = encodeFrame(plain);
        expect(decodeFrame(frame).equals(plain)).toBe(true);
        expect(frame.length).toBeLessThanOrEqual(size + 9 + 3 * Math.ceil(size / 131_072));
      }
    },
  );

  it('is compressed into one piece of memory, whatever it is', () => {
    for (const size of [1, 65_535, 65_536, 100_000, 131_072, FRAME_BYTES])
      for (const plain of [Buffer.alloc(size, 'abc '), randomBytes(size)]) {
        const { buffer, length } = compress(plain, 1);
        expect(buffer.byteLength).toBeGreaterThan(Math.max(size, length));
      }
  });

  it('is refused when it holds more than it may', () => {
    expect(() => decodeFrame(encodeFrame(Buffer.alloc(2000)), 1999)).toThrow();
  });

  it('is refused, never misread, when it is garbage', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (bytes) => {
        const decoded = (() => {
          try {
            return decodeFrame(bytes);
          } catch {
            return undefined;
          }
        })();
        expect(decoded === undefined || decoded.length <= FRAME_BYTES).toBe(true);
      }),
    );
  });
});

describe('a footer', () => {
  const piece: FooterPiece = [0, 10, 0, 20, 'a'.repeat(64), 'blocks/A/index', 0];
  const id = 'ab'.repeat(32);
  const name = `packs/prometheus/ab/${id}`;

  function textOf([offset, length, ...rest]: FooterPiece): string {
    return footerPieceFrame(offset, length) + footerPieceRest(rest);
  }

  async function readBack(store: Store, bytes: Uint8Array, source = 'prometheus') {
    await store.put(name, bytes);
    return readFooter(store, source, { id, size: bytes.length });
  }

  it('is read from the end of a pack, also when it is long', async () => {
    const { store } = await makeRepository();
    const many = Array.from(
      { length: 5000 },
      (_, i): FooterPiece => [i, 10, 0, 20, randomBytes(32).toString('hex'), `f${i}`, 0],
    );
    for (const pieces of [[piece], many]) {
      const pack = Buffer.concat([Buffer.alloc(1000), footerOf('prometheus', pieces.map(textOf).join())]);
      expect(await readBack(store, pack)).toEqual(pieces);
    }
  });

  it('is undefined for anything else: cut off, altered, of another source', async () => {
    const { store } = await makeRepository();
    const footer = footerOf('prometheus', textOf(piece));
    expect(await readBack(store, footer)).toEqual([piece]);
    for (let length = 0; length < footer.length; length++)
      expect(await readBack(store, footer.subarray(0, length))).toBeUndefined();
    for (let place = 8; place < footer.length; place++) {
      const altered = Buffer.from(footer);
      altered.writeUInt8(altered.readUInt8(place) ^ 4, place);
      // A flag of the zstd frame may turn without a difference for its content.
      expect([undefined, [piece]]).toContainEqual(await readBack(store, altered));
    }
    await store.put(name.replace('prometheus', 'loki'), footer);
    expect(await readFooter(store, 'loki', { id, size: footer.length })).toBeUndefined();
  });
});
