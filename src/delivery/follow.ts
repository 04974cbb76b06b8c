import type { AlertGroup } from '../components/alertmanager/api.ts';
import { isGoodVerdict, TEST_LABEL } from '../stack/delivery.ts';
import { type ArrivalSearch, arrivalOf, eventsOf, isInbox, refusedUnread } from './arrivals.ts';
import {
  begunBefore,
  type Counted,
  type CounterSnapshot,
  countedSince,
  isByReceiver,
  readCounters,
  upsetBetween,
} from './counters.ts';
import type { Evidence } from './evidence.ts';
import { beginsWithin } from './group-wait.ts';
import { judge, patienceFor } from './judge.ts';
import { failedAttempts, isOf, mayConcern } from './log-lines.ts';
import { type AbsentMember, askAll, type Member } from './members.ts';
import type { Preflight } from './preflight.ts';
import type { Expected, Probe } from './probe.ts';
import type { IntegrationReport } from './report.ts';
import type { DeliveryRequest } from './request.ts';
import { nameOf, type Target } from './target.ts';

const POLL_MS = 25;
/** The inbox is ours and cheap to ask; Alertmanager is asked less often. */
const ASK_ALERTMANAGER_EVERY_MS = 200;
const LOG_LINES = 400;

export interface Following extends ArrivalSearch {
  readonly request: DeliveryRequest;
  readonly members: readonly Member[];
  readonly all: readonly Expected[];
  /** Those whose alerts were raised. */
  readonly raised: ReadonlySet<Probe>;
  readonly preflight: Preflight;
  readonly postedAt: Date;
  /** The same on the monotonic clock. */
  readonly started: number;
  /** Milliseconds to wait for the slowest integration. */
  readonly timeoutMs: number;
  /** Milliseconds until the last member of a cluster may tell; in `timeoutMs`. */
  readonly turnsMs: number;
}

export interface Followed {
  readonly reports: ReadonlyMap<Expected, IntegrationReport>;
  /** Those whose alerts Alertmanager had. */
  readonly grouped: ReadonlySet<Probe>;
  /** Members that no longer answered at the end. */
  readonly silent: readonly AbsentMember[];
  /** What happened to Alertmanager meanwhile that makes its counters worthless. */
  readonly upset: 'restarted' | 'reloaded' | undefined;
}

/** What Alertmanager says; asked for all integrations at once. */
interface Testimony {
  readonly groups: ReadonlyMap<string, readonly AlertGroup[]>;
  readonly counters: CounterSnapshot;
  /** Those of the look before. */
  readonly earlier: CounterSnapshot | undefined;
  /** By type and receiver: requests that ended so far and may have been begun before the POST. */
  readonly begunBefore: ReadonlyMap<string, number>;
  readonly attempts: ReturnType<typeof failedAttempts>;
  /** The log can be read. */
  readonly hasLog: boolean;
  readonly silent: readonly AbsentMember[];
}

/** Watches until every integration has a verdict or the time is over. */
export async function followProbes(
  following: Following,
  onVerdict: (expected: Expected, report: IntegrationReport) => void,
): Promise<Followed> {
  const { request, preflight, timeoutMs } = following;
  const { clock, signal } = request;
  const { all } = following;
  const grouped = new Map<Probe, number>();
  const reports = new Map<Expected, IntegrationReport>();
  const settle = (pending: Expected, report: IntegrationReport) => {
    reports.set(pending, report);
    request.onProgress({ type: 'step', text: `${nameOf(report)}: ${report.verdict}` });
    onVerdict(pending, report);
  };
  for (const pending of all) {
    const report = preflight.verdicts.get(pending);
    if (report) settle(pending, report);
  }
  const open = () => all.filter((pending) => !reports.has(pending));
  let testimony: Testimony | undefined;
  let asked = -Infinity;
  while (open().length > 0) {
    const elapsedMs = clock.monotonic() - following.started;
    const final = elapsedMs >= timeoutMs;
    for (const pending of open()) {
      const report = judge(pending.integration, quickLook(following, pending, elapsedMs));
      if (report) settle(pending, report);
    }
    if (open().length === 0) break;
    if (final || elapsedMs - asked >= ASK_ALERTMANAGER_EVERY_MS) {
      testimony = await hear(following, open(), testimony);
      asked = elapsedMs;
      for (const { probe } of all)
        if (!grouped.has(probe) && (testimony.groups.get(probe.nonce) ?? []).length > 0)
          grouped.set(probe, elapsedMs);
      const look = { testimony, grouped, elapsedMs, final };
      const news = open().map((pending) => ({
        pending,
        report: judge(pending.integration, fullLook(following, { pending, open: open(), reports, look })),
      }));
      for (const { pending, report } of news) if (report) settle(pending, report);
    }
    if (open().length > 0) await clock.sleep(POLL_MS, signal);
  }
  return {
    reports,
    grouped: new Set(grouped.keys()),
    silent: testimony?.silent ?? [],
    upset: testimony && upsetBetween(preflight.counters, testimony.counters),
  };
}

/** Only what came to the inbox. */
function quickLook(following: Following, pending: Expected, elapsedMs: number): Evidence {
  return {
    ...seenInInbox(following, pending),
    isInbox: true,
    unread: [],
    hasTwins: false,
    event: undefined,
    holds: [],
    groups: [],
    attempts: [],
    isLogLate: false,
    waitMs: Infinity,
    counted: undefined,
    sameType: { unsettled: 1, proven: 0, failed: 0 },
    elapsedMs,
    final: false,
  };
}

