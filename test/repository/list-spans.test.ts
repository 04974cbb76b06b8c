import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayIn, dayOf, dayText, listBeginnings } from '../../src/repository/list-spans.ts';

const NS_PER_DAY = 86_400_000_000_000n;
const LAST_DAY = 100_000_000;

describe('a day', () => {
  it('is that of the time in UTC, and its text is read back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -LAST_DAY, max: LAST_DAY }),
        fc.bigInt({ min: 0n, max: NS_PER_DAY - 1n }),
        (day, ns) => {
          if (day < LAST_DAY) expect(dayOf(String(BigInt(day) * NS_PER_DAY + ns))).toBe(day);
          expect(dayIn(dayText(day))).toBe(day);
        },
      ),
    );
    expect(dayText(dayOf('1785542400123456789'))).toBe('2026-08-01');
    expect(dayText(dayOf('-1'))).toBe('1969-12-31');
    expect([dayOf(`9${'0'.repeat(29)}`), dayOf(`-9${'0'.repeat(29)}`)]).toEqual([LAST_DAY, -LAST_DAY]);
  });
});

describe('the days with which lists begin', () => {
  const counts = fc.dictionary(
    fc.integer({ min: -40, max: 40 }).map(String),
    fc.integer({ min: 1, max: 30 }),
    {
      minKeys: 1,
    },
  );
  const MOST = 40;
  const asMap = (made: Readonly<Record<string, number>>) =>
    new Map(Object.entries(made).map(([day, count]) => [Number(day), count]));
  const listsOf = (days: ReadonlyMap<number, number>) => {
    const begins = listBeginnings(days, MOST);
    const lists: (readonly [number, number])[][] = [];
    for (const day of [...days].sort(([a], [b]) => a - b)) {
      if (begins.has(day[0])) lists.push([]);
      lists.at(-1)?.push(day);
    }
    return lists;
  };
  const sum = (list: readonly (readonly [number, number])[]) =>
    list.reduce((all, [, count]) => all + count, 0);

  it('leave no list too long, and none that could be one with its neighbour block', () => {
    fc.assert(
      fc.property(counts, (made) => {
        const lists = listsOf(asMap(made));
        expect(lists.flat().length).toBe(Object.keys(made).length);
        for (const list of lists) expect(list.length === 1 || sum(list) <= MOST).toBe(true);
      }),
    );
    expect(
      listBeginnings(
        new Map([
          [5, 3],
          [900, 3],
        ]),
        MOST,
      ),
    ).toEqual(new Set([5]));
    expect(listBeginnings(new Map(), MOST)).toEqual(new Set());
    // 16 days of 2 make 32: blocks of 16 from day 0 on, however many days there are.
    const days = new Map(Array.from({ length: 100 }, (_, day) => [day, 2]));
    expect(listBeginnings(days, MOST)).toEqual(new Set([0, 16, 32, 48, 64, 80, 96]));
  });

  it('stay where they are when a day comes, goes or grows elsewhere', () => {
    fc.assert(
      fc.property(
        counts,
        fc.integer({ min: -40, max: 40 }),
        fc.integer({ min: 0, max: 30 }),
        (made, day, count) => {
          const changed = new Map([...asMap(made)].filter(([one]) => one !== day));
          if (count > 0) changed.set(day, count);
          const text = (list: unknown) => JSON.stringify(list);
          const before = new Set(listsOf(asMap(made)).map(text));
          const others = listsOf(changed).filter((list) => !before.has(text(list)));
          // The list with the day, and those of blocks that became too large for one list, or small enough for it: these are
          // parts of one block with the day in it.
          const span = others.flat().map(([one]) => one);
          if (span.length === 0) return;
          const block = smallestBlock([...span, day]);
          const untouched = listsOf(asMap(made)).filter((list) =>
            list.every(([one]) => one < block.from || one >= block.to),
          );
          const now = new Set(listsOf(changed).map(text));
          for (const list of untouched) expect(now.has(text(list))).toBe(true);
        },
      ),
    );
  });

  function smallestBlock(days: readonly number[]) {
    for (let size = 1; ; size *= 2) {
      const from = Math.floor((days[0] ?? 0) / size) * size;
      if (days.every((day) => day >= from && day < from + size)) return { from, to: from + size };
      if (size > 128) return { from: -Infinity, to: Infinity };
    }
  }
});
