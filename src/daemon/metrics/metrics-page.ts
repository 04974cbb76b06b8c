import { readdir } from 'node:fs/promises';
import { readProofs, type ProofReading } from '../../history/proof-reading.ts';
import type { Clock } from '../../platform/clock.ts';
import { formatMetrics, type MetricFamily } from '../../platform/metrics-text.ts';
import type { DesiredState } from '../../runtimes/native/desired.ts';
import { ageOfProof, type ExpectedProof, isOfToday } from '../../stack/proof.ts';
import type { ComponentStatus } from '../../stack/runtime.ts';
import type { ShippingCounts } from '../log-shipping/counts.ts';
import { deliveryMetrics } from './delivery-metrics.ts';
import { family } from './family.ts';
import { jobMetrics } from './job-metrics.ts';
import { testMetrics } from './test-metrics.ts';

export interface MetricsSources {
  readonly version: string;
  /** Of the daemon's start; UTC, ISO 8601. */
  readonly since: string;
  readonly clock: Clock;
  readonly database: string;
  /** Directory in which tests say which alerts a rule shall raise. */
  readonly wantedTests: string;
  readonly counts: ShippingCounts;
  readonly desired: DesiredState | undefined;
  status(): Promise<ComponentStatus[]>;
}

/** The daemon's metrics in the text format 0.0.4. What cannot be known counts as never proven. */
export async function metricsPage(sources: MetricsSources): Promise<string> {
  const { desired, clock } = sources;
  const components = await sources.status();
  const expected = desired?.daemon?.expected ?? [];
  const readings = readAll(sources.database, expected);
  return formatMetrics([
    family('leitstand_build_info', 'gauge', 'The version that runs.', [
      { labels: { version: sources.version }, value: 1 },
    ]),
    ...proofMetrics(expected, readings, clock.now()),
    ...(await ownBackupMetrics(expected, readings, sources)),
    ...deliveryMetrics(desired?.daemon?.integrations ?? [], sources),
    ...(await jobMetrics(desired?.daemon?.jobs ?? [], sources)),
    ...(await testMetrics(sources)),
    ...componentMetrics(components, desired),
    ...shippingMetrics(sources.counts),
    ...(await processMetrics(sources.since)),
  ]);
}

type Readings = readonly (ProofReading | undefined)[];

async function ownBackupMetrics(
  expected: readonly ExpectedProof[],
  readings: Readings,
  { desired, clock }: MetricsSources,
): Promise<MetricFamily[]> {
  const names = desired?.daemon?.backupMetrics;
  if (names === undefined) return [];
  const { backupMetrics } = await import('./backup-metrics.ts');
  return backupMetrics(expected, readings, { names, now: clock.now() });
}

function proofMetrics(expected: readonly ExpectedProof[], readings: Readings, now: Date): MetricFamily[] {
  const label = ({ kind, subject }: ExpectedProof) => ({ kind, subject });
  return [
    family(
      'leitstand_proof_last_success_timestamp_seconds',
      'gauge',
      'When it was last proven, of the present configuration; 0: never.',
      expected.map((one, i) => ({ labels: label(one), value: lastSuccess(one, readings[i], now) })),
    ),
    family(
      'leitstand_proof_age_limit_seconds',
      'gauge',
      'How old the proof may become; absent before the first one.',
      expected.flatMap((one, i) => {
        const limit = readings[i]?.latest?.ageLimitMs;
        return limit === undefined ? [] : [{ labels: label(one), value: limit / 1000 }];
      }),
    ),
  ];
}

function readAll(database: string, expected: readonly ExpectedProof[]): Readings {
  try {
    return readProofs(database, expected);
  } catch {
    // A damaged or locked file: `status` says which; here nothing is proven.
    return [];
  }
}

function lastSuccess(expected: ExpectedProof, reading: ProofReading | undefined, now: Date): number {
  const proof = reading?.latestProven;
  if (!proof || !isOfToday(expected, proof)) return 0;
  return ageOfProof(proof, now) === undefined ? 0 : Date.parse(proof.at) / 1000;
}

function componentMetrics(
  components: readonly ComponentStatus[],
  desired: DesiredState | undefined,
): MetricFamily[] {
  const limits = new Map(desired?.components.map((one) => [one.component, one.memoryLimit]));
  const each = (value: (component: ComponentStatus) => number) =>
    components.map((one) => ({ labels: { component: one.component }, value: value(one) }));
  return [
    family(
      'leitstand_component_ready',
      'gauge',
      '1 when the component answered its last readiness probe.',
      each(({ state }) => (state === 'ready' ? 1 : 0)),
    ),
    family(
      'leitstand_component_restarts_total',
      'counter',
      'Restarts after crashes since the component was started on purpose.',
      each(({ restarts }) => restarts),
    ),
    family(
      'leitstand_component_memory_limit_bytes',
      'gauge',
      'Memory that the component should stay below; 0: no limit.',
      each(({ component }) => limits.get(component) ?? 0),
    ),
    family(
      'leitstand_component_resident_bytes',
      'gauge',
      'Resident memory of the process of the component; 0: it does not run.',
      each(({ residentBytes }) => residentBytes ?? 0),
    ),
  ];
}

function shippingMetrics(counts: ShippingCounts): MetricFamily[] {
  return [
    family(
      'leitstand_log_shipping_lag_seconds',
      'gauge',
      'Time since every line written had been taken by the log store; 0 without one.',
      [{ labels: {}, value: counts.lagMs / 1000 }],
    ),
    family('leitstand_log_lines_shipped_total', 'counter', 'Lines that the log store took.', [
      { labels: {}, value: counts.shipped },
    ]),
    family(
      'leitstand_log_lines_dropped_total',
      'counter',
      'Lines that never reached the log store.',
      [...counts.dropped].map(([reason, value]) => ({ labels: { reason }, value })),
    ),
  ];
}

async function processMetrics(since: string): Promise<MetricFamily[]> {
  const { user, system } = process.cpuUsage();
  const descriptors = await readdir('/proc/self/fd').catch(() => undefined);
  const one = (value: number) => [{ labels: {}, value }];
  return [
    family('process_cpu_seconds_total', 'counter', 'CPU time of the daemon.', one((user + system) / 1e6)),
    family(
      'process_resident_memory_bytes',
      'gauge',
      'Resident memory of the daemon.',
      one(process.memoryUsage.rss()),
    ),
    family(
      'process_start_time_seconds',
      'gauge',
      'When the daemon was started.',
      one(Date.parse(since) / 1000),
    ),
    ...(descriptors
      ? [family('process_open_fds', 'gauge', 'Open file descriptors of the daemon.', one(descriptors.length))]
      : []),
  ];
}
