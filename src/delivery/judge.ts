import type { Counted } from './counters.ts';
import type { Evidence } from './evidence.ts';
import { failed } from './failure.ts';
import { fixFor } from './fixes.ts';
import { isGivenUp, lastAttempt, LOG_PATIENCE_MS } from './given-up.ts';
import { judgeArrival } from './judge-arrival.ts';
import { judgeRouting, judgeUnsaidMute } from './judge-routing.ts';
import { fixIfOnPurpose } from './on-purpose.ts';
import { withoutSecrets } from './redaction.ts';
import type { IntegrationReport } from './report.ts';
import { allFailed, allSucceeded, unclaimed } from './shared-counters.ts';
import { hostOf, named, type Target } from './target.ts';

/** A refused connection may be a receiver that is just starting: Alertmanager retries after 0.5, 1.2, 2.5 and 4.8 s. */
const RETRY_PATIENCE_MS = 5_000;
/** Alertmanager's words when the destination was reached and said no; those of mail: notify/email/email.go. */
const ANSWERED = /status code \d|received an error response|(?:auth|command|client|failure): "?[45]\d\d\b/;
/** The same in its counters: notify/util.go, `Reason`. */
const ANSWERS: ReadonlySet<string> = new Set(['clientError', 'serverError', 'authError', 'rateLimited']);
/** For so long a group of a rendered stack is tried at least: `MinTimeout` in notify/notify.go. */
const GROUP_TIMEOUT_MS = 10_000;

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

const COUNTERS = { evidence: "Alertmanager's counters", evidenceKind: 'counters' } as const;

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
    latencyMs: Math.max(0, event.at.getTime() - postedAt.getTime()),
  };
}

function judgeAttempts(integration: Target, evidence: Evidence): IntegrationReport | undefined {
  const last = lastAttempt(integration, evidence);
  if (!last || !isGivenUp(integration, evidence)) return undefined;
  const stage = ANSWERED.test(last.reason) ? 'receive' : 'send';
  const reason = withoutSecrets(last.reason, integration);
  const fix =
    evidence.isInbox && INBOX_DOWN.test(reason)
      ? inboxDown(integration)
      : fixIfOnPurpose(fixFor(reason, integration), evidence.unread);
  return { ...failed(integration, stage, reason, fix), evidence: "Alertmanager's log", evidenceKind: 'log' };
}

/** Nothing listens, and it is not a proxy on the way. */
const INBOX_DOWN = /^(?!.*proxyconnect).*connection refused/;

function inboxDown({ attached }: Target): string {
  return attached
    ? 'the inbox does not run: leitstand inbox serve'
    : 'the inbox does not run: `leitstand status` says why, `leitstand up` starts it';
}

/**
 * Counters are shared by all integrations of a type: they speak only when they speak for all of them, and not before
 * Alertmanager has begun with this one.
 */
function judgeCounters(
  integration: Target,
  { counted, waitMs, sameType, isInbox, elapsedMs, turnsMs, isLogLate, final }: Evidence,
): IntegrationReport | undefined {
  if (!counted || waitMs > 0) return undefined;
  if (allFailed(counted, sameType)) {
    const patienceMs = turnsMs + LOG_PATIENCE_MS + (isLogLate ? GROUP_TIMEOUT_MS : 0);
    if (elapsedMs < patienceMs && !final) return undefined;
    const stage = counted.reasons.some((reason) => ANSWERS.has(reason)) ? 'receive' : 'send';
    return { ...failed(integration, stage, gaveUp(integration, counted)), ...COUNTERS };
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

function gaveUp({ type }: Target, { reasons, failedRequests }: Counted): string {
  const why = reasons.length === 0 ? '' : ` for the reason it calls ${reasons.join(', ')}`;
  const requests = failedRequests === 1 ? '1 failed request' : `${failedRequests} failed requests`;
  return `Alertmanager gave up sending${why} (${requests} of type ${type})`;
}

/** Why nothing that was seen tells of this integration; undefined: the counters do. */
function whyUnclear({
  counted,
  waitMs,
  unassigned,
}: Evidence): { readonly reason: string; readonly fix: string } | undefined {
  if (unassigned > 0)
    return {
      reason: `several integrations of this receiver share its URL, and only ${unassigned} messages came: whose, they do not tell`,
      fix: 'give each a URL of its own, e.g. another path below the same one',
    };
  if (counted === undefined)
    return {
      reason: 'Alertmanager was reloaded or restarted meanwhile, so its counters say nothing',
      fix: 'run the test again',
    };
  if (counted.started > 0 && waitMs > 0)
    return {
      reason:
        'its group holds other alerts, and Alertmanager tells it by its group_interval: what was counted may be theirs',
      fix: 'run it again with more time than the group_interval (`--timeout 6m` is longer than the usual one)',
    };
  return undefined;
}

/** The time is over, and nothing spoke clearly. */
function judgeSilence(integration: Target, evidence: Evidence): IntegrationReport {
  const { counted, sameType, isInbox } = evidence;
  const unclear = { ...named(integration), verdict: 'SENT-UNCONFIRMED' } as const;
  const why = whyUnclear(evidence);
  if (why || counted === undefined) return { ...unclear, ...why };
  if (counted.started === 0) {
    const fix = integration.attached
      ? "give it more time (`--timeout 6m` is longer than the usual group_interval); what it does is in Alertmanager's own log"
      : 'give it more time (`--timeout 60s`); what it does: leitstand logs alertmanager';
    const reason = 'Alertmanager did not begin to send within the time';
    return { ...failed(integration, 'send', reason, fix), ...COUNTERS };
  }
  if (counted.requests === 0) {
    const reason = `no answer from ${hostOf(integration)} within the time: timeout`;
    const fix = fixIfOnPurpose(fixFor(reason, integration), evidence.unread);
    return { ...failed(integration, 'receive', reason, fix), ...COUNTERS };
  }
  if (unclaimed(counted, sameType) <= 0) {
    const { failedRequests } = counted;
    const reason = `${failedRequests} requests of type ${integration.type} failed, none is left that succeeded`;
    return { ...failed(integration, 'send', reason), ...COUNTERS };
  }
  if (isInbox) {
    return {
      ...failed(
        integration,
        'receive',
        'Alertmanager sent something of this type, and it did not arrive in the inbox',
      ),
      fix: '`leitstand inbox list` shows what came; where something came to another place, what runs is not what leitstand.yaml says: leitstand up',
    };
  }
  return {
    ...unclear,
    reason: `integrations of type ${integration.type} share one counter; of ${counted.started} notifications ${counted.succeeded} succeeded, and it does not tell whose`,
    fix: wayToTell(integration, evidence),
  };
}

/** How those that share a counter can be told apart. */
function wayToTell({ receiver, attached }: Target, { hasTwins }: Evidence): string {
  if (!hasTwins)
    return `test this receiver alone, when nothing else is sent: leitstand alert test ${receiver}`;
  return attached
    ? 'look where it sends to for the mark of this test: Alertmanager does not tell them apart'
    : `messages past Alertmanager say which of them takes none: leitstand alert test --direct ${receiver}`;
}
