import type { AlertGroup } from '../components/alertmanager/api.ts';
import type { DeliveryStage } from '../stack/delivery.ts';
import type { InboxMessage } from '../stack/sandbox.ts';
import type { Arrival, Taken } from './arrivals.ts';
import type { Counted } from './counters.ts';
import { fixFor } from './fixes.ts';
import { FIXES, type Hold, holdText } from './holds.ts';
import type { FailedAttempt } from './log-lines.ts';
import { withoutSecrets } from './redaction.ts';
import type { IntegrationReport } from './report.ts';
import { hostOf, type Target } from './target.ts';

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

/** Alertmanager routes within milliseconds; what is not there by now will not come. */
const ROUTING_MS = 1_000;
/** An interval that mutes keeps Alertmanager from ever beginning to send; before 0.28 its API does not say so. */
const UNSAID_MUTE_MS = 2_000;
/** A refused connection may be a receiver that is just starting: Alertmanager retries after 0.5, 1.2, 2.5 and 4.8 s. */
const RETRY_PATIENCE_MS = 5_000;
/** Alertmanager's words when the destination was reached and said no. */
const ANSWERED = /status code \d|received an error response/;
/** The counters move first; the log says why a moment later. */
const LOG_PATIENCE_MS = 1_000;

/** A third of the time that the user is willing to wait, after the last member's turn. */
export function patienceFor({
  timeoutMs,
  turnsMs,
}: {
  readonly timeoutMs: number;
  readonly turnsMs: number;
}): number {
  return turnsMs + Math.max(RETRY_PATIENCE_MS, (timeoutMs - turnsMs) / 3);
}

/** A verdict as soon as it is certain, else undefined; with `final`, the verdict that the evidence allows. */
export function judge(integration: Target, evidence: Evidence): IntegrationReport | undefined {
  return (
    judgeArrival(integration, evidence) ??
    judgeEvent(integration, evidence) ??
    judgeRouting(integration, evidence) ??
    judgeUnsaidMute(integration, evidence) ??
    judgeAttempts(integration, evidence) ??
    judgeCounters(integration, evidence) ??
    (evidence.final ? judgeSilence(integration, evidence) : undefined)
  );
}

function named({ receiver, type, index }: Target) {
  return { receiver, type, index };
}

function judgeArrival(integration: Target, evidence: Evidence): IntegrationReport | undefined {
  const { message, postedAt, refused } = evidence;
  if (!message) return undefined;
  const seen = {
    evidence: `inbox message ${message.id}`,
    evidenceKind: 'inbox',
    message: message.id,
  } as const;
  if (message.accepted) {
    return {
      ...named(integration),
      verdict: 'CONFIRMED',
      ...seen,
      latencyMs: Date.parse(message.receivedAt) - postedAt.getTime(),
      ...(refused === 0 ? {} : { notes: [`refused ${refused} times before it was taken`] }),
    };
  }
  if (isTriedAgain(integration, message) && !isGivenUp(evidence)) return undefined;
  return { ...failed(integration, 'receive', refusalOf(message)), ...seen };
}

/** Source: prometheus/alertmanager notify/util.go (Retrier), notify/pagerduty and notify/email. */
function isTriedAgain({ type }: Target, { replyStatus }: InboxMessage): boolean {
  if (type === 'email' || replyStatus === 0 || replyStatus >= 500) return true;
  return type === 'pagerduty' && replyStatus === 429;
}

function isGivenUp({ counted, sameType, final, elapsedMs, patienceMs, turnsMs }: Evidence): boolean {
  if (final || elapsedMs >= patienceMs) return true;
  const allHadTheirTurn = turnsMs === 0 || elapsedMs >= turnsMs + ROUTING_MS;
  return allHadTheirTurn && counted !== undefined && allFailed(counted, sameType);
}

function refusalOf({ replyStatus, problems }: InboxMessage): string {
  const why = problems.join('; ');
  return replyStatus === 0
    ? `the inbox did not answer: ${why}`
    : `the inbox refused it as the provider would: ${replyStatus} ${why}`;
}

