import { join } from 'node:path';
import { systemErrorCode } from '../../../platform/errors.ts';
import { exists, type OriginalFile, readOriginal } from '../../../platform/files.ts';
import { pushgatewayErrors } from '../errors.ts';
import { decodeStateFile, GobError, type StoredGroups } from './state-file.ts';

export interface StateFile {
  readonly original: OriginalFile;
  readonly groups: StoredGroups;
}

/** The file is replaced by renaming: a reading is of one moment. Undefined: not written yet. Rejects with -005, -006. */
export async function readStateFile(dataDir: string, name: string): Promise<StateFile | undefined> {
  const path = join(dataDir, name);
  if (!(await exists(dataDir))) throw notThere(path, `there is no directory ${dataDir}`);
  const original = await readOriginal(path).catch((error: unknown) => {
    if (systemErrorCode(error) === undefined) throw error;
    throw notThere(path, error instanceof Error ? error.message : String(error), error);
  });
  if (!original) return undefined;
  try {
    return { original, groups: decodeStateFile(original.bytes) };
  } catch (error) {
    if (!(error instanceof GobError)) throw error;
    throw pushgatewayErrors.error('LS-PUSHGATEWAY-006', {
      what: `the file ${path} is not what a Pushgateway writes`,
      why: error.message,
      where: { file: path },
      fix: 'push any metric while it still runs, so that it writes the file anew; until then do not restart it',
      cause: error,
    });
  }
}

export function notThere(path: string, why: string, cause?: unknown) {
  return pushgatewayErrors.error('LS-PUSHGATEWAY-005', {
    what: `the file of the Pushgateway cannot be read: ${path}`,
    why,
    where: { file: path },
    fix: 'name the directory of its --persistence.file (`data_dir` of an attached one), and back up as a user who may read it',
    cause,
  });
}
