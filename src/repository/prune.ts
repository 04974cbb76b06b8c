import { LeitstandError } from '../platform/errors.ts';
import { makePacer, type RepositoryContext, signingKeyOf } from './context.ts';
import { repositoryErrors } from './errors.ts';
import {
  backupId,
  backupName,
  CONDEMNED,
  condemnedName,
  LISTS,
  listName,
  PACKS,
  packName,
  snapshotName,
} from './names.ts';
import { surveyBackups, surveyCondemned, surveySnapshots } from './record-store.ts';
import { type CondemnedRecord, FORMAT, type SnapshotRecord } from './records.ts';
import type { Retention } from '../stack/stack.ts';
import { decideRetention } from './retention.ts';
import { encodeRecord, signRecord } from './signed-record.ts';

/**
 * Between condemning and deleting. A writer that began before an object was condemned commits within 24 hours
 * (LS-REPO-027) or not at all, and a commit may arrive late: the rest is room for that.
 */
const DELETE_AFTER_MS = 48 * 3_600_000;
/** What is younger may belong to a run that has not committed yet: condemned, it could not be built upon. */
const CONDEMN_AFTER_MS = 25 * 3_600_000;
/** A look at what is needed holds for so long; what is deleted is deleted within it. */
const LOOK_HOLDS_MS = 12 * 3_600_000;
/** More than this share of the stored bytes at once is a mistake more often than not. */
const SUSPICIOUS_SHARE = 0.5;

