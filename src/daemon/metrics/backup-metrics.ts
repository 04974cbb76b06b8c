import { backupFamilies, type MetricNames } from '../../backup/metrics/families.ts';
import { repositoryFamilies } from '../../backup/metrics/repository-families.ts';
import { VERIFY_SUBJECT } from '../../backup/verify-proof.ts';
import type { ProofReading } from '../../history/proof-reading.ts';
import type { MetricFamily } from '../../platform/metrics-text.ts';
import type { ExpectedProof } from '../../stack/proof.ts';

const NEVER: ProofReading = { latest: undefined, latestProven: undefined };

/**
 * What the Pushgateway and node_exporter are told after a backup as well, as it is now. `readings`: of the expected
 * proofs, in their order; one that is not there counts as never.
 */
export function backupMetrics(
  expected: readonly ExpectedProof[],
  readings: readonly (ProofReading | undefined)[],
  { names, now }: { readonly names: MetricNames; readonly now: Date },
): MetricFamily[] {
  const of = (wanted: string) =>
    expected.flatMap(({ kind, subject }, i) =>
      kind === wanted ? [{ source: subject, ...(readings[i] ?? NEVER) }] : [],
    );
  const verified = of('verify').find(({ source }) => source === VERIFY_SUBJECT);
  return [
    ...backupFamilies(of('backup'), names),
    ...(verified === undefined ? [] : repositoryFamilies(verified, now)),
  ];
}
