import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NumberTable } from '../../src/repository/number-table.ts';

it('has every number under its key, whatever the keys are', () => {
  // Ends of the range, few places for many, and all over it.
  const key = fc.oneof(
    fc.constantFrom(0, 1, 2 ** 32 - 1, 2 ** 32 - 64),
    fc.integer({ min: 2 ** 32 - 300, max: 2 ** 32 - 1 }),
    fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  );
  fc.assert(
    fc.property(fc.array(key, { maxLength: 3000 }), key, (keys, other) => {
      const table = new NumberTable();
      for (const [number, one] of keys.entries()) table.add(one, number);
      for (const [number, one] of keys.entries()) {
        const others: number[] = [];
        const isIt = (found: number) => found === number || (others.push(found), false);
        expect(table.find(one, isIt)).toBe(number);
        expect(others.every((found) => keys[found] === one)).toBe(true);
      }
      if (!keys.includes(other)) expect(table.find(other, () => true)).toBeUndefined();
      expect(table.find(other, () => false)).toBeUndefined();
    }),
  );
});
