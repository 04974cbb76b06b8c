import { join } from 'node:path';
import { exists } from '../../../platform/files.ts';
import { formatDuration } from '../../../platform/units.ts';
import type { PrometheusApi } from '../api.ts';

export interface OutOfOrder {
  /** Samples may be in memory that a snapshot does not hold. */
  readonly possible: boolean;
  readonly loss: readonly string[];
}

/**
 * A snapshot writes only the in-order part of the head (tsdb/db.go, RangeHead): out-of-order samples in memory
 * are not in it, and exemplars are in no block at all.
 */
export async function outOfOrderLoss(
  api: PrometheusApi,
  dataDir: string,
  window: number,
): Promise<OutOfOrder> {
  if (window === 0 && !(await exists(join(dataDir, 'wbl')))) return { possible: false, loss: [] };
  const accepted = metricValue(
    await api.metrics(),
    'prometheus_tsdb_head_out_of_order_samples_appended_total',
  );
  const setting = window > 0 ? `out_of_order_time_window is ${formatDuration(window)}` : 'a wbl exists';
  const since =
    accepted === undefined ? '' : `; ${accepted} such samples were accepted since Prometheus started`;
  return {
    // None accepted in this process still leaves those replayed from the write-behind log.
    possible: true,
    loss: [`out-of-order samples that were still in memory are not in the backup (${setting}${since})`],
  };
}

export async function exemplarLoss(api: PrometheusApi): Promise<string[]> {
  const features = (await api.flags())['enable-feature'] ?? '';
  return features.split(',').includes('exemplar-storage')
    ? ['exemplars are kept in memory only and are not in the backup']
    : [];
}

/** How often retention has deleted blocks; a change during a capture spoils what was sealed. */
export async function retentionRuns(api: PrometheusApi): Promise<number> {
  const text = await api.metrics();
  return (
    (metricValue(text, 'prometheus_tsdb_time_retentions_total') ?? 0) +
    (metricValue(text, 'prometheus_tsdb_size_retentions_total') ?? 0)
  );
}

/** The sum over all series of a metric in the text format; undefined when there is none. */
export function metricValue(text: string, name: string): number | undefined {
  let sum: number | undefined;
  for (const line of text.split('\n')) {
    if (!line.startsWith(name)) continue;
    const value = /^(?:\{.*\})? (\S+)/.exec(line.slice(name.length))?.[1];
    if (value !== undefined) sum = (sum ?? 0) + Number(value);
  }
  return sum;
}
