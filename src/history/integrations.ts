import { type Database, prepared } from './database.ts';

type Connection = Parameters<Parameters<Database['read']>[0]>[0];

/** An integration that there are deliveries of. */
export interface IntegrationRow {
  readonly id: number;
  /** Empty: whose it is, is not known. */
  readonly receiver: string;
  readonly type: string;
  readonly index: number;
}

/** Messages name receivers, and anybody may send one: what comes after so many names counts as not known. */
const MOST_INTEGRATIONS = 1_000;

export function integrationRows(inside: Connection): IntegrationRow[] {
  return inside
    .prepare('SELECT id, receiver, type, position FROM integrations')
    .all()
    .map((row) => ({
      id: Number(row['id']),
      receiver: String(row['receiver']),
      type: String(row['type']),
      index: Number(row['position']),
    }));
}

/** Its id, made where it is new. */
export function integrationId(inside: Connection, integration: Omit<IntegrationRow, 'id'>): number {
  const known = find(inside, integration);
  if (known !== undefined) return known;
  const { count } = inside.prepare('SELECT count(*) AS count FROM integrations').get() ?? {};
  return Number(count) < MOST_INTEGRATIONS
    ? insert(inside, integration)
    : unknownId(inside, integration.type);
}

function unknownId(inside: Connection, type: string): number {
  const unknown = { receiver: '', type, index: 0 };
  return find(inside, unknown) ?? insert(inside, unknown);
}

function find(inside: Connection, { receiver, type, index }: Omit<IntegrationRow, 'id'>): number | undefined {
  const row = prepared(
    inside,
    'SELECT id FROM integrations WHERE receiver = ? AND type = ? AND position = ?',
  ).get(receiver, type, index);
  return row && Number(row['id']);
}

function insert(inside: Connection, { receiver, type, index }: Omit<IntegrationRow, 'id'>): number {
  const { lastInsertRowid } = prepared(
    inside,
    'INSERT INTO integrations (receiver, type, position) VALUES (?, ?, ?)',
  ).run(receiver, type, index);
  return Number(lastInsertRowid);
}
