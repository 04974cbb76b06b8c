import type { InboxMessage } from '../stack/sandbox.ts';
import { type Database, prepared } from './database.ts';

export type NewMessage = Omit<InboxMessage, 'id'>;

/** What reached the inbox. The oldest go first: at most 10,000 messages and 256 MiB of them are kept. */
export interface MessageLog {
  append(message: NewMessage): InboxMessage;
  /** All or none, in this order, in one transaction. */
  appendAll(messages: readonly NewMessage[]): InboxMessage[];
  /** Newest first. `since`: received at or after; UTC, ISO 8601 with milliseconds. */
  list(options: { readonly limit: number; readonly since?: string; readonly type?: string }): InboxMessage[];
  get(id: number): InboxMessage | undefined;
  /** Messages younger than message `sinceId`, oldest first. */
  after(sinceId: number, limit: number): InboxMessage[];
  /** Messages younger than message `sinceId` whose body or decoded text holds the text, oldest first. */
  findByText(text: string, sinceId: number): InboxMessage[];
  /** Id of the newest message, 0 when there is none: where `findByText` should start. */
  lastId(): number;
}

const KEPT_MESSAGES = 10_000;
const KEPT_BYTES = 256 * 1024 * 1024;
/** How many bytes come between two looks at the total size, which cost milliseconds. */
const SIZE_CHECK_BYTES = 16 * 1024 * 1024;

const COLUMNS =
  'id, received_at, type, path, recipient, reply_status, accepted, status, problems, title, text, headers, body';

export function messagesIn(database: Database): MessageLog {
  // Nobody knows what is there already.
  let uncheckedBytes = SIZE_CHECK_BYTES;
  const appendAll = (messages: readonly NewMessage[]) =>
    database.write((inside) => {
      const kept = messages.map((message) => ({ ...message, id: insert(inside, message) }));
      prepared(inside, 'DELETE FROM messages WHERE id <= ?').run((kept.at(-1)?.id ?? 0) - KEPT_MESSAGES);
      uncheckedBytes += messages.reduce((sum, message) => sum + sizeOf(message), 0);
      if (uncheckedBytes >= SIZE_CHECK_BYTES) {
        dropOverSize(inside);
        uncheckedBytes = 0;
      }
      return kept;
    });
  return {
    append: (message) => ({ ...message, id: appendAll([message])[0]?.id ?? 0 }),
    appendAll,
    list: ({ limit, since, type }) => {
      const query = `SELECT ${COLUMNS} FROM messages
        WHERE (?1 IS NULL OR type = ?1) AND (?2 IS NULL OR received_at >= ?2) ORDER BY id DESC LIMIT ?3`;
      return database
        .read((inside) => inside.prepare(query).all(type ?? null, since ?? null, limit))
        .map(toMessage);
    },
    get: (id) => {
      const query = `SELECT ${COLUMNS} FROM messages WHERE id = ?`;
      const row = database.read((inside) => inside.prepare(query).get(id));
      return row && toMessage(row);
    },
    after: (sinceId, limit) => {
      const query = `SELECT ${COLUMNS} FROM messages WHERE id > ? ORDER BY id LIMIT ?`;
      return database.read((inside) => inside.prepare(query).all(sinceId, limit)).map(toMessage);
    },
    findByText: (text, sinceId) => {
      const query = `SELECT ${COLUMNS} FROM messages WHERE id > ?1 AND (instr(body, ?2) > 0 OR instr(text, ?2) > 0 OR instr(title, ?2) > 0) ORDER BY id`;
      return database.read((inside) => inside.prepare(query).all(sinceId, text)).map(toMessage);
    },
    lastId: () =>
      Number(
        database.read((inside) => inside.prepare('SELECT max(id) AS id FROM messages').get())?.['id'] ?? 0,
      ),
  };
}

type Connection = Parameters<Parameters<Database['read']>[0]>[0];

function insert(database: Connection, message: NewMessage): number {
  const { lastInsertRowid } = prepared(
    database,
    `INSERT INTO messages (received_at, type, size, path, recipient, reply_status, accepted, status, problems, title, text,
      headers, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    message.receivedAt,
    message.type,
    sizeOf(message),
    message.path,
    message.recipient,
    message.replyStatus,
    message.accepted ? 1 : 0,
    message.status,
    JSON.stringify(message.problems),
    message.title,
    message.text,
    JSON.stringify(message.headers),
    message.body,
  );
  return Number(lastInsertRowid);
}

function sizeOf({ body, text, headers }: NewMessage): number {
  return Buffer.byteLength(body) + Buffer.byteLength(text) + JSON.stringify(headers).length;
}

function dropOverSize(database: Connection): void {
  database
    .prepare(
      `DELETE FROM messages WHERE id <= (SELECT max(id) FROM
        (SELECT id, sum(size) OVER (ORDER BY id DESC) AS total FROM messages) WHERE total > ?)`,
    )
    .run(KEPT_BYTES);
}

function toMessage(row: Readonly<Record<string, unknown>>): InboxMessage {
  return {
    id: Number(row['id']),
    receivedAt: String(row['received_at']),
    type: String(row['type']),
    path: String(row['path']),
    recipient: String(row['recipient']),
    headers: JSON.parse(String(row['headers'])) as InboxMessage['headers'],
    body: String(row['body']),
    replyStatus: Number(row['reply_status']),
    accepted: row['accepted'] === 1,
    problems: JSON.parse(String(row['problems'])) as string[],
    title: String(row['title']),
    text: String(row['text']),
    status: row['status'] as InboxMessage['status'],
  };
}
