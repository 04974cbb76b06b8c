import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/**
 * Runs `work` on `leitstand.db` opened for reading alone: nothing is made, migrated or locked. Undefined where there is
 * no such file. `patienceMs`: who asks often must not wait for those who write. Throws SQLite's own errors.
 */
export function readOnly<Result>(
  path: string,
  patienceMs: number,
  work: (database: DatabaseSync) => Result,
): Result | undefined {
  if (!existsSync(path)) return undefined;
  const database = new DatabaseSync(path, { readOnly: true, timeout: patienceMs });
  try {
    return work(database);
  } finally {
    database.close();
  }
}
