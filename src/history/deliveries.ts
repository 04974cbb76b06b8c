import { isGoodVerdict } from '../stack/delivery.ts';
import { type Database, prepared } from './database.ts';
import { countDelivery } from './delivery-days.ts';
import { type Delivery, KIND, KINDS, type NewDelivery, toDelivery } from './delivery-rows.ts';
import { type DeliverySummary, summarise } from './delivery-summary.ts';
import { integrationId, type IntegrationRow, integrationRows } from './integrations.ts';

export interface DeliverySearch {
  readonly limit: number;
  readonly receiver?: string | undefined;
  /** Only this test. */
  readonly nonce?: string | undefined;
  /** Not before. */
  readonly since?: Date | undefined;
  /** Only bad news. */
  readonly failed?: boolean;
}

/**
 * The newest 1,000,000 are kept (some 150 MB): at a thousand a day, those of almost three years. Counts of each day
 * outlive them.
 */
export interface Deliveries {
  append(delivery: NewDelivery): Delivery;
  /** All or none, in this order. */
  appendAll(deliveries: readonly NewDelivery[]): void;
  /** Newest first. */
  list(search: DeliverySearch): Delivery[];
  /** One for each integration that there is anything of. */
  summary(search: {
    readonly receiver?: string | undefined;
    readonly since?: Date | undefined;
  }): DeliverySummary[];
}

const KEPT_DELIVERIES = 1_000_000;

type Connection = Parameters<Parameters<Database['read']>[0]>[0];

export function deliveriesIn(database: Database): Deliveries {
  return {
    append: (delivery) => database.write((inside) => insert(inside, delivery)),
    appendAll: (deliveries) =>
      database.write((inside) => {
        for (const delivery of deliveries) insert(inside, delivery);
      }),
    list: (search) => database.read((inside) => list(inside, search)),
    summary: (search) => database.read((inside) => summarise(inside, search)),
  };
}

function kindOf({ nonce, mode }: NewDelivery): number {
  if (nonce === undefined) return KIND.notification;
  return mode === 'direct' ? KIND.direct : KIND.test;
}

function insert(inside: Connection, delivery: NewDelivery): Delivery {
  const integration = integrationId(inside, delivery);
  const [kind, at] = [kindOf(delivery), Date.parse(delivery.at)];
  const mode = delivery.nonce === undefined ? null : (delivery.mode ?? 'alertmanager');
  const id = Number(
    prepared(
      inside,
      `INSERT INTO deliveries (at, integration, kind, good, verdict, nonce, mode, evidence, stage, reason, alert,
          status, message, latency_ms, age_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      at,
      integration,
      kind,
      isGoodVerdict(delivery.verdict) ? 1 : 0,
      delivery.verdict,
      delivery.nonce ?? null,
      mode,
      delivery.evidence ?? null,
      delivery.stage ?? null,
      delivery.reason ?? null,
      delivery.alert ?? null,
      delivery.status ?? null,
      delivery.message ?? null,
      delivery.latencyMs ?? null,
      delivery.ageMs ?? null,
    ).lastInsertRowid,
  );
  countDelivery(inside, { integration, kind, at, verdict: delivery.verdict, latencyMs: delivery.latencyMs });
  prepared(inside, 'DELETE FROM deliveries WHERE id <= ?').run(id - KEPT_DELIVERIES);
  return { ...delivery, ...(mode === null ? {} : { mode }), id };
}

function list(inside: Connection, search: DeliverySearch): Delivery[] {
  const { limit, receiver, nonce } = search;
  const integrations = integrationRows(inside).filter(
    (one) => receiver === undefined || one.receiver === receiver,
  );
  const found =
    nonce === undefined ? newest(inside, integrations, search) : ofTest(inside, integrations, search);
  return found.sort(newestFirst).slice(0, limit);
}

/** Each kind at each integration lies in the index by its times; the newest of each are put together. */
function newest(
  inside: Connection,
  integrations: readonly IntegrationRow[],
  { limit, since, failed = false }: DeliverySearch,
): Delivery[] {
  const query = inside.prepare(
    'SELECT * FROM deliveries WHERE integration = ? AND kind = ? AND good = ? AND at >= ? ORDER BY at DESC, id DESC LIMIT ?',
  );
  const from = since?.getTime() ?? Number.MIN_SAFE_INTEGER;
  return integrations.flatMap((integration) =>
    KINDS.flatMap((kind) =>
      (failed ? [0] : [0, 1]).flatMap((good) =>
        query.all(integration.id, kind, good, from, limit).map((row) => toDelivery(row, integration)),
      ),
    ),
  );
}

function ofTest(
  inside: Connection,
  integrations: readonly IntegrationRow[],
  { nonce = '', since, failed = false }: DeliverySearch,
): Delivery[] {
  const byId = new Map(integrations.map((integration) => [integration.id, integration]));
  return inside
    .prepare('SELECT * FROM deliveries WHERE nonce = ? AND at >= ? AND good <= ?')
    .all(nonce, since?.getTime() ?? Number.MIN_SAFE_INTEGER, failed ? 0 : 1)
    .flatMap((row) => {
      const integration = byId.get(Number(row['integration']));
      return integration ? [toDelivery(row, integration)] : [];
    });
}

function newestFirst(one: Delivery, other: Delivery): number {
  return Date.parse(other.at) - Date.parse(one.at) || other.id - one.id;
}
