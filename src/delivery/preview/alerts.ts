import type { PostableAlert } from '../../components/alertmanager/api.ts';
import { ABOUT_RECEIVER_LABEL } from '../../stack/delivery.ts';
import type { Language } from '../../stack/language.ts';
import type { Routing } from '../../stack/stack.ts';
import { type Alerting, labelsText, type Way } from '../alerting.ts';
import { probeAlert } from '../probe.ts';
import { bareVersion, type ExampleAlert, hostileVersion, type Labels, onInstance, only } from './example.ts';
import { MANY_ALERTS, type PreviewCase } from './report.ts';

const MINUTE_MS = 60_000;
/** How long the example has been firing. */
const FIRING_FOR_MS = 42 * MINUTE_MS;
/** In the memory of an Alertmanager that runs for seconds. */
const ENDS_AFTER_MS = 60 * MINUTE_MS;
/** Between the beginnings of the many. */
const STEP_MS = 30_000;
/** Of a test that is only shown. */
const NONCE = '5a17e0b3c9d2';

/** The alert that one receiver is shown. */
export interface Casting {
  readonly receiver: string;
  readonly way: Way;
  readonly example: ExampleAlert;
  /** Labels that are not to be changed: routing goes by them, or the user wants them so. */
  readonly kept: ReadonlySet<string>;
}

export interface Script {
  readonly example: ExampleAlert;
  /** It is somebody's rule: its labels stand, and lead where they lead. */
  readonly isRule: boolean;
  /** Labels that the user wants; they win over everything. */
  readonly asked: Labels;
  readonly routing: Routing;
  readonly alerting: Pick<Alerting, 'way' | 'takers'>;
}

/** The example with labels that lead to the receiver, or why there is none. */
export function cast(receiver: string, script: Script): Casting | { readonly why: string } {
  const { example, isRule, asked, routing, alerting } = script;
  const way = alerting.way(receiver, '');
  if (!way) return { why: 'no route leads to this receiver' };
  const own = isRule ? { ...way.labels, ...example.labels } : { ...example.labels, ...way.labels };
  const labels = withSeverity(receiver, { ...own, ...asked }, alerting);
  const reached = takersOf(alerting, labels);
  const routed = new Set(routing.routes.flatMap(({ match }) => match.map(({ label }) => label)));
  if (!reached.includes(receiver))
    return { why: `${labelsText(only(labels, routed)) || 'its labels'} leads to ${reached.join(', ')}` };
  return {
    receiver,
    way,
    example: { ...example, labels: { alertname: example.labels.alertname, ...labels } },
    // By a rule's own name and by the receiver that it is about, Alertmanager routes some of the shipped alerts.
    kept: new Set([...routed, ...Object.keys(asked), ...(isRule ? ['alertname', ABOUT_RECEIVER_LABEL] : [])]),
  };
}

export function alertsOf(
  which: PreviewCase,
  casting: Casting,
  { language, now }: { readonly language: Language; readonly now: Date },
): PostableAlert[] {
  const { receiver, way } = casting;
  if (which === 'test') {
    const probe = { receiver, nonce: NONCE, integrations: [], routed: way };
    return [probeAlert(probe, now, FIRING_FOR_MS, language)];
  }
  return versionsFor(which, casting).map(({ labels, annotations, generatorURL }, index) => ({
    labels,
    annotations,
    startsAt: new Date(now.getTime() - FIRING_FOR_MS + index * STEP_MS),
    endsAt: new Date(now.getTime() + ENDS_AFTER_MS),
    ...(generatorURL === undefined ? {} : { generatorURL }),
  }));
}

function versionsFor(which: PreviewCase, { example, kept }: Casting): readonly ExampleAlert[] {
  switch (which) {
    case 'many':
      return Array.from({ length: MANY_ALERTS }, (_, index) => onInstance(example, index + 1, kept));
    case 'bare':
      return [bareVersion(example, kept)];
    case 'hostile':
      return [hostileVersion(example, kept)];
    default:
      return [example];
  }
}

/** Without empty ones, which are none; one without a severity gets the first that leads to the receiver as well. */
function withSeverity(receiver: string, labels: Labels, alerting: Script['alerting']): Labels {
  const stated = Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
  if ('severity' in labels) return stated;
  const severity = ['warning', 'critical', 'info'].find((one) =>
    takersOf(alerting, { ...stated, severity: one }).includes(receiver),
  );
  return severity === undefined ? stated : { ...stated, severity };
}

function takersOf(alerting: Script['alerting'], labels: Labels): readonly string[] {
  return alerting.takers(labels, '').receivers;
}
