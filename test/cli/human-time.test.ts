import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatMoment, parseHumanTime } from '../../src/cli/human-time.ts';

/** A Friday. */
const NOW = new Date('2026-11-27T10:30:00Z');

describe('a time as people say it', () => {
  it.each([
    ['now', '2026-11-27T10:30:00.000Z'],
    ['Sunday 03:00 UTC', '2026-11-29T03:00:00.000Z'],
    ['sun 3:00 UTC', '2026-11-29T03:00:00.000Z'],
    ['Friday 10:29 UTC', '2026-12-04T10:29:00.000Z'],
    ['Friday 10:31 UTC', '2026-11-27T10:31:00.000Z'],
    ['03:00 UTC', '2026-11-28T03:00:00.000Z'],
    ['23:59 UTC', '2026-11-27T23:59:00.000Z'],
    ['today 03:00 UTC', '2026-11-27T03:00:00.000Z'],
    ['tomorrow 08:00 UTC', '2026-11-28T08:00:00.000Z'],
    ['Sunday 03:00 Europe/Berlin', '2026-11-29T02:00:00.000Z'],
    // There it is the 28th already.
    ['today 01:00 Pacific/Kiritimati', '2026-11-27T11:00:00.000Z'],
    ['2026-12-24 18:00 Europe/Berlin', '2026-12-24T17:00:00.000Z'],
    ['2026-07-01 18:00 Europe/Berlin', '2026-07-01T16:00:00.000Z'],
    ['2026-12-24T18:00:00Z', '2026-12-24T18:00:00.000Z'],
    ['2026-12-24T18:00:30.5+01:00', '2026-12-24T17:00:30.000Z'],
    ['2026-12-24 18:00 UTC', '2026-12-24T18:00:00.000Z'],
    ['2028-02-29 08:00 UTC', '2028-02-29T08:00:00.000Z'],
  ])('%s is %s', (text, expected) => {
    expect(parseHumanTime(text, NOW)?.toISOString()).toBe(expected);
  });

  it.each([
    '',
    'soon',
    'Sunday',
    '25:00',
    '03:60',
    'su 03:00',
    'someday 03:00',
    '2026-02-30 08:00',
    '2026-13-01 08:00',
    '2026-12-24',
    'Sunday 03:00 Mars/Olympus',
  ])('%s is not guessed', (text) => {
    expect(parseHumanTime(text, NOW)).toBeUndefined();
  });

  it('is by the clock of this machine where no zone is named', () => {
    const at = parseHumanTime('tomorrow 08:00', NOW);
    const tomorrow = new Date(NOW);
    tomorrow.setDate(NOW.getDate() + 1);
    tomorrow.setHours(8, 0, 0, 0);
    expect(at).toEqual(tomorrow);
  });

  it('never throws, and what is shown is understood again', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseHumanTime(text, NOW);
      }),
    );
    expect(formatMoment(new Date(2026, 10, 29, 3, 0), new Date(2026, 10, 27))).toBe('Sun 29 Nov 03:00');
    expect(formatMoment(new Date(2027, 0, 1, 0, 5), new Date(2026, 10, 27))).toBe('Fri 1 Jan 2027 00:05');
  });
});
