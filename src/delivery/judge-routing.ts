import type { AlertGroup } from '../components/alertmanager/api.ts';
import type { Evidence } from './evidence.ts';
import { FIXES, holdText } from './holds.ts';
import type { IntegrationReport } from './report.ts';
import { named, type Target } from './target.ts';

/** Alertmanager routes within milliseconds; what is not there by now will not come. */
export const ROUTING_MS = 1_000;
/** An interval that mutes keeps Alertmanager from ever beginning to send; before 0.28 its API does not say so. */
const UNSAID_MUTE_MS = 2_000;

/** After what Alertmanager's groups say: held back, or led elsewhere. */
export function judgeRouting(integration: Target, evidence: Evidence): IntegrationReport | undefined {
  const { groups, counted, elapsedMs, final, waitMs } = evidence;
  // Every member of a cluster has a group of its own.
  const own = groups.filter(({ receiver }) => receiver.name === integration.receiver);
  const muted = judgeMuting(
    integration,
    own.flatMap(({ alerts }) => alerts.map(({ status }) => status)),
    evidence,
  );
  if (muted) return muted;
  if (own.length > 0 || elapsedMs < ROUTING_MS) return undefined;
  // What was there before, or may have been, is gone with the memory of a program that was restarted.
  const isForgotten = waitMs !== Infinity || counted === undefined;
  if (groups.length === 0 && (!final || isForgotten)) return undefined;
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

/** By the definition of the interval alone: Alertmanager does not say it, and nothing was sent. */
export function judgeUnsaidMute(
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