export interface PruneRequest {
  readonly policy: (source: string) => Retention;
  /** Ids of snapshots that a drill or a verification found to hold. */
  readonly verified: ReadonlySet<string>;
  /** Ids of snapshots that must be there, as far as this host knows: else this is another, or an older, repository. */
  readonly expected: readonly string[];
  readonly dryRun: boolean;
  /** Delete also when it is more than half. */
  readonly much: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

export interface PruneResult {
  readonly snapshots: readonly {
    readonly id: string;
    readonly source: string;
    readonly createdAt: string;
    /** Why it stays; undefined: it went. */
    readonly kept?: string;
  }[];
  /** Records of runs of which no snapshot is left. */
  readonly backups: readonly string[];
  /** Condemned just now; deleted by a later run. */
  readonly condemned: Amount;
  readonly deleted: Amount;
  /** Condemned and due, and the store would not delete them: locked, or no right to. */
  readonly retained: Amount & { readonly why?: string };
  /** Condemned earlier, not due yet. */
  readonly waiting: Amount;
}

export interface Amount {
  readonly objects: number;
  readonly bytes: number;
}

interface StoredThing {
  readonly name: string;
  readonly size: number;
  readonly modifiedAt: Date;
}

/**
 * Retention, then the collection of what nothing needs any more. Needs no lock: safe beside running backups, restores
 * and another prune, on this host and others (docs/formats/lsb1.md says why). Reads records only, no pack and no list.
 * Rejects with LS-REPO-026 rather than delete what it does not understand, or the signal's reason; run again, it goes on.
 */
export async function prune(context: RepositoryContext, request: PruneRequest): Promise<PruneResult> {
  const now = await context.store.time();
  const condemned = await surveyCondemned(context);
  const snapshots = await understood(context, request, condemned.refused);
  const decisions = decide(snapshots, request, now);
  const kept = decisions.flatMap(({ record, kept: reason }) => (reason === undefined ? [] : [record]));
  const things = await listThings(context);
  const plan = planDeletion(things, { kept, condemned: await sinceWhen(context, condemned.records), now });
  assertNotTooMuch(context, request, { things, plan });
  const leaving = decisions.filter((one) => one.kept === undefined).map(({ record }) => record.id);
  if (!request.dryRun && plan.condemn.length + leaving.length > 0)
    await writeCondemned(context, { things: plan.condemn, snapshots: leaving });
  const backups = await removeRecords(context, request, { snapshots, leaving });
  const done = request.dryRun
    ? { deleted: plan.due, retained: [], why: undefined }
    : await deleteDue(context, request, plan.due);
  return {
    snapshots: decisions.map(({ record: { id, source, createdAt }, kept: reason }) => ({
      id,
      source,
      createdAt,
      ...(reason === undefined ? {} : { kept: reason }),
    })),
    backups,
    condemned: amountOf(plan.condemn),
    deleted: amountOf(done.deleted),
    retained: { ...amountOf(done.retained), ...(done.why === undefined ? {} : { why: done.why }) },
    waiting: amountOf(plan.waiting),
  };
}

/** All snapshots, when every record holds and none is missing; else LS-REPO-026. */
async function understood(
  context: RepositoryContext,
  { expected }: Pick<PruneRequest, 'expected'>,
  refused: readonly LeitstandError[],
): Promise<readonly SnapshotRecord[]> {
  const survey = await surveySnapshots(context);
  const [first] = [...survey.refused, ...refused];
  if (first) throw notUnderstood(context, first.details.what, first);
  const missing = expected.find((id) => !survey.records.some((record) => record.id === id));
  if (missing !== undefined)
    throw notUnderstood(context, `snapshot ${missing}, which this host has made, is not there`);
  return survey.records;
}

interface Decision {
  readonly record: SnapshotRecord;
  readonly kept: string | undefined;
}

function decide(
  snapshots: readonly SnapshotRecord[],
  { policy, verified }: PruneRequest,
  now: Date,
): readonly Decision[] {
  const sources = [...new Set(snapshots.map(({ source }) => source))].sort();
  return sources.flatMap((source) =>
    decideRetention(
      snapshots.filter((record) => record.source === source),
      policy(source),
      { now, verified },
    ).map(({ one, reason }) => ({ record: one, kept: reason })),
  );
}

async function listThings({ store }: RepositoryContext): Promise<readonly StoredThing[]> {
  const things: StoredThing[] = [];
  for (const prefix of [PACKS, LISTS]) for await (const thing of store.list(prefix)) things.push(thing);
  return things;
}

/**
 * Object → since when every writer that begins knows that it is condemned; milliseconds since 1970. That is when the
 * record had come, which may be long after it was written down: a machine that slept.
 */
async function sinceWhen(
  { store }: RepositoryContext,
  records: readonly CondemnedRecord[],
): Promise<ReadonlyMap<string, number>> {
  const came = new Map<string, number>();
  for await (const { name, modifiedAt } of store.list(CONDEMNED)) came.set(name, modifiedAt.getTime());
  const since = new Map<string, number>();
  for (const { id, createdAt, objects } of records) {
    const at = Math.max(Date.parse(createdAt), came.get(condemnedName(id)) ?? Infinity);
    for (const object of objects) since.set(object, Math.min(since.get(object) ?? Infinity, at));
  }
  return since;
}

interface DeletionPlan {
  readonly condemn: readonly StoredThing[];
  readonly due: readonly StoredThing[];
  readonly waiting: readonly StoredThing[];
}

function planDeletion(
  things: readonly StoredThing[],
  {
    kept,
    condemned,
    now,
  }: {
    readonly kept: readonly SnapshotRecord[];
    readonly condemned: ReadonlyMap<string, number>;
    readonly now: Date;
  },
): DeletionPlan {
  const needed = neededBy(kept);
  const unneeded = things.filter(({ name }) => !needed.has(name));
  const age = ({ name }: StoredThing) => now.getTime() - (condemned.get(name) ?? now.getTime());
  return {
    condemn: unneeded.filter(
      ({ name, modifiedAt }) =>
        !condemned.has(name) && now.getTime() - modifiedAt.getTime() >= CONDEMN_AFTER_MS,
    ),
    due: unneeded.filter((thing) => condemned.has(thing.name) && age(thing) >= DELETE_AFTER_MS),
    waiting: unneeded.filter((thing) => condemned.has(thing.name) && age(thing) < DELETE_AFTER_MS),
  };
}

function neededBy(snapshots: readonly SnapshotRecord[]): ReadonlySet<string> {
  const needed = new Set<string>();
  for (const { source, packs, lists } of snapshots) {
    for (const { id } of packs) needed.add(packName(source, id));
    for (const { sha256 } of lists) needed.add(listName(sha256));
  }
  return needed;
}

function assertNotTooMuch(
  context: RepositoryContext,
  { much }: PruneRequest,
  { things, plan }: { readonly things: readonly StoredThing[]; readonly plan: DeletionPlan },
): void {
  const [due, all] = [amountOf(plan.due).bytes, amountOf(things).bytes];
  if (much || due <= all * SUSPICIOUS_SHARE) return;
  throw notUnderstood(
    context,
    `${Math.round((due / all) * 100)} % of what is stored would be deleted at once, which is suspiciously much`,
  );
}

/** Records first: what they alone needed becomes unneeded for the next run, and a kill in between is harmless. */
async function removeRecords(
  context: RepositoryContext,
  { dryRun, onProgress }: PruneRequest,
  {
    snapshots,
    leaving,
  }: { readonly snapshots: readonly SnapshotRecord[]; readonly leaving: readonly string[] },
): Promise<readonly string[]> {
  const staying = new Set(snapshots.map(({ id }) => id).filter((id) => !leaving.includes(id)));
  const { records } = await surveyBackups(context);
  const over = records.filter(
    (record) =>
      record.snapshots.some((id) => leaving.includes(id)) && !record.snapshots.some((id) => staying.has(id)),
  );
  if (dryRun) return over.map(({ id }) => id);
  // A run's record before the snapshots that it names: never a record of what is not there.
  for (const { id } of over) await context.store.delete(backupName(id));
  for (const id of leaving) {
    await context.store.delete(snapshotName(id));
    onProgress?.(`snapshot ${id} is over`);
  }
  return over.map(({ id }) => id);
}

async function writeCondemned(
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

/** After another look: a run may have committed since, and need what nothing needed then. */
async function deleteDue(context: RepositoryContext, request: PruneRequest, due: readonly StoredThing[]) {
  const breathe = makePacer(context.clock, request.signal);
  const begun = context.clock.monotonic();
  const needed =
    due.length === 0 ? new Set<string>() : neededBy(await understood(context, { expected: [] }, []));
  const [deleted, retained]: [StoredThing[], StoredThing[]] = [[], []];
  let why: string | undefined;
  for (const thing of due) {
    await breathe();
    if (needed.has(thing.name)) continue;
    if (context.clock.monotonic() - begun > LOOK_HOLDS_MS) break;
    try {
      await context.store.delete(thing.name);
      deleted.push(thing);
      if (deleted.length % 100 === 0) request.onProgress?.(`deleted ${deleted.length} of ${due.length}`);
    } catch (error) {
      // Locked by the bucket, or a key that may not delete: so it was wanted.
      if (!(error instanceof LeitstandError) || !['LS-REPO-007', 'LS-REPO-021'].includes(error.code))
        throw error;
      why ??= error.details.why;
      retained.push(thing);
    }
  }
  return { deleted, retained, why };
}

function amountOf(things: readonly StoredThing[]): Amount {
  return { objects: things.length, bytes: things.reduce((sum, { size }) => sum + size, 0) };
}

function notUnderstood({ store }: RepositoryContext, why: string, cause?: unknown) {
  return repositoryErrors.error('LS-REPO-026', {
    what: `nothing was deleted in ${store.label}`,
    why,
    fix: 'leitstand backup verify names what is wrong; when it is right so: leitstand backup prune --much',
    cause,
  });
}
