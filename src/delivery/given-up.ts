import type { Evidence } from './evidence.ts';
import { ROUTING_MS } from './judge-routing.ts';
import { type FailedAttempt, isOf } from './log-lines.ts';
import { allFailed } from './shared-counters.ts';
import type { Target } from './target.ts';

/** The counters move first; the log says why a moment later. */
export const LOG_PATIENCE_MS = 1_000;

export function lastAttempt(integration: Target, { attempts }: Evidence): FailedAttempt | undefined {
  return attempts.filter((attempt) => isOf(attempt, integration)).at(-1);
}

/** Nothing better will come: Alertmanager has given up, or nobody waits any longer. */
export function isGivenUp(integration: Target, evidence: Evidence): boolean {
  const { counted, sameType, final, elapsedMs, patienceMs, turnsMs } = evidence;
  if (final || elapsedMs >= patienceMs) return true;
  const last = lastAttempt(integration, evidence);
  if (last && isEnd(last, evidence)) return true;
  const allHadTheirTurn = turnsMs === 0 || elapsedMs >= turnsMs + ROUTING_MS;
  return allHadTheirTurn && counted !== undefined && allFailed(counted, sameType);
}

/** What was tried for long is tried again at the next group_interval. Without the labels of its group, a failure may be that of another alert: the own one has time to get through. */
function isEnd({ end, group }: FailedAttempt, { elapsedMs, turnsMs }: Evidence): boolean {
  const isOwn = group !== undefined && turnsMs === 0;
  return end === 'refused' && elapsedMs >= (isOwn ? 0 : turnsMs + LOG_PATIENCE_MS);
}
