import { localTime } from '../../routing/zone.ts';
import { parseCron } from '../../platform/cron.ts';
import { type CronFields, cronFields, type Numbers } from '../cron-fields.ts';

/** Sunday ends the week, as no range may begin with it; a 0 is one as well. */
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
/** Longer than a year: each night in which clocks are changed is seen. */
const AHEAD_MS = 400 * 86_400_000;
const LOOKS = 2_000;

/**
 * The schedule in systemd's notation, for one `OnCalendar=` line each: cron takes a day that fits the month or the week,
 * and systemd one that fits both. Undefined for what it cannot say. Source: systemd.time(7), "Calendar Events".
 */
export function onCalendar(schedule: string, location: string): readonly string[] | undefined {
  const fields = cronFields(schedule);
  if (!fields) return undefined;
  const time = `${list(fields.hours, 0, 23, '00')}:${list(fields.minutes, 0, 59, '00')}:00`;
  const month = list(fields.months, 1, 12, '01');
  return datesOf(fields, month).map((date) => `${date} ${time} ${location}`);
}

function datesOf({ days, isLastDay, weekdays, nthWeekdays }: CronFields, month: string): string[] {
  const anyDay = days === undefined;
  const anyWeekday = weekdays === undefined && nthWeekdays.length === 0;
  if (anyDay && anyWeekday) return [`*-${month}-*`];
  return [
    ...(days?.length ? [`*-${month}-${list(days, 1, 31, '01')}`] : []),
    ...(isLastDay ? [`*-${month}~01`] : []),
    ...(weekdays?.length ? [`${names(weekdays)} *-${month}-*`] : []),
    ...nthWeekdays.map(({ weekday, nth }) => {
      const name = WEEKDAYS[weekday] ?? '';
      if (nth === 'last') return `${name} *-${month}~07/1`;
      const last = Math.min(nth * 7, 31);
      return `${name} *-${month}-${two(nth * 7 - 6)}..${two(last)}`;
    }),
  ];
}

/** `00/15` for what goes on to the end in even steps, `01..05` for what has no gap. */
function list(numbers: Numbers, min: number, max: number, first: string): string {
  if (numbers === undefined) return '*';
  const [start = min, second = start] = numbers;
  const step = second - start;
  const isEven = numbers.length > 2 && step > 1 && numbers.every((n, i) => n === start + i * step);
  if (isEven && (numbers.at(-1) ?? 0) + step > max)
    return start === min ? `${first}/${step}` : `${two(start)}/${step}`;
  return runs(numbers)
    .map(([from, to]) => (from === to ? two(from) : `${two(from)}..${two(to)}`))
    .join(',');
}

function names(weekdays: readonly number[]): string {
  const fromMonday = weekdays.map((day) => (day === 0 ? 7 : day)).sort((a, b) => a - b);
  return runs(fromMonday)
    .flatMap(([from, to]) => (to - from > 1 ? [[from, to]] : from === to ? [[from]] : [[from], [to]]))
    .map((pair) => pair.map((day) => WEEKDAYS[day] ?? '').join('..'))
    .join(',');
}

/** Numbers without a gap, as first and last. */
function runs(numbers: readonly number[]): [number, number][] {
  const found: [number, number][] = [];
  for (const n of numbers) {
    const run = found.at(-1);
    if (run && run[1] === n - 1) run[1] = n;
    else found.push([n, n]);
  }
  return found;
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}

/**
 * The next time that systemd leaves out, within a year: one that the clock on the wall does not show in the night in which
 * it is set forward. Measured with systemd 252.
 */
export function nextLeftOut(schedule: string, location: string, from: Date): Date | undefined {
  const fields = cronFields(schedule);
  if (!fields?.hours || location === 'UTC') return undefined;
  const { next } = parseCron(schedule, location);
  let at = next(from);
  for (let look = 0; look < LOOKS && at && at.getTime() - from.getTime() < AHEAD_MS; look += 1) {
    const hour = Math.floor(localTime(at.getTime(), location).minute / 60);
    if (!fields.hours.includes(hour)) return at;
    at = next(at);
  }
  return undefined;
}
