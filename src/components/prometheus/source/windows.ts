import type { Block, PrometheusApi } from '../api.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A stretch of time that is compared: samples with `from < time <= to`, milliseconds. */
export interface Window {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/**
 * `newest`: the whole newest block, so that nothing in it can be missing unnoticed. `day`: one hour, a day
 * before the cut-off; empty on a young server, and then compared as empty. `oldest`: the first hour of the oldest
 * block; left out when the newest block is the oldest, whose window holds it.
 */
export function comparedWindows(blocks: readonly Block[], cutoff: number): Window[] {
  const byAge = blocks.toSorted((a, b) => a.minTime - b.minTime);
  const [oldest, newest] = [byAge[0], byAge.at(-1)];
  if (!oldest || !newest) return [];
  const start = oldest.minTime - 1;
  return [
    { name: 'newest', from: newest.minTime - 1, to: cutoff },
    { name: 'day', from: cutoff - DAY - HOUR, to: cutoff - DAY },
    ...(oldest === newest ? [] : [{ name: 'oldest', from: start, to: Math.min(start + HOUR, cutoff) }]),
  ];
}

export function lastHour(window: Window): Window {
  return { ...window, from: Math.max(window.from, window.to - HOUR) };
}

export type RangeStart = 'inclusive' | 'exclusive';

/**
 * Since 3.0 a range excludes its start (prometheus/prometheus#13904). Asked, not derived from a version: some
 * builds do not know theirs.
 */
export async function rangeStart(api: PrometheusApi): Promise<RangeStart> {
  const [answer] = await api.queryVector('count_over_time(vector(1)[1s:1s])', 10_000);
  return answer?.value === '2' ? 'inclusive' : 'exclusive';
}

/** The range selector that means `window` on this server; undefined when it can hold no sample. */
export function rangeText(window: Window, start: RangeStart): string | undefined {
  const length = window.to - window.from - (start === 'inclusive' ? 1 : 0);
  return length > 0 ? `[${length}ms]` : undefined;
}
