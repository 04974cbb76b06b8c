import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from '../platform/canonical-json.ts';
import type { Proof, ProofClaim } from '../stack/proof.ts';
import type { Database } from './database.ts';

export interface ChainCheck {
  readonly ok: boolean;
  /** Id of the first record that does not fit; what comes after it cannot be trusted either. */
  readonly brokenAt?: number;
}

export interface Proofs {
  /** Durable when it returns, chained to the one before whoever wrote that. */
  append(claim: ProofClaim, now: Date): Proof;
  /** The newest of that kind on that subject. */
  latest(kind: string, subject: string): Proof | undefined;
  /** The newest that was proven; a later one may have been refuted. */
  latestProven(kind: string, subject: string): Proof | undefined;
  get(id: number): Proof | undefined;
  /** Newest first; `before`: only those with a smaller id. */
  list(options: {
    readonly kind?: string | undefined;
    readonly limit: number;
    readonly before?: number | undefined;
  }): Proof[];
  /**
   * Recomputes every hash. Finds edits, insertions, reordering and deletions. Somebody who rewrites the whole
   * chain and SQLite's own counter is found only by copies kept elsewhere.
   */
  verifyChain(): ChainCheck;
}

/** What the first proof is chained to. */
const GENESIS = '0'.repeat(64);

export function proofsIn(database: Database): Proofs {
  return {
    append: (claim, now) =>
      database.write((inside) => {
        const last = inside.prepare('SELECT id, hash FROM proofs ORDER BY id DESC LIMIT 1').get();
        const id = Number(last?.['id'] ?? 0) + 1;
        const record = recordOf(claim, id, now.toISOString(), String(last?.['hash'] ?? GENESIS));
        const hash = sha256(record);
        inside.prepare('INSERT INTO proofs (id, record, hash) VALUES (?, ?, ?)').run(id, record, hash);
        return toProof({ record, hash });
      }),
    latest: (kind, subject) => {
      const query = 'SELECT record, hash FROM proofs WHERE kind = ? AND subject = ? ORDER BY id DESC LIMIT 1';
      const row = database.read((inside) => inside.prepare(query).get(kind, subject));
      return row && toProof(row);
    },
    latestProven: (kind, subject) => {
      const query = `SELECT record, hash FROM proofs
        WHERE kind = ? AND subject = ? AND json_extract(record, '$.verdict') = 'proven' ORDER BY id DESC LIMIT 1`;
      const row = database.read((inside) => inside.prepare(query).get(kind, subject));
      return row && toProof(row);
    },
    get: (id) => {
      const query = 'SELECT record, hash FROM proofs WHERE id = ?';
      const row = database.read((inside) => inside.prepare(query).get(id));
      return row && toProof(row);
    },
    list: ({ kind, limit, before }) => {
      const query = `SELECT record, hash FROM proofs
        WHERE (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3`;
      const found = (inside: Connection) => inside.prepare(query).all(kind ?? null, before ?? null, limit);
      return database.read(found).map(toProof);
    },
    verifyChain: () => database.read(verifyChain),
  };
}

type Connection = Parameters<Parameters<Database['read']>[0]>[0];

export function verifyChain(database: Connection): ChainCheck {
  // One read transaction: the counter and the rows must be of the same moment.
  database.exec('BEGIN');
  try {
    let [previousHash, expected] = [GENESIS, 1];
    for (const row of database.prepare('SELECT id, record, hash FROM proofs ORDER BY id').iterate()) {
      const [id, record, hash] = [Number(row['id']), String(row['record']), String(row['hash'])];
      if (id !== expected || sha256(record) !== hash || !chains(record, id, previousHash))
        return { ok: false, brokenAt: expected };
      [previousHash, expected] = [hash, id + 1];
    }
    const counter = database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'proofs'").get();
    return Number(counter?.['seq'] ?? 0) === expected - 1 ? { ok: true } : { ok: false, brokenAt: expected };
  } finally {
    database.exec('COMMIT');
  }
}

function chains(record: string, id: number, previousHash: string): boolean {
  try {
    const parsed = JSON.parse(record) as { readonly id: unknown; readonly previousHash: unknown };
    return parsed.id === id && parsed.previousHash === previousHash;
  } catch {
    return false;
  }
}

function recordOf(claim: ProofClaim, id: number, at: string, previousHash: string): string {
  const record: Json = {
    id,
    at,
    previousHash,
    kind: claim.kind,
    subject: claim.subject,
    verdict: claim.verdict,
    method: claim.method,
    facts: claim.facts,
    ageLimitMs: claim.ageLimitMs,
    notProven: claim.notProven,
  };
  return canonicalJson(record);
}

export function toProof(row: Readonly<Record<string, unknown>>): Proof {
  const record = JSON.parse(String(row['record'])) as Omit<Proof, 'hash'>;
  return { ...record, hash: String(row['hash']) };
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
