import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from '../../../platform/canonical-json.ts';
import { LeitstandError } from '../../../platform/errors.ts';
import type { PrometheusApi, RawSeries } from '../api.ts';
import { type RangeStart, rangeText, type Window } from './windows.ts';

/** Metrics asked in one query; bounds the number of requests and the length of a query. */
const METRICS_PER_QUERY = 50;
/** Raw samples asked in one query: about 3 MB of JSON. */
const SAMPLES_PER_QUERY = 100_000;

/** Answers by metric name, and the words of Prometheus for those it could not read. */
export interface Answers<Value> {
  readonly values: ReadonlyMap<string, Value>;
  readonly failures: ReadonlyMap<string, string>;
}

export interface Questions {
  readonly api: PrometheusApi;
  readonly rangeStart: RangeStart;
}

/** Exact number of samples of each metric in the window; metrics without one are absent. */
export function countSamples(
  { api, rangeStart }: Questions,
  window: Window,
  names: readonly string[],
): Promise<Answers<number>> {
  const range = rangeText(window, rangeStart);
  if (range === undefined) return Promise.resolve({ values: new Map(), failures: new Map() });
  return askInBatches(batchesOf(names, METRICS_PER_QUERY), async (batch) => {
    const answer = await api.queryVector(countQuery(batch, range), window.to);
    const counts = new Map<string, number>();
    for (const { labels, value } of answer) {
      const name = batch[Number(labels['i'])];
      if (name !== undefined) counts.set(name, Number(value));
    }
    return counts;
  });
}

/**
 * One query for many metrics. A sum over all names at once fails ("same labelset"), since a range function drops
 * the name; an index as label instead of the name, since a replacement text gives `$` a meaning.
 */
export function countQuery(names: readonly string[], range: string): string {
  return names
    .map((name, i) => {
      const count = `sum(count_over_time({__name__=${promqlString(name)}}${range}))`;
      return `label_replace(${count}, "i", "${i}", "", "")`;
    })
    .join(' or ');
}

function promqlString(text: string): string {
  return JSON.stringify(text);
}

/** SHA-256 of the raw samples of each metric in the window; `counts` bounds what one query asks for. */
export function hashSamples(
  { api, rangeStart }: Questions,
  window: Window,
  counts: ReadonlyMap<string, number>,
): Promise<Answers<string>> {
  const range = rangeText(window, rangeStart);
  if (range === undefined) return Promise.resolve({ values: new Map(), failures: new Map() });
  return askInBatches(batchesBySamples(counts), async (batch) => {
    const pattern = promqlString(batch.map(escapeRegex).join('|'));
    const series = await api.queryRaw(`{__name__=~${pattern}}${range}`, window.to);
    const byName = Map.groupBy(series, ({ labels }) => labels['__name__'] ?? '');
    return new Map([...byName].map(([name, members]) => [name, hashSeries(members)]));
  });
}

/**
 * The content of a metric as one hash: series in the order of their canonical labels; each as its labels and one
 * line a sample, `<ms> <value>` with the value as Prometheus writes it, histograms as canonical JSON.
 */
export function hashSeries(series: readonly RawSeries[]): string {
  const hash = createHash('sha256');
  const ordered = series
    .map((one) => ({ one, key: canonicalJson(one.labels) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  for (const { one, key } of ordered) {
    const lines = [key];
    for (const [time, value] of one.values) lines.push(`${milliseconds(time)} ${String(value)}`);
    for (const [time, value] of one.histograms)
      lines.push(`${milliseconds(time)} ${canonicalJson(value as Json)}`);
    hash.update(`${lines.join('\n')}\n`);
  }
  return hash.digest('hex');
}

function milliseconds(seconds: number): number {
  return Math.round(seconds * 1000);
}

/** A batch that fails is asked again one by one, so that a damaged metric is named and hides no other. */
async function askInBatches<Value>(
  batches: readonly (readonly string[])[],
  ask: (batch: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
): Promise<Answers<Value>> {
  const values = new Map<string, Value>();
  const failures = new Map<string, string>();
  const askOne = async (batch: readonly string[]): Promise<void> => {
    try {
      for (const [name, value] of await ask(batch)) values.set(name, value);
    } catch (error) {
      if (!(error instanceof LeitstandError) || error.code !== 'LS-PROMETHEUS-004') throw error;
      const [only] = batch;
      if (batch.length > 1) for (const name of batch) await askOne([name]);
      else if (only !== undefined) failures.set(only, error.details.why ?? error.details.what);
    }
  };
  for (const batch of batches) await askOne(batch);
  return { values, failures };
}

function batchesOf(names: readonly string[], size: number): string[][] {
  const batches: string[][] = [];
  for (let i = 0; i < names.length; i += size) batches.push(names.slice(i, i + size));
  return batches;
}

export function batchesBySamples(counts: ReadonlyMap<string, number>): string[][] {
  const batches: string[][] = [];
  let current: string[] = [];
  let samples = 0;
  for (const [name, count] of counts) {
    if (current.length > 0 && (samples + count > SAMPLES_PER_QUERY || current.length >= METRICS_PER_QUERY)) {
      batches.push(current);
      [current, samples] = [[], 0];
    }
    current.push(name);
    samples += count;
  }
  if (current.length > 0) batches.push(current);
  return batches;
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/**
 * The metrics whose content is hashed: all, when they hold no more than `budget` samples together; else a
 * sample that is the same for the same names, in the order of their hashes, so that it favours no prefix.
 */
export function metricsToHash(counts: ReadonlyMap<string, number>, budget: number): Map<string, number> {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (total <= budget) return new Map(counts);
  const order = [...counts]
    .map(([name, count]) => ({ name, count, key: createHash('sha256').update(name).digest('hex') }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const chosen = new Map<string, number>();
  let left = budget;
  for (const { name, count } of order) {
    if (count > left) continue;
    chosen.set(name, count);
    left -= count;
  }
  const smallest = order.toSorted((a, b) => a.count - b.count)[0];
  if (chosen.size === 0 && smallest) chosen.set(smallest.name, smallest.count);
  return chosen;
}
