import type { z } from 'zod';
import { LeitstandError } from '../platform/errors.ts';
import type { RepositoryContext } from './context.ts';
import { repositoryErrors } from './errors.ts';
import {
  BACKUPS,
  backupName,
  CONDEMNED,
  condemnedName,
  recordId,
  SNAPSHOTS,
  snapshotName,
  sourceOf,
  VERIFICATIONS,
  verificationName,
} from './names.ts';
import {
  type BackupRecord,
  backupRecord,
  type CondemnedRecord,
  condemnedRecord,
  parseAs,
  type SnapshotRecord,
  snapshotRecord,
  type VerificationRecord,
  verificationRecord,
} from './records.ts';
import { readAhead } from './read-ahead.ts';
import { altered, openRecord } from './signed-record.ts';

/** Records that hold, newest first, and the error of each one that does not. */
export interface Survey<Record> {
  readonly records: readonly Record[];
  readonly refused: readonly LeitstandError[];
}

export async function surveySnapshots(
  context: RepositoryContext,
  source?: string,
): Promise<Survey<SnapshotRecord>> {
  const wanted = (id: string) => source === undefined || sourceOf(id) === source;
  return gathered(sightSnapshots(context, wanted), (record) => record.createdAt);
}

/** One after the other, in the order of their names, for who does not need to hold them all. */
export function sightSnapshots(
  context: RepositoryContext,
  wanted: (id: string) => boolean,
): AsyncGenerator<Sight<SnapshotRecord>> {
  return sight(context, SNAPSHOTS, { wanted, read: readSnapshot });
}

export function surveyBackups(context: RepositoryContext): Promise<Survey<BackupRecord>> {
  return gathered(sight(context, BACKUPS, { read: readBackup }), (record) => record.finishedAt);
}

/** Throws LS-REPO-012 when there is none, LS-REPO-002 and LS-REPO-003 when it does not hold. */
export async function readSnapshot(context: RepositoryContext, id: string): Promise<SnapshotRecord> {
  const name = snapshotName(id);
  const record = await readRecord(context, name, id, snapshotRecord).catch(async (error: unknown) => {
    throw isMissing(error) ? ((await takenForSnapshot(context, id)) ?? error) : error;
  });
  if (sourceOf(id) !== record.source) throw altered(name, 'its name belongs to another source');
  return record;
}

/** `backup list` shows the ids of backups as well. */
async function takenForSnapshot(context: RepositoryContext, id: string): Promise<LeitstandError | undefined> {
  try {
    const { snapshots } = await readBackup(context, id);
    return repositoryErrors.error('LS-REPO-012', {
      what: `${id} is a backup, not one of its snapshots`,
      fix: `choose one of these: ${snapshots.join(', ')}`,
    });
  } catch {
    return undefined;
  }
}

export function readBackup(context: RepositoryContext, id: string): Promise<BackupRecord> {
  return readRecord(context, backupName(id), id, backupRecord);
}

export function surveyCondemned(context: RepositoryContext): Promise<Survey<CondemnedRecord>> {
  return gathered(sight(context, CONDEMNED, { read: readCondemnedRecord }), (record) => record.createdAt);
}

export function readCondemnedRecord(context: RepositoryContext, id: string): Promise<CondemnedRecord> {
  return readRecord(context, condemnedName(id), id, condemnedRecord);
}

export function surveyVerifications(context: RepositoryContext): Promise<Survey<VerificationRecord>> {
  return gathered(sight(context, VERIFICATIONS, { read: readVerification }), (record) => record.createdAt);
}

export function readVerification(context: RepositoryContext, id: string): Promise<VerificationRecord> {
  return readRecord(context, verificationName(id), id, verificationRecord);
}

/** A record that holds, or why it does not. */
export type Sight<Record> =
  | { readonly id: string; readonly record: Record }
  | { readonly id: string; readonly refusal: LeitstandError };

/** Small as a rule, so that the way to the store is what takes time. */
const REQUESTS = 8;
/** Decoded, a record takes some times its bytes. */
const ROOM_BYTES = 4 * 1024 * 1024;

async function* sight<Record>(
  context: RepositoryContext,
  prefix: string,
  {
    wanted = () => true,
    read,
  }: {
    readonly wanted?: (id: string) => boolean;
    readonly read: (context: RepositoryContext, id: string) => Promise<Record>;
  },
): AsyncGenerator<Sight<Record>> {
  yield* readAhead(idsBelow(context, prefix, wanted), {
    work: async ({ id }) => {
      try {
        return { id, record: await read(context, id) };
      } catch (error) {
        if (!isRefusal(error)) throw error;
        return { id, refusal: error };
      }
    },
    count: REQUESTS,
    size: ({ size }) => size,
    room: ROOM_BYTES,
  });
}

async function* idsBelow(
  { store }: RepositoryContext,
  prefix: string,
  wanted: (id: string) => boolean,
): AsyncGenerator<{ readonly id: string; readonly size: number }> {
  for await (const { name, size } of store.list(prefix)) {
    const id = recordId(name);
    if (id !== undefined && wanted(id)) yield { id, size };
  }
}

async function gathered<Record extends { readonly id: string }>(
  sights: AsyncIterable<Sight<Record>>,
  time: (record: Record) => string,
): Promise<Survey<Record>> {
  const records: Record[] = [];
  const refused: LeitstandError[] = [];
  for await (const sighted of sights) {
    if ('record' in sighted) records.push(sighted.record);
    else refused.push(sighted.refusal);
  }
  const order = (record: Record) => `${time(record)} ${record.id}`;
  records.sort((a, b) => (order(a) < order(b) ? 1 : -1));
  return { records, refused };
}

/** That of 300,000 packs, 10 TB, has half of it; what somebody else put there must not fill our memory. */
const MAX_RECORD_BYTES = 64 * 1024 * 1024;

async function readRecord<Record extends { readonly id: string }>(
  context: RepositoryContext,
  name: string,
  id: string,
  schema: z.ZodType<Record>,
): Promise<Record> {
  const bytes =
    recordId(name) === id
      ? await context.store.get(name, { offset: 0, length: MAX_RECORD_BYTES + 1 })
      : undefined;
  if (bytes === undefined)
    throw repositoryErrors.error('LS-REPO-012', {
      what: `there is no snapshot ${JSON.stringify(id)} in ${context.store.label}`,
      fix: 'choose one that leitstand backup list shows',
    });
  if (bytes.length > MAX_RECORD_BYTES) throw altered(name, 'it is larger than any record');
  const record = parseAs(schema, await openRecord(name, bytes, context.trusted));
  if (!record) throw altered(name, 'it is signed but no record of this format');
  if (record.id !== id) throw altered(name, `it is the record of ${record.id} under another name`);
  return record;
}

/** Since it was listed retention took it away, or a later record replaced it. */
export function isMissing(error: unknown): boolean {
  return error instanceof LeitstandError && error.code === 'LS-REPO-012';
}

/** A record that vanished between list and read (012) is retention at work; it is passed over as a refusal too. */
function isRefusal(error: unknown): error is LeitstandError {
  return (
    error instanceof LeitstandError && ['LS-REPO-002', 'LS-REPO-003', 'LS-REPO-012'].includes(error.code)
  );
}
