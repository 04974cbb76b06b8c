import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCron } from '../../src/platform/cron.ts';

/** By the clock on the wall in Berlin: `2026-03-29 03:00 +02:00`. */
function inBerlin(at: Date | undefined): string {
  return at === undefined
    ? 'never'
    : `${at.toLocaleString('sv-SE', { timeZone: 'Europe/Berlin', dateStyle: 'short', timeStyle: 'short' })} (${at.toISOString().slice(11, 16)}Z)`;
}

function runs(expression: string, from: string, count: number): string[] {
  const { next } = parseCron(expression, 'Europe/Berlin');
  const found: string[] = [];
  let at: Date | undefined = new Date(from);
  for (let i = 0; i < count && at; i += 1) {
    at = next(at);
    found.push(inBerlin(at));
  }
  return found;
}

describe('in the night in which an hour is left out (2026-03-29, 02:00 becomes 03:00)', () => {
  it('a time that does not exist comes at the first one that does', () => {
    expect(runs('30 2 * * *', '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29 03:00 (01:00Z)',
      '2026-03-30 02:30 (00:30Z)',
    ]);
  });
  it('so does one of a list', () => {
    expect(runs('30 2,14 * * *', '2026-03-28T20:00:00Z', 2)).toEqual([
      '2026-03-29 03:00 (01:00Z)',
      '2026-03-29 14:30 (12:30Z)',
    ]);
  });
  it('what comes every half hour goes on by the clock', () => {
    expect(runs('*/30 * * * *', '2026-03-29T00:20:00Z', 3)).toEqual([
      '2026-03-29 01:30 (00:30Z)',
      '2026-03-29 03:00 (01:00Z)',
      '2026-03-29 03:30 (01:30Z)',
    ]);
  });
});

describe('in the night in which an hour comes twice (2026-10-25, 03:00 becomes 02:00)', () => {
  it('a time that comes twice is the first of the two, once', () => {
    expect(runs('30 2 * * *', '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25 02:30 (00:30Z)',
      '2026-10-26 02:30 (01:30Z)',
    ]);
    for (const between of ['2026-10-25T00:30:00Z', '2026-10-25T00:45:00Z', '2026-10-25T01:30:00Z'])
      expect(runs('30 2 * * *', between, 1)).toEqual(['2026-10-26 02:30 (01:30Z)']);
  });
  it('what comes every hour comes in both', () => {
    expect(runs('15 * * * *', '2026-10-24T23:50:00Z', 3)).toEqual([
      '2026-10-25 02:15 (00:15Z)',
      '2026-10-25 02:15 (01:15Z)',
      '2026-10-25 03:15 (02:15Z)',
    ]);
  });
});

it('Monday at ten is ten in summer and in winter', () => {
  expect(runs('0 10 * * 1', '2026-10-18T12:00:00Z', 3)).toEqual([
    '2026-10-19 10:00 (08:00Z)',
    '2026-10-26 10:00 (09:00Z)',
    '2026-11-02 10:00 (09:00Z)',
  ]);
});

it('times only go on, and are never before what was asked for', () => {
  const minute = fc.constantFrom('0', '30', '*/15', '5,50', '*');
  const hour = fc.constantFrom('2', '10', '*', '*/6', '1-3');
  const day = fc.constantFrom('*', '1', 'L');
  const weekday = fc.constantFrom('*', '1', 'MON-FRI', '1#2');
  fc.assert(
    fc.property(
      fc.tuple(minute, hour, day, weekday),
      fc.date({ min: new Date('2025-01-01'), max: new Date('2028-01-01'), noInvalidDate: true }),
      ([m, h, d, w], from) => {
        const { next } = parseCron(`${m} ${h} ${d} * ${w}`, 'Europe/Berlin');
        let at = from;
        for (let i = 0; i < 5; i += 1) {
          const following = next(at);
          if (!following) throw new Error('no next time');
          expect(following.getTime()).toBeGreaterThan(at.getTime());
          expect(following.getTime() % 60_000).toBe(0);
          at = following;
        }
      },
    ),
    { numRuns: 60 },
  );
});

it('five fields and nothing else', () => {
  for (const wrong of ['', '* * * *', '* * * * * *', '61 * * * *', '0 10 * * 8', 'daily'])
    expect(() => parseCron(wrong, 'UTC')).toThrow();
  expect(parseCron('0 0 30 2 *', 'UTC').next(new Date())).toBeUndefined();
});
