import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from '../../platform/canonical-json.ts';
import { type Alerting, type Audience, labelsText, type RouteToReceiver } from '../alerting.ts';
import { testLabels } from '../probe.ts';
import type { Target } from '../target.ts';
import type { Configuration, ConfiguredIntegration, Receiver, Route } from '../../routing/configuration.ts';
import { holds } from '../../routing/matcher.ts';
import { routesFor } from '../../routing/walk.ts';
import { describeIntegration, visibleUrl } from '../routing/describe.ts';
import { readConfiguration } from './configuration.ts';
import { allRoutes, findWay, findWayTo, isForTests, type Way } from './routes.ts';

export interface AttachedAlerting extends Alerting {
  /** All receivers, those without integrations included. */
  readonly known: readonly string[];
}

/** Any nonce finds the same way; this one is for looking only. */
const LOOKING = 'ffffffffffff';

/** `configuration`: the YAML that Alertmanager's API gives. Throws LS-DELIVERY-001. */
export function attachedAlerting(configuration: string): AttachedAlerting {
  const file = readConfiguration(configuration);
  const named = (name: string) => file.receivers.find((receiver) => receiver.name === name);
  return {
    known: file.receivers.map(({ name }) => name),
    // One without integrations is Alertmanager's way to tell nobody.
    receivers: file.receivers.filter(({ integrations }) => integrations.length > 0).map(({ name }) => name),
    targets: (receiver) => (named(receiver)?.integrations ?? []).map((one) => targetOf(receiver, one)),
    way: (receiver, nonce) => {
      const way = wayTo(file, receiver, nonce);
      return way && { labels: way.chosen, own: ownLabels(file, way.route) };
    },
    routes: routesTo(file),
    takers: (labels, nonce) => {
      const routes = routesFor(file.root, { ...testLabels(nonce, []), ...labels });
      const own = new Set(routes.flatMap((route) => ownLabels(file, route)));
      return {
        receivers: [...new Set(routes.map(({ receiver }) => receiver))],
        way: { labels, own: [...own].filter((label) => !(label in labels)) },
      };
    },
    fingerprint: (receiver) => fingerprintOf(file, named(receiver)),
    audience: (receivers) =>
      receivers.flatMap((name) => {
        const receiver = named(name);
        return receiver ? [audienceOf(file, receiver)] : [];
      }),
    notProven: ['that its secrets are still those of the test: an attached Alertmanager does not show them'],
  };
}

function wayTo(file: Configuration, receiver: string, nonce: string): Way | undefined {
  return findWay(file.root, receiver, (route) => testLabels(nonce, ownLabels(file, route)));
}

/** Those for test alerts are left out: they have no receiver of their own. */
function routesTo(file: Configuration): RouteToReceiver[] {
  const [root, ...below] = allRoutes(file.root);
  if (!root) return [];
  const told = new Set(
    file.receivers.filter(({ integrations }) => integrations.length > 0).map(({ name }) => name),
  );
  return [...below, root]
    .filter((route) => told.has(route.receiver) && !isForTests(route))
    .map((route) => ({
      receiver: route.receiver,
      by: route.matchers
        .map(({ label, operator, value }) => `${label}${operator}${JSON.stringify(value)}`)
        .join(', '),
      way: (nonce) => {
        const way = findWayTo(file.root, route, (one) => testLabels(nonce, ownLabels(file, one)));
        return way && { labels: way.chosen, own: ownLabels(file, way.route) };
      },
    }));
}

/** Everything by which the test could be taken together with real alerts: what is compared and what is grouped by. */
function ownLabels({ inhibitions }: Configuration, route: Route): string[] {
  const grouping = route.groupBy.filter((label) => label !== '...');
  return [...new Set([...inhibitions.flatMap(({ equal }) => equal), ...grouping])];
}

function targetOf(receiver: string, { type, index, settings }: ConfiguredIntegration): Target {
  return {
    receiver,
    type,
    index,
    attached: true,
    // Alertmanager writes its own default out.
    sendsResolved: settings['send_resolved'] === true,
    destination: () => (type === 'webhook' ? visibleUrl(settings['url']) : undefined),
    secrets: () => [],
  };
}

function fingerprintOf(file: Configuration, receiver: Receiver | undefined): string {
  const way = receiver && wayTo(file, receiver.name, LOOKING);
  const facts = {
    settings: JSON.parse(JSON.stringify(receiver?.settings ?? null)) as Json,
    labels: way?.chosen ?? null,
    also: way?.also ?? [],
    intervals: way ? intervalsOf(way.route) : [],
  };
  return createHash('sha256').update(canonicalJson(facts)).digest('hex').slice(0, 32);
}

function audienceOf(file: Configuration, receiver: Receiver): Audience {
  const way = wayTo(file, receiver.name, LOOKING);
  return {
    receiver: receiver.name,
    integrations: receiver.integrations.map(describeIntegration),
    by: labelsText(way?.chosen ?? {}),
    notes: way ? notesOn(file, way) : ['no alert that Leitstand could think of leads there: nothing is sent'],
  };
}

function intervalsOf({ mutedIn, activeIn }: Route): string[] {
  return [...mutedIn, ...activeIn];
}

function notesOn({ inhibitions }: Configuration, { labels, route, also }: Way): string[] {
  const isOwn = (label: string) => (labels[label] ?? '').includes(LOOKING);
  const mutes = inhibitions.some(
    ({ source, equal }) => source.every((matcher) => holds(matcher, labels)) && !equal.some(isOwn),
  );
  const grouped = route.groupBy.some((label) => label === '...' || isOwn(label));
  return [
    ...(also.length === 0 ? [] : [`the same alert also reaches ${also.join(', ')}`]),
    ...(route.activeIn.length === 0 ? [] : [`only in the time intervals ${route.activeIn.join(', ')}`]),
    ...(route.mutedIn.length === 0 ? [] : [`not in the time intervals ${route.mutedIn.join(', ')}`]),
    ...(grouped
      ? []
      : ['its group may hold real alerts: they are told again with it, and it waits for group_interval']),
    ...(mutes ? ['an inhibition without `equal` of its own: while it fires, it mutes real alerts'] : []),
  ];
}
