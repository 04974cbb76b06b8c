import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NumberTable } from '../../src/repository/number-table.ts';

/** Bits of a key that are known for certain, at the top. */
const KNOWN = 29;

it('has every number under its key, whatever the keys are and however often they are settled', () => {
  // Ends of the range, few buckets for many, and all over it.
  const key = fc.oneof(
    fc.constantFrom(0, 1, 2 ** 32 - 1, 2 ** 32 - 64),
    fc.integer({ min: 2 ** 32 - 300, max: 2 ** 32 - 1 }),
    fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  );
  const most = fc.constantFrom(16, 64, 2048, undefined);
  fc.assert(
    fc.property(fc.array(key, { maxLength: 3000, size: 'max' }), key, most, (keys, other, recent) => {
      const table = new NumberTable(recent);
      for (const one of keys) table.add(one);
      for (const [number, one] of keys.entries()) {
        const others: number[] = [];
        const isIt = (found: number) => found === number || (others.push(found), false);
        expect(table.find(one, isIt)).toBe(number);
        expect(others.every((found) => isNear(keys[found] ?? -1, one))).toBe(true);
      }
      const asked: number[] = [];
      expect(table.find(other, (found) => (asked.push(found), false))).toBeUndefined();
      expect(asked.every((found) => isNear(keys[found] ?? -1, other))).toBe(true);
    }),
    { numRuns: 30 },
  );
});

it('finds a million numbers, and asks for hardly any other', () => {
  const table = new NumberTable(4096);
  const count = 1_000_000;
  for (let number = 0; number < count; number += 1) table.add(keyOf(number));
  let asked = 0;
  for (let number = 0; number < count; number += 997) {
    const isIt = (found: number) => {
      asked += 1;
      return found === number;
    };
    expect(table.find(keyOf(number), isIt)).toBe(number);
  }
  expect(asked / (count / 997)).toBeLessThan(1.1);
});

function isNear(key: number, other: number): boolean {
  return key >>> (32 - KNOWN) === other >>> (32 - KNOWN);
}

/** Spread evenly, and each only once: an odd factor. */
function keyOf(number: number): number {
  return Math.imul(number, 0x9e3779b1) >>> 0;
}
