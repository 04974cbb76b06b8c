/** A field of a schedule as numbers in order; undefined: every one. */
export type Numbers = readonly number[] | undefined;

export interface CronFields {
  readonly minutes: Numbers;
  readonly hours: Numbers;
  readonly days: Numbers;
  /** The last day of the month as well. */
  readonly isLastDay: boolean;
  readonly months: Numbers;
  /** 0 is Sunday. */
  readonly weekdays: Numbers;
  /** The second Monday of the month: `{weekday: 1, nth: 2}`; the last one: `nth: 'last'`. */
  readonly nthWeekdays: readonly { readonly weekday: number; readonly nth: number | 'last' }[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/**
 * What an accepted schedule says, for those who write it in another notation. Undefined for what only croner knows, such
 * as the nearest weekday (`15W`).
 */
export function cronFields(schedule: string): CronFields | undefined {
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = schedule.trim().split(/\s+/);
  const days = day.split(',');
  const isLastDay = days.some((item) => item.toUpperCase() === 'L');
  const numberedDays = days.filter((item) => item.toUpperCase() !== 'L').join(',');
  const weekdays = weekday.split(',');
  const nth = weekdays.flatMap((item) => nthOf(item) ?? []);
  const plainWeekdays = weekdays.filter((item) => nthOf(item) === undefined).join(',');
  try {
    return {
      minutes: numbers(minute, 0, 59),
      hours: numbers(hour, 0, 23),
      days: isLastDay && numberedDays === '' ? [] : numbers(numberedDays, 1, 31),
      isLastDay,
      months: numbers(month, 1, 12, MONTHS),
      weekdays:
        nth.length > 0 && plainWeekdays === ''
          ? []
          : distinct(numbers(plainWeekdays, 0, 7, DAYS), (n) => n % 7),
      nthWeekdays: nth,
    };
  } catch {
    return undefined;
  }
}

function nthOf(item: string): CronFields['nthWeekdays'][number] | undefined {
  const [, day = '', hash, last] = /^(\w+?)(?:#([1-5lL])|([lL]))$/.exec(item) ?? [];
  if (day === '') return undefined;
  const weekday = numberOf(day, DAYS);
  if (Number.isNaN(weekday)) return undefined;
  const nth = last === undefined && hash?.toUpperCase() !== 'L' ? Number(hash) : 'last';
  return { weekday: weekday % 7, nth };
}

/** Throws a RangeError for what is no number, no range and no step. */
function numbers(text: string, min: number, max: number, names: readonly string[] = []): Numbers {
  if (text === '*' || text === '?') return undefined;
  const found = text.split(',').flatMap((item) => {
    const [, all, from, to, step] = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(item) ?? [];
    const first = all === undefined ? numberOf(from ?? '', names) : min;
    const last = all === undefined ? numberOf(to ?? from ?? '', names) : max;
    // A number with a step and no end is something else for each program that reads it.
    const isClear = step === undefined || all !== undefined || to !== undefined;
    if (!isClear || !(first >= min && last <= max && first <= last) || step === '0')
      throw new RangeError(`no field of a schedule: ${text}`);
    const every = Number(step ?? 1);
    return Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, i) => first + i * every);
  });
  return distinct(found, (n) => n);
}

function numberOf(text: string, names: readonly string[]): number {
  const at = names.indexOf(text.toLowerCase());
  if (at !== -1) return names === MONTHS ? at + 1 : at;
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

function distinct(all: Numbers, change: (n: number) => number): Numbers {
  return all && [...new Set(all.map(change))].sort((a, b) => a - b);
}
