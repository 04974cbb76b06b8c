import type { MetricFamily } from '../../platform/metrics-text.ts';
import type { Proof } from '../../stack/proof.ts';

/** What is on record of one source's backups. */
export interface BackupReading {
  readonly source: string;
  readonly latest: Proof | undefined;
  /** The newest that was made; a later attempt may have failed. */
  readonly latestProven: Proof | undefined;
}

export interface MetricNames {
  /** Of the three metrics about the whole backup: `sva` makes `sva_backup_timestamp`. */
  readonly prefix: string;
  /** Their label `service`. */
  readonly service: string;
}

/**
 * The same figures wherever they are asked for: the daemon's page, the Pushgateway, a file for node_exporter. A failed
 * attempt takes nothing away: the last success stays, and shows its age. 0 for never.
 */
export function backupFamilies(
  readings: readonly BackupReading[],
  { prefix, service }: MetricNames,
): MetricFamily[] {
  return [
    ...wholeFamilies(readings, prefix, service),
    ...attemptFamilies(readings),
    ...successFamilies(readings),
  ];
}

function wholeFamilies(readings: readonly BackupReading[], prefix: string, service: string): MetricFamily[] {
  const whole = (value: number) => [{ labels: { service }, value }];
  const total = (fact: string) =>
    readings.reduce((sum, { latestProven }) => sum + factOf(latestProven, fact), 0);
  // A backup without one of its sources is none.
  const oldest =
    readings.length === 0 ? 0 : Math.min(...readings.map(({ latestProven }) => seconds(latestProven)));
  return [
    gauge(`${prefix}_backup_timestamp`, 'When the last complete backup was made; 0: never.', whole(oldest)),
    gauge(
      `${prefix}_backup_duration_seconds`,
      'How long the last backup took, over all sources.',
      whole(total('elapsedMs') / 1000),
    ),
    gauge(
      `${prefix}_backup_size_bytes`,
      'Bytes of the files in the last backup, over all sources, before compression.',
      whole(total('bytes')),
    ),
  ];
}

type Value = (reading: BackupReading) => number;

function eachOf(readings: readonly BackupReading[]) {
  return (value: Value) =>
    readings.map((reading) => ({ labels: { source: reading.source }, value: value(reading) }));
}

function attemptFamilies(readings: readonly BackupReading[]): MetricFamily[] {
  const each = eachOf(readings);
  return [
    gauge(
      'leitstand_backup_last_attempt_timestamp_seconds',
      'When a backup of the source was last tried; 0: never.',
      each(({ latest }) => seconds(latest)),
    ),
    gauge(
      'leitstand_backup_last_attempt_failed',
      '1 when the last attempt failed.',
      each(({ latest }) => (latest === undefined || latest.verdict === 'proven' ? 0 : 1)),
    ),
    gauge(
      'leitstand_backup_last_attempt_store_failed',
      '1 when it failed at the store: not reached, credentials refused, full, or not there.',
      each(({ latest }) => (failedAtStore(latest) ? 1 : 0)),
    ),
  ];
}

function successFamilies(readings: readonly BackupReading[]): MetricFamily[] {
  const each = eachOf(readings);
  return [
    gauge(
      'leitstand_backup_last_success_timestamp_seconds',
      'When the last backup of the source was made; 0: never.',
      each(({ latestProven }) => seconds(latestProven)),
    ),
    gauge(
      'leitstand_backup_duration_seconds',
      'How long the last backup of the source took.',
      each(({ latestProven }) => factOf(latestProven, 'elapsedMs') / 1000),
    ),
    gauge(
      'leitstand_backup_size_bytes',
      'Bytes of the files in the last backup of the source, before compression.',
      each(({ latestProven }) => factOf(latestProven, 'bytes')),
    ),
    gauge(
      'leitstand_backup_new_bytes',
      'Bytes that the last backup of the source added to the repository.',
      each(({ latestProven }) => factOf(latestProven, 'newBytes')),
    ),
    gauge(
      'leitstand_backup_files',
      'Files in the last backup of the source.',
      each(({ latestProven }) => factOf(latestProven, 'files')),
    ),
  ];
}

function gauge(name: string, help: string, samples: MetricFamily['samples']): MetricFamily {
  return { name, type: 'gauge', help, samples };
}

function seconds(proof: Proof | undefined): number {
  return proof === undefined ? 0 : Date.parse(proof.at) / 1000;
}

/** No repository, full, refused by the system, and what an S3 store says; the place of earlier backups is empty. */
const STORE_FAILURE = /^LS-(?:REPO-0(?:01|06|07|20|21|22|23|24|25)|CLI-007)$/;

function failedAtStore(proof: Proof | undefined): boolean {
  if (proof === undefined || proof.verdict === 'proven') return false;
  const { error } = (proof.facts ?? {}) as { readonly error?: { readonly code?: unknown } };
  return typeof error?.code === 'string' && STORE_FAILURE.test(error.code);
}

function factOf(proof: Proof | undefined, fact: string): number {
  const value = ((proof?.facts ?? {}) as Readonly<Record<string, unknown>>)[fact];
  return typeof value === 'number' ? value : 0;
}
