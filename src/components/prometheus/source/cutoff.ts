import { parse } from 'yaml';
import { z } from 'zod';
import { parseDuration } from '../../../platform/units.ts';
import type { PrometheusApi } from '../api.ts';

/** Used when neither a scrape nor a rule says how late samples may be. */
const DEFAULT_LATENESS_MS = 10_000;
/** From the end of a scrape to its commit, on a busy machine. */
const COMMIT_MARGIN_MS = 2_000;

const LoadedConfig = z.object({
  scrape_configs: z.array(z.object({ scrape_timeout: z.string().optional() })).nullish(),
  storage: z
    .object({ tsdb: z.object({ out_of_order_time_window: z.string().optional() }).nullish() })
    .nullish(),
});

/** What the loaded configuration says about time; milliseconds. */
export interface Timing {
  /** A sample may be stored this much later than its timestamp says. */
  readonly lateness: number;
  readonly outOfOrderWindow: number;
  /** It has something to scrape: an empty server will not stay empty. */
  readonly scrapes: boolean;
}

export async function readTiming(api: PrometheusApi): Promise<Timing> {
  return timing(await api.config(), await api.ruleGroups());
}

/**
 * A scrape's samples carry the time it began and are stored when it ended (at most its timeout later); a rule
 * group's carry the time of the evaluation and are stored as it goes, normally within its interval.
 */
export function timing(
  config: string,
  groups: readonly { readonly interval: number; readonly evaluationTime?: number | undefined }[],
): Timing {
  const loaded = LoadedConfig.safeParse(parse(config) ?? {}).data;
  const delays = [
    ...(loaded?.scrape_configs ?? []).map(({ scrape_timeout }) => parseDuration(scrape_timeout ?? '')),
    ...groups.map((group) => Math.max(group.interval, group.evaluationTime ?? 0) * 1000),
  ].filter((delay) => delay !== undefined);
  const longest = delays.length > 0 ? Math.max(...delays) : DEFAULT_LATENESS_MS;
  return {
    lateness: Math.ceil(longest) + COMMIT_MARGIN_MS,
    scrapes: (loaded?.scrape_configs ?? []).length > 0,
    outOfOrderWindow: parseDuration(loaded?.storage?.tsdb?.out_of_order_time_window ?? '') ?? 0,
  };
}
