import type { InboxMessage } from '../stack/sandbox.ts';
import type { Evidence } from './evidence.ts';
import { failed } from './failure.ts';
import { fixFor } from './fixes.ts';
import { isGivenUp } from './given-up.ts';
import { fixIfOnPurpose } from './on-purpose.ts';
import type { IntegrationReport } from './report.ts';
import { allSucceeded } from './shared-counters.ts';
import { named, type Target } from './target.ts';

/** What Alertmanager makes of an answer is counted a moment later. */
const COUNTED_MS = 1_000;

/** After what came to the inbox: the strongest evidence, against which nothing else counts. */
export function judgeArrival(integration: Target, evidence: Evidence): IntegrationReport | undefined {
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
      // The clock on the wall may have been set meanwhile.
      latencyMs: Math.max(0, Date.parse(message.receivedAt) - postedAt.getTime()),
      ...(refused === 0 ? {} : { notes: [`refused ${times(refused)} before it was taken`] }),
    };
  }
  const isUnnoticed = isTakenForSuccess(evidence);
  if (!isUnnoticed && isStillOpen(integration, message, evidence)) return undefined;
  const reason = `${refusalOf(message)}${isUnnoticed ? '; Alertmanager takes that for success and does not send it again' : ''}`;
  const fix = fixIfOnPurpose(fixFor(reason, integration), [message]);
  return { ...failed(integration, 'receive', reason, fix), ...seen };
}

/** It may be sent again and be taken then, or it is not known yet what Alertmanager made of the answer. */
function isStillOpen(integration: Target, message: InboxMessage, evidence: Evidence): boolean {
  if (isTriedAgain(integration, message)) return !isGivenUp(integration, evidence);
  return isLikeSuccess(message) && evidence.elapsedMs < COUNTED_MS && !isGivenUp(integration, evidence);
}

/** Source: prometheus/alertmanager notify/util.go (Retrier), notify/pagerduty and notify/email. */
function isTriedAgain({ type }: Target, { replyStatus }: InboxMessage): boolean {
  if (type === 'email' || replyStatus === 0 || replyStatus >= 500) return true;
  return type === 'pagerduty' && replyStatus === 429;
}

/**
 * Alertmanager looks at the status alone (of Slack's body since 0.26), and before 0.28 not at what a mail server says
 * after the last line of a mail (notify/email/email.go).
 */
function isTakenForSuccess({ counted, sameType }: Evidence): boolean {
  return counted !== undefined && allSucceeded(counted, sameType);
}

function isLikeSuccess({ replyStatus }: InboxMessage): boolean {
  return replyStatus >= 200 && replyStatus < 300;
}

function refusalOf(message: InboxMessage): string {
  const { replyStatus, problems } = message;
  const why = problems.join('; ');
  if (replyStatus === 0) return `the inbox did not answer: ${why}`;
  return isLikeSuccess(message)
    ? `the inbox answered ${replyStatus} and did not take it: ${why}`
    : `the inbox refused it as the provider would: ${replyStatus} ${why}`;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