/** In our own inbox only the message itself counts. */
function judgeEvent(
  integration: Target,
  { event, isInbox, postedAt }: Evidence,
): IntegrationReport | undefined {
  if (!event || isInbox) return undefined;
  const at = event.at.toISOString();
  return {
    ...named(integration),
    verdict: 'ACCEPTED',
    evidence: `Alertmanager's event recorder: ${integration.destination() ? `${hostOf(integration)} took it` : 'taken'} at ${at.slice(11, -1)} UTC; not seen there`,
    evidenceKind: 'events',
    message: event.message,
    latencyMs: event.at.getTime() - postedAt.getTime(),
  };
}

/** By the definition of the interval alone: Alertmanager does not say it, and nothing was sent. */
function judgeUnsaidMute(
  integration: Target,
  { holds, elapsedMs, final, groups, counted, sameType }: Evidence,
): IntegrationReport | undefined {
  const hold = holds.find(({ isUnsaid }) => isUnsaid);
  if (!hold || groups.length === 0 || (elapsedMs < UNSAID_MUTE_MS && !final)) return undefined;
  if (counted !== undefined && counted.started - sameType.proven - sameType.failed >= sameType.unsettled)
    return undefined;
  return {
    ...named(integration),
    verdict: 'MUTED',
    reason: `held back by ${holdText(hold)}; so its definition says, this Alertmanager does not show it`,
    fix: hold.fix,
    evidenceKind: 'alertmanager',
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

function judgeRouting(integration: Target, evidence: Evidence): IntegrationReport | undefined {
  const { groups, elapsedMs, final } = evidence;
  // Every member of a cluster has a group of its own.
  const own = groups.filter(({ receiver }) => receiver.name === integration.receiver);
  const muted = judgeMuting(
    integration,
    own.flatMap(({ alerts }) => alerts.map(({ status }) => status)),
    evidence,
  );
  if (muted) return muted;
  if (own.length > 0 || (groups.length === 0 && !final) || elapsedMs < ROUTING_MS) return undefined;
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
    evidenceKind: 'alertmanager',
  };
}

type AlertStatus = AlertGroup['alerts'][number]['status'];

function judgeMuting(
  integration: Target,
  statuses: readonly AlertStatus[],
  { holds }: Evidence,
): IntegrationReport | undefined {
  for (const { kind, by, ids } of [
    { kind: 'silence', by: 'the silence', ids: statuses.flatMap(({ silencedBy }) => silencedBy) },
    {
      kind: 'inhibition',
      by: 'an alert that inhibits it, with the fingerprint',
      ids: statuses.flatMap(({ inhibitedBy }) => inhibitedBy),
    },
    { kind: 'interval', by: 'the time interval', ids: statuses.flatMap(({ mutedBy }) => mutedBy ?? []) },
  ] as const) {
    if (ids.length === 0) continue;
    const known = holds.filter((hold) => hold.kind === kind).map(holdText);
    return {
      ...named(integration),
      verdict: 'MUTED',
      reason: `held back by ${known.length > 0 ? known.join(' and ') : `${by} ${[...new Set(ids)].join(', ')}`}`,
      fix: FIXES[kind],
      evidenceKind: 'alertmanager',
    };
  }
  return undefined;
}

function judgeAttempts(integration: Target, evidence: Evidence): IntegrationReport | undefined {
  const own = evidence.attempts.filter(
    ({ receiver, integration: name }) =>
      receiver === integration.receiver && name === `${integration.type}[${integration.index}]`,
  );
  const last = own.at(-1);
  if (!last) return undefined;
  if (!isGivenUp(evidence)) return undefined;
  const stage = ANSWERED.test(last.reason) ? 'receive' : 'send';
  const reason = withoutSecrets(last.reason, integration);
  return { ...failed(integration, stage, reason), evidence: "Alertmanager's log", evidenceKind: 'log' };
}

/** Counters are shared by all integrations of a type: they speak only when they speak for all of them. */
function judgeCounters(
  integration: Target,
  { counted, sameType, isInbox, elapsedMs, turnsMs, final }: Evidence,
): IntegrationReport | undefined {
  if (!counted) return undefined;
  if (allFailed(counted, sameType)) {
    if (elapsedMs < turnsMs + LOG_PATIENCE_MS && !final) return undefined;
    return {
      ...failed(integration, 'send', gaveUp(integration, counted)),
      evidence: "Alertmanager's counters",
      evidenceKind: 'counters',
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
    evidenceKind: 'counters',
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
