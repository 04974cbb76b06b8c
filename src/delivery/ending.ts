import { createAlertmanagerApi, type PostableAlert } from '../components/alertmanager/api.ts';
import { LeitstandError } from '../platform/errors.ts';
import { formatDuration } from '../platform/units.ts';
import { isGoodVerdict, TEST_LABEL } from '../stack/delivery.ts';
import { arrivalOf, eventsOf, isInbox } from './arrivals.ts';
import type { Following } from './follow.ts';
import { askAll, type Member, postToAll } from './members.ts';
import { type Expected, type Probe, probeAlert } from './probe.ts';
import { groupKeyOf } from './read-back.ts';
import type { EndReport, IntegrationReport } from './report.ts';
import type { DeliveryRequest } from './request.ts';

const POLL_MS = 25;
/** Whoever has to wait longer for the next group_interval is not waited for: a rendered stack has one second. */
const LONGEST_INTERVAL_MS = 10_000;
const SLACK_MS = 5_000;
/** An integration that fails is tried until the next group_interval, and keeps its group waiting for so long. */
const HELD_UP_SLACK_MS = 500;

/** True when Alertmanager says that none of them fires any more. Never rejects: each alert carries an end of its own. */
export async function resolveProbes(
  members: readonly Member[],
  probes: readonly Probe[],
  { clock, language }: DeliveryRequest,
): Promise<boolean> {
  // Without the signal: what was posted is taken back also when the test was cancelled.
  const free = members.map((member) => ({ ...member, api: createAlertmanagerApi(member.address) }));
  try {
    const now = clock.now();
    const alerts = probes.map(
      (probe): PostableAlert => ({ ...probeAlert(probe, now, 0, language), endsAt: now }),
    );
    await postToAll(free, alerts);
    return !(await anyFiring(free, probes));
  } catch {
    return false;
  }
}

export async function anyFiring(members: readonly Member[], probes: readonly Probe[]): Promise<boolean> {
  const { answers } = await askAll(members, ({ api }) =>
    Promise.all(probes.map(({ nonce }) => api.isFiring(TEST_LABEL, nonce))),
  );
  return answers.flat().includes(true);
}

/** Whether each integration that tells the end was told; undefined where nobody can see it. */
export async function awaitEnds(
  following: Following,
  reports: ReadonlyMap<Expected, IntegrationReport>,
): Promise<ReadonlyMap<Expected, EndReport>> {
  const { clock, signal } = following.request;
  const started = clock.monotonic();
  const endedAt = clock.now();
  const ends = new Map<Expected, EndReport>();
  const open = new Map<Expected, number>();
  for (const [expected, report] of reports) {
    if (!isVisible(report) || !expected.integration.sendsResolved) continue;
    const intervalMs = groupIntervalOf(following, expected);
    if (intervalMs <= LONGEST_INTERVAL_MS)
      open.set(expected, intervalMs + (isHeldUp(expected, reports) ? HELD_UP_SLACK_MS : SLACK_MS));
    else
      ends.set(expected, {
        arrived: false,
        note: `told at the next group_interval, within ${formatDuration(intervalMs)}`,
      });
  }
  while (open.size > 0) {
    const elapsedMs = clock.monotonic() - started;
    for (const [expected, limitMs] of open) {
      const at = seenEnd(following, expected);
      if (at === undefined && elapsedMs < limitMs) continue;
      open.delete(expected);
      ends.set(
        expected,
        at === undefined
          ? { arrived: false, note: lateNote(limitMs, isHeldUp(expected, reports)) }
          : { arrived: true, latencyMs: Math.max(0, at.getTime() - endedAt.getTime()) },
      );
    }
    if (open.size > 0) await clock.sleep(POLL_MS, signal);
  }
  return ends;
}

function isHeldUp({ probe }: Expected, reports: ReadonlyMap<Expected, IntegrationReport>): boolean {
  return [...reports].some(([other, { verdict }]) => other.probe === probe && verdict === 'FAILED');
}

function lateNote(limitMs: number, heldUp: boolean): string {
  const late = `it did not come within ${(limitMs / 1000).toFixed(1)} s`;
  return heldUp ? `${late}: Alertmanager is still trying an integration of the same alert that fails` : late;
}

/** Messages in our inbox, and Alertmanager's own events of what others took. */
function isVisible({ verdict, evidenceKind }: IntegrationReport): boolean {
  return isGoodVerdict(verdict) && (evidenceKind === 'inbox' || evidenceKind === 'events');
}

function seenEnd(following: Following, { probe, integration }: Expected): Date | undefined {
  const { message } = arrivalOf(following, probe, integration, 'resolved');
  if (message?.accepted === true) return new Date(message.receivedAt);
  if (isInbox(following.inbox, integration)) {
    // A text of one's own may not say which it is: what comes a second time is the end.
    const { copies } = arrivalOf(following, probe, integration);
    const second = copies.find(({ status }) => status === 'unknown');
    return second && new Date(second.receivedAt);
  }
  return eventsOf(following, probe, integration, 'resolved')[0]?.at;
}

function groupIntervalOf({ preflight }: Following, { probe, integration }: Expected): number {
  const destinations = preflight.routes.get(probe) ?? [];
  const own = destinations.find(({ route }) => route.receiver === integration.receiver);
  return own?.route.groupIntervalMs ?? Infinity;
}

/**
 * Closes what a test may have opened at a provider (PagerDuty's incident), past Alertmanager, where Alertmanager itself
 * could not be told, or tells it much later. `reports`: what is known of them; nothing yet when the test was cancelled.
 * Never rejects.
 */
export async function closeAtProviders(
  following: Following,
  reports: ReadonlyMap<Expected, IntegrationReport>,
  resolved: boolean,
): Promise<ReadonlyMap<Expected, EndReport>> {
  const open = following.all.filter((expected) => {
    const { probe, integration } = expected;
    const verdict = reports.get(expected)?.verdict;
    const mayBeOpen = verdict === undefined || isGoodVerdict(verdict) || verdict === 'SENT-UNCONFIRMED';
    const isLate = !resolved || groupIntervalOf(following, expected) > LONGEST_INTERVAL_MS;
    return mayBeOpen && isLate && following.raised.has(probe) && !isInbox(following.inbox, integration);
  });
  const ends = await Promise.all(
    open.map(async (expected) => [expected, await closeOne(following, expected)] as const),
  );
  return new Map(ends.flatMap(([expected, end]) => (end ? [[expected, end] as const] : [])));
}

async function closeOne(following: Following, expected: Expected): Promise<EndReport | undefined> {
  const { integration } = expected;
  const groupKey = groupKeyOf(following, expected);
  if (integration.close === undefined || groupKey === undefined) return undefined;
  try {
    return { arrived: true, note: `closed directly: ${await integration.close({ groupKey })}` };
  } catch (error) {
    if (!(error instanceof LeitstandError)) throw error;
    return {
      arrived: false,
      note: `could not be closed directly: ${error.details.why ?? error.details.what}`,
    };
  }
}
