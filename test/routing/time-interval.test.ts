import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type IntervalInput, readInterval } from '../../src/routing/configuration.ts';
import {
  comesEver,
  contains,
  isRange,
  lostDays,
  objectToZone,
  readDaysOfMonth,
  readMonths,
  readTimes,
  readWeekdays,
  type TimeInterval,
} from '../../src/routing/time-interval.ts';

interface Vector {
  readonly interval: IntervalInput;
  readonly refused?: string;
  /** Minutes since 1970. */
  readonly at?: readonly number[];
  readonly contains?: string;
}

const vectors = readFileSync(new URL('../fixtures/routing/time-intervals.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Vector);

function intervalOf(input: Partial<IntervalInput>): TimeInterval {
  const interval = readInterval(input as IntervalInput);
  if ('problem' in interval) throw new Error(interval.problem);
  return interval;
}

describe('time intervals', () => {
  it('are taken and refused as Alertmanager does', () => {
    const wrong = vectors.filter(
      ({ interval, refused }) => 'problem' in readInterval(interval) !== (refused !== undefined),
    );
    expect(wrong).toEqual([]);
    expect(vectors.filter(({ refused }) => refused !== undefined).length).toBeGreaterThan(30);
  });

  it('contain what Alertmanager says they contain, in every zone and month', () => {
    let asked = 0;
    for (const { interval, at = [], contains: answers = '' } of vectors) {
      const own = at
        .map((minutes) => (contains(intervalOf(interval), minutes * 60_000) ? '1' : '0'))
        .join('');
      asked += at.length;
      expect(`${JSON.stringify(interval)} ${own}`).toBe(`${JSON.stringify(interval)} ${answers}`);
    }
    expect(asked).toBeGreaterThan(3000);
  });

  it('lose the last of March where the clock is put forward: Alertmanager counts 30 days', () => {
    const last = intervalOf({ days_of_month: ['-1'], location: 'Europe/Berlin' });
    expect(contains(last, Date.UTC(2027, 2, 31, 10))).toBe(false);
    expect(contains(last, Date.UTC(2027, 2, 30, 10))).toBe(true);
    expect(contains(last, Date.UTC(2027, 3, 30, 10))).toBe(true);
    expect(lostDays(last, 2027)).toEqual(['2027-03-31', '2028-03-31']);
    expect(lostDays(intervalOf({ days_of_month: ['-1'] }), 2027)).toEqual([]);
    expect(lostDays(intervalOf({ days_of_month: ['1:28'], location: 'Europe/Berlin' }), 2027)).toEqual([]);
  });

  it.each([
    [{ weekdays: ['monday'] }, true],
    [{ times: [] }, false],
    [{ weekdays: [] }, false],
    [{ months: ['february'], days_of_month: ['30'] }, false],
    [{ months: ['february'], days_of_month: ['29'] }, true],
    [{ months: ['february'], days_of_month: ['29'], years: ['2027'] }, false],
    [{ months: ['13'] }, false],
    [{ months: ['march'], days_of_month: ['31'], location: 'Europe/Berlin' }, false],
    [{ days_of_month: ['13'], weekdays: ['friday'] }, true],
    [{}, true],
  ] satisfies [Partial<IntervalInput>, boolean][])('%j ever comes: %s', (input, expected) => {
    expect(comesEver(intervalOf(input))).toBe(expected);
  });
});

describe('what is wrong with a text', () => {
  it.each([
    [readTimes, '8:00-17:00', 'did you mean 08:00-17:00?'],
    [readTimes, '8-17', 'did you mean 08:00-17:00?'],
    [readTimes, '8am-5pm', 'did you mean 08:00-17:00?'],
    [
      readTimes,
      '22:00-06:00',
      'write the evening and the morning as two entries: 22:00-24:00 and 00:00-06:00',
    ],
    [readTimes, '08:00-00:00', 'write 08:00-24:00'],
    [readTimes, 'office', undefined],
    [readWeekdays, 'Mon-Fri', 'did you mean monday:friday?'],
    [readWeekdays, 'monday-friday', 'did you mean monday:friday?'],
    [readWeekdays, 'mondey', 'did you mean monday?'],
    [readWeekdays, 'friday:monday', 'write two entries: friday:saturday and sunday:monday'],
    [readWeekdays, 'saturday:sunday', 'write two entries: saturday and sunday'],
    [readWeekdays, '1:5', undefined],
    [readMonths, 'dec', 'did you mean december?'],
    [readMonths, 'december:january', 'write two entries: december and january'],
    [readMonths, '6-8', 'did you mean 6:8?'],
    [readDaysOfMonth, '1-7', 'did you mean 1:7?'],
    [readDaysOfMonth, '0', undefined],
    [readDaysOfMonth, '32', undefined],
    [readDaysOfMonth, '-3:3', undefined],
    [readDaysOfMonth, 'last', undefined],
  ] as const)('%o: %s', (read, text, fix) => {
    const answer = read(text);
    if (isRange(answer)) throw new Error(`${text} was taken`);
    expect(answer.problem).toContain(text);
    expect(answer.fix).toBe(fix);
  });

  it.each([
    ['Europe/Berlin', undefined],
    ['UTC', undefined],
    ['Asia/Calcutta', undefined],
    ['Asia/Kolkata', undefined],
    ['Etc/GMT+1', undefined],
    ['CET', undefined],
    ['America/Argentina/Buenos_Aires', undefined],
    ['europe/berlin', 'did you mean Europe/Berlin?'],
    ['Berlin', 'did you mean Europe/Berlin?'],
    ['Europe/Berln', 'did you mean Europe/Berlin?'],
    ['+01:00', 'write an IANA name, e.g. Europe/Berlin'],
    ['Mars/Olympus', 'write an IANA name, e.g. Europe/Berlin'],
    ['../etc/passwd', 'write an IANA name, e.g. Europe/Berlin'],
  ])('the time zone %s', (name, fix) => {
    expect(objectToZone(name)?.fix).toBe(fix);
    expect(objectToZone(name) === undefined).toBe(fix === undefined);
  });
});
