// Alertmanager's time intervals: timeinterval/timeinterval.go, which is the same from 0.25 to 0.34.
import { nearest } from '../platform/nearest.ts';
import { instantOf, isTimeZone, type LocalTime, localTime, nearestTimeZone } from './zone.ts';

/** Both ends belong to it, but of times of the day the end does not. */
export interface Range {
  readonly begin: number;
  readonly end: number;
}

/** Absent: any. Empty: none, so that the interval never comes. */
export interface TimeInterval {
  /** Minutes since midnight. */
  readonly times?: readonly Range[] | undefined;
  /** 0 is Sunday. */
  readonly weekdays?: readonly Range[] | undefined;
  /** -1 is the last day of the month. */
  readonly daysOfMonth?: readonly Range[] | undefined;
  /** 1 is January. */
  readonly months?: readonly Range[] | undefined;
  readonly years?: readonly Range[] | undefined;
  /** IANA time zone. */
  readonly location: string;
}

/** What is wrong with a text, as the rest of a sentence that begins with its name, and what to write. */
export interface Misreading {
  readonly problem: string;
  readonly fix: string | undefined;
}

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];

/** `08:00-17:00`; `isRange` tells it from what is wrong. */
export function readTimes(text: string): Range | Misreading {
  const [from = '', to = '', ...more] = text.split('-').map((part) => part.trim());
  const [begin, end] = [minuteOf(from), minuteOf(to)];
  if (begin === undefined || end === undefined || more.length > 0)
    return {
      problem: `is \`${text}\`; from and to are needed, as 08:00-17:00`,
      fix: meantTimes(from, to),
    };
  if (begin < end) return { begin, end };
  return {
    problem: `is \`${text}\`, which ends before it begins: a day is from 00:00 to 24:00`,
    fix:
      begin === end || end === 0
        ? `write ${from}-24:00`
        : `write the evening and the morning as two entries: ${from}-24:00 and 00:00-${to}`,
  };
}

/** `HH:MM` from 00:00 to 24:00, in minutes. */
export function minuteOf(text: string): number | undefined {
  if (!/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/.test(text)) return undefined;
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
}

function meantTimes(from: string, to: string): string | undefined {
  const [first, second] = [meantTime(from), meantTime(to)];
  return first === undefined || second === undefined ? undefined : `did you mean ${first}-${second}?`;
}

function meantTime(text: string): string | undefined {
  const parts = /^(\d{1,2})(?:[:.](\d{2}))?\s*(?:h|uhr|(am|pm))?$/i.exec(text);
  if (!parts) return undefined;
  const [, hour = '', minute = '00', half = ''] = parts;
  const hours = (Number(hour) % (half === '' ? 25 : 12)) + (half.toLowerCase() === 'pm' ? 12 : 0);
  const time = `${String(hours).padStart(2, '0')}:${minute}`;
  return minuteOf(time) === undefined ? undefined : time;
}

export function isRange(read: Range | Misreading): read is Range {
  return 'begin' in read;
}

/** `monday:friday`, `sunday`; letters of either case. */
export function readWeekdays(text: string): Range | Misreading {
  return readRange(text, {
    noun: 'a weekday or a range of them, as monday:friday',
    memberOf: (word) => indexIn(WEEKDAYS, word),
    nameOf: (day) => WEEKDAYS[day] ?? '',
    near: (word) => nearest(word, WEEKDAYS) ?? WEEKDAYS.find((day) => startsAlike(day, word)),
    last: 6,
    first: 0,
  });
}

/** `december`, `6:8`; letters of either case. Numbers beyond 12 are taken, as Alertmanager takes them, and never come. */
export function readMonths(text: string): Range | Misreading {
  return readRange(text, {
    noun: 'a month or a range of them, as december or 6:8',
    memberOf: (word) => indexIn(MONTHS, word, 1) ?? numberOf(word),
    nameOf: (month) => MONTHS[month - 1] ?? '',
    near: (word) => nearest(word, MONTHS) ?? MONTHS.find((month) => startsAlike(month, word)),
    last: 12,
    first: 1,
  });
}

