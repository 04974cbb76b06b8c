import type { AlertGroup } from '../components/alertmanager/api.ts';
import type { Integration } from '../stack/receiver.ts';
import type { InboxMessage } from '../stack/sandbox.ts';
import type { Counted } from './counters.ts';
import { fixFor } from './fixes.ts';
import type { FailedAttempt } from './log-lines.ts';
import type { IntegrationReport } from './report.ts';

/** Everything seen so far that bears on one integration. */
export interface Evidence {
  /** Messages with the nonce at this integration's own destination; only for destinations in our inbox. */
  readonly messages: readonly InboxMessage[];
  readonly isInbox: boolean;
  /** Groups of this probe's alert. */
  readonly groups: readonly AlertGroup[];
  readonly attempts: readonly FailedAttempt[];
  /** Counted for this type since the POST; undefined when the counters were reset. */
  readonly counted: Counted | undefined;
  /** Integrations of this type in the test that are not settled, this one included: they share the counters. */
  readonly unsettled: number;
  readonly postedAt: Date;
  readonly elapsedMs: number;
  /** Nothing more will be looked at: decide. */
  readonly final: boolean;
}

/** Alertmanager routes within milliseconds; what is not there by now will not come. */
const ROUTING_MS = 1_000;
/** A refused connection may be a receiver that is just starting: Alertmanager retries after 0.5, 1.2, 2.5 and 4.8 s. */
const RETRY_PATIENCE_MS = 5_000;

/** A verdict as soon as it is certain, else undefined; with `final`, the verdict that the evidence allows. */
export function judge(integration: Integration, evidence: Evidence): IntegrationReport | undefined {
  return (
    judgeArrival(integration, evidence) ??
    judgeRouting(integration, evidence) ??
    judgeAttempts(integration, evidence) ??
    judgeCounters(integration, evidence) ??
    (evidence.final ? judgeSilence(integration, evidence) : undefined)
  );
}

function named({ receiver, type, index }: Integration) {
  return { receiver, type, index };
}

function judgeArrival(
  integration: Integration,
  { messages, postedAt }: Evidence,
): IntegrationReport | undefined {
  const accepted = messages.find((message) => message.accepted);
  if (accepted) {
    return {
      ...named(integration),
      verdict: 'CONFIRMED',
      evidence: `inbox message ${accepted.id}`,
      latencyMs: Date.parse(accepted.receivedAt) - postedAt.getTime(),
    };
  }
  const [refused] = messages;
  if (!refused) return undefined;
  const reason = `the inbox refused it as the provider would: ${refused.replyStatus} ${refused.problems.join('; ')}`;
  return {
    ...named(integration),
    verdict: 'FAILED',
    stage: 'receive',
    reason,
    fix: fixFor(reason, integration),
    evidence: `inbox message ${refused.id}`,
  };
}

function judgeRouting(
  integration: Integration,
  { groups, elapsedMs, final }: Evidence,
): IntegrationReport | undefined {
  const own = groups.find(({ receiver }) => receiver.name === integration.receiver);
  const statuses = own?.alerts.map(({ status }) => status) ?? [];
  for (const [by, ids] of [
    ['a silence', statuses.flatMap(({ silencedBy }) => silencedBy)],
    ['an alert that inhibits it', statuses.flatMap(({ inhibitedBy }) => inhibitedBy)],
    ['the time interval', statuses.flatMap(({ mutedBy }) => mutedBy ?? [])],
  ] as const) {
    if (ids.length === 0) continue;
    const reason = `held back by ${by} ${[...new Set(ids)].join(', ')}`;
    return { ...named(integration), verdict: 'MUTED', reason, fix: MUTED_FIX };
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
    fix: 'its configuration is not the one of leitstand.yaml: leitstand up',
  };
}

const MUTED_FIX = 'look at it in Alertmanager (`amtool silence query`), and expire it if it is not wanted';

function judgeAttempts(integration: Integration, evidence: Evidence): IntegrationReport | undefined {
  const own = evidence.attempts.filter(
    ({ receiver, integration: name }) =>
      receiver === integration.receiver && name === `${integration.type}[${integration.index}]`,
  );
  const last = own.at(-1);
  if (!last) return undefined;
  const givenUp = evidence.counted !== undefined && evidence.counted.failed >= evidence.unsettled;
  if (!givenUp && !evidence.final && evidence.elapsedMs < RETRY_PATIENCE_MS) return undefined;
  return {
    ...named(integration),
    verdict: 'FAILED',
    stage: 'send',
    reason: last.reason,
    fix: fixFor(last.reason, integration),
    evidence: "Alertmanager's log",
  };
}

/** Counters are shared by all integrations of a type: they speak only when they speak for all of them. */
function judgeCounters(
  integration: Integration,
  { counted, unsettled, isInbox }: Evidence,
): IntegrationReport | undefined {
  if (!counted) return undefined;
  if (counted.failed >= unsettled && counted.requests - counted.failedRequests <= 0) {
    const reason = `Alertmanager gave up sending (${integration.type}: ${counted.failedRequests} requests failed)`;
    return {
      ...named(integration),
      verdict: 'FAILED',
      stage: 'send',
      reason,
      fix: fixFor(reason, integration),
      evidence: "Alertmanager's counters",
    };
  }
  const succeeded = counted.requests - counted.failedRequests;
  // At a destination in our own inbox only the message itself counts.
  if (isInbox || counted.failed > 0 || counted.failedRequests > 0 || succeeded < unsettled) return undefined;
  return {
    ...named(integration),
    verdict: 'ACCEPTED',
    evidence: `${integration.destination().host} answered with success; not seen there`,
  };
}

function judgeSilence(integration: Integration, { counted, isInbox }: Evidence): IntegrationReport {
  if (counted === undefined) {
    return {
      ...named(integration),
      verdict: 'SENT-UNCONFIRMED',
      reason: 'Alertmanager was reloaded or restarted meanwhile, so its counters say nothing',
      fix: 'run the test again',
    };
  }
  if (counted.requests === 0) {
    const reason = 'Alertmanager did not try to send within the time';
    return {
      ...named(integration),
      verdict: 'FAILED',
      stage: 'send',
      reason,
      fix: 'give it more time (`--timeout 60s`); its log: .leitstand/logs/alertmanager.log',
    };
  }
  if (isInbox) {
    const reason = 'Alertmanager sent something of this type, and it did not arrive in the inbox';
    return {
      ...named(integration),
      verdict: 'FAILED',
      stage: 'receive',
      reason,
      fix: 'leitstand status shows whether the inbox runs; `leitstand inbox list` what came',
    };
  }
  return {
    ...named(integration),
    verdict: 'SENT-UNCONFIRMED',
    reason: 'several integrations of this type share one counter, and not all of them succeeded',
    fix: 'test this receiver alone: leitstand alert test ' + integration.receiver,
  };
}
