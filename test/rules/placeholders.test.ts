import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillPlaceholders, numberText } from '../../src/rules/placeholders.ts';

describe('placeholders', () => {
  it.each([
    ['free < <<percent>>', 'free < 15'],
    ['a << b'.replace(' << ', ' < '), 'a < b'],
    ['<<percent + 1>>x<<ceil(for / 60)>>', '16x10'],
    ['<<600 - 3600 * hours>>', '-172200'],
    ['<<-percent>>', '-15'],
    ['<<min(for, 300) + max(1, 2)>>', '302'],
    ['<<(percent + 1) / 3>>', '5.33333333333'],
    ['<<2 * (percent - 5) - 1>>', '19'],
  ])('%s', (text, filled) => {
    expect(fillPlaceholders(text, { percent: 15, for: 599, hours: 48 })).toBe(filled);
  });

  it.each(['<<unknown>>', '<<1 +>>', '<<>>', '<<1 2>>', '<<(1>>', '<<toString>>', 'a <<b', '<<1 / 0>>'])(
    '%s is a bug and says so',
    (text) => {
      expect(() => fillPlaceholders(text, {})).toThrow(TypeError);
    },
  );

  it('numbers keep their value and need no exponent', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e15, max: 1e15, noNaN: true }), (value) => {
        const text = numberText(value);
        expect(text).toMatch(/^-?\d+(\.\d+)?$/);
        expect(Math.abs(Number(text) - value)).toBeLessThanOrEqual(Math.abs(value) * 1e-11 + 1e-12);
      }),
    );
  });

  it('sums come out as JavaScript would have them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999 }), fc.integer({ min: 1, max: 999 }), (a, b) => {
        expect(fillPlaceholders('<<a - b * 2 + (a - b) / b>>', { a, b })).toBe(
          numberText(a - b * 2 + (a - b) / b),
        );
      }),
    );
  });
});