/** `1:7`, `-1` */
export function readDaysOfMonth(text: string): Range | Misreading {
  const noun = 'a day or a range of them, as 1:7; -1 is the last';
  const words = text.split(':');
  const [begin, end = begin] = words.map(numberOf);
  if (begin === undefined || end === undefined || words.length > 2)
    return { problem: `is \`${text}\`; needed is ${noun}`, fix: meantByHyphen(text, numberOf) };
  for (const day of [begin, end])
    if (day === 0 || Math.abs(day) > 31)
      return { problem: `is \`${text}\`; days of a month are 1 to 31, or -31 to -1`, fix: undefined };
  if (begin < 0 && end > 0)
    return {
      problem: `is \`${text}\`; when the first day counts from the end, so must the last`,
      fix: undefined,
    };
  const inShortMonth = (day: number) => (day < 0 ? 28 + day : day);
  if (inShortMonth(begin) > inShortMonth(end))
    return { problem: `is \`${text}\`, which ends before it begins`, fix: undefined };
  return { begin, end };
}

/** `2026`, `2026:2028` */
export function readYears(text: string): Range | Misreading {
  const words = text.split(':');
  const [begin, end = begin] = words.map(numberOf);
  if (begin === undefined || end === undefined || words.length > 2 || begin > end)
    return { problem: `is \`${text}\`; a year or a range of them is needed, as 2026:2028`, fix: undefined };
  return { begin, end };
}

/** What is wrong with the name of a time zone. */
export function objectToZone(name: string): Misreading | undefined {
  if (isTimeZone(name)) return undefined;
  const near = nearestTimeZone(name);
  return {
    problem: `is no time zone: \`${name}\``,
    fix: near === undefined ? 'write an IANA name, e.g. Europe/Berlin' : `did you mean ${near}?`,
  };
}

interface Members {
  readonly noun: string;
  readonly first: number;
  readonly last: number;
  memberOf(word: string): number | undefined;
  nameOf(member: number): string;
  near(word: string): string | undefined;
}

function readRange(text: string, members: Members): Range | Misreading {
  const words = text.toLowerCase().split(':');
  const [begin, end = begin] = words.map((word) => members.memberOf(word));
  if (begin === undefined || end === undefined || words.length > 2)
    return {
      problem: `is \`${text}\`; needed is ${members.noun}`,
      fix: meantRange(text, members) ?? meantByHyphen(text, members.memberOf),
    };
  if (begin <= end) return { begin, end };
  const { nameOf, first, last } = members;
  const [from, to] = [
    begin === last ? nameOf(last) : `${nameOf(begin)}:${nameOf(last)}`,
    end === first ? nameOf(first) : `${nameOf(first)}:${nameOf(end)}`,
  ];
  return {
    problem: `is \`${text}\`, which ends before it begins: they go from ${nameOf(first)} to ${nameOf(last)}`,
    fix: `write two entries: ${from} and ${to}`,
  };
}

function meantRange(text: string, { near, memberOf }: Members): string | undefined {
  const words = text
    .toLowerCase()
    .split(/\s*(?::|-|–|\bto\b)\s*/)
    .map((word) => (memberOf(word) === undefined ? near(word) : word));
  return words.length > 2 || words.includes(undefined) ? undefined : `did you mean ${words.join(':')}?`;
}

function meantByHyphen(text: string, memberOf: (word: string) => number | undefined): string | undefined {
  const [, from, to] = /^(-?\w+)\s*(?:-|–|\bto\b)\s*(-?\w+)$/.exec(text) ?? [];
  if (from === undefined || to === undefined) return undefined;
  return memberOf(from) === undefined || memberOf(to) === undefined
    ? undefined
    : `did you mean ${from}:${to}?`;
}

