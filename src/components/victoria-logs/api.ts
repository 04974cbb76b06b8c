import { canonicalJson } from '../../platform/canonical-json.ts';
import type { Address } from '../../stack/connection.ts';
import { Hits, StatsVector, Texts } from './api/schema.ts';
import {
  type Ask,
  askJson,
  askRows,
  exchange,
  notVictoriaLogs,
  partitionRefused,
  queryRefused,
} from './api/transport.ts';

/** Above -search.maxQueryDuration as the plan sets it (2 min), so that its own answer arrives. */
const QUERY_TIMEOUT_MS = 150_000;
/** Flushes what is in memory, then hard-links: seconds even under load, minutes on slow disks. */
const SNAPSHOT_TIMEOUT_MS = 600_000;

/** Field → value; `_time` (RFC 3339, up to nanoseconds), `_msg`, `_stream`, `_stream_id` and the log's own fields. */
export type LogRow = Readonly<Record<string, string>>;

export interface TimeRange {
  /** RFC 3339, up to nanoseconds; inclusive. Absent: from the beginning. */
  readonly start?: string | undefined;
  /** RFC 3339, up to nanoseconds; exclusive. Absent: to the end. */
  readonly end?: string | undefined;
}

export interface StatsRow {
  /** The fields it was grouped by. */
  readonly labels: Readonly<Record<string, string>>;
  /** Name of a function's result → its value, as VictoriaLogs writes it. */
  readonly values: Readonly<Record<string, string>>;
}

export interface HitsRow {
  readonly fields: Readonly<Record<string, string>>;
  /** Start of each step, RFC 3339; steps without a line are left out. */
  readonly timestamps: readonly string[];
  readonly values: readonly number[];
  readonly total: number;
}

/**
 * Typed client of one VictoriaLogs, wherever it runs. Every member rejects with LS-VICTORIALOGS-001 (not reached),
 * -002 (401, 403), -003 (not VictoriaLogs) or with the reason of `signal`. What was pushed within the last second
 * may be found by no query and be in no snapshot yet; what a query finds, the next snapshot holds.
 */
export interface VictoriaLogsApi {
  /** False while it starts or stops; it was reached in any case. */
  healthy(): Promise<boolean>;
  /** The rows of a LogsQL query in the order of the query, unsorted without a `sort` pipe. Rejects with -004, -005. */
  query(logsQl: string, range?: TimeRange): AsyncGenerator<LogRow>;
  /** A query that ends with a `stats` pipe. Rejects with -004. */
  statsQuery(logsQl: string, range?: TimeRange): Promise<StatsRow[]>;
  /** Lines of `filter` (default: all) in the range. Rejects with -004. */
  count(range?: TimeRange, filter?: string): Promise<number>;
  /** Lines a step (`1d`, `1h`) of `filter`. Rejects with -004. */
  hits(filter: string, step: string, range?: TimeRange): Promise<HitsRow[]>;
  /** Names of the attached partitions, `YYYYMMDD` (UTC days); none on an empty server. */
  partitions(): Promise<string[]>;
  /**
   * Makes a snapshot of every partition whose name begins with the prefix (default: all), lines in memory included.
   * Returns their absolute paths on its machine: none on an empty server. Rejects with -006.
   * VictoriaLogs deletes forgotten ones after -snapshotsMaxAge (3 days).
   */
  createSnapshots(partitionPrefix?: string): Promise<string[]>;
  snapshots(): Promise<string[]>;
  /** `path` as `createSnapshots` returned it. Rejects with -006, also for one that is not there. */
  deleteSnapshot(path: string): Promise<void>;
  /** Opens the directory `partitions/<name>`. Rejects with -006; outside of the retention the data is gone then. */
  attachPartition(name: string): Promise<void>;
  /** Lets go of the directory and leaves it where it is. Rejects with -006. */
  detachPartition(name: string): Promise<void>;
  /** The flags that were set at its start, secrets masked: `retentionPeriod` → `90d`. */
  flags(): Promise<Readonly<Record<string, string>>>;
  /** Empty text when the build does not say. */
  version(): Promise<string>;
  /** The server's own metrics, in the text format. */
  metrics(): Promise<string>;
}

/** The base URL may hold a path prefix and a user and password. */
export function createVictoriaLogsApi(base: Address, signal?: AbortSignal): VictoriaLogsApi {
  const ask = (params: NonNullable<Ask['params']>): Ask => ({ params, timeoutMs: QUERY_TIMEOUT_MS, signal });
  const statsQuery = async (query: string, range: TimeRange = {}) => {
    const path = 'select/logsql/stats_query';
    return statsRows(await askJson(base, path, StatsVector, queryRefused, ask({ query, ...range })));
  };
  const texts = (call: string, params: NonNullable<Ask['params']> = {}) =>
    askJson(base, `internal/partition/${call}`, Texts, partitionRefused, {
      params,
      timeoutMs: SNAPSHOT_TIMEOUT_MS,
      signal,
    });
  const act = async (call: string, params: Readonly<Record<string, string>>) => {
    const { status, body } = await exchange(base, `internal/partition/${call}`, {
      params,
      timeoutMs: SNAPSHOT_TIMEOUT_MS,
      signal,
    });
    if (status !== 200 && status !== 204) throw partitionRefused(base, status, body.trim().slice(0, 500));
  };
  const page = async (path: string) => {
    const { status, body } = await exchange(base, path, { signal });
    if (status !== 200) throw notVictoriaLogs(base, path, status, body);
    return body;
  };
  return {
    healthy: async () => (await exchange(base, 'health', { signal })).status === 200,
    query: (query, range = {}) => askRows(base, 'select/logsql/query', ask({ query, ...range })),
    statsQuery,
    count: async (range = {}, filter = '*') => {
      const [row] = await statsQuery(`${filter} | stats count() lines`, range);
      return Number(row?.values['lines'] ?? 0);
    },
    hits: async (query, step, range = {}) =>
      (await askJson(base, 'select/logsql/hits', Hits, queryRefused, ask({ query, step, ...range }))).hits,
    partitions: () => texts('list'),
    createSnapshots: (prefix) => texts('snapshot/create', { partition_prefix: prefix }),
    snapshots: () => texts('snapshot/list'),
    deleteSnapshot: (path) => act('snapshot/delete', { path }),
    attachPartition: (name) => act('attach', { name }),
    detachPartition: (name) => act('detach', { name }),
    flags: async () =>
      Object.fromEntries(
        [...(await page('flags')).matchAll(/^-([\w.]+)="(.*)"$/gm)].map(([, name = '', value = '']) => [
          name,
          value,
        ]),
      ),
    version: async () =>
      /^vm_app_version\{.*short_version="v?([^"]*)"/m.exec(await page('metrics'))?.[1] ?? '',
    metrics: () => page('metrics'),
  };
}

/** VictoriaLogs gives one entry a function and group; here is one row a group. */
function statsRows({ data }: { data: { result: readonly StatsEntry[] } }): StatsRow[] {
  const rows = new Map<string, { labels: Record<string, string>; values: Record<string, string> }>();
  for (const { metric, value } of data.result) {
    const { __name__: name = '', ...labels } = metric;
    const key = canonicalJson(labels);
    const row = rows.get(key) ?? { labels, values: {} };
    row.values[name] = value[1];
    rows.set(key, row);
  }
  return [...rows.values()];
}

interface StatsEntry {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}
