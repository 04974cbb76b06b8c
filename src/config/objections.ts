import { isAbsolute } from 'node:path';
import { parseCron } from '../platform/cron.ts';
import { formatDuration, parseDuration, parseSize } from '../platform/units.ts';
import { objectToZone } from '../routing/time-interval.ts';

/** What is wrong with a value, as the rest of a sentence that starts with its key, and how to write it right. */
export interface Objection {
  readonly problem: string;
  readonly fix?: string | undefined;
}

const DURATION_WORDS: Readonly<Record<string, number>> = {
  ms: 1,
  millisecond: 1,
  s: 1_000,
  sec: 1_000,
  second: 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
  y: 31_536_000_000,
  yr: 31_536_000_000,
  year: 31_536_000_000,
};

export function objectToDuration(input: unknown, minimumMs: number): Objection | undefined {
  if (typeof input !== 'string' && typeof input !== 'number')
    return { problem: `must be a duration such as 15s, not ${describeType(input)}` };
  const text = String(input).trim();
  const ms = typeof input === 'string' ? parseDuration(input) : undefined;
  if (ms !== undefined && ms >= minimumMs) return undefined;
  if (ms !== undefined) return { problem: `is ${text}; the least is ${formatDuration(minimumMs)}` };
  if (/^\d+(\.\d+)?$/.test(text))
    return {
      problem: `is ${text}; a duration needs a unit, e.g. 15s`,
      fix: `write ${text}s, ${text}m, ${text}h or ${text}d`,
    };
  const meant = guessDuration(text);
  return {
    problem: `is no duration: ${quote(text)}`,
    fix:
      meant === undefined ? 'units are y, w, d, h, m, s and ms, e.g. 15s or 1d12h' : `did you mean ${meant}?`,
  };
}

function guessDuration(text: string): string | undefined {
  if (!/^(\d+(\.\d+)?\s*[a-z]+[\s,]*)+$/i.test(text)) return undefined;
  let total = 0;
  for (const [, count, word] of text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/gi)) {
    const lower = (word ?? '').toLowerCase();
    const unit = DURATION_WORDS[lower] ?? DURATION_WORDS[lower.replace(/s$/, '')];
    if (unit === undefined) return undefined;
    total += Number(count) * unit;
  }
  return Number.isSafeInteger(Math.round(total)) && total > 0 ? formatDuration(total) : undefined;
}

/** Of the schedule's five fields; also of one that never comes, such as the 30th of February. */
export function objectToCron(input: unknown): Objection | undefined {
  if (typeof input !== 'string')
    return { problem: `must be a schedule such as '0 10 * * 1', not ${describeType(input)}` };
  try {
    const never = parseCron(input, 'UTC').next(new Date()) === undefined;
    return never ? { problem: `never comes: ${quote(input)}`, fix: CRON_FIELDS } : undefined;
  } catch {
    return { problem: `is no schedule: ${quote(input)}`, fix: CRON_FIELDS };
  }
}

const CRON_FIELDS =
  "minute, hour, day of the month, month and day of the week, e.g. '0 10 * * 1': Mondays at 10:00";

export function objectToTimeZone(input: unknown): Objection | undefined {
  if (typeof input !== 'string')
    return { problem: `must be a time zone such as Europe/Berlin, not ${describeType(input)}` };
  return objectToZone(input);
}

export function objectToSize(input: unknown): Objection | undefined {
  if (typeof input !== 'string' && typeof input !== 'number')
    return { problem: `must be a size such as 512MiB, not ${describeType(input)}` };
  if (typeof input === 'string' && parseSize(input) !== undefined) return undefined;
  const text = String(input).trim();
  if (/^\d+(\.\d+)?$/.test(text))
    return { problem: `is ${text}; a size needs a unit, e.g. 512MiB`, fix: `write ${text}MiB or ${text}GiB` };
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt])(i?)(b?)(?:ytes?)?$/i.exec(text);
  if (!match) return { problem: `is no size: ${quote(text)}`, fix: SIZE_UNITS };
  const [, number = '', prefix = '', binary, bytes] = match;
  const decimal = `${number}${prefix.toLowerCase() === 'k' ? 'k' : prefix.toUpperCase()}B`;
  const power = `${number}${prefix.toUpperCase()}iB`;
  const meant = binary !== '' ? power : bytes !== '' ? decimal : `${decimal} or ${power}`;
  const isKnown = parseSize(decimal) !== undefined;
  return { problem: `is no size: ${quote(text)}`, fix: isKnown ? `did you mean ${meant}?` : SIZE_UNITS };
}

