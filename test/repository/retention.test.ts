import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideRetention } from '../../src/repository/retention.ts';

const NOW = new Date('2026-11-27T12:00:00.000Z');
const POLICY = { days: 30, weeks: 0, months: 0, years: 0 };

const daysAgo = (days: number) => ({
  id: `d${days}`,
  createdAt: new Date(NOW.getTime() - days * 86_400_000).toISOString(),
});

function kept(
  ages: readonly number[],
  policy = POLICY,
  { drilled = [], readBack = [] }: { readonly drilled?: string[]; readonly readBack?: string[] } = {},
): string[] {
  const isReadBack = ({ id }: { readonly id: string }) => readBack.includes(id);
  return decideRetention(ages.map(daysAgo), policy, { now: NOW, drilled: new Set(drilled), isReadBack })
    .filter(({ reason }) => reason !== undefined)
    .map(({ one }) => one.id);
}

describe('what is kept of a source', () => {
  it('is what is young', () => {
    expect(kept([0, 1, 29, 30, 31, 400])).toEqual(['d0', 'd1', 'd29', 'd30']);
  });

  it('is the newest, however old', () => {
    expect(kept([900, 901])).toEqual(['d900']);
  });

  it('is the newest that was drilled, and the newest that was read back, however old', () => {
    expect(kept([0, 50, 60], POLICY, { drilled: ['d50', 'd60'] })).toEqual(['d0', 'd50']);
    expect(kept([0, 50, 60, 70], POLICY, { drilled: ['d70'], readBack: ['d60', 'd70'] })).toEqual([
      'd0',
      'd60',
      'd70',
    ]);
  });

  it('is the newest of each week, month and year, as many as are wanted', () => {
    const every = Array.from({ length: 800 }, (_, i) => i);
    const none = { ...POLICY, days: 0 };
    // 27 November 2026 is a Friday.
    expect(kept(every, { ...none, weeks: 3 })).toEqual(['d0', 'd5', 'd12']);
    expect(kept(every, { ...none, months: 3 })).toEqual(['d0', 'd27', 'd58']);
    expect(kept(every, { ...none, years: 3 })).toEqual(['d0', 'd331', 'd696']);
  });

  it('is what comes from the future: a clock was wrong', () => {
    expect(kept([-3, -2, 0, 31])).toEqual(['d-3', 'd-2', 'd0']);
  });

  it('never is nothing, never loses what a wider policy would lose, and each has one reason', () => {
    const ages = fc.uniqueArray(fc.integer({ min: -5, max: 2_000 }), { minLength: 1, maxLength: 60 });
    const count = fc.nat({ max: 15 });
    fc.assert(
      fc.property(ages, count, count, count, count, (all, days, weeks, months, years) => {
        const few = kept(all, { days, weeks, months, years });
        const more = kept(all, { days: days + 1, weeks: weeks + 1, months: months + 1, years: years + 1 });
        expect(few).toContain(`d${Math.min(...all)}`);
        expect(few.filter((id) => !more.includes(id))).toEqual([]);
        for (const age of all) if (age <= days) expect(few).toContain(`d${age}`);
      }),
    );
  });
});
