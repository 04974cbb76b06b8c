import type { MetricFamily } from '../../platform/metrics-text.ts';
import type { Proof } from '../../stack/proof.ts';

/** What is on record of the reading back of the repository. */
export interface RepositoryReading {
  readonly latest: Proof | undefined;
}

/**
 * Of the last verification. The age grows with every look at it; whoever keeps it (a Pushgateway) has the time beside it,
 * which does not become wrong. Before the first verification nothing is verified: 0 for the time, +Inf for the age.
 */
export function repositoryFamilies({ latest }: RepositoryReading, now: Date): MetricFamily[] {
  const facts = factsOf(latest);
  const oldestAt =
    typeof facts.oldestUnverifiedAt === 'string' ? Date.parse(facts.oldestUnverifiedAt) : undefined;
  const whenEmpty = latest === undefined ? undefined : now.getTime();
  const oldest = oldestAt ?? whenEmpty;
  return [
    gauge(
      'leitstand_repository_oldest_unverified_seconds',
      'How long ago the stored byte was read back or came that was not read since for the longest time.',
      oldest === undefined ? Number.POSITIVE_INFINITY : Math.max(0, (now.getTime() - oldest) / 1000),
    ),
    gauge(
      'leitstand_repository_oldest_unverified_timestamp_seconds',
      'When that was; 0: the repository was never verified.',
      oldest === undefined ? 0 : oldest / 1000,
    ),
    gauge(
      'leitstand_repository_last_verify_timestamp_seconds',
      'When the repository was last verified, whatever came out; 0: never.',
      latest === undefined ? 0 : Date.parse(latest.at) / 1000,
    ),
    gauge(
      'leitstand_repository_damaged_objects',
      'Packs and lists that were last found damaged or missing.',
      numberOf(facts.damagedObjects),
    ),
    gauge(
      'leitstand_repository_bytes',
      'Bytes in the store when it was last verified.',
      numberOf(facts.stored?.bytes),
    ),
    gauge(
      'leitstand_repository_objects',
      'Objects in the store when it was last verified.',
      numberOf(facts.stored?.objects),
    ),
  ];
}

interface Facts {
  readonly oldestUnverifiedAt?: unknown;
  readonly damagedObjects?: unknown;
  readonly stored?: { readonly bytes?: unknown; readonly objects?: unknown };
}

function factsOf(proof: Proof | undefined): Facts {
  const facts = proof?.facts;
  return typeof facts === 'object' && facts !== null && !Array.isArray(facts) ? (facts as Facts) : {};
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function gauge(name: string, help: string, value: number): MetricFamily {
  return { name, type: 'gauge', help, samples: [{ labels: {}, value }] };
}
