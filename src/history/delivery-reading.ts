import { type DeliveryVerdict, isGoodVerdict } from '../stack/delivery.ts';
import type { IntegrationName } from '../stack/receiver.ts';
import type { Database } from './database.ts';
import { KIND } from './delivery-rows.ts';
import { DAY_MS } from './delivery-days.ts';
import { type Latency, latencyOf } from './delivery-summary.ts';
import { integrationRows } from './integrations.ts';
import { readOnly } from './read-only.ts';

/** What the daemon's metrics show of one integration; tests past Alertmanager aside. */
export interface DeliveryReading {
  /** Of the newest test; absent: never. */
  readonly last?: {
    readonly verdict: DeliveryVerdict;
    readonly at: Date;
  };
  readonly lastSuccess?: { readonly at: Date; readonly latencyMs?: number };
  /** Of the tests of the last 30 days. */
  readonly latency?: Latency;
  /** Ever. */
  readonly timed: { readonly count: number; readonly latencyMs: number };
  readonly tests: Readonly<Partial<Record<DeliveryVerdict, number>>>;
  readonly notifications: NotificationCounts;
}

export interface NotificationCounts {
  readonly good: number;
  readonly bad: number;
}

export interface SeenReading {
  /** Milliseconds from the sending to the press of the button. */
  readonly afterMs: number;
  readonly at: Date;
}

export interface DeliveryReadings {
  /** In the order asked for. */
  readonly integrations: readonly DeliveryReading[];
  /** Notifications of integrations that were not asked for, or whose receiver is not known: type → counts. */
  readonly others: ReadonlyMap<string, NotificationCounts>;
  /** The newest of each receiver. */
  readonly seen: ReadonlyMap<string, SeenReading>;
}

type Connection = Parameters<Parameters<Database['read']>[0]>[0];

const NOTHING: DeliveryReading = {
  timed: { count: 0, latencyMs: 0 },
  tests: {},
  notifications: { good: 0, bad: 0 },
};
const PATIENCE_MS = 50;

/** For who only looks; see `readOnly`. */
export function readDeliveries(
  path: string,
  wanted: readonly IntegrationName[],
  now: Date,
): DeliveryReadings {
  return (
    readOnly(path, PATIENCE_MS, (inside) => readAll(inside, wanted, now)) ?? {
      integrations: wanted.map(() => NOTHING),
      others: new Map(),
      seen: new Map(),
    }
  );
}

function readAll(inside: Connection, wanted: readonly IntegrationName[], now: Date): DeliveryReadings {
  const rows = integrationRows(inside);
  const idOf = ({ receiver, type, index }: IntegrationName) =>
    rows.find((row) => row.receiver === receiver && row.type === type && row.index === index)?.id;
  const ids = wanted.map(idOf);
  const others = new Map<string, NotificationCounts>();
  for (const { id, type } of rows) {
    if (ids.includes(id)) continue;
    const { good, bad } = notificationsOf(inside, id);
    const before = others.get(type) ?? { good: 0, bad: 0 };
    if (good + bad > 0) others.set(type, { good: before.good + good, bad: before.bad + bad });
  }
  return {
    integrations: ids.map((id) => (id === undefined ? NOTHING : readOne(inside, id, now))),
    others,
    seen: new Map(
      [...new Set(wanted.map(({ receiver }) => receiver))].flatMap((receiver) => seenBy(inside, receiver)),
    ),
  };
}

function readOne(inside: Connection, id: number, now: Date): DeliveryReading {
  const newest = inside.prepare(
    `SELECT at, verdict, latency_ms FROM deliveries WHERE integration = ? AND kind = ${KIND.test} AND good = ?
    ORDER BY at DESC, id DESC LIMIT 1`,
  );
  const [good, bad] = [newest.get(id, 1), newest.get(id, 0)].map((row) => row && toNewest(row));
  const last = good && bad ? (good.at >= bad.at ? good : bad) : (good ?? bad);
  const latency = latencyOf(inside, id, new Date(now.getTime() - 30 * DAY_MS));
  const days = inside
    .prepare(
      `SELECT verdict, total(count) AS count, total(timed) AS timed, total(latency_ms) AS latency_ms
      FROM delivery_days WHERE integration = ? AND kind = ${KIND.test} GROUP BY verdict`,
    )
    .all(id);
  const timed = days.filter(({ verdict }) => isGoodVerdict(verdict as DeliveryVerdict));
  return {
    ...(last ? { last: { verdict: last.verdict, at: last.at } } : {}),
    ...(good
      ? {
          lastSuccess: {
            at: good.at,
            ...(good.latencyMs === undefined ? {} : { latencyMs: good.latencyMs }),
          },
        }
      : {}),
    ...(latency ? { latency } : {}),
    timed: {
      count: timed.reduce((sum, row) => sum + Number(row['timed']), 0),
      latencyMs: timed.reduce((sum, row) => sum + Number(row['latency_ms']), 0),
    },
    tests: Object.fromEntries(days.map(({ verdict, count }) => [String(verdict), Number(count)])),
    notifications: notificationsOf(inside, id),
  };
}

function toNewest(row: Readonly<Record<string, unknown>>) {
  return {
    at: new Date(Number(row['at'])),
    verdict: row['verdict'] as DeliveryVerdict,
    latencyMs: row['latency_ms'] === null ? undefined : Number(row['latency_ms']),
  };
}

function notificationsOf(inside: Connection, id: number): NotificationCounts {
  const counts = { good: 0, bad: 0 };
  const rows = inside
    .prepare(
      `SELECT verdict, total(count) AS count FROM delivery_days WHERE integration = ? AND kind = ${KIND.notification}
      GROUP BY verdict`,
    )
    .all(id);
  for (const { verdict, count } of rows)
    counts[isGoodVerdict(verdict as DeliveryVerdict) ? 'good' : 'bad'] += Number(count);
  return counts;
}

function seenBy(inside: Connection, receiver: string): (readonly [string, SeenReading])[] {
  const row = inside
    .prepare(
      'SELECT asked_at, seen_at FROM sightings WHERE receiver = ? AND seen_at IS NOT NULL ORDER BY seen_at DESC LIMIT 1',
    )
    .get(receiver);
  if (!row) return [];
  const [asked, seen] = [Number(row['asked_at']), Number(row['seen_at'])];
  return [[receiver, { afterMs: Math.max(0, seen - asked), at: new Date(seen) }]];
}
