import type { PostableAlert } from '../components/alertmanager/api.ts';
import { EXIT, type ExitCode } from '../platform/exit-codes.ts';
import { plural } from '../platform/units.ts';
import { SEEN_ANNOTATION } from '../stack/delivery.ts';
import { awaitTurns, turnsOf, withCopies } from './copies.ts';
import { anyFiring, awaitEnds, closeAtProviders, resolveProbes } from './ending.ts';
import { type Followed, type Following, followProbes } from './follow.ts';
import { openMembers, postToAll } from './members.ts';
import { holdTexts, lookBefore } from './preflight.ts';
import {
  DRILL_TEXTS,
  type Expected,
  expectedOf,
  makeProbes,
  type Probe,
  probeAlert,
  testNonce,
} from './probe.ts';
import { askProvider } from './read-back.ts';
import { recordTest } from './record.ts';
import { type DeliveryReport, type EndReport, type IntegrationReport, reaches } from './report.ts';
import type { DeliveryRequest } from './request.ts';
import type { SeenReport } from './sightings.ts';
import { named } from './target.ts';

/** Of `--cluster.peer-timeout`: prometheus/alertmanager cmd/alertmanager/main.go. */
const PEER_TIMEOUT_MS = 15_000;
/** A metric that is gone, and the alert of its rule, end after the next scrape and evaluation. */
const POLL_END_MS = 500;

/** Alerts are in its memory only. */
const RESTARTED =
  'Alertmanager was restarted during the test and forgot its alerts: what had not got through by then is told when Prometheus sends them again';

type Reports = ReadonlyMap<Expected, IntegrationReport>;

/**
 * Sends marked alerts through the real Alertmanager, follows each to every integration it should reach, resolves them
 * whatever happened, and records deliveries and proofs. What is found before anything is sent is a verdict as well.
 * Rejects with LS-ALERTMANAGER, LS-PROMETHEUS and LS-DELIVERY errors when the question could not be put, and then records
 * nothing.
 */
export async function testDelivery(request: DeliveryRequest): Promise<DeliveryReport> {
  const { alerting, clock, onProgress, standard = 'accepted' } = request;
  const started = clock.monotonic();
  const nonce = testNonce(request.random);
  const aim = request.aim ?? { kind: 'receivers', names: alerting.receivers };
  const probes = makeProbes(alerting, aim, nonce).map((probe) => namedByRule(probe, request.rule));
  const all = expectedOf(probes);
  const members = await openMembers(request.alertmanagers, request.signal);
  const preflight = await lookBefore(members, { probes, all }, request);
  const told = [...preflight.notes, ...holdTexts(preflight)];
  for (const text of told) onProgress({ type: 'warning', text });
  const raised = new Set(all.filter((one) => !preflight.verdicts.has(one)).map(({ probe }) => probe));
  const base = { request, all, raised, preflight, members: members.present, inbox: request.inbox };
  const { reports, resolved, silent, upset } = await raiseAndFollow(base);
  const integrations = all.flatMap((expected) => {
    const report = reports.get(expected);
    return report ? [withRoute(report, expected.probe)] : [];
  });
  const mode = request.rule ? 'prometheus' : 'alertmanager';
  let seen: readonly SeenReport[] | undefined;
  try {
    seen = await request.awaitSeen?.(nonce);
  } finally {
    // Also when nobody waits any longer: what arrived has arrived.
    const { isOther } = preflight;
    recordTest(request, alerting, { mode, nonce, probes, integrations, seen: seen ?? [], isOther });
  }
  return {
    mode,
    nonce,
    exit: preflight.isOther ? EXIT.no : exitOf(probes, integrations, standard),
    ...(preflight.isOther ? { isOtherConfiguration: true } : {}),
    integrations,
    resolved,
    ...(seen === undefined ? {} : { seen }),
    notes: [
      ...told,
      ...silent.map(({ url, reason }) => `Alertmanager at ${url} no longer answers (${reason})`),
      ...(upset === 'restarted' && silent.length === 0 ? [RESTARTED] : []),
    ],
    elapsedMs: clock.monotonic() - started,
  };
}

/** By its name an alert is routed, muted and grouped; one that needs another name than the rule's keeps it. */
function namedByRule(probe: Probe, rule: DeliveryRequest['rule']): Probe {
  const { routed } = probe;
  if (!rule || !routed || (routed.labels['alertname'] ?? '') !== '') return probe;
  return { ...probe, routed: { ...routed, labels: { ...routed.labels, alertname: rule.alertname } } };
}

/** A receiver without integrations reaches nobody. */
function exitOf(
  probes: readonly Probe[],
  integrations: readonly IntegrationReport[],
  standard: NonNullable<DeliveryRequest['standard']>,
): ExitCode {
  const complete = probes.length > 0 && probes.every((probe) => probe.integrations.length > 0);
  return complete && integrations.every((one) => reaches(one, standard)) ? EXIT.ok : EXIT.no;
}

function withRoute(report: IntegrationReport, { route }: Probe): IntegrationReport {
  return route === undefined ? report : { ...report, route };
}

type Prepared = Omit<Following, 'sinceMessage' | 'postedAt' | 'started' | 'timeoutMs' | 'turnsMs'>;

interface Outcome {
  readonly reports: Reports;
  readonly resolved: boolean;
  readonly silent: Followed['silent'];
  readonly upset: Followed['upset'];
}

