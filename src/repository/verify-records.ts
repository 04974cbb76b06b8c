import { hash } from 'node:crypto';
import { LeitstandError } from '../platform/errors.ts';
import type { RepositoryContext } from './context.ts';
import type { Findings } from './findings.ts';
import { BACKUPS, CONDEMNED, MARKER, README, recordId, SNAPSHOTS, snapshotName } from './names.ts';
import { readBackup, readCondemnedRecord, readSnapshot } from './record-store.ts';
import type { SnapshotRecord } from './records.ts';
import { readRepositoryRecord } from './repository-record.ts';

/** Reads every record of the repository; the snapshots that hold are returned. */
export async function verifyRecords(
  context: RepositoryContext,
  findings: Findings,
): Promise<{ readonly records: number; readonly snapshots: readonly SnapshotRecord[] }> {
  await verifyMarker(context, findings);
  const snapshots = await verifyEach(context, findings, SNAPSHOTS, readSnapshot);
  const backups = await verifyEach(context, findings, BACKUPS, readBackup);
  const condemned = await verifyEach(context, findings, CONDEMNED, readCondemnedRecord);
  const over = new Set(condemned.held.flatMap((record) => record.snapshots));
  for (const id of backups.held.flatMap((backup) => backup.snapshots)) {
    if (snapshots.ids.has(id) || over.has(id)) continue;
    findings.add(snapshotName(id), 'is missing, though a backup record names it', [id]);
  }
  const records = 1 + snapshots.ids.size + backups.ids.size + condemned.ids.size;
  return { records, snapshots: snapshots.held };
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
    const { readme } = await readRepositoryRecord(context);
    const text = await context.store.get(README);
    if (text === undefined) findings.add(README, 'is missing');
    else if (hash('sha256', text, 'hex') !== readme) findings.add(README, 'was altered');
  } catch (error) {
    if (error instanceof LeitstandError && error.code === 'LS-REPO-001') findings.add(MARKER, 'is missing');
    else addRefusal(findings, MARKER, error, []);
  }
}

async function verifyEach<Record>(
  context: RepositoryContext,
  findings: Findings,
  prefix: string,
  read: (context: RepositoryContext, id: string) => Promise<Record>,
): Promise<{ readonly ids: ReadonlySet<string>; readonly held: readonly Record[] }> {
  const ids = new Set<string>();
  const held: Record[] = [];
  for await (const { name } of context.store.list(prefix)) {
    const id = recordId(name);
    if (id === undefined) {
      findings.add(name, 'does not belong here: it is no record by its name');
      continue;
    }
    ids.add(id);
    try {
      held.push(await read(context, id));
    } catch (error) {
      addRefusal(findings, name, error, prefix === SNAPSHOTS ? [id] : []);
    }
  }
  return { ids, held };
}

function addRefusal(findings: Findings, name: string, error: unknown, snapshots: readonly string[]): void {
  if (!(error instanceof LeitstandError)) throw error;
  if (error.code === 'LS-REPO-002') findings.add(name, 'is signed with another key', snapshots);
  else if (error.code === 'LS-REPO-003')
    findings.add(name, `was altered or cut off: ${error.details.why ?? 'its contents'}`, snapshots);
  else throw error;
}
