import type { AlertGroup } from '../components/alertmanager/api.ts';
import type { Arrival, Taken } from './arrivals.ts';
import type { Counted } from './counters.ts';
import type { Hold } from './holds.ts';
import type { FailedAttempt } from './log-lines.ts';

/** Everything seen so far that bears on one integration. */
export interface Evidence extends Arrival {
  /** Its destination is our inbox. */
  readonly isInbox: boolean;
  /** Alertmanager's own word that the integration took it. */
  readonly event: Taken | undefined;
  /** What holds it back, as reckoned before the test. */
  readonly holds: readonly Hold[];
  /** Groups of this probe's alert. */
  readonly groups: readonly AlertGroup[];
  readonly attempts: readonly FailedAttempt[];
  /** Counted for this type since the POST; undefined when the counters were reset. */
  readonly counted: Counted | undefined;
  /** The test's integrations of this type, this one included: they share the counters. */
  readonly sameType: SameType;
  readonly postedAt: Date;
  readonly elapsedMs: number;
  /** Milliseconds after which what is tried again and again counts as lost. */
  readonly patienceMs: number;
  /** Milliseconds until the last member of a cluster may tell what another could not; 0 for one that is alone. */
  readonly turnsMs: number;
  /** Nothing more will be looked at: decide. */
  readonly final: boolean;
}

export interface SameType {
  readonly unsettled: number;
  /** Proven: each has used up one of the successes. */
  readonly proven: number;
  /** Failed: each may have used up one of the failures. */
  readonly failed: number;
}
