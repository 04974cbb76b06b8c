import type { PostableAlert } from '../components/alertmanager/api.ts';
import { TEST_ALERT_PREFIX, TEST_LABEL } from '../stack/delivery.ts';
import type { Language } from '../stack/language.ts';
import { type Alerting, labelsText, type Way } from './alerting.ts';
import type { Aim } from './request.ts';
import type { Target } from './target.ts';

/** Further back than any sensible group_wait: the group flushes at once (measured: 41 to 176 ms). */
const BACKDATED_MS = 3_600_000;
/** Should this program die: the alert ends by itself. */
const OUTLIVES_TEST_MS = 60_000;

/** The mark of a whole test: 12 hex digits. */
export function testNonce(random: (bytes: number) => Uint8Array): string {
  return Buffer.from(random(6)).toString('hex');
}

/** One receiver's part of a test: an alert of its own, since two receivers may share a destination. */
export interface Probe {
  /** Several where one alert reaches several: `on-call, team`. */
  readonly receiver: string;
  readonly nonce: string;
  readonly integrations: readonly Target[];
  /** What leads to the receiver; undefined when no route does. */
  readonly routed: Way | undefined;
  /** The route that is tested, where routes are. */
  readonly route?: string;
}

/** One integration that a probe's alert should reach. */
export interface Expected {
  readonly probe: Probe;
  readonly integration: Target;
}

export function expectedOf(probes: readonly Probe[]): Expected[] {
  return probes.flatMap((probe) => probe.integrations.map((integration) => ({ probe, integration })));
}

export function makeProbes(alerting: Alerting, aim: Aim, nonce: string): Probe[] {
  const mark = (index: number) => `${nonce}x${index}x`;
  if (aim.kind === 'labels') return [probeFor(alerting, aim.labels, mark(0))];
  if (aim.kind === 'routes')
    return alerting.routes.map(({ receiver, by, way }, index) => ({
      receiver,
      nonce: mark(index),
      integrations: alerting.targets(receiver),
      routed: way(mark(index)),
      route: by === '' ? 'everything else' : by,
    }));
  return aim.names.map((receiver, index) => ({
    receiver,
    nonce: mark(index),
    integrations: alerting.targets(receiver),
    routed: alerting.way(receiver, mark(index)),
  }));
}

function probeFor(alerting: Alerting, labels: Readonly<Record<string, string>>, nonce: string): Probe {
  const { receivers, way } = alerting.takers(labels, nonce);
  return {
    receiver: receivers.join(', '),
    nonce,
    integrations: receivers.flatMap((receiver) => alerting.targets(receiver)),
    routed: way,
    route: labelsText(labels),
  };
}

/** What marks a test alert; `own` labels carry the nonce too. */
export function testLabels(nonce: string, own: readonly string[]): Record<string, string> {
  return {
    ...Object.fromEntries(own.map((label) => [label, nonce])),
    alertname: `${TEST_ALERT_PREFIX}${nonce}`,
    [TEST_LABEL]: nonce,
  };
}

/** What people read, in the language of the stack. */
const TEXTS: Readonly<Record<Language, (probe: Probe) => Record<'summary' | 'description', string>>> = {
  en: ({ nonce, receiver }) => ({
    summary: 'Test alert from Leitstand: nothing is wrong',
    description: `Test ${nonce} of the receiver ${receiver}. It ends by itself; nobody has to act.`,
  }),
  de: ({ nonce, receiver }) => ({
    summary: 'Testalarm von Leitstand: es ist nichts passiert',
    description: `Test ${nonce} des Empfängers ${receiver}. Er endet von selbst; niemand muss etwas tun.`,
  }),
};

/** What the message of a scheduled test begins with. */
export const DRILL_TEXTS: Readonly<Record<Language, string>> = {
  en: 'This is the scheduled fire drill.',
  de: 'Dies ist die geplante Alarmübung.',
};

/** The mark stands in the alert's name, which every message shows; where the name is another, in the summary. */
export function probeTexts(probe: Probe, language: Language): Record<'summary' | 'description', string> {
  const texts = TEXTS[language](probe);
  const isNamed = (probeLabels(probe)['alertname'] ?? '').includes(probe.nonce);
  return isNamed ? texts : { ...texts, summary: `${texts.summary} (${TEST_ALERT_PREFIX}${probe.nonce})` };
}

/** The labels of its alert, as Alertmanager has them. */
export function probeLabels({ nonce, routed }: Probe): Record<string, string> {
  const labels = { ...testLabels(nonce, routed?.own ?? []), ...routed?.labels };
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
}

export function probeAlert(
  probe: Probe,
  postedAt: Date,
  timeoutMs: number,
  language: Language = 'en',
): PostableAlert {
  return {
    labels: probeLabels(probe),
    annotations: probeTexts(probe, language),
    startsAt: new Date(postedAt.getTime() - BACKDATED_MS),
    endsAt: new Date(postedAt.getTime() + timeoutMs + OUTLIVES_TEST_MS),
  };
}
