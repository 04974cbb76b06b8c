import type { PostableAlert } from '../components/alertmanager/api.ts';
import { TEST_LABEL } from '../stack/delivery.ts';
import type { Language } from '../stack/language.ts';
import type { Alerting, Way } from './alerting.ts';
import type { Target } from './target.ts';

/** Further back than any sensible group_wait: the group flushes at once (measured: 41 to 176 ms). */
const BACKDATED_MS = 3_600_000;
/** Should this program die: the alert ends by itself. */
const OUTLIVES_TEST_MS = 60_000;

/** One receiver's part of a test: an alert of its own, since two receivers may share a destination. */
export interface Probe {
  readonly receiver: string;
  readonly nonce: string;
  readonly integrations: readonly Target[];
  /** What leads to the receiver; undefined when no route does. */
  readonly routed: Way | undefined;
}

export function makeProbes(alerting: Alerting, receivers: readonly string[], nonce: string): Probe[] {
  return receivers.map((receiver, index) => {
    const own = `${nonce}x${index}x`;
    return {
      receiver,
      nonce: own,
      integrations: alerting.targets(receiver),
      routed: alerting.way(receiver, own),
    };
  });
}

/** What marks a test alert; `own` labels carry the nonce too. */
export function testLabels(nonce: string, own: readonly string[]): Record<string, string> {
  return {
    ...Object.fromEntries(own.map((label) => [label, nonce])),
    alertname: `LeitstandTest_${nonce}`,
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

export function probeAlert(
  probe: Probe,
  postedAt: Date,
  timeoutMs: number,
  language: Language = 'en',
): PostableAlert {
  const { nonce, routed } = probe;
  const labels = { ...testLabels(nonce, routed?.own ?? []), ...routed?.labels };
  return {
    labels: Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== '')),
    annotations: TEXTS[language](probe),
    startsAt: new Date(postedAt.getTime() - BACKDATED_MS),
    endsAt: new Date(postedAt.getTime() + timeoutMs + OUTLIVES_TEST_MS),
  };
}
