import { chmodSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { guarded } from './database.ts';
import { verifyChain, type ChainCheck } from './proofs.ts';

/** What a history file holds, read without changing it. */
export interface HistoryFacts {
  readonly schema: number;
  /** The newest proof: it stands for all before it. */
  readonly head: ProofHead | undefined;
  /** Table → rows. */
  readonly rows: Readonly<Record<string, number>>;
}

/** More than a file can have. */
const ALL_PAGES = 2 ** 31 - 1;

export interface ProofHead {
  readonly id: number;
  readonly hash: string;
}

/** Throws LS-HISTORY errors, as everything here does. */
export function readHistoryFacts(path: string): HistoryFacts {
  return readOnly(path, (database) => {
    const names = database
      .prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
      )
      .all();
    const rows = names.map(({ name }) => {
      const table = String(name).replaceAll('"', '""');
      return [String(name), Number(database.prepare(`SELECT count(*) AS n FROM "${table}"`).get()?.['n'])];
    });
    return {
      schema: Number(database.prepare('PRAGMA user_version').get()?.['user_version']),
      head: proofHead(database.prepare('SELECT id, hash FROM proofs ORDER BY id DESC LIMIT 1').get()),
      rows: Object.fromEntries(rows) as Record<string, number>,
    };
  });
}

/** The newest proof of a file in use, or the one with that id. */
export function readProofHead(path: string, id?: number): ProofHead | undefined {
  return readOnly(path, (database) =>
    proofHead(
      id === undefined
        ? database.prepare('SELECT id, hash FROM proofs ORDER BY id DESC LIMIT 1').get()
        : database.prepare('SELECT id, hash FROM proofs WHERE id = ?').get(id),
    ),
  );
}

/** `ok`, or what SQLite says is wrong with the file; then whether the proofs still chain. */
export function examineHistory(path: string): { readonly integrity: string; readonly chain: ChainCheck } {
  return readOnly(path, (database) => ({
    integrity: String(database.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check']),
    chain: verifyChain(database),
  }));
}

/** SQLite's online backup: one moment of a file that others write to. `to` (0600) must not exist. */
export async function copyHistory(path: string, to: string): Promise<void> {
  const source = guarded(path, () => new DatabaseSync(path, { readOnly: true, timeout: 10_000 }));
  try {
    // All pages at once: in steps, each writer in between would make it begin anew.
    await backup(source, to, { rate: ALL_PAGES });
    chmodSync(to, 0o600);
  } finally {
    source.close();
  }
}

function readOnly<Result>(path: string, work: (database: DatabaseSync) => Result): Result {
  return guarded(path, () => {
    const database = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
    try {
      return work(database);
    } finally {
      database.close();
    }
  });
}

function proofHead(row: Readonly<Record<string, unknown>> | undefined): ProofHead | undefined {
  return row && { id: Number(row['id']), hash: String(row['hash']) };
}
