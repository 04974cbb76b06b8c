import { arrivalOf, eventsOf } from './arrivals.ts';
import type { Following } from './follow.ts';
import type { Member } from './members.ts';
import type { Expected } from './probe.ts';
import type { IntegrationReport } from './report.ts';

/** A second copy is sent by a member that was waiting; it needs a moment to arrive. */
const SLACK_MS = 1_000;

/**
 * Milliseconds until every member of a cluster has had its turn: the n-th waits n times the peer timeout, and then tells
 * nobody if another one has (docs/high_availability.md). 0 for one that is alone.
 */
export function turnsOf(members: readonly Member[], peerTimeoutMs: number): number {
  const seen = Math.max(0, ...members.map(({ status }) => status.peers.length));
  return Math.max(0, seen - 1) * peerTimeoutMs;
}

/**
 * Waits for the last member's turn. The alert has to fire as long: one that ended meanwhile would be told again by those
 * that still have it as firing (notify/notify.go, `needsUpdate`).
 */
export async function awaitTurns({ members, request, started, turnsMs }: Following): Promise<void> {
  const restMs = started + turnsMs + SLACK_MS - request.clock.monotonic();
  if (members.length < 2 || restMs <= 0) return;
  request.onProgress({
    type: 'step',
    text: `waiting ${Math.ceil(restMs / 1000)} s for a second copy: another Alertmanager may still send one`,
  });
  await request.clock.sleep(restMs, request.signal);
}

/** The report, with how often the integration was told, where messages or events show it. */
export function withCopies(
  following: Following,
  expected: Expected,
  report: IntegrationReport,
): IntegrationReport {
  const { probe, integration } = expected;
  const messages = arrivalOf(following, probe, integration).copies.map(({ id }) => id);
  const events = eventsOf(following, probe, integration);
  const copies = Math.max(1 + messages.length, events.length);
  if (copies < 2 || (report.verdict !== 'CONFIRMED' && report.verdict !== 'ACCEPTED')) return report;
  const which =
    messages.length === 0
      ? ''
      : ` (also inbox message${messages.length === 1 ? '' : 's'} ${messages.join(', ')})`;
  const why =
    following.members.length > 1
      ? 'the Alertmanagers did not agree on who tells it: look whether they reach each other by their gossip port'
      : 'Alertmanager sent it again, since it did not hear the first answer in time';
  return {
    ...report,
    copies,
    notes: [...(report.notes ?? []), `DUPLICATE: ${copies} copies${which}: ${why}`],
  };
}
