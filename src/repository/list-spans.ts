/** UTC day, counted from 1970-01-01. */
export type Day = number;

const DAY_MS = 86_400_000;
const DAY_S = 86_400;
/** Times that a Date cannot hold count as the last day that it can. */
const LAST_DAY = 8.64e15 / DAY_MS;
/** Makes every day a number of 28 bits. */
const OFFSET = 2 ** 27;

/** `mtime`: nanoseconds, decimal. */
export function dayOf(mtime: string): Day {
  const whole = Number(mtime.slice(0, -6)) || 0;
  // Cut off, the digits of a time before 1970 give a later one.
  const ms = mtime.startsWith('-') && Number(mtime.slice(-6)) !== 0 ? whole - 1 : whole;
  return Math.max(-LAST_DAY, Math.min(LAST_DAY, Math.floor(ms / DAY_MS)));
}

/** Since 1970. */
export function dayOfSecond(second: number): Day {
  return Math.max(-LAST_DAY, Math.min(LAST_DAY, Math.floor(second / DAY_S)));
}

/** `2026-08-01`; years that need it have a sign and six digits. */
export function dayText(day: Day): string {
  const [text = ''] = new Date(day * DAY_MS).toISOString().split('T');
  return text;
}

/** Of what `dayText` gives. */
export function dayIn(text: string): Day {
  return Math.floor(Date.parse(text) / DAY_MS);
}

/**
 * Days with which a list begins, so that each but one of a single day has at most so many entries. `counts`: entries of each
 * day. Days share a list by where they are in time (aligned blocks of 1, 2, 4, 8, … days) and not by what comes before them: a
 * day that grows, comes or goes changes the lists of its own block.
 */
export function listBeginnings(counts: ReadonlyMap<Day, number>, most: number): ReadonlySet<Day> {
  const begins = new Set<Day>();
  const cut = (days: readonly (readonly [day: Day, count: number])[]) => {
    const [first, last] = [days[0]?.[0], days.at(-1)?.[0]];
    if (first === undefined || last === undefined) return;
    if (first === last || days.reduce((sum, [, count]) => sum + count, 0) <= most) {
      begins.add(first);
      return;
    }
    const highest = 31 - Math.clz32((first + OFFSET) ^ (last + OFFSET));
    const middle = (((last + OFFSET) >> highest) << highest) - OFFSET;
    const at = days.findIndex(([day]) => day >= middle);
    cut(days.slice(0, at));
    cut(days.slice(at));
  };
  cut([...counts].sort(([a], [b]) => a - b));
  return begins;
}
