import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from '../../platform/canonical-json.ts';
import { type Alerting, type Audience, labelsText } from '../alerting.ts';
import { testLabels } from '../probe.ts';
import type { Target } from '../target.ts';
import {
  type AttachedConfiguration,
  type AttachedIntegration,
  type AttachedReceiver,
  readConfiguration,
  type Route,
} from './configuration.ts';
import { holds } from './matchers.ts';
import { findWay, type Way } from './routes.ts';

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
    fingerprint: (receiver) => fingerprintOf(file, named(receiver)),
    audience: (receivers) =>
      receivers.flatMap((name) => {
        const receiver = named(name);
        return receiver ? [audienceOf(file, receiver)] : [];
      }),
    notProven: ['that its secrets are still those of the test: an attached Alertmanager does not show them'],
  };
}

function wayTo(file: AttachedConfiguration, receiver: string, nonce: string): Way | undefined {
  return findWay(file.root, receiver, (route) => testLabels(nonce, ownLabels(file, route)));
}

/** Everything by which the test could be taken together with real alerts: what is compared and what is grouped by. */
function ownLabels({ inhibitions }: AttachedConfiguration, route: Route): string[] {
  const grouping = route.groupBy.filter((label) => label !== '...');
  return [...new Set([...inhibitions.flatMap(({ equal }) => equal), ...grouping])];
}

function targetOf(receiver: string, { type, index, settings }: AttachedIntegration): Target {
  return {
    receiver,
    type,
    index,
    attached: true,
    destination: () => (type === 'webhook' ? visibleUrl(settings['url']) : undefined),
    secrets: () => [],
  };
}

/** Old versions show a webhook's URL; newer ones and every other URL with a key in it read `<secret>`. */
function visibleUrl(value: unknown): URL | undefined {
  return typeof value === 'string' ? (URL.parse(value) ?? undefined) : undefined;
}

function fingerprintOf(file: AttachedConfiguration, receiver: AttachedReceiver | undefined): string {
  const way = receiver && wayTo(file, receiver.name, LOOKING);
  const facts = {
    settings: JSON.parse(JSON.stringify(receiver?.settings ?? null)) as Json,
    labels: way?.chosen ?? null,
    also: way?.also ?? [],
    intervals: way?.route.intervals ?? [],
  };
  return createHash('sha256').update(canonicalJson(facts)).digest('hex').slice(0, 32);
}

function audienceOf(file: AttachedConfiguration, receiver: AttachedReceiver): Audience {
  const way = wayTo(file, receiver.name, LOOKING);
  return {
    receiver: receiver.name,
    integrations: receiver.integrations.map(describe),
    by: labelsText(way?.chosen ?? {}),
    notes: way ? notesOn(file, way) : ['no alert that Leitstand could think of leads there: nothing is sent'],
  };
}

function notesOn({ inhibitions }: AttachedConfiguration, { labels, route, also }: Way): string[] {
  const isOwn = (label: string) => (labels[label] ?? '').includes(LOOKING);
  const mutes = inhibitions.some(
    ({ source, equal }) => source.every((matcher) => holds(matcher, labels)) && !equal.some(isOwn),
  );
  const grouped = route.groupBy.some((label) => label === '...' || isOwn(label));
  return [
    ...(also.length === 0 ? [] : [`the same alert also reaches ${also.join(', ')}`]),
    ...(route.intervals.length === 0
      ? []
      : [`held back by the time intervals ${route.intervals.join(', ')}`]),
    ...(grouped
      ? []
      : ['its group may hold real alerts: they are told again with it, and it waits for group_interval']),
    ...(mutes ? ['an inhibition without `equal` of its own: while it fires, it mutes real alerts'] : []),
  ];
}

/** Settings that name a place and hold no key. */
const PLACES = ['channel', 'to', 'room_id', 'chat_id', 'topic_arn', 'project', 'url'];

function describe({ type, settings }: AttachedIntegration): string {
  for (const key of PLACES) {
    const value = settings[key];
    if ((typeof value !== 'string' && typeof value !== 'number') || value === '' || value === '<secret>')
      continue;
    return `${type} ${key === 'url' ? (visibleUrl(value)?.host ?? '') : String(value)}`.trimEnd();
  }
  return type;
}
