import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type Database, openDatabase } from './database.ts';
import { readOnly } from './read-only.ts';

/** Whether a person saw the message of a test: a button on a page that the message links to. */
export interface Sighting {
  /** Of the test's alert for this receiver. */
  readonly nonce: string;
  readonly receiver: string;
  /** When it was sent; UTC, ISO 8601. */
  readonly askedAt: string;
  /** When the button was pressed; absent: not yet, or never. */
  readonly seenAt?: string;
}

export interface NewSighting {
  /** Part of the link; only its hash is kept. */
  readonly token: string;
  readonly nonce: string;
  readonly receiver: string;
  readonly at: Date;
}

/** The newest 10,000 are kept. */
export interface Sightings {
  ask(sighting: NewSighting): void;
  /** Of one test, whose nonce begins so. */
  ofTest(nonce: string): Sighting[];
  /** Newest first. */
  list(search: {
    readonly limit: number;
    readonly receiver?: string | undefined;
    readonly since?: Date | undefined;
  }): Sighting[];
}

/** Who comes back from a week off may still press it; later it says nothing any more. */
export const SIGHTING_TTL_MS = 7 * 86_400_000;
const KEPT_SIGHTINGS = 10_000;

export function sightingsIn(database: Database): Sightings {
  return {
    ask: (sighting) => database.write((inside) => ask(inside, sighting)),
    ofTest: (nonce) =>
      database
        .read((inside) =>
          inside
            .prepare('SELECT * FROM sightings WHERE nonce >= ?1 AND nonce < ?2 ORDER BY nonce')
            .all(nonce, `${nonce}\u{10FFFF}`),
        )
        .map(toSighting),
    list: ({ limit, receiver, since }) =>
      database
        .read((inside) =>
          inside
            .prepare(
              `SELECT * FROM sightings WHERE (?1 IS NULL OR receiver = ?1) AND asked_at >= ?2
              ORDER BY asked_at DESC, nonce DESC LIMIT ?3`,
            )
            .all(receiver ?? null, since?.getTime() ?? Number.MIN_SAFE_INTEGER, limit),
        )
        .map(toSighting),
  };
}

type Connection = Parameters<Parameters<Database['read']>[0]>[0];

function ask(inside: Connection, { token, nonce, receiver, at }: NewSighting): void {
  inside
    .prepare('INSERT INTO sightings VALUES (?, ?, ?, ?, ?, NULL)')
    .run(hashOf(token), nonce, receiver, at.getTime(), at.getTime() + SIGHTING_TTL_MS);
  inside
    .prepare(
      `DELETE FROM sightings WHERE token_hash IN
        (SELECT token_hash FROM sightings ORDER BY asked_at DESC LIMIT -1 OFFSET ${KEPT_SIGHTINGS})`,
    )
    .run();
}

/** What there is to say to somebody who has the link; `unknown` also where there is no such file. */
export type SightingState = 'open' | 'seen' | 'expired' | 'unknown';

/** Looks only; see `readOnly`. */
export function readSighting(path: string, token: string, now: Date): SightingState {
  return readOnly(path, 1_000, (inside) => stateOf(inside, token, now)) ?? 'unknown';
}

/** Somebody pressed the button. The first time counts; later ones change nothing. Throws LS-HISTORY errors. */
export function recordSighting(path: string, token: string, now: Date): SightingState {
  if (!existsSync(path)) return 'unknown';
  const database = openDatabase(path);
  try {
    return database.write((inside) => {
      const state = stateOf(inside, token, now);
      if (state !== 'open') return state;
      inside
        .prepare('UPDATE sightings SET seen_at = ? WHERE token_hash = ? AND seen_at IS NULL')
        .run(now.getTime(), hashOf(token));
      return 'seen';
    });
  } finally {
    database.close();
  }
}

function stateOf(inside: Connection, token: string, now: Date): SightingState {
  const row = inside
    .prepare('SELECT expires_at, seen_at FROM sightings WHERE token_hash = ?')
    .get(hashOf(token));
  if (!row) return 'unknown';
  if (row['seen_at'] !== null) return 'seen';
  return Number(row['expires_at']) <= now.getTime() ? 'expired' : 'open';
}

/** Who reads the file, or a backup of it, does not get a link that still counts. */
function hashOf(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex');
}

function toSighting(row: Readonly<Record<string, unknown>>): Sighting {
  return {
    nonce: String(row['nonce']),
    receiver: String(row['receiver']),
    askedAt: new Date(Number(row['asked_at'])).toISOString(),
    ...(row['seen_at'] === null ? {} : { seenAt: new Date(Number(row['seen_at'])).toISOString() }),
  };
}
