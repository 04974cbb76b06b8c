import type { AlertGroup } from '../components/alertmanager/api.ts';
import type { InboxMessage } from '../stack/sandbox.ts';
import type { Arrival, Taken } from './arrivals.ts';
import type { Counted } from './counters.ts';
import type { Hold } from './holds.ts';
import type { FailedAttempt } from './log-lines.ts';

/** Everything seen so far that bears on one integration. */
export interface Evidence extends Arrival {
  /** Its destination is our inbox. */
  readonly isInbox: boolean;
  /** What the inbox refused of this type before it was read, mail above all: it does not say whose it was. */
  readonly unread: readonly InboxMessage[];
  /** Alertmanager's own word that the integration took it. */
  readonly event: Taken | undefined;
  /** What holds it back, as reckoned before the test. */
  readonly holds: readonly Hold[];
  /** Groups of this probe's alert. */
  readonly groups: readonly AlertGroup[];
  readonly attempts: readonly FailedAttempt[];
  /**
   * The log can be read, and may still say why something was given up: a final refusal is logged only when no
   * integration of its group is tried any more.
   */
  readonly isLogLate: boolean;
  /**
   * Milliseconds for which Alertmanager may not have begun to tell its group yet: until then whatever was counted may be
   * somebody else's. Infinity: it has no such group.
   */
  readonly waitMs: number;
  /** Counted for this type since the POST; undefined when the counters were reset. */
  readonly counted: Counted | undefined;
  /** Its receiver has others of the type. */
  readonly hasTwins: boolean;
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
  /** Notifications that those known to have failed have used up: a group is told again at every group_interval. */
  readonly failed: number;
}
