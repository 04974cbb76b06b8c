import type { Labels } from '../routing/matcher.ts';
import { COMPARED, stackConfiguration, takes } from '../routing/rendered.ts';
import { routesFor } from '../routing/walk.ts';
import { TEST_LABEL } from '../stack/delivery.ts';
import type { Route, Routing, Stack } from '../stack/stack.ts';
import { deliveryFingerprint } from './fingerprint.ts';
import { placeOf, type Target } from './target.ts';

/** Whom an Alertmanager tells about what: after leitstand.yaml, or after its own configuration where it is attached. */
export interface Alerting {
  /** Receivers that are to be tested when none is named. */
  readonly receivers: readonly string[];
  targets(receiver: string): readonly Target[];
  /** Undefined when no route leads to the receiver. */
  way(receiver: string, nonce: string): Way | undefined;
  /** Every route to a receiver, in the order in which they are tried; the last one takes everything else. */
  readonly routes: readonly RouteToReceiver[];
  /** Who takes an alert with these labels, and what else it has to carry. */
  takers(labels: Readonly<Record<string, string>>, nonce: string): Takers;
  /** Of everything that decides whether and where the receiver is notified. */
  fingerprint(receiver: string): string;
  /** Whom a test would tell. */
  audience(receivers: readonly string[]): readonly Audience[];
  /** Further claims that a proof must not make. */
  readonly notProven: readonly string[];
}

/** Who is told by a test, and what else it does; for people. */
export interface Audience {
  readonly receiver: string;
  /** `slack #alerts`, `email ops@example.org`; never a secret. */
  readonly integrations: readonly string[];
  /** The labels that lead there: `severity="critical"`; empty: it takes what nobody else takes. */
  readonly by: string;
  /** What somebody should know before. */
  readonly notes: readonly string[];
}

export interface RouteToReceiver {
  readonly receiver: string;
  /** `severity="critical"`; empty: what no other route takes. */
  readonly by: string;
  /** Undefined when a route before it takes everything that it would. */
  way(nonce: string): Way | undefined;
}

export interface Takers {
  readonly receivers: readonly string[];
  readonly way: Way;
}

export interface Way {
  /** What leads to the receiver; they win over the marks of a test. An empty value: the label must be absent. */
  readonly labels: Readonly<Record<string, string>>;
  /** Labels that carry the nonce, so that the test alert is told by them from every real one. */
  readonly own: readonly string[];
}

/** A value that no route means. */
const OTHER = 'leitstand-test';

export function stackAlerting(stack: Stack): Alerting {
  const targets = (receiver: string) =>
    stack.integrations.filter((integration) => integration.receiver === receiver);
  const configuration = () => stackConfiguration(stack);
  return {
    receivers: stack.receivers,
    targets,
    way: (receiver) => wayTo(stack, receiver),
    routes: routesOf(stack),
    takers: (labels, nonce) => ({
      receivers: routesFor(configuration().root, { [TEST_LABEL]: nonce, ...labels }).map(
        ({ receiver }) => receiver,
      ),
      way: { labels, own: COMPARED.filter((label) => !(label in labels)) },
    }),
    fingerprint: (receiver) => deliveryFingerprint(stack, receiver),
    audience: (receivers) =>
      receivers.map((receiver) => {
        const way = wayTo(stack, receiver);
        return {
          receiver,
          integrations: targets(receiver).map(placeOf),
          by: labelsText(way?.labels ?? {}),
          notes: way ? notesOn(stack, way) : ['no route leads there: nothing is sent'],
        };
      }),
    notProven: [],
  };
}

function wayTo({ routing }: Stack, receiver: string): Way | undefined {
  for (const route of routing.routes) {
    if (route.receiver !== receiver) continue;
    const labels = labelsFor(routing, route);
    if (labels) return { labels, own: COMPARED };
  }
  return routing.default === receiver ? wayToDefault(routing) : undefined;
}

function routesOf({ routing }: Stack): RouteToReceiver[] {
  return [
    ...routing.routes.map((route) => ({
      receiver: route.receiver,
      by: matchText(route),
      way: () => {
        const labels = labelsFor(routing, route);
        return labels && { labels, own: COMPARED };
      },
    })),
    { receiver: routing.default, by: '', way: () => wayToDefault(routing) },
  ];
}

function matchText({ match }: Route): string {
  return match
    .map(({ label, values }) => `${label}=${values.map((value) => JSON.stringify(value)).join(' or ')}`)
    .join(', ');
}

function wayToDefault({ routes }: Routing): Way | undefined {
  const labels = evading(routes, {}, undefined);
  return labels && { labels, own: COMPARED };
}

/** Labels that take this very route; undefined when earlier ones take them all. */
function labelsFor({ routes }: Routing, wanted: Route): Labels | undefined {
  let choices: Labels[] = [{}];
  for (const { label, values } of wanted.match)
    choices = choices
      .flatMap((labels) => values.map((value) => ({ ...labels, [label]: value })))
      .slice(0, 256);
  for (const labels of choices) {
    const found = evading(routes, labels, wanted);
    if (found) return found;
  }
  return undefined;
}

/** With further labels where a route takes what lacks them; undefined when one takes it all the same. */
function evading(routes: readonly Route[], labels: Labels, wanted: Route | undefined): Labels | undefined {
  const taker = routes.find((route) => takes(route, labels));
  if (taker === wanted) return labels;
  const lacking = taker?.match.find(
    ({ label, values }) => labels[label] === undefined && values.includes(''),
  );
  return lacking && evading(routes, { ...labels, [lacking.label]: OTHER }, wanted);
}

/** What a test does beside its purpose, or what keeps it from it. */
function notesOn({ routing }: Stack, { labels }: Way): string[] {
  const hours = routing.routes.find((route) => takes(route, labels))?.hours;
  const isFixed = (label: string) => (labels[label] ?? '') !== '';
  return [
    ...(hours === undefined ? [] : [`only in the hours ${hours}: outside of them it is held back`]),
    ...(labels['severity'] === 'critical' && COMPARED.every(isFixed)
      ? ['its route names all that the inhibition compares: while it fires, it mutes real warnings']
      : []),
    ...(['alertname', 'workspace_id'].every(isFixed)
      ? ['its group may hold real alerts: they are told again with it, and it waits for group_interval']
      : []),
  ];
}

/** `severity="critical", team="x"`; absent labels are left out. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .filter(([, value]) => value !== '')
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(', ');
}
