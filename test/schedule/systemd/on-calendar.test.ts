import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCron } from '../../../src/platform/cron.ts';
import { nextLeftOut, onCalendar } from '../../../src/schedule/systemd/on-calendar.ts';

const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;
const FROM = new Date('2026-11-28T12:00:30.000Z');

describe('onCalendar', () => {
  it.each([
    ['0 2 * * *', ['*-*-* 02:00:00 UTC']],
    ['*/15 * * * *', ['*-*-* *:00/15:00 UTC']],
    ['0 10 * * 1', ['Mon *-*-* 10:00:00 UTC']],
    ['0 10 * * MON-FRI', ['Mon..Fri *-*-* 10:00:00 UTC']],
    ['0 10 * * 0,6', ['Sat,Sun *-*-* 10:00:00 UTC']],
    ['0 10 * * 0-2', ['Mon,Tue,Sun *-*-* 10:00:00 UTC']],
    ['0 5 * * 7', ['Sun *-*-* 05:00:00 UTC']],
    ['5,35 8-17 1 */3 *', ['*-01/3-01 08..17:05,35:00 UTC']],
    // cron: the 1st, and each Monday; systemd would want a Monday that is the 1st.
    ['0 2 1 * MON', ['*-*-01 02:00:00 UTC', 'Mon *-*-* 02:00:00 UTC']],
    ['0 2 1,L * *', ['*-*-01 02:00:00 UTC', '*-*~01 02:00:00 UTC']],
    ['0 2 * * MON#2', ['Mon *-*-08..14 02:00:00 UTC']],
    ['0 2 * * 5L', ['Fri *-*~07/1 02:00:00 UTC']],
  ])('%s', (schedule, expected) => {
    expect(onCalendar(schedule, 'UTC')).toEqual(expected);
  });
  it('is nothing for what systemd cannot say', () => {
    expect(onCalendar('0 2 15W * *', 'UTC')).toBeUndefined();
  });
});

describe('what systemd leaves out', () => {
  it('is 02:30 in the night without one, and nothing in UTC, at other hours, or in a zone that has no summer', () => {
    expect(nextLeftOut('30 2 * * *', 'Europe/Berlin', FROM)?.toISOString()).toBe('2027-03-28T01:00:00.000Z');
    expect(nextLeftOut('0 2 * * *', 'Europe/Berlin', FROM)?.toISOString()).toBe('2027-03-28T01:00:00.000Z');
    expect(nextLeftOut('30 2 * * *', 'UTC', FROM)).toBeUndefined();
    expect(nextLeftOut('30 3 * * *', 'Europe/Berlin', FROM)).toBeUndefined();
    expect(nextLeftOut('30 2 * * *', 'Asia/Tokyo', FROM)).toBeUndefined();
    expect(nextLeftOut('*/10 * * * *', 'Europe/Berlin', FROM)).toBeUndefined();
    // Not on a Sunday.
    expect(nextLeftOut('30 2 * * 1-6', 'Europe/Berlin', FROM)).toBeUndefined();
  });
});

/** The next times by systemd itself, of all lines of each schedule together; one call for all, of which each costs. */
function bySystemd(schedules: readonly (readonly string[])[], from: Date, count: number): string[][] {
  const base = from.toISOString().replace('T', ' ').replace(/\..*/, '');
  const lines = schedules.flat();
  const { stdout, stderr } = spawnSync(
    'systemd-analyze',
    ['calendar', `--base-time=${base}`, `--iterations=${count}`, ...lines],
    { encoding: 'utf8', env: { PATH: process.env['PATH'], TZ: 'UTC', LC_ALL: 'C' } },
  );
  if (stderr !== '') throw new Error(`${lines.join(', ')}: ${stderr}`);
  const answers = stdout
    .split('\n\n')
    .map((answer) =>
      [...answer.matchAll(/(?:elapse|Iter\. #\d+|in UTC\)): \w{3} (\S+ \S+) UTC/g)].map(([, at = '']) => at),
    );
  expect(answers).toHaveLength(lines.length);
  return schedules.map((own) => {
    const times = answers.splice(0, own.length).flat();
    return [...new Set(times)].sort().slice(0, count);
  });
}

function byCron(schedule: string, location: string, count: number): string[] {
  const { next } = parseCron(schedule, location);
  const times: string[] = [];
  for (let at = next(FROM); at && times.length < count; at = next(at))
    times.push(at.toISOString().replace('T', ' ').replace(/\..*/, ''));
  return times;
}

describe.runIf(hasAnalyze)('systemd itself', () => {
  const field = (min: number, max: number) =>
    fc.oneof(
      { weight: 3, arbitrary: fc.constant('*') },
      { weight: 2, arbitrary: fc.integer({ min, max }).map(String) },
      fc.integer({ min: 2, max: 6 }).map((step) => `*/${step}`),
      fc
        .tuple(fc.integer({ min, max }), fc.integer({ min, max }), fc.integer({ min: 1, max: 4 }))
        .map(([a, b, step]) => `${Math.min(a, b)}-${Math.max(a, b)}${step === 1 ? '' : `/${step}`}`),
      fc.array(fc.integer({ min, max }), { minLength: 2, maxLength: 4 }).map((all) => all.join(',')),
    );
  const dayOfMonth = fc.oneof({ weight: 4, arbitrary: field(1, 28) }, fc.constantFrom('L', '15,L'));
  const weekday = fc.oneof(
    { weight: 4, arbitrary: field(0, 7) },
    fc.constantFrom('MON', 'tue-fri', 'MON#1', '5#2', 'SUN#4', '5L', '0L'),
  );

  const schedules = fc.array(fc.tuple(field(0, 59), field(0, 23), dayOfMonth, field(1, 12), weekday), {
    minLength: 1,
    maxLength: 20,
    size: 'max',
  });

  it('means the same times as the schedule', () => {
    fc.assert(
      fc.property(schedules, (all) => {
        const texts = all.map((fields) => fields.join(' '));
        const lines = texts.map((schedule) => onCalendar(schedule, 'UTC') ?? []);
        expect(texts.filter((_, index) => lines[index]?.length === 0)).toEqual([]);
        const found = bySystemd(lines, FROM, 5).map((times, index) => [texts[index], times]);
        expect(found).toEqual(texts.map((schedule) => [schedule, byCron(schedule, 'UTC', 5)]));
      }),
      { numRuns: Number(process.env['RUNS'] ?? 8) },
    );
  });

  it('in a time zone, but for the nights in which clocks are set forward', () => {
    const [line = ''] = onCalendar('30 4 * * *', 'Europe/Berlin') ?? [];
    expect(bySystemd([[line]], FROM, 5)).toEqual([byCron('30 4 * * *', 'Europe/Berlin', 5)]);
    const leftOut = nextLeftOut('30 2 * * *', 'Europe/Berlin', FROM) ?? FROM;
    const [early = ''] = onCalendar('30 2 * * *', 'Europe/Berlin') ?? [];
    const next = bySystemd([[early]], new Date(leftOut.getTime() - 20 * 3_600_000), 1);
    expect(next).toEqual([['2027-03-29 00:30:00']]);
  });
});
