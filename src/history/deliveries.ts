import type { DeliveryStage, DeliveryVerdict } from '../stack/delivery.ts';
import type { Database } from './database.ts';

/** One test of one integration. */
export interface NewDelivery {
  readonly nonce: string;
  readonly receiver: string;
  readonly type: string;
  /** Position among the receiver's integrations of the same type. */
  readonly index: number;
  readonly verdict: DeliveryVerdict;
  readonly stage?: DeliveryStage;
  readonly reason?: string;
  /** Milliseconds from POST to arrival. */
  readonly latencyMs?: number;
  /** UTC, ISO 8601. */
  readonly at: string;
}

export interface Delivery extends NewDelivery {
  readonly id: number;
}

export interface Deliveries {
  append(delivery: NewDelivery): Delivery;
  /** Newest first. */
  list(options: { readonly limit: number; readonly receiver?: string; readonly nonce?: string }): Delivery[];
}

export function deliveriesIn(database: Database): Deliveries {
  return {
    append: (delivery) =>
      database.write((inside) => {
        const { lastInsertRowid } = inside
          .prepare(
            `INSERT INTO deliveries (at, nonce, receiver, type, position, verdict, stage, reason, latency_ms)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          )
          .run(
            delivery.at,
            delivery.nonce,
            delivery.receiver,
            delivery.type,
            delivery.index,
            delivery.verdict,
            delivery.stage ?? null,
            delivery.reason ?? null,
            delivery.latencyMs ?? null,
          );
        return { ...delivery, id: Number(lastInsertRowid) };
      }),
    list: ({ limit, receiver, nonce }) => {
      const query = `SELECT * FROM deliveries
        WHERE (?1 IS NULL OR receiver = ?1) AND (?2 IS NULL OR nonce = ?2) ORDER BY id DESC LIMIT ?3`;
      return database
        .read((inside) => inside.prepare(query).all(receiver ?? null, nonce ?? null, limit))
        .map(toDelivery);
    },
  };
}

function toDelivery(row: Readonly<Record<string, unknown>>): Delivery {
  return {
    id: Number(row['id']),
    at: String(row['at']),
    nonce: String(row['nonce']),
    receiver: String(row['receiver']),
    type: String(row['type']),
    index: Number(row['position']),
    verdict: row['verdict'] as DeliveryVerdict,
    ...(row['stage'] === null ? {} : { stage: row['stage'] as DeliveryStage }),
    ...(row['reason'] === null ? {} : { reason: row['reason'] as string }),
    ...(row['latency_ms'] === null ? {} : { latencyMs: Number(row['latency_ms']) }),
  };
}
