import { LeitstandError } from '../platform/errors.ts';
import type { Configuration, Route } from '../routing/configuration.ts';
import { type Destination, destinationsOf } from '../routing/walk.ts';
import { readConfiguration } from './attached/configuration.ts';
import { type CounterSnapshot, readCounters } from './counters.ts';
import { crowdedOnes } from './group-wait.ts';
import { type Hold, holdsOn, holdText, type Looked } from './holds.ts';
import { changedSince, otherConfiguration } from './in-force.ts';
import { askAll, type Member, type Members, unknownPeers } from './members.ts';
import { type Expected, type Probe, probeLabels } from './probe.ts';
import type { IntegrationReport } from './report.ts';
import type { DeliveryRequest } from './request.ts';
import { named, type Target } from './target.ts';

/** What is known before anything is sent. */
export interface Preflight {
  /** Verdicts that sending would not change. */
  readonly verdicts: ReadonlyMap<Expected, IntegrationReport>;
  readonly notes: readonly string[];
  /** What will hold a probe's alert back, as far as can be reckoned from here. */
  readonly holds: ReadonlyMap<Probe, readonly Hold[]>;
  /** The routes of the loaded configuration that take each probe's alert. */
  readonly routes: ReadonlyMap<Probe, readonly Destination<Route>[]>;
  /** Those whose alerts join a group that is there already. */
  readonly crowded: ReadonlySet<Expected>;
  readonly counters: CounterSnapshot;
  /** Something else is loaded than Leitstand gave to it. */
  readonly isOther: boolean;
}

/** Looks at Alertmanager and its configuration; sends nothing. Rejects with LS-ALERTMANAGER errors, LS-DELIVERY-001. */
export async function lookBefore(
  members: Members,
  { probes, all }: { readonly probes: readonly Probe[]; readonly all: readonly Expected[] },
  request: DeliveryRequest,
): Promise<Preflight> {
  const [first] = members.present;
  if (!first) throw new TypeError('there is no Alertmanager to look at');
  const loaded = readConfiguration(first.status.config);
  const samples = await askAll(members.present, ({ api }) => api.metrics(), request.signal);
  const routes = new Map(
    probes
      .filter(({ routed }) => routed !== undefined)
      .map((probe) => {
        const labels = probeLabels(probe);
        return [probe, destinationsOf(loaded.root, (label) => labels[label] ?? '')];
      }),
  );
  const verdicts = new Map<Expected, IntegrationReport>();
  for (const expected of all) {
    const { probe, integration } = expected;
    const report =
      (probe.routed ? undefined : notRouted(integration, probe)) ??
      notByRule(integration, probe, request) ??
      notLoaded(integration, loaded) ??
      ledElsewhere(integration, routes.get(probe) ?? []) ??
      (await secretProblem(integration, request)) ??
      changedSince(integration, request);
    if (report) verdicts.set(expected, report);
  }
  const other = otherConfiguration(request.inForce, samples.answers);
  const { holds, unasked } = await reckonHolds(first, { probes, routes, loaded, now: request.clock.now() });
  return {
    verdicts,
    notes: [...memberNotes(members), ...other.notes, ...emptyReceivers(probes, request), ...unasked],
    holds,
    routes,
    crowded: await crowdedOnes(first, { all: all.filter((one) => !verdicts.has(one)), routes }),
    counters: readCounters(samples.answers),
    isOther: other.isOther,
  };
}

function notRouted(target: Target, { route }: Probe): IntegrationReport {
  const { receiver, attached } = target;
  const verdict = { ...named(target), verdict: 'NOT-ROUTED' } as const;
  if (route !== undefined)
    return {
      ...verdict,
      reason: `an earlier route takes everything that this one would: ${route}`,
      fix: attached
        ? 'move the narrower route before the wider one'
        : 'move it up in `routing`, or remove it',
    };
  if (attached)
    return {
      ...verdict,
      reason: 'no route was found that leads to this receiver before another one takes the alert',
      fix: `look at the routes (amtool config routes show); if ${receiver} is not in use, remove it`,
    };
  return {
    ...verdict,
    reason: 'no severity and no default in leitstand.yaml leads to this receiver',
    fix: `add it under routing, e.g. \`severity: {warning: ${receiver}}\`, or remove the receiver`,
  };
}

/** That they cannot be read is no reason not to test: Alertmanager itself says what it holds back. */
async function reckonHolds(member: Member, looked: Looked) {
  try {
    return { holds: await holdsOn(member, looked), unasked: [] };
  } catch (error) {
    if (!(error instanceof LeitstandError)) throw error;
    const { what, why } = error.details;
    return {
      holds: new Map<Probe, readonly Hold[]>(),
      unasked: [`whether something will hold it back is not known: ${why ?? what}`],
    };
  }
}

