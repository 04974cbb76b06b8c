import { nearest } from '../platform/nearest.ts';

/** What a clock on the wall shows. */
export interface LocalTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** Minutes since midnight, by the clock. */
  readonly minute: number;
}

const QUARTER_MS = 900_000;
const KEPT = 50_000;

/** A zone is changed over at quarters of an hour at the finest. */
const offsets = new Map<string, number>();
const formats = new Map<string, Intl.DateTimeFormat>();

/** `zone`: an IANA name; '' is UTC, `Local` the zone of this machine, as Go has it. Throws RangeError for no zone. */
export function localTime(instantMs: number, zone: string): LocalTime {
  const local = new Date(instantMs + offsetMs(instantMs, zone));
  return {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    weekday: local.getUTCDay(),
    minute: local.getUTCHours() * 60 + local.getUTCMinutes(),
  };
}

/** How far the zone's clock is ahead of UTC at that instant. */
function offsetMs(instantMs: number, zone: string): number {
  if (zone === '' || zone === 'UTC') return 0;
  const quarter = Math.floor(instantMs / QUARTER_MS);
  const key = `${zone} ${quarter}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  if (offsets.size >= KEPT) offsets.clear();
  const offset = askOffset(quarter * QUARTER_MS, zone);
  offsets.set(key, offset);
  return offset;
}

function askOffset(instantMs: number, zone: string): number {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(instantMs)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - instantMs;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      ...(zone === 'Local' ? {} : { timeZone: zone }),
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
  return format;
}

/**
 * The instant at which the zone's clock shows that time, given as if it were UTC; of a time that is left out or comes
 * twice, what Go's `time.Date` makes of it.
 */
export function instantOf(localMs: number, zone: string): number {
  const first = offsetMs(localMs, zone);
  return first === 0 ? localMs : localMs - offsetMs(localMs - first, zone);
}

/** Names that Go and so Alertmanager find: its zone files are told apart by case, and `+01:00` is none of them. */
export function isTimeZone(name: string): boolean {
  if (name === 'UTC') return true;
  if (!/^[A-Z][\w+-]*(?:\/[A-Z0-9a-z][\w+-]*)*$/.test(name)) return false;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions();
    // Another name for the same zone is shown by that one's name, and is as good.
    return timeZone === name || timeZone.toLowerCase() !== name.toLowerCase();
  } catch {
    return false;
  }
}

/** `Europe/Berlin` for `europe/berlin`, `Berlin` and `Europe/Berln`. */
export function nearestTimeZone(name: string): string | undefined {
  const zones = Intl.supportedValuesOf('timeZone');
  const lower = name.toLowerCase().replaceAll(' ', '_');
  return (
    zones.find((zone) => zone.toLowerCase() === lower || zone.toLowerCase().endsWith(`/${lower}`)) ??
    nearest(name, zones)
  );
}