function seenInInbox(following: Following, { probe, integration }: Expected) {
  return {
    ...arrivalOf(following, probe, integration),
    postedAt: following.postedAt,
    patienceMs: patienceFor(following),
    turnsMs: following.turnsMs,
  };
}

interface FullLook {
  readonly pending: Expected;
  /** Everything without a verdict. */
  readonly open: readonly Expected[];
  readonly reports: ReadonlyMap<Expected, IntegrationReport>;
  readonly look: {
    readonly testimony: Testimony;
    /** When the group of each probe was first seen; milliseconds since the POST. */
    readonly grouped: ReadonlyMap<Probe, number>;
    readonly elapsedMs: number;
    readonly final: boolean;
  };
}

function fullLook(following: Following, { pending, open, reports, look }: FullLook): Evidence {
  const { preflight, request, raised } = following;
  const { probe, integration } = pending;
  const { testimony, grouped, elapsedMs, final } = look;
  const { type, receiver } = integration;
  const { counters, earlier } = testimony;
  const isCountedTogether = (other: Pick<Target, 'type' | 'receiver'>) =>
    other.type === type && (!isByReceiver(counters) || other.receiver === receiver);
  const settled = [...reports].filter(([one]) => raised.has(one.probe) && isCountedTogether(one.integration));
  return {
    ...seenInInbox(following, pending),
    isInbox: isInbox(request.inbox, integration),
    unread: refusedUnread(following, integration),
    hasTwins: probe.integrations.some(
      (other) => other !== integration && other.type === type && other.receiver === receiver,
    ),
    event: eventsOf(following, probe, integration)[0],
    holds: preflight.holds.get(probe) ?? [],
    groups: testimony.groups.get(probe.nonce) ?? [],
    attempts: testimony.attempts.filter((attempt) => mayConcern(attempt, probe.nonce)),
    isLogLate: testimony.hasLog && mayBeTried(probe, pending, reports),
    waitMs: (grouped.get(probe) ?? Infinity) + beginsWithin(following, pending) - elapsedMs,
    counted: countedWith(
      countedSince(preflight.counters, counters, { type, receiver, earlier }),
      testimony.begunBefore.get(keyOf(integration)),
    ),
    sameType: {
      unsettled: open.filter((one) => isCountedTogether(one.integration)).length,
      proven: settled.filter(([, { verdict }]) => isGoodVerdict(verdict)).length,
      failed: settled
        .filter(([, { verdict }]) => verdict === 'FAILED')
        .reduce((sum, [one]) => sum + Math.max(1, endsOf(one, testimony)), 0),
    },
    elapsedMs,
    final,
  };
}

/** How often Alertmanager said that it has given the integration up. */
function endsOf({ probe, integration }: Expected, { attempts }: Testimony): number {
  return attempts.filter(
    (attempt) => attempt.end !== undefined && isOf(attempt, integration) && mayConcern(attempt, probe.nonce),
  ).length;
}

/** Another integration of the same group is not known to have got through. */
function mayBeTried(
  probe: Probe,
  { integration }: Expected,
  reports: ReadonlyMap<Expected, IntegrationReport>,
): boolean {
  const good = [...reports].filter(([one, { verdict }]) => one.probe === probe && isGoodVerdict(verdict));
  const through = new Set(good.map(([one]) => one.integration));
  return probe.integrations.some(
    (other) => other !== integration && other.receiver === integration.receiver && !through.has(other),
  );
}

function countedWith(counted: Counted | undefined, before = 0): Counted | undefined {
  return counted && { ...counted, begunBefore: before };
}

function keyOf({ type, receiver }: Pick<Target, 'type' | 'receiver'>): string {
  return `${type} ${receiver}`;
}

async function hear(
  { request, members, postedAt, started, preflight }: Following,
  pending: readonly Expected[],
  last: Testimony | undefined,
): Promise<Testimony> {
  const nonces = [...new Set(pending.map(({ probe }) => probe.nonce))];
  const [heard, lines] = await Promise.all([
    askAll(
      members,
      async ({ api }) => {
        const [groups, samples] = await Promise.all([
          Promise.all(nonces.map((nonce) => api.groups(TEST_LABEL, nonce))),
          api.metrics(),
        ]);
        return { groups, samples };
      },
      request.signal,
    ),
    request.logTail(LOG_LINES),
  ]);
  const counters = readCounters(heard.answers.map(({ samples }) => samples));
  const elapsedMs = request.clock.monotonic() - started;
  return {
    groups: new Map(
      nonces.map((nonce, i) => [nonce, heard.answers.flatMap(({ groups }) => groups[i] ?? [])]),
    ),
    counters,
    earlier: last?.counters,
    begunBefore: new Map(
      pending.map(({ integration }) => {
        const key = keyOf(integration);
        const soFar = last?.begunBefore.get(key) ?? 0;
        const looks = { earlier: last?.counters ?? preflight.counters, later: counters, elapsedMs };
        return [key, soFar + begunBefore(preflight.counters, looks, integration)];
      }),
    ),
    attempts: failedAttempts(lines, postedAt),
    hasLog: lines.length > 0,
    silent: heard.silent,
  };
}
