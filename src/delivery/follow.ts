import type { AlertGroup, AlertmanagerApi } from '../components/alertmanager/api.ts';
import { TEST_LABEL } from '../stack/delivery.ts';
import type { InboxMessage } from '../stack/sandbox.ts';
import { type CounterSnapshot, countedSince, readCounters } from './counters.ts';
import { judge } from './judge.ts';
import { failedAttempts, mayConcern } from './log-lines.ts';
import type { Probe } from './probe.ts';
import { type IntegrationReport, isProven } from './report.ts';
import type { DeliveryRequest } from './request.ts';
import type { Target } from './target.ts';

const POLL_MS = 25;
/** The inbox is ours and cheap to ask; Alertmanager is asked less often. */
const ASK_ALERTMANAGER_EVERY_MS = 200;
const LOG_LINES = 400;

export interface Following {
  readonly request: DeliveryRequest;
  readonly api: AlertmanagerApi;
  readonly probes: readonly Probe[];
  readonly before: CounterSnapshot;
  readonly sinceMessage: number;
  readonly postedAt: Date;
}

interface Pending {
  readonly probe: Probe;
  readonly integration: Target;
}

/** What Alertmanager says; asked for all integrations at once. */
interface Testimony {
  readonly groups: ReadonlyMap<string, readonly AlertGroup[]>;
  readonly counters: CounterSnapshot;
  /** Those of the look before. */
  readonly earlier: CounterSnapshot | undefined;
  readonly attempts: ReturnType<typeof failedAttempts>;
}

/** Watches until every integration has a verdict or the time is over; in the stack's order. */
export async function followProbes(following: Following): Promise<IntegrationReport[]> {
  const { request, probes } = following;
  const { clock, timeoutMs, signal } = request;
  const all = probes.flatMap((probe) => probe.integrations.map((integration) => ({ probe, integration })));
  const reports = new Map<Target, IntegrationReport>();
  for (const { probe, integration } of all)
    if (!probe.routed) reports.set(integration, notRouted(integration));
  const started = clock.monotonic();
  let testimony: Testimony | undefined;
  let asked = -Infinity;
  while (reports.size < all.length) {
    const elapsedMs = clock.monotonic() - started;
    const final = elapsedMs >= timeoutMs;
    settleArrivals(following, pendingOf(all, reports), reports, elapsedMs);
    if (reports.size === all.length) break;
    if (final || elapsedMs - asked >= ASK_ALERTMANAGER_EVERY_MS) {
      testimony = await hear(following, pendingOf(all, reports), testimony);
      asked = elapsedMs;
      settleAll(following, pendingOf(all, reports), reports, { testimony, elapsedMs, final });
    }
    if (reports.size < all.length) await clock.sleep(POLL_MS, signal);
  }
  return all.flatMap(({ integration }) => reports.get(integration) ?? []);
}

function pendingOf(all: readonly Pending[], reports: ReadonlyMap<Target, unknown>): Pending[] {
  return all.filter(({ integration }) => !reports.has(integration));
}

function notRouted({ receiver, type, index, attached }: Target): IntegrationReport {
  if (attached) {
    return {
      receiver,
      type,
      index,
      verdict: 'NOT-ROUTED',
      reason: 'no route was found that leads to this receiver before another one takes the alert',
      fix: `look at the routes (amtool config routes show); if ${receiver} is not in use, remove it`,
    };
  }
  return {
    receiver,
    type,
    index,
    verdict: 'NOT-ROUTED',
    reason: 'no severity and no default in leitstand.yaml leads to this receiver',
    fix: `add it under routing, e.g. \`severity: {warning: ${receiver}}\`, or remove the receiver`,
  };
}

/** The quick look: only what came to the inbox. */
function settleArrivals(
  following: Following,
  pending: readonly Pending[],
  reports: Map<Target, IntegrationReport>,
  elapsedMs: number,
): void {
  for (const one of pending) {
    const report = judge(one.integration, {
      ...arrival(following, one),
      isInbox: true,
      groups: [],
      attempts: [],
      counted: undefined,
      sameType: { unsettled: 1, proven: 0, failed: 0 },
      postedAt: following.postedAt,
      elapsedMs,
      final: false,
    });
    if (report) settle(following, reports, one, report);
  }
}

