import { type Database, prepared } from './database.ts';

type Connection = Parameters<Parameters<Database['read']>[0]>[0];

export const DAY_MS = 86_400_000;
/** Older ones become one: the sum over all days only ever grows. */
const KEPT_DAYS = 400;

export interface CountedDelivery {
  readonly integration: number;
  readonly kind: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly verdict: string;
  readonly latencyMs: number | undefined;
}

/** Counts it for its day (UTC): counting a million rows at the time of the question would take too long. */
export function countDelivery(inside: Connection, counted: CountedDelivery): void {
  const { integration, kind, at, verdict, latencyMs } = counted;
  const day = dayOf(at);
  const { changes } = prepared(
    inside,
    `UPDATE delivery_days SET count = count + 1, timed = timed + ?, latency_ms = latency_ms + ?
      WHERE integration = ? AND kind = ? AND day = ? AND verdict = ?`,
  ).run(latencyMs === undefined ? 0 : 1, latencyMs ?? 0, integration, kind, day, verdict);
  if (changes > 0) return;
  inside
    .prepare('INSERT INTO delivery_days VALUES (?, ?, ?, ?, 1, ?, ?)')
    .run(integration, kind, day, verdict, latencyMs === undefined ? 0 : 1, latencyMs ?? 0);
  foldOldDays(inside, day - KEPT_DAYS);
}

/** Days since 1970. Day 0 holds all that is older than the days that are kept. */
export function dayOf(at: number): number {
  return Math.max(1, Math.floor(at / DAY_MS));
}

function foldOldDays(inside: Connection, before: number): void {
  inside
    .prepare(
      `INSERT INTO delivery_days
      SELECT integration, kind, 0, verdict, sum(count), sum(timed), total(latency_ms)
        FROM delivery_days WHERE day BETWEEN 1 AND ?1 GROUP BY integration, kind, verdict
      ON CONFLICT DO UPDATE SET count = count + excluded.count, timed = timed + excluded.timed,
        latency_ms = latency_ms + excluded.latency_ms`,
    )
    .run(before);
  inside.prepare('DELETE FROM delivery_days WHERE day BETWEEN 1 AND ?').run(before);
}
