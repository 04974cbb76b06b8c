const DURATION_UNITS = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};
const SIZE_UNITS = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

export type DurationText = `${number}${keyof typeof DURATION_UNITS}`;

/**
 * Prometheus' own duration syntax (`1d12h`, `90s`, `500ms`; units in falling order, each once; a year is 365 d):
 * prometheus/common `model/time.go`. Returns milliseconds, or undefined when the text is no duration.
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/.exec(text);
  if (!match || text === '') return undefined;
  const units = ['y', 'w', 'd', 'h', 'm', 's', 'ms'] as const;
  const total = units.reduce((sum, unit, i) => sum + Number(match[i + 1] ?? 0) * DURATION_UNITS[unit], 0);
  return Number.isSafeInteger(total) ? total : undefined;
}

/** The text of a duration that a schema has already accepted; throws a bug, not a user error. */
export function durationMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new TypeError(`not a duration: ${text}`);
  return ms;
}

/** Milliseconds in Prometheus' syntax, exact: `formatDuration(5_400_000)` is `1h30m`. */
export function formatDuration(ms: number): string {
  let rest = Math.round(ms);
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const count = Math.floor(rest / DURATION_UNITS[unit]);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * DURATION_UNITS[unit];
  }
  return text === '' ? '0s' : text;
}

/** Bytes of `512MiB`, `1GiB`, `10GB`; a number alone is refused, since its unit would be a guess. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s?([kMGT]?B|[KMGT]iB)$/.exec(text);
  const unit = match?.[2] as keyof typeof SIZE_UNITS | undefined;
  if (!match || !unit || !(unit in SIZE_UNITS)) return undefined;
  const bytes = Math.round(Number(match[1]) * SIZE_UNITS[unit]);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

export function sizeBytes(text: string): number {
  const bytes = parseSize(text);
  if (bytes === undefined) throw new TypeError(`not a size: ${text}`);
  return bytes;
}

/** Bytes for people: `1.5 MiB`. */
export function formatSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let value = bytes;
  for (const unit of ['KiB', 'MiB', 'GiB', 'TiB']) {
    value /= 1024;
    if (value < 1023.95 || unit === 'TiB') return `${value.toFixed(1)} ${unit}`;
  }
  return `${bytes} B`;
}

/** A measured time for people: `340 ms`, `4.2 s`, `3m20s`. */
export function formatElapsed(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return formatDuration(Math.round(ms / 1000) * 1000);
}

/** `1 file`, `2 files`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