const SIZE_UNITS = 'units are B, kB, MB, GB, TB, KiB, MiB, GiB and TiB, e.g. 512MiB';

export function objectToPort(input: unknown): Objection | undefined {
  if (typeof input === 'string' && /^\d{1,5}$/.test(input) && objectToPort(Number(input)) === undefined)
    return { problem: 'is text; a port is a number', fix: `write ${input} without quotes` };
  if (typeof input !== 'number') return { problem: `must be a port number, not ${describeType(input)}` };
  if (Number.isInteger(input) && input >= 1 && input <= 65_535) return undefined;
  return { problem: `is ${input}; a port is a whole number from 1 to 65535` };
}

/** Never quotes its input: it may be a secret, in the wrong shape or in the wrong place. */
export function objectToSecret(input: unknown, isReference: boolean): Objection | undefined {
  if (isReference || (typeof input === 'string' && input !== '')) return undefined;
  const fix = 'write ${secret:NAME} and put the value into the file secrets/NAME';
  if (input === '') return { problem: 'is empty', fix };
  return { problem: `must be text or a reference to a secret, not ${describeType(input)}`, fix };
}

export function objectToPath(input: unknown, absolute: boolean): Objection | undefined {
  if (typeof input !== 'string') return { problem: `must be a path, not ${describeType(input)}` };
  if (input.trim() === '') return { problem: 'is empty; a path is needed' };
  if (input.includes('\0')) return { problem: 'holds a NUL character, which no path can' };
  if (input === '~' || input.startsWith('~/'))
    return {
      problem: `is ${quote(input)}; nothing expands the ~ here`,
      fix: `write $\{env:HOME}${input.slice(1)}`,
    };
  if (absolute && !isAbsolute(input))
    return { problem: `is ${quote(input)}; the full path is needed, starting with /` };
  return undefined;
}

/** Credentials in a URL would be shown wherever the URL is. */
export function objectToUrl(input: unknown): Objection | undefined {
  if (typeof input !== 'string') return { problem: `must be a URL, not ${describeType(input)}` };
  const url = URL.parse(input);
  if (!url || !['http:', 'https:'].includes(url.protocol))
    return {
      problem: `is ${quote(input)}; a URL starting with http:// or https:// is needed`,
      fix: /^[\w.-]+:\d+/.test(input) ? `write http://${input}` : undefined,
    };
  if (url.username !== '' || url.password !== '')
    return { problem: 'holds a user name or a password', fix: 'use the keys `username` and `password`' };
  return undefined;
}

export function objectToVersion(input: unknown): Objection | undefined {
  if (typeof input === 'string' && /^(system|\d+\.\d+\.\d+)$/.test(input)) return undefined;
  return typeof input === 'string'
    ? { problem: `is ${quote(input)}; a whole version (3.16.0) or \`system\` is needed` }
    : {
        problem: `must be a version in quotation marks, not ${describeType(input)}`,
        fix: `write '${String(input)}'`,
      };
}

const GERMAN: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss' };

export function objectToName(input: unknown): Objection | undefined {
  if (typeof input !== 'string') return { problem: `must be a name, not ${describeType(input)}` };
  if (/^[a-z][a-z0-9-]{0,40}$/.test(input)) return undefined;
  const plain = input
    .toLowerCase()
    .replaceAll(/[äöüß]/g, (letter) => GERMAN[letter] ?? letter)
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[-0-9]+|-+$/g, '')
    .slice(0, 41);
  return {
    problem: `is ${quote(input)}; a name has 1 to 41 lower-case letters, digits and hyphens, and starts with a letter`,
    fix: plain === '' ? undefined : `did you mean ${plain}?`,
  };
}

export function describeType(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return 'a number';
  if (typeof value === 'boolean') return 'true or false';
  return 'a mapping';
}

/** A value in a message: short, on one line. */
export function quote(value: string): string {
  const line = JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"');
  return `\`${line.length > 60 ? `${line.slice(0, 57)}...` : line}\``;
}
