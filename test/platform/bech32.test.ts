import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBech32, writeBech32 } from '../../src/platform/bech32.ts';

const prefixes = fc
  .string({ unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)), minLength: 1 })
  .map((prefix) => prefix.toLowerCase());
const values = fc.record({ prefix: prefixes, bytes: fc.uint8Array({ maxLength: 100 }) });

describe('a text in Bech32', () => {
  // BIP 173, "Test vectors", those of whole bytes.
  it.each([
    'A12UEL5L',
    'a12uel5l',
    'an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs',
    'abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw',
    '11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j',
    'split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w',
    '?1ezyfcl',
  ])('is what it was made of: %s', (text) => {
    const read = readBech32(text);
    expect(read && writeBech32(read)).toBe(text.toLowerCase());
  });

  it.each([
    ['prefix out of range', ['\x201nwldj5', '\x7f1axkwrx', '\x801eym55h']],
    ['no separator', ['pzry9x0s0muk', '']],
    ['no prefix', ['1pzry9x0s0muk', '10a06t8', '1qzzfhee']],
    ['another character', ['x1b4n0q5v']],
    ['checksum too short', ['li1dgmt3', 'de1lg7wt\xff']],
    ['checksum of upper case', ['A1G7SGD8']],
    ['two cases', ['A12UEl5L', 'a12UEL5L']],
    // Their checksums are right; made with another implementation.
    ['padding that is not of zeros', ['age1lae6aamz']],
    ['padding of a whole word', ['age1luqrr2q7m', 'age1qdd35qf']],
  ])('is none with %s', (_, texts) => {
    for (const text of texts) expect(readBech32(text)).toBeUndefined();
  });

  it('is none with a letter that only looks like one in lower case', () => {
    expect(
      readBech32('AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0'),
    ).toBeDefined();
    const kelvin = 'AGE-SECRET-\u212aEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0';
    expect(readBech32(kelvin)).toBeUndefined();
  });

  it('gives what went in, in either case', () => {
    fc.assert(
      fc.property(values, (value) => {
        const text = writeBech32(value);
        expect(readBech32(text)).toEqual(value);
        expect(readBech32(text.toUpperCase())).toEqual(value);
      }),
    );
  });

  it('is none with up to four characters mistyped', () => {
    const mistyped = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 31 })), {
      minLength: 1,
      maxLength: 4,
    });
    const charset = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
    // The code promises it for 89 characters.
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), mistyped, (bytes, slips) => {
        const text = writeBech32({ prefix: 'age', bytes });
        const letters = text.split('');
        for (const [where, by] of slips) {
          const at = 4 + (where % (letters.length - 4));
          letters[at] = charset.charAt((charset.indexOf(letters[at] ?? '') + by) % 32);
        }
        const wrong = letters.join('');
        fc.pre(wrong !== text);
        expect(readBech32(wrong)).toBeUndefined();
      }),
    );
  });
});
