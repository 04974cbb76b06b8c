import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Proof } from '../stack/proof.ts';
import { toProof } from './proofs.ts';

export interface ProofReading {
  readonly latest: Proof | undefined;
  /** The newest that was proven; a later one may have been refuted. */
  readonly latestProven: Proof | undefined;
}

/** Who asks often must not wait for those who write. */
const PATIENCE_MS = 50;

/**
 * The newest proofs of each claim, in the order of the claims, from `leitstand.db` opened for reading alone: nothing
 * is made, migrated or locked. No file: no proofs. Throws SQLite's own errors.
 */
export function readProofs(path: string, claims: readonly Pick<Proof, 'kind' | 'subject'>[]): ProofReading[] {
  if (claims.length === 0 || !existsSync(path))
    return claims.map(() => ({ latest: undefined, latestProven: undefined }));
  const database = new DatabaseSync(path, { readOnly: true, timeout: PATIENCE_MS });
  try {
    const query = (condition: string) =>
      database.prepare(
        `SELECT record, hash FROM proofs WHERE kind = ? AND subject = ?${condition} ORDER BY id DESC LIMIT 1`,
      );
    const [latest, proven] = [query(''), query(" AND json_extract(record, '$.verdict') = 'proven'")];
    return claims.map(({ kind, subject }) => {
      const [row, provenRow] = [latest.get(kind, subject), proven.get(kind, subject)];
      return { latest: row && toProof(row), latestProven: provenRow && toProof(provenRow) };
    });
  } finally {
    database.close();
  }
}
