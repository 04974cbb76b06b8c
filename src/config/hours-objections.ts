import {
  isRange,
  type Misreading,
  type Range,
  readDaysOfMonth,
  readMonths,
  readTimes,
  readWeekdays,
} from '../routing/time-interval.ts';
import { describeType, type Objection, quote } from './objections.ts';

export function objectToTimes(input: unknown): Objection | undefined {
  return typeof input === 'string'
    ? misreadingOf(readTimes(input))
    : { problem: `must be times such as 08:00-17:00, not ${describeType(input)}` };
}

export function objectToWeekdays(input: unknown): Objection | undefined {
  return typeof input === 'string'
    ? misreadingOf(readWeekdays(input))
    : { problem: `must be a weekday such as monday or monday:friday, not ${describeType(input)}` };
}

export function objectToDays(input: unknown): Objection | undefined {
  return typeof input === 'string' || typeof input === 'number'
    ? misreadingOf(readDaysOfMonth(String(input)))
    : { problem: `must be a day of the month such as 1:7 or -1, not ${describeType(input)}` };
}

export function objectToMonths(input: unknown): Objection | undefined {
  if (typeof input !== 'string' && typeof input !== 'number')
    return { problem: `must be a month such as december or 6:8, not ${describeType(input)}` };
  const read = readMonths(String(input));
  // Alertmanager takes them, and they never come.
  if (isRange(read) && (read.begin < 1 || read.end > 12))
    return { problem: `is ${quote(String(input))}; months are 1 to 12` };
  return misreadingOf(read);
}

/** Names in UTF-8 are taken since Alertmanager 0.27 only. */
export function objectToLabel(input: unknown): Objection | undefined {
  if (typeof input !== 'string')
    return { problem: `must be the name of a label, not ${describeType(input)}` };
  if (/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(input)) return undefined;
  const meant = input.replaceAll(/[^a-zA-Z0-9_]+/g, '_').replace(/^[0-9]/, '_$&');
  return {
    problem: `is ${quote(input)}; the name of a label has letters, digits and _, and does not begin with a digit`,
    fix: /^_*$/.test(meant) ? undefined : `did you mean ${meant}?`,
  };
}

function misreadingOf(read: Range | Misreading): Objection | undefined {
  return isRange(read) ? undefined : read;
}
