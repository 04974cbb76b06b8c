import type { z } from 'zod';
import type { Address } from '../../stack/connection.ts';
import {
  type BlockMeta,
  Blocks,
  BuildInfo,
  Config,
  Flags,
  LoadedRules,
  Matrix,
  Names,
  RuleGroups,
  RuntimeInfo,
  Snapshot,
  Vector,
} from './api/schema.ts';
import { type Ask, askApi, exchange, notPrometheus } from './api/transport.ts';

/** Above Prometheus' own default --query.timeout (2 min), so that its answer arrives. */
const QUERY_TIMEOUT_MS = 150_000;
/** A snapshot hard-links, but first writes the head: seconds on large servers, minutes on slow disks. */
const SNAPSHOT_TIMEOUT_MS = 600_000;

export type Block = z.output<typeof BlockMeta>;
export type Labels = Readonly<Record<string, string>>;

export interface VectorSample {
  readonly labels: Labels;
  /** As Prometheus writes it: `1.5`, `+Inf`, `NaN`. */
  readonly value: string;
}

export interface RawSeries {
  readonly labels: Labels;
  /** [seconds, value as text], oldest first. */
  readonly values: readonly (readonly [number, unknown])[];
  /** [seconds, native histogram]. */
  readonly histograms: readonly (readonly [number, unknown])[];
}

export interface TimeRange {
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
}

/**
 * Typed client of one Prometheus, wherever it runs. Every member rejects with LS-PROMETHEUS-001 (not reached),
 * -002 (401, 403), -006 (not Prometheus) or with the reason of `signal`.
 */
export interface PrometheusApi {
  /** False while it starts or stops; it was reached in any case. */
  ready(): Promise<boolean>;
  /** Instant query of a vector at `time` (ms). Rejects with -004 (its own text) or -005 (a limit). */
  queryVector(expression: string, time: number): Promise<VectorSample[]>;
  /** Raw samples of a range selector (`up[5m]`) up to `time` (ms). Rejects as `queryVector`. */
  queryRaw(selector: string, time: number): Promise<RawSeries[]>;
  /** Names of metrics with a chunk in the range: may name some that have no sample in it, never too few. */
  metricNames(range: TimeRange): Promise<string[]>;
  /**
   * Makes a TSDB snapshot, head included, and returns its name: a directory `snapshots/<name>` in the data
   * directory that nobody but the caller removes. An empty server succeeds with an empty directory.
   * Rejects with -003 (admin API off) or -008 (failed).
   */
  snapshot(): Promise<string>;
  runtimeInfo(): Promise<z.output<typeof RuntimeInfo>>;
  /** Empty text when the build does not say. */
  version(): Promise<string>;
  flags(): Promise<Readonly<Record<string, string>>>;
  /** The loaded configuration as YAML, secrets masked. */
  config(): Promise<string>;
  /** Intervals and last durations of the rule groups, in seconds. */
  ruleGroups(): Promise<z.output<typeof RuleGroups>['groups']>;
  /** The rule groups as they are loaded, file by file. */
  loadedRules(): Promise<z.output<typeof LoadedRules>['groups']>;
  /** The loaded blocks; undefined before 3.6, which does not say. */
  blocks(): Promise<Block[] | undefined>;
  /** The server's own metrics, in the text format. */
  metrics(): Promise<string>;
}

/** The base URL may hold a path prefix and a user and password. */
export function createPrometheusApi(base: Address, signal?: AbortSignal): PrometheusApi {
  const known = async <Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    ask: Ask = {},
  ): Promise<z.output<Schema>> => {
    const data = await askApi(base, path, schema, { signal, ...ask });
    if (data === undefined) throw notPrometheus(base, path, { status: 404, headers: {}, body: 'not found' });
    return data;
  };
  const query = <Schema extends z.ZodType>(schema: Schema, expression: string, time: number) =>
    known('api/v1/query', schema, {
      method: 'POST',
      params: { query: expression, time: seconds(time) },
      timeoutMs: QUERY_TIMEOUT_MS,
    });
  return {
    ready: async () => (await exchange(base, '-/ready', { signal })).status === 200,
    queryVector: async (expression, time) =>
      (await query(Vector, expression, time)).result.map(({ metric, value }) => ({
        labels: metric,
        value: value?.[1] ?? '',
      })),
    queryRaw: async (selector, time) =>
      (await query(Matrix, selector, time)).result.map(({ metric, values, histograms }) => ({
        labels: metric,
        values: values ?? [],
        histograms: histograms ?? [],
      })),
    metricNames: ({ start, end }) =>
      known('api/v1/label/__name__/values', Names, {
        params: { start: seconds(start), end: seconds(end) },
        timeoutMs: QUERY_TIMEOUT_MS,
      }),
    snapshot: async () =>
      (
        await known('api/v1/admin/tsdb/snapshot', Snapshot, {
          method: 'POST',
          timeoutMs: SNAPSHOT_TIMEOUT_MS,
        })
      ).name,
    runtimeInfo: () => known('api/v1/status/runtimeinfo', RuntimeInfo),
    version: async () => (await known('api/v1/status/buildinfo', BuildInfo)).version,
    flags: () => known('api/v1/status/flags', Flags),
    config: async () => (await known('api/v1/status/config', Config)).yaml,
    ruleGroups: async () => (await known('api/v1/rules', RuleGroups)).groups,
    loadedRules: async () => (await known('api/v1/rules', LoadedRules)).groups,
    blocks: async () => {
      const data = await askApi(base, 'api/v1/status/tsdb/blocks', Blocks, { signal });
      return data && (data.blocks ?? []);
    },
    metrics: async () => {
      const response = await exchange(base, 'metrics', { signal });
      if (response.status !== 200) throw notPrometheus(base, 'metrics', response);
      return response.body;
    },
  };
}

/** Prometheus takes seconds with a fraction; milliseconds are its resolution. */
function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
