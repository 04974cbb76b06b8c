import type { Route, Routing, Stack } from '../stack/stack.ts';
import { deliveryFingerprint } from './fingerprint.ts';
import { hostOf, type Target } from './target.ts';

/** Whom an Alertmanager tells about what: after leitstand.yaml, or after its own configuration where it is attached. */
export interface Alerting {
  /** Receivers that are to be tested when none is named. */
  readonly receivers: readonly string[];
  targets(receiver: string): readonly Target[];
  /** Undefined when no route leads to the receiver. */
  way(receiver: string, nonce: string): Way | undefined;
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

export interface Way {
  /** What leads to the receiver; they win over the marks of a test. An empty value: the label must be absent. */
  readonly labels: Readonly<Record<string, string>>;
  /** Labels that carry the nonce, so that the test alert is told by them from every real one. */
  readonly own: readonly string[];
}

/**
 * Compared by the inhibition that Leitstand renders: without the nonce in them, a synthetic critical alert would mute
 * real warnings (seen on a real Alertmanager).
 */
const COMPARED = ['workspace_id', 'component', 'instance'];

export function stackAlerting(stack: Stack): Alerting {
  const targets = (receiver: string) =>
    stack.integrations.filter((integration) => integration.receiver === receiver);
  return {
    receivers: stack.receivers,
    targets,
    way: (receiver) => wayTo(stack, receiver),
    fingerprint: (receiver) => deliveryFingerprint(stack, receiver),
    audience: (receivers) =>
      receivers.map((receiver) => {
        const way = wayTo(stack, receiver);
        return {
          receiver,
          integrations: targets(receiver).map((target) => `${target.type} ${target.place ?? hostOf(target)}`),
          by: labelsText(way?.labels ?? {}),
          notes: way ? [] : ['no route leads there: nothing is sent'],
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
  return routing.default === receiver ? { labels: {}, own: COMPARED } : undefined;
}

/** Labels that take this very route; undefined when an earlier one takes them all. */
function labelsFor({ routes }: Routing, wanted: Route): Readonly<Record<string, string>> | undefined {
  let choices: Readonly<Record<string, string>>[] = [{}];
  for (const { label, values } of wanted.match)
    choices = choices
      .flatMap((labels) => values.map((value) => ({ ...labels, [label]: value })))
      .slice(0, 256);
  return choices.find((labels) => routes.find((route) => takes(route, labels)) === wanted);
}

function takes({ match }: Route, labels: Readonly<Record<string, string>>): boolean {
  return match.every(({ label, values }) => values.includes(labels[label] ?? ''));
}

/** `severity="critical", team="x"`; absent labels are left out. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .filter(([, value]) => value !== '')
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(', ');
}
