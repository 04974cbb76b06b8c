import { parseCron } from '../platform/cron.ts';

const DAY_MS = 86_400_000;
/** Enough to see the longest pause of any sensible schedule: a weekend, a month with 31 days. */
const RUNS = 12;
/** Any moment does; a fixed one gives the same answer every day. */
const FROM = new Date('2026-01-01T00:00:00Z');

/**
 * How long what a schedule proves may count, in milliseconds: from one run to the next and a day, for a machine that was
 * off and for the nights in which clocks are changed.
 */
export function ageLimitOf(schedule: string, location: string): number {
  return (Math.round(longestGapMs(schedule, location) / DAY_MS) + 1) * DAY_MS;
}

/** Milliseconds from one run to the next, at the longest. */
export function longestGapMs(schedule: string, location: string): number {
  const { next } = parseCron(schedule, location);
  let longest = 0;
  let last = next(FROM);
  for (let run = 1; run < RUNS && last; run += 1) {
    const at = next(last);
    if (at) longest = Math.max(longest, at.getTime() - last.getTime());
    last = at;
  }
  return longest;
}
