import type { Database } from './database.ts';
import { DAY_MS, dayOf } from './delivery-days.ts';
import { type Delivery, KIND, KINDS, toDelivery } from './delivery-rows.ts';
import { type IntegrationRow, integrationRows } from './integrations.ts';

type Connection = Parameters<Parameters<Database['read']>[0]>[0];

/** What is known of one integration, tests past Alertmanager aside. */
export interface DeliverySummary {
  readonly receiver: string;
  readonly type: string;
  readonly index: number;
  readonly tests: Tally;
  /** Real ones that were seen. */
  readonly notifications: Tally;
  /** Absent without a test that was timed. */
  readonly latency?: Latency;
  /** Ever, whatever the search asks for. */
  readonly lastSuccess?: Delivery;
  readonly lastFailure?: Delivery;
}

export interface Tally {
  readonly count: number;
  readonly good: number;
}

/** Milliseconds, exact, of those of the newest 1,000 good tests that were timed. */
export interface Latency {
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** How many tests they are of. */
  readonly of: number;
}

const NEWEST_TESTS = 1_000;

export function summarise(
  inside: Connection,
  search: { readonly receiver?: string | undefined; readonly since?: Date | undefined },
): DeliverySummary[] {
  const { receiver, since } = search;
  return integrationRows(inside)
    .filter((one) => receiver === undefined || one.receiver === receiver)
    .map((integration) => {
      const last = (good: 0 | 1) => newestOf(inside, integration, good);
      const [lastSuccess, lastFailure] = [last(1), last(0)];
      const latency = latencyOf(inside, integration.id, since);
      return {
        receiver: integration.receiver,
        type: integration.type,
        index: integration.index,
        tests: tally(inside, integration.id, KIND.test, since),
        notifications: tally(inside, integration.id, KIND.notification, since),
        ...(latency ? { latency } : {}),
        ...(lastSuccess ? { lastSuccess } : {}),
        ...(lastFailure ? { lastFailure } : {}),
      };
    })
    .filter(({ lastSuccess, lastFailure }) => lastSuccess ?? lastFailure);
}

/** Whole days by their counts; what is left of the first one, row by row. */
function tally(inside: Connection, integration: number, kind: number, since: Date | undefined): Tally {
  const firstDay = since === undefined ? 0 : dayOf(since.getTime()) + 1;
  const days = inside
    .prepare(
      `SELECT total(count) AS count, total(count) FILTER (WHERE verdict IN ('CONFIRMED', 'ACCEPTED')) AS good
      FROM delivery_days WHERE integration = ? AND kind = ? AND day >= ?`,
    )
    .get(integration, kind, firstDay);
  const whole = { count: Number(days?.['count']), good: Number(days?.['good']) };
  if (since === undefined) return whole;
  const rows = inside.prepare(
    'SELECT count(*) AS count FROM deliveries WHERE integration = ? AND kind = ? AND good = ? AND at >= ? AND at < ?',
  );
  const [bad, good] = [0, 1].map((is) =>
    Number(rows.get(integration, kind, is, since.getTime(), firstDay * DAY_MS)?.['count']),
  ) as [number, number];
  return { count: whole.count + bad + good, good: whole.good + good };
}

export function latencyOf(
  inside: Connection,
  integration: number,
  since: Date | undefined,
): Latency | undefined {
  const sorted = inside
    .prepare(
      `SELECT latency_ms FROM (SELECT latency_ms FROM deliveries
        WHERE integration = ? AND kind = ${KIND.test} AND good = 1 AND at >= ? ORDER BY at DESC LIMIT ${NEWEST_TESTS})
      WHERE latency_ms IS NOT NULL ORDER BY latency_ms`,
    )
    .all(integration, since?.getTime() ?? Number.MIN_SAFE_INTEGER)
    .map((row) => Number(row['latency_ms']));
  // The smallest value that so many per cent do not exceed.
  const quantile = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
  return sorted.length === 0 ? undefined : { p50Ms: quantile(0.5), p95Ms: quantile(0.95), of: sorted.length };
}

function newestOf(inside: Connection, integration: IntegrationRow, good: 0 | 1): Delivery | undefined {
  const query = inside.prepare(
    'SELECT * FROM deliveries WHERE integration = ? AND kind = ? AND good = ? ORDER BY at DESC, id DESC LIMIT 1',
  );
  return KINDS.filter((kind) => kind !== KIND.direct)
    .flatMap((kind) => {
      const row = query.get(integration.id, kind, good);
      return row ? [toDelivery(row, integration)] : [];
    })
    .toSorted((one, other) => Date.parse(other.at) - Date.parse(one.at))[0];
}
