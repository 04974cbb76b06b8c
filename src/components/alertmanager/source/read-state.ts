import { join } from 'node:path';
import { systemErrorCode } from '../../../platform/errors.ts';
import { exists, type OriginalFile, readOriginal } from '../../../platform/files.ts';
import { alertmanagerErrors } from '../errors.ts';
import { ProtobufError } from './protobuf.ts';
import {
  decodeLog,
  decodeSilences,
  LOG_FILE,
  type LogEntry,
  SILENCES_FILE,
  type StoredSilence,
} from './state-files.ts';

export interface StateFile<Content> {
  readonly name: string;
  readonly original: OriginalFile;
  readonly content: Content;
}

/** What lies on disk; a file that Alertmanager has not written yet is undefined. */
export interface State {
  readonly silences: StateFile<readonly StoredSilence[]> | undefined;
  readonly log: StateFile<readonly LogEntry[]> | undefined;
}

/** Alertmanager replaces its files by renaming, so that each reading is of one moment. Rejects with -005, -006. */
export async function readState(dataDir: string): Promise<State> {
  if (!(await exists(dataDir))) throw notThere(dataDir, 'there is no such directory');
  return {
    silences: await readStateFile(dataDir, SILENCES_FILE, decodeSilences),
    log: await readStateFile(dataDir, LOG_FILE, decodeLog),
  };
}

async function readStateFile<Content>(
  dataDir: string,
  name: string,
  decode: (bytes: Buffer) => Content,
): Promise<StateFile<Content> | undefined> {
  const path = join(dataDir, name);
  const original = await readOriginal(path).catch((error: unknown) => {
    if (systemErrorCode(error) === undefined) throw error;
    throw notThere(path, error instanceof Error ? error.message : String(error), error);
  });
  if (!original) return undefined;
  try {
    return { name, original, content: decode(original.bytes) };
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    throw alertmanagerErrors.error('LS-ALERTMANAGER-005', {
      what: `the file ${path} is not what Alertmanager writes`,
      why: error.message,
      where: { file: path },
      fix: 'restart Alertmanager while it still has everything in memory: a graceful stop writes the file anew (`leitstand down`, `leitstand up`)',
      cause: error,
    });
  }
}

export function notThere(path: string, why: string, cause?: unknown) {
  return alertmanagerErrors.error('LS-ALERTMANAGER-006', {
    what: `the state of Alertmanager cannot be read in ${path}`,
    why,
    where: { file: path },
    fix: 'name the directory of its --storage.path (`data_dir` of an attached one), and back up as a user who may read it',
    cause,
  });
}
