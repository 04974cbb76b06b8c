import { isTimeZone, instantOf, type LocalTime, localTime } from '../routing/zone.ts';

const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const DAY_MS = 86_400_000;

/** For an error's fix. */
export const TIME_EXAMPLES =
  "'Sunday 03:00', 03:00, 'tomorrow 08:00', '2026-12-24 18:00', 2026-12-24T18:00:00Z, 'Sunday 03:00 Europe/Berlin'";

/**
 * A time as people say it: the next that is meant, by the clock of this machine unless a zone is named. Undefined when it
 * is not understood.
 */
export function parseHumanTime(text: string, now: Date): Date | undefined {
  const words = text.trim().split(/\s+/);
  const last = (words.at(-1) ?? '').replace(/^utc$/i, 'UTC');
  const zone = words.length > 1 && isTimeZone(last) ? last : 'Local';
  const rest = (zone === 'Local' ? words : words.slice(0, -1)).join(' ').toLowerCase();
  if (rest === 'now') return now;
  return parseDate(rest, zone) ?? parseDay(rest, zone, now);
}

/** `2026-12-24 18:00`, `2026-12-24T18:00:00+01:00` */
function parseDate(text: string, zone: string): Date | undefined {
  const parts =
    /^(\d{4})-(\d{2})-(\d{2})[ t](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(z|[+-]\d{2}:?\d{2})?$/.exec(text);
  if (!parts) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const localMs = Date.UTC(year, month - 1, day, hour, minute, second);
  const isReal = new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day && month >= 1 && month <= 12;
  if (!isReal || hour > 23 || minute > 59 || second > 59) return undefined;
  const offset = parts[7];
  return new Date(offset === undefined ? instantOf(localMs, zone) : localMs - offsetOf(offset));
}

function offsetOf(text: string): number {
  if (text === 'z') return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(-2));
  return (text.startsWith('-') ? -minutes : minutes) * 60_000;
}

/** `sunday 03:00`, `tomorrow 8:00`, `03:00` */
function parseDay(text: string, zone: string, now: Date): Date | undefined {
  const [, day = '', hour, minute] = /^(?:([a-z]+) )?(\d{1,2}):(\d{2})$/.exec(text) ?? [];
  if (hour === undefined || Number(hour) > 23 || Number(minute) > 59) return undefined;
  const today = localTime(now.getTime(), zone);
  const minuteOfDay = Number(hour) * 60 + Number(minute);
  const ahead = daysAhead(day, today, minuteOfDay);
  if (ahead === undefined) return undefined;
  const midnight = Date.UTC(today.year, today.month - 1, today.day) + ahead * DAY_MS;
  return new Date(instantOf(midnight + minuteOfDay * 60_000, zone));
}

/** A day of the week is the next one that is still to come. */
function daysAhead(day: string, { weekday, minute }: LocalTime, minuteOfDay: number): number | undefined {
  const isOver = minuteOfDay <= minute;
  if (day === '') return isOver ? 1 : 0;
  if (day === 'today') return 0;
  if (day === 'tomorrow') return 1;
  const wanted = day.length < 3 ? -1 : DAYS.findIndex((name) => name.startsWith(day));
  if (wanted === -1) return undefined;
  const ahead = (wanted - weekday + 7) % 7;
  return ahead === 0 && isOver ? 7 : ahead;
}

/** `Sun 29 Nov 03:00` by the clock of this machine; with the year where it is another than `now`'s. */
export function formatMoment(at: Date, now: Date): string {
  const text = (at.getFullYear() === now.getFullYear() ? THIS_YEAR : ANY_YEAR).format(at);
  return text.replaceAll(',', '').replace(' at ', ' ');
}

const MOMENT = {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
} as const;
/** Made once: it takes longer than everything else. */
const THIS_YEAR = new Intl.DateTimeFormat('en-GB', MOMENT);
const ANY_YEAR = new Intl.DateTimeFormat('en-GB', { ...MOMENT, year: 'numeric' });