async function raiseAndFollow(prepared: Prepared): Promise<Outcome> {
  const { request, raised } = prepared;
  const { clock, rule, timeoutMs } = request;
  const probes = [...raised];
  const obstacle = probes.length === 0 ? undefined : await rule?.obstacle();
  if (obstacle) return { reports: blocked(prepared, obstacle), resolved: true, silent: [], upset: undefined };
  const turnsMs = turnsOf(prepared.members, request.peerTimeoutMs ?? PEER_TIMEOUT_MS);
  const following: Following = {
    ...prepared,
    turnsMs,
    sinceMessage: request.inbox?.messages.lastId() ?? 0,
    postedAt: clock.now(),
    started: clock.monotonic(),
    timeoutMs: timeoutMs + turnsMs + ((await rule?.delayMs()) ?? 0),
  };
  let reports: Reports = new Map();
  let resolved = true;
  let closed: ReadonlyMap<Expected, EndReport> = new Map();
  let followed: Followed | undefined;
  try {
    if (probes.length > 0) await raise(following, probes);
    followed = await followToVerdicts(following);
    reports = followed.reports;
    if (probes.length > 0) await awaitTurns(following);
  } finally {
    if (probes.length > 0) {
      resolved = await lower(following, probes);
      closed = await closeAtProviders(following, reports, resolved);
    }
  }
  const counted = new Map([...reports].map(([one, report]) => [one, withCopies(following, one, report)]));
  const ends = resolved ? await awaitEnds(following, counted) : new Map<Expected, EndReport>();
  const complete = [...counted].map(([one, report]) => {
    const end = ends.get(one) ?? closed.get(one);
    return [one, end ? { ...report, end: { ...end, ...closed.get(one) } } : report] as const;
  });
  return { reports: new Map(complete), resolved, silent: followed.silent, upset: followed.upset };
}

/** Nothing could be raised: that is the verdict of all that had none yet. */
function blocked({ all, preflight }: Prepared, obstacle: { reason: string; fix: string }): Reports {
  return new Map(
    all.map((expected) => {
      const verdict = {
        ...named(expected.integration),
        verdict: 'FAILED',
        stage: 'post',
        ...obstacle,
      } as const;
      return [expected, preflight.verdicts.get(expected) ?? verdict];
    }),
  );
}

async function raise(following: Following, probes: readonly Probe[]): Promise<void> {
  const { request, postedAt, timeoutMs, members } = following;
  const { rule, onProgress, language } = request;
  const mark = probes[0]?.nonce.split('x')[0] ?? '';
  if (rule) {
    await rule.raise(probes, new Date(postedAt.getTime() + timeoutMs));
    onProgress({
      type: 'step',
      text: `asked Prometheus for ${plural(probes.length, 'test alert')}, marked ${mark}: up to ${Math.ceil(timeoutMs / 1000)} s`,
    });
    return;
  }
  const alerts = probes.map((probe) =>
    askingPeople(probeAlert(probe, postedAt, timeoutMs, language), probe, request),
  );
  const lost = await postToAll(members, alerts, request.signal);
  for (const { url, reason } of lost)
    onProgress({ type: 'warning', text: `Alertmanager at ${url} did not take the test alerts (${reason})` });
  onProgress({ type: 'step', text: `posted ${plural(probes.length, 'test alert')}, marked ${mark}` });
}

/** Of a test of which somebody shall say that it was seen, or that somebody did not start by hand. */
function askingPeople(
  alert: PostableAlert,
  probe: Probe,
  { seenUrl, isDrill, language }: DeliveryRequest,
): PostableAlert {
  const { description = '' } = alert.annotations;
  const annotations = {
    ...alert.annotations,
    ...(isDrill === true ? { description: `${DRILL_TEXTS[language]} ${description}` } : {}),
    ...(seenUrl ? { [SEEN_ANNOTATION]: seenUrl(probe) } : {}),
  };
  return { ...alert, annotations };
}

async function followToVerdicts(following: Following): Promise<Followed> {
  const { clock } = following.request;
  const deadline = following.started + following.timeoutMs;
  const asked: Promise<readonly [Expected, IntegrationReport]>[] = [];
  const followed = await followProbes(following, (expected, report) => {
    if (!expected.integration.readBack) return;
    if (report.verdict !== 'ACCEPTED' && report.verdict !== 'SENT-UNCONFIRMED') return;
    const answer = askProvider(following, expected, report, Math.max(deadline, clock.monotonic()));
    asked.push(answer.then((upgraded) => [expected, upgraded] as const));
  });
  const upgraded = new Map(await Promise.all(asked));
  const reports = new Map<Expected, IntegrationReport>();
  for (const [expected, report] of followed.reports) {
    const final = upgraded.get(expected) ?? report;
    reports.set(expected, await withPlaceOfLoss(following, followed, expected, final));
  }
  return { ...followed, reports };
}

/** An alert of a rule may be lost before Alertmanager ever has it. */
async function withPlaceOfLoss(
  { request, raised }: Following,
  { grouped }: Followed,
  { probe }: Expected,
  report: IntegrationReport,
): Promise<IntegrationReport> {
  if (!request.rule || !raised.has(probe) || grouped.has(probe) || report.evidenceKind === 'inbox')
    return report;
  const place = await request.rule.whereLost(probe);
  return { ...named(report), verdict: 'FAILED', stage: 'post', ...place };
}

/** True when Alertmanager says that none of them fires any more. Never rejects. */
async function lower(following: Following, probes: readonly Probe[]): Promise<boolean> {
  const { request, members } = following;
  const { rule, clock } = request;
  if (!rule) return resolveProbes(members, probes, request);
  try {
    await rule.lower();
    if (request.signal?.aborted) return false;
    const until = clock.monotonic() + (await rule.delayMs());
    while (await anyFiring(members, probes)) {
      if (clock.monotonic() > until) return false;
      await clock.sleep(POLL_END_MS);
    }
    return true;
  } catch {
    return false;
  }
}
