import type { MetricSample } from '../platform/metrics-text.ts';

/** What Alertmanager counted for one type of integration; its receivers share these unless it tells them apart. */
export interface Counted {
  /** Notifications begun, whosever they are: each ends when a request succeeds or it is given up. */
  readonly started: number;
  /** Requests ended, and those of them that failed. */
  readonly requests: number;
  readonly failedRequests: number;
  /** Requests that certainly succeeded; may lag one look behind. */
  readonly succeeded: number;
  /** Notifications given up. */
  readonly failed: number;
  /** Alertmanager's words for why (since 0.26): `clientError`, `contextDeadlineExceeded`, `other`. */
  readonly reasons: readonly string[];
}

const NAMES = {
  started: 'alertmanager_notifications_total',
  requests: 'alertmanager_notification_requests_total',
  failedRequests: 'alertmanager_notification_requests_failed_total',
  failed: 'alertmanager_notifications_failed_total',
} as const;

/** A restart or, with `receiver-name-in-metrics`, a reload zeroes the counters: then a difference says nothing. */
const EPOCHS = ['process_start_time_seconds', 'alertmanager_config_last_reload_success_timestamp_seconds'];

export interface CounterSnapshot {
  readonly epoch: string;
  readonly samples: readonly MetricSample[];
}

/** Of every member of a cluster: which of them notifies is not known before. */
export function readCounters(members: readonly (readonly MetricSample[])[]): CounterSnapshot {
  const epochOf = (samples: readonly MetricSample[]) =>
    EPOCHS.map((name) => samples.find((sample) => sample.name === name)?.value).join(' ');
  return {
    epoch: members.map(epochOf).join('; '),
    samples: members.flat().filter(({ name }) => Object.values<string>(NAMES).includes(name)),
  };
}

/** Whether it counts each receiver for itself: feature `receiver-name-in-metrics`, since 0.27. */
export function isByReceiver({ samples }: CounterSnapshot): boolean {
  return samples.some(({ labels }) => labels['receiver_name'] !== undefined);
}

/**
 * What was counted in between; undefined when the looks do not belong together. `earlier` is the look before
 * `after`: Alertmanager counts a request first and its failure next, and a scrape may come between the two. Only a
 * request that the earlier look knew has told how it ended.
 */
export function countedSince(
  before: CounterSnapshot,
  after: CounterSnapshot,
  { type, receiver, earlier }: CountedWhat,
): Counted | undefined {
  if (before.epoch !== after.epoch) return undefined;
  const increase = (name: string, reason?: string, until = after) =>
    sum(until, { name, type, receiver, reason }) - sum(before, { name, type, receiver, reason });
  const reasons = after.samples
    .filter((sample) => sample.name === NAMES.failed && isAbout(sample, { type, receiver }))
    .flatMap(({ labels }) => labels['reason'] ?? []);
  return {
    started: increase(NAMES.started),
    requests: increase(NAMES.requests),
    failedRequests: increase(NAMES.failedRequests),
    succeeded: Math.max(
      0,
      increase(NAMES.requests, undefined, earlier ?? before) - increase(NAMES.failedRequests),
    ),
    failed: increase(NAMES.failed),
    reasons: [...new Set(reasons)].filter((reason) => increase(NAMES.failed, reason) > 0),
  };
}

interface CountedWhat {
  readonly type: string;
  readonly receiver: string;
  readonly earlier: CounterSnapshot | undefined;
}

interface Selection extends Pick<CountedWhat, 'type' | 'receiver'> {
  readonly name: string;
  readonly reason: string | undefined;
}

function isAbout(
  { labels }: MetricSample,
  { type, receiver }: Pick<CountedWhat, 'type' | 'receiver'>,
): boolean {
  return labels['integration'] === type && (labels['receiver_name'] ?? receiver) === receiver;
}

function sum({ samples }: CounterSnapshot, selection: Selection): number {
  const { name, reason } = selection;
  return samples
    .filter((sample) => sample.name === name && isAbout(sample, selection))
    .filter(({ labels }) => reason === undefined || labels['reason'] === reason)
    .reduce((total, { value }) => total + value, 0);
}
