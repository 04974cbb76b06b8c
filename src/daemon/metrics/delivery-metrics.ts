import { type DeliveryReadings, readDeliveries } from '../../history/delivery-reading.ts';
import type { Clock } from '../../platform/clock.ts';
import type { FamilySample, MetricFamily } from '../../platform/metrics-text.ts';
import { DELIVERY_VERDICTS } from '../../stack/delivery.ts';
import type { IntegrationName } from '../../stack/receiver.ts';
import { family, seconds } from './family.ts';

interface Sources {
  readonly database: string;
  readonly clock: Clock;
}

type Labels = FamilySample['labels'];

/**
 * Whether alerts arrive, for each integration that the stack has today. `integration` is as in Alertmanager's log:
 * `slack[0]`.
 */
export function deliveryMetrics(integrations: readonly IntegrationName[], sources: Sources): MetricFamily[] {
  const readings = readAll(integrations, sources);
  const labels = integrations.map(({ receiver, type, index }) => ({
    receiver,
    integration: `${type}[${index}]`,
  }));
  return [
    ...testMetrics(labels, readings),
    latencyMetric(labels, readings),
    notificationMetric(labels, readings),
    ...seenMetrics([...new Set(integrations.map(({ receiver }) => receiver))], readings),
  ];
}

function readAll(integrations: readonly IntegrationName[], { database, clock }: Sources): DeliveryReadings {
  try {
    return readDeliveries(database, integrations, clock.now());
  } catch {
    // A damaged or locked file: `status` says which; here nothing was ever delivered.
    return { integrations: [], others: new Map(), seen: new Map() };
  }
}

function testMetrics(labels: readonly Labels[], { integrations }: DeliveryReadings): MetricFamily[] {
  const each = (value: (reading: DeliveryReadings['integrations'][number] | undefined) => number) =>
    labels.map((own, i) => ({ labels: own, value: value(integrations[i]) }));
  const eachVerdict = (value: (i: number, verdict: (typeof DELIVERY_VERDICTS)[number]) => number) =>
    labels.flatMap((own, i) =>
      DELIVERY_VERDICTS.map((verdict) => ({ labels: { ...own, verdict }, value: value(i, verdict) })),
    );
  return [
    family(
      'leitstand_alert_delivery_last_verdict',
      'gauge',
      '1 for the verdict of the last test alert, 0 for the others; all 0: never tested.',
      eachVerdict((i, verdict) => (integrations[i]?.last?.verdict === verdict ? 1 : 0)),
    ),
    family(
      'leitstand_alert_delivery_last_test_timestamp_seconds',
      'gauge',
      'When it was tested last; 0: never.',
      each((reading) => seconds(reading?.last?.at)),
    ),
    family(
      'leitstand_alert_delivery_last_success_timestamp_seconds',
      'gauge',
      'When a test alert was last confirmed or accepted; 0: never.',
      each((reading) => seconds(reading?.lastSuccess?.at)),
    ),
    family(
      'leitstand_alert_delivery_last_latency_seconds',
      'gauge',
      'From sending the last good test alert until it was there; absent where nobody saw it arrive.',
      labels.flatMap((own, i) => {
        const latency = integrations[i]?.lastSuccess?.latencyMs;
        return latency === undefined ? [] : [{ labels: own, value: latency / 1000 }];
      }),
    ),
    family(
      'leitstand_alert_delivery_tests_total',
      'counter',
      'Test alerts by their verdict.',
      eachVerdict((i, verdict) => integrations[i]?.tests[verdict] ?? 0),
    ),
  ];
}

function latencyMetric(labels: readonly Labels[], { integrations }: DeliveryReadings): MetricFamily {
  return family(
    'leitstand_alert_delivery_latency_seconds',
    'summary',
    'From sending a test alert until it was there, of the good ones that were timed; quantiles of the last 30 days.',
    labels.flatMap((own, i): FamilySample[] => {
      const { latency, timed } = integrations[i] ?? {};
      const quantiles = latency
        ? [
            { labels: { ...own, quantile: '0.5' }, value: latency.p50Ms / 1000 },
            { labels: { ...own, quantile: '0.95' }, value: latency.p95Ms / 1000 },
          ]
        : [];
      return [
        ...quantiles,
        { labels: own, value: (timed?.latencyMs ?? 0) / 1000, suffix: '_sum' },
        { labels: own, value: timed?.count ?? 0, suffix: '_count' },
      ];
    }),
  );
}

/** Of real alerts. Those whose receiver is not known, or not one of today's, have an empty `receiver`. */
function notificationMetric(labels: readonly Labels[], readings: DeliveryReadings): MetricFamily {
  const known = labels.map((own, i) => [own, readings.integrations[i]?.notifications] as const);
  const others = [...readings.others].map(
    ([integration, counts]) => [{ receiver: '', integration }, counts] as const,
  );
  return family(
    'leitstand_alert_delivery_notifications_total',
    'counter',
    'Notifications of real alerts that the inbox or the event recorder of Alertmanager saw.',
    [...known, ...others].flatMap(([own, counts]) => [
      { labels: { ...own, outcome: 'accepted' }, value: counts?.good ?? 0 },
      { labels: { ...own, outcome: 'refused' }, value: counts?.bad ?? 0 },
    ]),
  );
}

function seenMetrics(receivers: readonly string[], { seen }: DeliveryReadings): MetricFamily[] {
  return [
    family(
      'leitstand_alert_delivery_last_seen_timestamp_seconds',
      'gauge',
      'When a person last said that a test alert was seen; 0: never.',
      receivers.map((receiver) => ({ labels: { receiver }, value: seconds(seen.get(receiver)?.at) })),
    ),
    family(
      'leitstand_alert_delivery_last_seen_latency_seconds',
      'gauge',
      'From sending that test alert until the person said so; absent before the first time.',
      receivers.flatMap((receiver) => {
        const reading = seen.get(receiver);
        return reading ? [{ labels: { receiver }, value: reading.afterMs / 1000 }] : [];
      }),
    ),
  ];
}