function settleAll(
  following: Following,
  pending: readonly Pending[],
  reports: Map<Target, IntegrationReport>,
  seen: { readonly testimony: Testimony; readonly elapsedMs: number; readonly final: boolean },
): void {
  const { before, postedAt } = following;
  const { groups, counters, earlier, attempts } = seen.testimony;
  const settled = [...reports.values()];
  const news = pending.map((one) => {
    const { type } = one.integration;
    const ofType = settled.filter((report) => report.type === type);
    const report = judge(one.integration, {
      ...arrival(following, one),
      isInbox: isInbox(following, one.integration),
      groups: groups.get(one.probe.nonce) ?? [],
      attempts: attempts.filter((attempt) => mayConcern(attempt, one.probe.nonce)),
      counted: countedSince(before, counters, { type, earlier }),
      sameType: {
        unsettled: pending.filter(({ integration }) => integration.type === type).length,
        proven: ofType.filter(isProven).length,
        failed: ofType.filter(({ verdict }) => verdict === 'FAILED').length,
      },
      postedAt,
      elapsedMs: seen.elapsedMs,
      final: seen.final,
    });
    return { one, report };
  });
  for (const { one, report } of news) if (report) settle(following, reports, one, report);
}

function settle(
  { request }: Following,
  reports: Map<Target, IntegrationReport>,
  { integration }: Pending,
  report: IntegrationReport,
): void {
  reports.set(integration, report);
  request.onProgress({
    type: 'step',
    text: `${report.receiver} ${report.type}[${report.index}]: ${report.verdict}`,
  });
}

/**
 * Integrations of one receiver that share a URL get the same message; each has arrived only when there is one for
 * each of them.
 */
function arrival({ request, sinceMessage }: Following, { probe, integration }: Pending): Arrival {
  if (!request.inbox) return NOTHING;
  const messages = request.inbox.messages.findByText(probe.nonce, sinceMessage);
  const destination = integration.destination();
  if (!destination) return masked(probe, integration, messages);
  if (!isInbox({ request }, integration)) return NOTHING;
  const same = (other: Target) =>
    other.destination()?.href === destination.href && other.recipient === integration.recipient;
  const sharing = probe.integrations.filter(same);
  const there = messages.filter((message) => isFor(message, integration, destination));
  return there.length >= sharing.length
    ? { message: there[sharing.indexOf(integration)], unassigned: 0 }
    : { message: undefined, unassigned: there.length };
}

function isFor(message: InboxMessage, { type, recipient }: Target, { pathname, search }: URL): boolean {
  if (recipient !== undefined) return message.type === type && message.recipient === recipient;
  return message.path === pathname + search;
}

interface Arrival {
  readonly message: InboxMessage | undefined;
  readonly unassigned: number;
}

const NOTHING: Arrival = { message: undefined, unassigned: 0 };

/**
 * Where an integration sends to is masked, a message in our inbox still is one of this receiver. It is one's own when
 * as many paths were used as the receiver has integrations of the type: retries come to the same path.
 */
function masked(probe: Probe, integration: Target, messages: readonly InboxMessage[]): Arrival {
  const alike = probe.integrations.filter((other) => other.type === integration.type && !other.destination());
  const ofType = messages.filter(({ type }) => type === integration.type);
  const paths = [...new Set(ofType.map(({ path }) => path))];
  if (paths.length < alike.length) return NOTHING;
  const path = paths[alike.indexOf(integration)];
  // The last answer counts: an earlier one may have been a refusal that was tried again.
  return { message: ofType.findLast((message) => message.path === path), unassigned: 0 };
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

function isInbox({ request }: Pick<Following, 'request'>, integration: Target): boolean {
  if (!request.inbox) return false;
  const inbox = new URL(request.inbox.baseUrl);
  const destination = integration.destination();
  if (!destination) return false;
  // The inbox speaks HTTP, SMTP and both over TLS on its one port.
  return LOOPBACK.has(destination.hostname) && destination.port === inbox.port;
}

async function hear(
  { request, api, postedAt }: Following,
  pending: readonly Pending[],
  last: Testimony | undefined,
): Promise<Testimony> {
  const nonces = [...new Set(pending.map(({ probe }) => probe.nonce))];
  const [groups, samples, lines] = await Promise.all([
    Promise.all(nonces.map(async (nonce) => [nonce, await api.groups(TEST_LABEL, nonce)] as const)),
    api.metrics(),
    request.logTail(LOG_LINES),
  ]);
  return {
    groups: new Map(groups),
    counters: readCounters(samples),
    earlier: last?.counters,
    attempts: failedAttempts(lines, postedAt),
  };
}
