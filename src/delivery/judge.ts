import type { AlertGroup } from '../components/alertmanager/api.ts';
import type { DeliveryStage } from '../stack/delivery.ts';
import type { InboxMessage } from '../stack/sandbox.ts';
import type { Counted } from './counters.ts';
import { fixFor } from './fixes.ts';
import type { FailedAttempt } from './log-lines.ts';
import { withoutSecrets } from './redaction.ts';
import type { IntegrationReport } from './report.ts';
import { hostOf, type Target } from './target.ts';

/** Everything seen so far that bears on one integration. */
export interface Evidence {
  /** The message with the nonce that is this integration's own; only for destinations in our inbox. */
  readonly message: InboxMessage | undefined;
  /** Messages that came to a URL several integrations share, too few to be one for each. */
  readonly unassigned: number;
  readonly isInbox: boolean;
  /** Groups of this probe's alert. */
  readonly groups: readonly AlertGroup[];
  readonly attempts: readonly FailedAttempt[];
  /** Counted for this type since the POST; undefined when the counters were reset. */
  readonly counted: Counted | undefined;
  /** The test's integrations of this type, this one included: they share the counters. */
  readonly sameType: SameType;
  readonly postedAt: Date;
  readonly elapsedMs: number;
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

/** Alertmanager routes within milliseconds; what is not there by now will not come. */
const ROUTING_MS = 1_000;
/** A refused connection may be a receiver that is just starting: Alertmanager retries after 0.5, 1.2, 2.5 and 4.8 s. */
const RETRY_PATIENCE_MS = 5_000;
/** Alertmanager's words when the destination was reached and said no. */
const ANSWERED = /status code \d|received an error response/;
/** The counters move first; the log says why a moment later. */
const LOG_PATIENCE_MS = 1_000;

/** A verdict as soon as it is certain, else undefined; with `final`, the verdict that the evidence allows. */
export function judge(integration: Target, evidence: Evidence): IntegrationReport | undefined {
  return (
    judgeArrival(integration, evidence) ??
    judgeRouting(integration, evidence) ??
    judgeAttempts(integration, evidence) ??
    judgeCounters(integration, evidence) ??
    (evidence.final ? judgeSilence(integration, evidence) : undefined)
  );
}

function named({ receiver, type, index }: Target) {
  return { receiver, type, index };
}

function judgeArrival(integration: Target, { message, postedAt }: Evidence): IntegrationReport | undefined {
  if (!message) return undefined;
  if (message.accepted) {
    return {
      ...named(integration),
      verdict: 'CONFIRMED',
      evidence: `inbox message ${message.id}`,
      latencyMs: Date.parse(message.receivedAt) - postedAt.getTime(),
    };
  }
  const reason = `the inbox refused it as the provider would: ${message.replyStatus} ${message.problems.join('; ')}`;
  return {
    ...failed(integration, 'receive', reason),
    evidence: `inbox message ${message.id}`,
  };
}

function failed(integration: Target, stage: DeliveryStage, reason: string): IntegrationReport {
  return {
    ...named(integration),
    verdict: 'FAILED',
    stage,
    reason,
    fix: fixFor(reason, integration),
  };
}

function judgeRouting(
  integration: Target,
  { groups, elapsedMs, final }: Evidence,
): IntegrationReport | undefined {
  const own = groups.find(({ receiver }) => receiver.name === integration.receiver);
  const statuses = own?.alerts.map(({ status }) => status) ?? [];
  for (const { by, ids, fix } of [
    {
      by: 'the silence',
      ids: statuses.flatMap(({ silencedBy }) => silencedBy),
      fix: "expire it if it is not wanted: in Alertmanager's page under Silences, or amtool silence expire ID",
    },
    {
      by: 'an alert that inhibits it, with the fingerprint',
      ids: statuses.flatMap(({ inhibitedBy }) => inhibitedBy),
      fix: 'see which alert that is (amtool alert query) and test again when it is over',
    },
    {
      by: 'the time interval',
      ids: statuses.flatMap(({ mutedBy }) => mutedBy ?? []),
      fix: 'test again when the receiver is on duty, or change the interval',
    },
  ]) {
    if (ids.length === 0) continue;
    const reason = `held back by ${by} ${[...new Set(ids)].join(', ')}`;
    return { ...named(integration), verdict: 'MUTED', reason, fix };
  }
  if (own || (groups.length === 0 && !final) || elapsedMs < ROUTING_MS) return undefined;
  const elsewhere = groups.map(({ receiver }) => receiver.name).join(', ');
  return {
    ...named(integration),
    verdict: 'NOT-ROUTED',
    reason:
      elsewhere === ''
        ? 'Alertmanager took the alert and routes it to nobody'
        : `Alertmanager routes it to ${elsewhere} instead`,
    fix: integration.attached
      ? 'its configuration has just changed: run the test again'
      : 'its configuration is not the one of leitstand.yaml: leitstand up',
  };
}

function judgeAttempts(integration: Target, evidence: Evidence): IntegrationReport | undefined {
  const own = evidence.attempts.filter(
    ({ receiver, integration: name }) =>
      receiver === integration.receiver && name === `${integration.type}[${integration.index}]`,
  );
  const last = own.at(-1);
  if (!last) return undefined;
  const { counted, final, elapsedMs } = evidence;
  const givenUp = counted !== undefined && allFailed(counted, evidence.sameType);
  if (!givenUp && !final && elapsedMs < RETRY_PATIENCE_MS) return undefined;
  const stage = ANSWERED.test(last.reason) ? 'receive' : 'send';
  const reason = withoutSecrets(last.reason, integration);
  return { ...failed(integration, stage, reason), evidence: "Alertmanager's log" };
}

/** Counters are shared by all integrations of a type: they speak only when they speak for all of them. */
function judgeCounters(
  integration: Target,
  { counted, sameType, isInbox, elapsedMs, final }: Evidence,
): IntegrationReport | undefined {
  if (!counted) return undefined;
  if (allFailed(counted, sameType)) {
    if (elapsedMs < LOG_PATIENCE_MS && !final) return undefined;
    return {
      ...failed(integration, 'send', gaveUp(integration, counted)),
      evidence: "Alertmanager's counters",
    };
  }
  // In our own inbox only the message itself counts.
  if (isInbox || !allSucceeded(counted, sameType)) return undefined;
  return {
    ...named(integration),
    verdict: 'ACCEPTED',
    evidence: integration.destination()
      ? `${hostOf(integration)} answered with success; not seen there`
      : 'answered with success; where it goes to, Alertmanager does not show',
  };
}

function unclaimed({ requests, failedRequests }: Counted, { proven }: SameType): number {
  return requests - failedRequests - proven;
}

/** Whatever was begun, other people's notifications too, has been given up; none is still on its way. */
function allFailed(counted: Counted, sameType: SameType): boolean {
  return (
    counted.failed - sameType.failed >= sameType.unsettled &&
    counted.failed + sameType.proven >= counted.started &&
    unclaimed(counted, sameType) <= 0
  );
}

/**
 * Whatever was begun has succeeded, but for what is known to have failed. Anything less leaves open whose the
 * successes are: a real alert may be on its way to another receiver just now.
 */
function allSucceeded(
  { started, succeeded }: Counted,
  { unsettled, proven, failed: lost }: SameType,
): boolean {
  return (
    started >= unsettled + proven + lost && started - succeeded <= lost && succeeded - proven >= unsettled
  );
}

function gaveUp({ type }: Target, { reasons, failedRequests }: Counted): string {
  const why = reasons.length === 0 ? '' : ` for the reason it calls ${reasons.join(', ')}`;
  return `Alertmanager gave up sending${why} (${failedRequests} failed requests of type ${type})`;
}

/** The time is over, and nothing spoke clearly. */
function judgeSilence(integration: Target, evidence: Evidence): IntegrationReport {
  const { counted, sameType, isInbox, unassigned } = evidence;
  const unclear = { ...named(integration), verdict: 'SENT-UNCONFIRMED' } as const;
  if (unassigned > 0) {
    return {
      ...unclear,
      reason: `several integrations of this receiver share its URL, and only ${unassigned} messages came: whose, they do not tell`,
      fix: 'give each a URL of its own, e.g. another path below the same one',
    };
  }
  if (counted === undefined) {
    return {
      ...unclear,
      reason: 'Alertmanager was reloaded or restarted meanwhile, so its counters say nothing',
      fix: 'run the test again',
    };
  }
  if (counted.started === 0) {
    return {
      ...failed(integration, 'send', 'Alertmanager did not begin to send within the time'),
      fix: integration.attached
        ? "give it more time (`--timeout 6m` is longer than the usual group_interval); what it does is in Alertmanager's own log"
        : 'give it more time (`--timeout 60s`); what it does: leitstand logs alertmanager',
    };
  }
  if (counted.requests === 0) {
    const host = hostOf(integration);
    return failed(integration, 'receive', `no answer from ${host} within the time: timeout`);
  }
  if (unclaimed(counted, sameType) <= 0) {
    return failed(
      integration,
      'send',
      `${counted.failedRequests} requests of type ${integration.type} failed, none is left that succeeded`,
    );
  }
  if (isInbox) {
    return {
      ...failed(
        integration,
        'receive',
        'Alertmanager sent something of this type, and it did not arrive in the inbox',
      ),
      fix: 'leitstand status shows whether the inbox runs; `leitstand inbox list` what came',
    };
  }
  return {
    ...unclear,
    reason: `integrations of type ${integration.type} share one counter; of ${counted.started} notifications ${counted.succeeded} succeeded, and it does not tell whose`,
    fix: `test this receiver alone, when nothing else is sent: leitstand alert test ${integration.receiver}`,
  };
}
