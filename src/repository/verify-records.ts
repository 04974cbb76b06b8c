import { hash } from 'node:crypto';
import { LeitstandError } from '../platform/errors.ts';
import type { RepositoryContext } from './context.ts';
import type { Findings } from './findings.ts';
import { type Guide, readGuides } from './guides/guides.ts';
import { GUIDE_BYTES } from './guides/renew-guides.ts';
import { BACKUPS, CONDEMNED, MARKER, recordId, SNAPSHOTS, snapshotName, VERIFICATIONS } from './names.ts';
import { readAhead } from './read-ahead.ts';
import {
  isMissing,
  readBackup,
  readCondemnedRecord,
  readSnapshot,
  readVerification,
} from './record-store.ts';
import type { SnapshotRecord, VerificationRecord } from './records.ts';
import { readRepositoryRecord } from './repository-record.ts';

/** Small, and as many as there were backups: what counts is the way to the store. */
const REQUESTS = 8;

export interface SightedRecords {
  readonly records: number;
  readonly snapshots: readonly SnapshotRecord[];
  readonly verifications: readonly VerificationRecord[];
}

/** Reads every record of the repository; those that hold are returned. */
export async function verifyRecords(
  context: RepositoryContext,
  findings: Findings,
  expected: readonly string[] = [],
): Promise<SightedRecords> {
  await verifyMarker(context, findings);
  const snapshots = await verifyEach(context, findings, SNAPSHOTS, readSnapshot);
  const backups = await verifyEach(context, findings, BACKUPS, readBackup);
  const condemned = await verifyEach(context, findings, CONDEMNED, readCondemnedRecord);
  const verifications = await verifyEach(context, findings, VERIFICATIONS, readVerification);
  const over = new Set(condemned.held.flatMap((record) => record.snapshots));
  for (const id of backups.held.flatMap((backup) => backup.snapshots)) {
    if (snapshots.ids.has(id) || over.has(id)) continue;
    findings.add(snapshotName(id), 'is missing, though a backup record names it', [id]);
  }
  for (const id of expected)
    if (!snapshots.ids.has(id))
      findings.add(snapshotName(id), 'is missing, though this host has made it', [id]);
  const kinds = [snapshots, backups, condemned, verifications];
  const records = kinds.reduce((sum, { ids }) => sum + ids.size, 1);
  return { records, snapshots: snapshots.held, verifications: verifications.held };
}

/** Reads the record of one snapshot; undefined when it does not hold. Throws LS-REPO-012 when it is not there. */
export async function verifyOneRecord(
  context: RepositoryContext,
  findings: Findings,
  id: string,
): Promise<SnapshotRecord | undefined> {
  try {
    return await readSnapshot(context, id);
  } catch (error) {
    addRefusal(findings, snapshotName(id), error, [id]);
    return undefined;
  }
}

async function verifyMarker(context: RepositoryContext, findings: Findings): Promise<void> {
  try {
    const { readme, restore } = await twiceIfWrong(() => readRepositoryRecord(context));
    const ours = await readGuides();
    await verifyGuide(context, findings, { recorded: readme, ours: ours.readme });
    if (restore) await verifyGuide(context, findings, { recorded: restore, ours: ours.restore });
  } catch (error) {
    if (error instanceof LeitstandError && error.code === 'LS-REPO-001') findings.add(MARKER, 'is missing');
    else addRefusal(findings, MARKER, error, []);
  }
}

/** As it is on record, or as a backup of this version is just about to put it on record. */
async function verifyGuide(
  { store }: RepositoryContext,
  findings: Findings,
  { recorded, ours: { name, sha256 } }: { readonly recorded: string; readonly ours: Guide },
): Promise<void> {
  const read = () => store.get(name, { offset: 0, length: GUIDE_BYTES });
  const isRight = (text: Uint8Array | undefined) =>
    text && [recorded, sha256].includes(hash('sha256', text, 'hex'));
  const text = await read();
  if (isRight(text) || isRight(await read())) return;
  findings.add(name, text === undefined ? 'is missing' : 'was altered');
}

async function verifyEach<Record>(
  context: RepositoryContext,
  findings: Findings,
  prefix: string,
  read: (context: RepositoryContext, id: string) => Promise<Record>,
): Promise<{ readonly ids: ReadonlySet<string>; readonly held: readonly Record[] }> {
  const ids = new Set<string>();
  const held: Record[] = [];
  const outcomes = readAhead(context.store.list(prefix), {
    work: async ({ name }) => {
      const id = recordId(name);
      if (id === undefined) findings.add(name, 'does not belong here: it is no record by its name');
      return id === undefined ? undefined : { name, id, ...(await attempt(() => read(context, id))) };
    },
    count: REQUESTS,
  });
  for await (const outcome of outcomes) {
    if (outcome === undefined || isMissing(outcome.error)) continue;
    ids.add(outcome.id);
    if (outcome.record !== undefined) held.push(outcome.record);
    else addRefusal(findings, outcome.name, outcome.error, prefix === SNAPSHOTS ? [outcome.id] : []);
  }
  return { ids, held };
}

/** Once more before it is called damaged. */
async function attempt<Record>(
  read: () => Promise<Record>,
): Promise<{ readonly record?: Record; readonly error?: unknown }> {
  try {
    return { record: await twiceIfWrong(read) };
  } catch (error) {
    return { error };
  }
}

/** A store that cannot be asked has been tried often enough. */
async function twiceIfWrong<Record>(read: () => Promise<Record>): Promise<Record> {
  try {
    return await read();
  } catch (error) {
    const isWrong = error instanceof LeitstandError && ['LS-REPO-002', 'LS-REPO-003'].includes(error.code);
    if (!isWrong) throw error;
    return read();
  }
}

function addRefusal(findings: Findings, name: string, error: unknown, snapshots: readonly string[]): void {
  if (!(error instanceof LeitstandError)) throw error;
  if (error.code === 'LS-REPO-002') findings.add(name, 'is signed with another key', snapshots);
  else if (error.code === 'LS-REPO-003')
    findings.add(name, `was altered or cut off: ${error.details.why ?? 'its contents'}`, snapshots);
  else throw error;
}
