import { Cron } from 'croner';

/** When something is to happen again and again. */
export interface Recurrence {
  /** The first time after that; undefined: never. */
  next(after: Date): Date | undefined;
  /** How many times lie in between, both ends excluded at `after` and included at `until`; at most `limit`. */
  count(span: { readonly after: Date; readonly until: Date; readonly limit: number }): number;
}

/**
 * Five fields as of cron(5): minute, hour, day of the month, month, day of the week (0 and 7 are Sunday); `MON`, `L` for
 * the last day and `MON#2` for the second Monday as well. `timeZone` is an IANA name. On the nights in which clocks are
 * changed, nothing is left out and nothing happens twice: a time that does not exist comes at the first one that does,
 * and one that comes twice is the first of the two. Only expressions with `*` in minute or hour follow the clock on the
 * wall as it goes. Throws when it is no such expression.
 */
export function parseCron(expression: string, timeZone: string): Recurrence {
  const cron = new Cron(expression, {
    timezone: timeZone,
    mode: '5-part',
    fixedTimeRule: 'no-wildcard',
    paused: true,
  });
  const next = (after: Date) => cron.nextRun(after) ?? undefined;
  return {
    next,
    count: ({ after, until, limit }) => {
      let found = 0;
      for (let at = next(after); at && at <= until && found < limit; at = next(at)) found += 1;
      return found;
    },
  };
}
