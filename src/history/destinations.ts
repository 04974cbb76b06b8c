import { type Database, prepared } from './database.ts';

/** An integration that sends to our inbox, and by what its messages are known there. */
export interface InboxDestination {
  readonly receiver: string;
  readonly type: string;
  readonly index: number;
  /** Path and query that it posts to; absent where `recipient` tells. */
  readonly path?: string;
  /** As `SandboxMessage.recipient`. */
  readonly recipient?: string;
}

/** What is asked of a message that came. */
export interface Arrived {
  readonly type: string;
  readonly path: string;
  readonly recipient: string;
  /** Where the message names it. */
  readonly receiver?: string | undefined;
}

/** Whose messages are whose in the inbox, as of the last `up`. */
export interface Destinations {
  replace(destinations: readonly InboxDestination[]): void;
  /** Undefined where it is nobody's, or several receivers share the place. */
  find(arrived: Arrived): Pick<InboxDestination, 'receiver' | 'index'> | undefined;
  /** Whether the integration sends here. */
  has(integration: Pick<InboxDestination, 'receiver' | 'type' | 'index'>): boolean;
}

export function destinationsIn(database: Database): Destinations {
  return {
    replace: (destinations) =>
      database.write((inside) => {
        inside.exec('DELETE FROM destinations');
        const insert = inside.prepare('INSERT INTO destinations VALUES (?, ?, ?, ?, ?)');
        for (const { receiver, type, index, path, recipient } of destinations)
          insert.run(receiver, type, index, path ?? null, recipient ?? null);
      }),
    find: ({ type, path, recipient, receiver }) => {
      const rows = database.read((inside) =>
        prepared(
          inside,
          `SELECT receiver, position FROM destinations WHERE type = ?1 AND (?4 IS NULL OR receiver = ?4)
              AND CASE WHEN recipient IS NULL THEN path = ?2 ELSE recipient = ?3 END ORDER BY position`,
        ).all(type, path, recipient, receiver ?? null),
      );
      const [first] = rows;
      const isShared = rows.some((row) => row['receiver'] !== first?.['receiver']);
      return first && !isShared
        ? { receiver: String(first['receiver']), index: Number(first['position']) }
        : undefined;
    },
    has: ({ receiver, type, index }) =>
      database.read((inside) =>
        prepared(inside, 'SELECT 1 FROM destinations WHERE receiver = ? AND type = ? AND position = ?').get(
          receiver,
          type,
          index,
        ),
      ) !== undefined,
  };
}
