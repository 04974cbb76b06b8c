import { type RepositoryContext, signingKeyOf } from './context.ts';
import { deleteUnlessHeld, type Held } from './hold.ts';
import { backupId, backupName, condemnedName, snapshotName } from './names.ts';
import type { StoredThing } from './prune-plan.ts';
import type { PruneRequest } from './prune.ts';
import { surveyBackups } from './record-store.ts';
import { type CondemnedRecord, FORMAT } from './records.ts';
import { decideRetention } from './retention.ts';
import { encodeRecord, signRecord } from './signed-record.ts';
import type { NeedTable, SightedSnapshot } from './snapshot-needs.ts';
import { readVerificationState } from './verification-state.ts';

export interface Decision {
  readonly record: SightedSnapshot;
  /** Why it stays; undefined: it may go. */
  readonly kept: string | undefined;
}

/** What retention says of each snapshot; what is locked stays, whatever that says. */
export async function decide(
  context: RepositoryContext,
  { policy, verified: drilled }: PruneRequest,
  {
    snapshots,
    table,
    now,
  }: { readonly snapshots: readonly SightedSnapshot[]; readonly table: NeedTable; readonly now: Date },
): Promise<readonly Decision[]> {
  const { readAt, damaged } = await readVerificationState(context);
  const isReadBack = table.everyNeed((name) => readAt.has(name) && !damaged.has(name));
  const sources = [...new Set(snapshots.map(({ source }) => source))].sort();
  return sources.flatMap((source) =>
    decideRetention(
      snapshots.filter((record) => record.source === source),
      policy(source),
      { now, drilled, isReadBack },
    ).map(({ one, reason }) => ({ record: one, kept: reason ?? lockReason(one.lockUntil, now) })),
  );
}

function lockReason(until: string | undefined, now: Date): string | undefined {
  return until !== undefined && Date.parse(until) > now.getTime() ? `locked until ${until}` : undefined;
}

export interface RemovedRecords {
  /** Ids of records of runs. */
  readonly backups: readonly string[];
  /** Names of records that the store would not delete → why. */
  readonly held: ReadonlyMap<string, Held>;
}

/** Records first: what they alone needed becomes unneeded for the next run, and a kill in between is harmless. */
export async function removeRecords(
  context: RepositoryContext,
  { dryRun, onProgress }: PruneRequest,
  {
    decisions,
    gone,
    now,
  }: {
    readonly decisions: readonly Decision[];
    /** Ids of snapshots that earlier prunes took away. */
    readonly gone: ReadonlySet<string>;
    readonly now: Date;
  },
): Promise<RemovedRecords> {
  const idsOf = (some: readonly Decision[]) => new Set(some.map(({ record }) => record.id));
  const leaving = idsOf(decisions.filter(({ kept }) => kept === undefined));
  const staying = idsOf(decisions.filter(({ kept }) => kept !== undefined));
  // Of a run that finished since the look at the snapshots, none is known.
  const isOver = (id: string) => !staying.has(id) && (leaving.has(id) || gone.has(id));
  const { records } = await surveyBackups(context);
  const over = records
    .filter(
      ({ snapshots, lockUntil }) =>
        snapshots.length > 0 && snapshots.every(isOver) && lockReason(lockUntil, now) === undefined,
    )
    .map(({ id }) => id);
  const held = new Map<string, Held>();
  if (dryRun) return { backups: over, held };
  const remove = async (name: string) => {
    const refusal = await deleteUnlessHeld(context.store, name);
    if (refusal) held.set(name, refusal);
  };
  // A run's record before the snapshots that it names: never a record of what is not there.
  for (const id of over) await remove(backupName(id));
  for (const id of leaving) {
    await remove(snapshotName(id));
    onProgress?.(`snapshot ${id} is over`);
  }
  return { backups: over.filter((id) => !held.has(backupName(id))), held };
}

export async function writeCondemned(
  context: RepositoryContext,
  { things, snapshots }: { readonly things: readonly StoredThing[]; readonly snapshots: readonly string[] },
): Promise<void> {
  const now = await context.store.time();
  const body: Omit<CondemnedRecord, 'signature'> = {
    format: FORMAT,
    kind: 'condemned',
    id: backupId(now, context.random(6)),
    createdAt: now.toISOString(),
    objects: things.map(({ name }) => name),
    snapshots: [...snapshots],
  };
  await context.store.put(condemnedName(body.id), encodeRecord(signRecord(body, signingKeyOf(context))));
}
