import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/platform/canonical-json.ts';
import { isSpelling, spellBytes, spelledBytes } from '../../src/platform/path-spelling.ts';

const byte = fc.integer({ min: 1, max: 255 });
const bytes = fc
  .array(
    fc.oneof(
      byte.map((one) => Buffer.from([one])),
      fc
        .constantFrom('a', '/', 'é', 'e\u0301', '日', '😀', '␛', '␛E9', '␛8', '%E9', '\\xE9')
        .map((text) => Buffer.from(text)),
      // Cut off, overlong, a surrogate, beyond Unicode.
      fc.constantFrom('e997', 'c0af', 'eda080', 'f4908080', 'f09f98').map((hex) => Buffer.from(hex, 'hex')),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.concat(parts));

describe('the spelling of a name', () => {
  it.each([
    ['plain', 'plain', undefined],
    ['äöü-日本語', 'äöü-日本語', undefined],
    [Buffer.from([0x63, 0x61, 0x66, 0xe9]), 'caf␛E9', true],
    [Buffer.from([0xff, 0x2f, 0xc3, 0xa9, 0xc3]), '␛FF/é␛C3', true],
    ['caf␛E9', 'caf␛E2␛90␛9BE9', true],
  ])('of %j is %j', (name, text, escaped) => {
    expect(spellBytes(Buffer.from(name as string))).toEqual(escaped ? { text, escaped } : { text });
  });

  it('is reversible, well formed and its own, for any bytes', () => {
    fc.assert(
      fc.property(bytes, (name) => {
        const spelling = spellBytes(name);
        expect(spelledBytes(spelling).equals(name)).toBe(true);
        expect(isSpelling(spelling)).toBe(true);
        expect(spelling.text.isWellFormed()).toBe(true);
        expect(JSON.parse(canonicalJson(spelling.text))).toBe(spelling.text);
        if (!spelling.escaped) expect(spelling.text).toBe(name.toString());
      }),
      { numRuns: 2_000 },
    );
  });

  it('is one: another text is refused, or is the name that it spells', () => {
    const text = fc
      .array(
        fc.constantFrom(
          '␛',
          'E',
          '9',
          'C3',
          '␛C3',
          '␛A9',
          '␛2F',
          '␛2E',
          '␛00',
          '␛e9',
          'é',
          '/',
          '.',
          '\ud800',
        ),
        {
          maxLength: 8,
        },
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, fc.boolean(), (made, isEscaped) => {
        const spelling = isEscaped ? { text: made, escaped: true as const } : { text: made };
        if (!isSpelling(spelling)) return;
        const name = spelledBytes(spelling);
        if (isEscaped) expect(spellBytes(name)).toEqual(spelling);
        // What is no separator in the text is none on the disk.
        const count = (sought: string) => made.split(sought).length;
        expect(name.toString('latin1').split('/').length).toBe(count('/'));
        expect(name.includes(0)).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(['␛2F', 'a/␛2E␛2E/b', '␛00', '␛C3␛A9', '␛e9', '␛', 'plain'])('never is %j', (text) => {
    expect(isSpelling({ text, escaped: true })).toBe(false);
  });
});
