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
  /** Of the requests that ended, those that may have been begun before the POST; absent: none. */
  readonly begunBefore?: number;
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
  /** Of requests that ended, seconds from their begin. */
  latencies: 'alertmanager_notification_latency_seconds_sum',
  timed: 'alertmanager_notification_latency_seconds_count',
} as const;

/** A restart or, with `receiver-name-in-metrics`, a reload zeroes the counters: then a difference says nothing. */
const STARTED = 'process_start_time_seconds';
const RELOADED = 'alertmanager_config_last_reload_success_timestamp_seconds';

export interface CounterSnapshot {
  /** When each member was started, and when it loaded its configuration. */
  readonly started: string;
  readonly loaded: string;
  readonly samples: readonly MetricSample[];
}

/** Of every member of a cluster: which of them notifies is not known before. */
export function readCounters(members: readonly (readonly MetricSample[])[]): CounterSnapshot {
  const valuesOf = (name: string) =>
    members.map((samples) => samples.find((sample) => sample.name === name)?.value).join(' ');
  return {
    started: valuesOf(STARTED),
    loaded: valuesOf(RELOADED),
    samples: members.flat().filter(({ name }) => Object.values<string>(NAMES).includes(name)),
  };
}

/** What happened in between that makes a difference of the two meaningless. */
export function upsetBetween(
  before: CounterSnapshot,
  after: CounterSnapshot,
): 'restarted' | 'reloaded' | undefined {
  if (before.started !== after.started) return 'restarted';
  return before.loaded === after.loaded ? undefined : 'reloaded';
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
  if (upsetBetween(before, after)) return undefined;
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

/**
 * How many requests ended between two looks, when one of them at least was begun before the POST; else 0. The requests of
 * one notification follow each other: all that it began since the POST cannot have taken longer than `elapsedMs`, the
 * time from the POST to the later look. What was begun shortly before the POST, less than the time between two looks,
 * is not told from that.
 */
export function begunBefore(
  posted: CounterSnapshot,
  { earlier, later, elapsedMs }: Looks,
  { type, receiver }: Pick<CountedWhat, 'type' | 'receiver'>,
): number {
  if (upsetBetween(posted, later)) return 0;
  const count = (snapshot: CounterSnapshot, name: string) =>
    sum(snapshot, { name, type, receiver, reason: undefined });
  const ended = count(later, NAMES.timed) - count(earlier, NAMES.timed);
  const tookMs = (count(later, NAMES.latencies) - count(earlier, NAMES.latencies)) * 1000;
  const own = Math.min(ended, count(later, NAMES.started) - count(posted, NAMES.started));
  return tookMs > own * elapsedMs ? ended : 0;
}

interface Looks {
  readonly earlier: CounterSnapshot;
  readonly later: CounterSnapshot;
  readonly elapsedMs: number;
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