/** `mon` and `montag` are meant for `monday` alike. */
function startsAlike(name: string, word: string): boolean {
  return word.length >= 2 && name.startsWith(word.slice(0, 3));
}

function indexIn(names: readonly string[], word: string, first = 0): number | undefined {
  const index = names.indexOf(word);
  return index === -1 ? undefined : index + first;
}

function numberOf(word: string): number | undefined {
  return /^[+-]?\d{1,9}$/.test(word) ? Number(word) : undefined;
}

export function contains(interval: TimeInterval, instantMs: number): boolean {
  const local = localTime(instantMs, interval.location);
  return isInDay(interval, local.minute) && isOnDay(interval, local);
}

function isInDay({ times }: TimeInterval, minute: number): boolean {
  return times === undefined || times.some(({ begin, end }) => minute >= begin && minute < end);
}

function isOnDay(interval: TimeInterval, { year, month, day, weekday }: Omit<LocalTime, 'minute'>): boolean {
  const { weekdays, months, years, daysOfMonth, location } = interval;
  return (
    isIn(years, year) &&
    isIn(months, month) &&
    isIn(weekdays, weekday) &&
    (daysOfMonth === undefined || isDayOf(daysOfMonth, day, countedDays(year, month, location)))
  );
}

function isIn(ranges: readonly Range[] | undefined, value: number): boolean {
  return ranges === undefined || ranges.some(({ begin, end }) => value >= begin && value <= end);
}

function isDayOf(ranges: readonly Range[], day: number, days: number): boolean {
  return ranges.some((range) => {
    const [begin, end] = [range.begin, range.end].map((one) => (one < 0 ? days + one + 1 : one));
    return (
      begin !== undefined && end !== undefined && begin <= days && day >= begin && day <= Math.min(end, days)
    );
  });
}

/**
 * Alertmanager counts the hours of the month and divides by 24: where the clock is put forward in it, it has a day too
 * few. March has 30 days in Europe/Berlin, so that `-1` is the 30th and nothing is the 31st.
 */
function countedDays(year: number, month: number, zone: string): number {
  const [begin, end] = [Date.UTC(year, month - 1, 1), Date.UTC(year, month, 1)];
  return Math.trunc((instantOf(end, zone) - instantOf(begin, zone)) / 86_400_000);
}

/** Days in whose stead Alertmanager takes others, or none: see `countedDays`. `2027-03-31` in the years from `first` on. */
export function lostDays(interval: TimeInterval, firstYear: number): readonly string[] {
  const { daysOfMonth, location } = interval;
  if (daysOfMonth === undefined || location === 'UTC') return [];
  const lost: string[] = [];
  for (let year = firstYear; year < firstYear + 2; year++)
    for (let month = 1; month <= 12; month++) {
      const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
      const counted = countedDays(year, month, location);
      if (counted === days || !isIn(interval.months, month)) continue;
      for (let day = 1; day <= days; day++)
        if (isDayOf(daysOfMonth, day, days) && !isDayOf(daysOfMonth, day, counted))
          lost.push(new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 10));
    }
  return lost;
}

/** The calendar comes again after 28 years. */
const CALENDAR_YEARS = 28;

/** Whether it ever comes, in this century. */
export function comesEver(interval: TimeInterval): boolean {
  if (interval.times?.length === 0) return false;
  for (let year = 2000; year < 2100; year++) {
    if (!isIn(interval.years, year)) continue;
    const last = interval.years === undefined ? 2000 + CALENDAR_YEARS : 2100;
    if (year >= last) return false;
    if (comesIn(interval, year)) return true;
  }
  return false;
}

function comesIn(interval: TimeInterval, year: number): boolean {
  for (let at = Date.UTC(year, 0, 1); at < Date.UTC(year + 1, 0, 1); at += 86_400_000) {
    const date = new Date(at);
    const day = {
      year,
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
      weekday: date.getUTCDay(),
    };
    if (isOnDay(interval, day)) return true;
  }
  return false;
}
