import type { MetricSample } from '../platform/metrics-text.ts';

/** What Alertmanager counted for one type of integration; all its receivers share these. */
export interface Counted {
  /** Requests sent, and those of them that failed. */
  readonly requests: number;
  readonly failedRequests: number;
  /** Notifications given up. */
  readonly failed: number;
}

const NAMES = {
  requests: 'alertmanager_notification_requests_total',
  failedRequests: 'alertmanager_notification_requests_failed_total',
  failed: 'alertmanager_notifications_failed_total',
} as const;

/** A restart or, with `receiver-name-in-metrics`, a reload zeroes the counters: then a difference says nothing. */
const EPOCHS = ['process_start_time_seconds', 'alertmanager_config_last_reload_success_timestamp_seconds'];

export interface CounterSnapshot {
  readonly epoch: string;
  of(type: string): Counted;
}

export function readCounters(samples: readonly MetricSample[]): CounterSnapshot {
  const sum = (name: string, type: string) =>
    samples
      .filter((sample) => sample.name === name && sample.labels['integration'] === type)
      .reduce((total, { value }) => total + value, 0);
  return {
    epoch: EPOCHS.map((name) => samples.find((sample) => sample.name === name)?.value).join(' '),
    of: (type) => ({
      requests: sum(NAMES.requests, type),
      failedRequests: sum(NAMES.failedRequests, type),
      failed: sum(NAMES.failed, type),
    }),
  };
}

/** What was counted in between; undefined when the two do not belong together. */
export function countedSince(
  before: CounterSnapshot,
  after: CounterSnapshot,
  type: string,
): Counted | undefined {
  if (before.epoch !== after.epoch) return undefined;
  const [a, b] = [before.of(type), after.of(type)];
  return {
    requests: b.requests - a.requests,
    failedRequests: b.failedRequests - a.failedRequests,
    failed: b.failed - a.failed,
  };
}
