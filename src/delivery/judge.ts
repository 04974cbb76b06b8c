import type { DeliveryStage } from '../stack/delivery.ts';
import type { InboxMessage } from '../stack/sandbox.ts';
import type { Counted } from './counters.ts';
import type { Evidence, SameType } from './evidence.ts';
import { fixFor } from './fixes.ts';
import { judgeRouting, judgeUnsaidMute, ROUTING_MS } from './judge-routing.ts';
import { withoutSecrets } from './redaction.ts';
import type { IntegrationReport } from './report.ts';
import { hostOf, named, type Target } from './target.ts';

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

function failed(integration: Target, stage: DeliveryStage, reason: string): IntegrationReport {
  return {
    ...named(integration),
    verdict: 'FAILED',
    stage,
    reason,
    fix: fixFor(reason, integration),
  };
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