/** A rule gives its alerts its own name. */
function notByRule(
  target: Target,
  { routed }: Probe,
  { rule }: DeliveryRequest,
): IntegrationReport | undefined {
  const wanted = routed?.labels['alertname'];
  if (!rule || wanted === undefined || wanted === '' || wanted === rule.alertname) return undefined;
  return {
    ...named(target),
    verdict: 'NOT-ROUTED',
    reason: `its route wants the alert name ${wanted}, and the rule of the test is called ${rule.alertname}`,
    fix: 'test it without --from-prometheus',
  };
}

/** An attached one is tested after the very configuration that it has loaded. */
function notLoaded(target: Target, { receivers }: Configuration): IntegrationReport | undefined {
  if (target.attached) return undefined;
  const loaded = receivers.find(({ name }) => name === target.receiver);
  const isThere = loaded?.integrations.some(
    ({ type, index }) => type === target.type && index === target.index,
  );
  if (isThere) return undefined;
  return {
    ...named(target),
    verdict: 'NOT-ROUTED',
    reason: loaded
      ? `the receiver ${target.receiver} that Alertmanager has loaded has no ${target.type}[${target.index}]`
      : `Alertmanager has loaded a configuration without the receiver ${target.receiver}`,
    fix: 'its configuration is not the one of leitstand.yaml: leitstand up',
  };
}

function ledElsewhere(
  target: Target,
  destinations: readonly Destination<Route>[],
): IntegrationReport | undefined {
  const receivers = [...new Set(destinations.map(({ route }) => route.receiver))];
  if (receivers.includes(target.receiver)) return undefined;
  return {
    ...named(target),
    verdict: 'NOT-ROUTED',
    reason: `Alertmanager's loaded routes lead it to ${receivers.join(', ')} instead`,
    fix: target.attached
      ? 'its configuration has just changed: run the test again'
      : 'its configuration is not the one of leitstand.yaml: leitstand up',
  };
}

async function secretProblem(
  target: Target,
  request: DeliveryRequest,
): Promise<IntegrationReport | undefined> {
  const problem = await request.secretProblem?.(target);
  return problem && { ...named(target), verdict: 'FAILED', stage: 'send', ...problem };
}

function memberNotes(members: Members): string[] {
  const { present, absent } = members;
  const unknown = unknownPeers(members);
  const views = new Set(present.map(({ status }) => status.peers.map(({ name }) => name).join()));
  const together = present.every(({ status }) => status.peers.length > 1);
  const differ = new Set(present.map(({ status }) => whoIsTold(status.config))).size > 1;
  return [
    ...absent.map(
      ({ url, reason }) => `Alertmanager at ${url} does not answer (${reason}): the others are tested`,
    ),
    ...(present.length < 2 || (together && views.size === 1) ? [] : [splitNote(present)]),
    ...(differ
      ? ['the Alertmanagers have loaded different routes or receivers: the test follows the first']
      : []),
    ...(unknown.length === 0
      ? []
      : [
          `the cluster has ${unknown.length} more Alertmanager${unknown.length === 1 ? '' : 's'} (gossip at ${unknown.join(', ')}): what they send is not seen; name their URLs as well`,
        ]),
  ];
}

/** Of what decides who is told; paths of secret files differ from machine to machine. */
function whoIsTold(config: string): string {
  const { root, receivers, inhibitions, intervals } = readConfiguration(config);
  const integrations = receivers.map(({ name, integrations: all }) => [name, ...all.map(({ type }) => type)]);
  return JSON.stringify([root, integrations, inhibitions, [...intervals]]);
}

function splitNote(present: readonly Member[]): string {
  const urls = present.map(({ url }) => url).join(' and ');
  return present.every(({ status }) => status.peers.length === 0)
    ? `${urls} are no cluster: each tells the receivers, so that everything is told ${present.length} times`
    : `${urls} do not see each other (the gossip port is blocked, or --cluster.peer is wrong): each may tell the receivers`;
}

/** A receiver without integrations is Alertmanager's way to tell nobody. */
function emptyReceivers(probes: readonly Probe[], { alerting }: DeliveryRequest): string[] {
  const empty = probes
    .flatMap(({ receiver, route }) => receiver.split(', ').map((name) => ({ name, route })))
    .filter(({ name }) => alerting.targets(name).length === 0);
  return empty.map(
    ({ name, route }) =>
      `${route === undefined ? '' : `${route}: `}the receiver ${name} has no integration: it tells nobody`,
  );
}

/** For people, before anything is sent. */
export function holdTexts({ holds }: Preflight): string[] {
  return [...holds].flatMap(([{ receiver }, all]) =>
    all.map((hold) => `${receiver}: held back by ${holdText(hold)}`),
  );
}
