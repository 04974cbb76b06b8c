import { LeitstandError } from '../platform/errors.ts';
import { type RepositoryContext, signingKeyOf } from './context.ts';
import { backupId, listName, packName, verificationName } from './names.ts';
import { surveyVerifications } from './record-store.ts';
import { FORMAT, type SnapshotRecord, type VerificationRecord } from './records.ts';
import { encodeRecord, signRecord } from './signed-record.ts';

/** What is on record of the reading back of packs and lists, by their names. Times are the store's. */
export interface VerificationState {
  /** Last found to hold exactly the bytes that it is named by; milliseconds since 1970. */
  readonly readAt: ReadonlyMap<string, number>;
  /** Last found otherwise. */
  readonly damaged: ReadonlyMap<string, KnownDamage>;
  /** When anything was last read; undefined: never. */
  readonly lastAt: number | undefined;
  /** The records that say so. */
  readonly records: readonly VerificationRecord[];
}

export interface KnownDamage {
  readonly problem: string;
  readonly at: number;
  readonly since: number;
}

/** Records that do not hold say nothing: what they named counts as never read. */
export async function readVerificationState(context: RepositoryContext): Promise<VerificationState> {
  return mergeVerifications((await surveyVerifications(context)).records);
}

/** The last word on each object, whoever's it is. */
export function mergeVerifications(records: readonly VerificationRecord[]): VerificationState {
  const replaced = new Set(records.flatMap(({ replaces }) => replaces));
  const readAt = new Map<string, number>();
  const damaged = new Map<string, KnownDamage>();
  const times: number[] = [];
  for (const { id, createdAt, read, damaged: found } of records) {
    times.push(Date.parse(createdAt));
    if (replaced.has(id)) continue;
    for (const { at, objects } of read) {
      const time = Date.parse(at);
      for (const object of objects) readAt.set(object, Math.max(readAt.get(object) ?? time, time));
    }
    for (const { object, problem, at, since } of found) {
      const known = damaged.get(object);
      const time = Date.parse(at);
      if (known === undefined || known.at < time)
        damaged.set(object, { problem, at: time, since: Date.parse(since) });
    }
  }
  for (const [object, { at }] of damaged) if ((readAt.get(object) ?? -Infinity) > at) damaged.delete(object);
  for (const object of damaged.keys()) readAt.delete(object);
  return { readAt, damaged, lastAt: times.length === 0 ? undefined : Math.max(...times), records };
}

/** What a run found, of packs and lists. */
export interface RunFindings {
  /** When it began: what changed later, it did not see. */
  readonly at: number;
  readonly read: readonly string[];
  /** Object → what is wrong with it. */
  readonly damaged: ReadonlyMap<string, string>;
}

/** The state after the run, without what is not `needed` any more. */
export function afterRun(
  before: VerificationState,
  { at, read, damaged }: RunFindings,
  needed: { has(object: string): boolean },
): Pick<VerificationState, 'readAt' | 'damaged'> {
  const readAt = new Map([...before.readAt, ...read.map((object) => [object, at] as const)]);
  const found = [...damaged].map(([object, problem]): [string, KnownDamage] => [
    object,
    { problem, at, since: before.damaged.get(object)?.since ?? at },
  ]);
  const stillDamaged = new Map([...before.damaged, ...found]);
  for (const object of read) stillDamaged.delete(object);
  for (const object of stillDamaged.keys()) readAt.delete(object);
  const keep = <Value>(map: ReadonlyMap<string, Value>) =>
    new Map([...map].filter(([object]) => needed.has(object)));
  return { readAt: keep(readAt), damaged: keep(stillDamaged) };
}

/**
 * One record in place of those that `before` was read from, which are deleted, unless the store keeps them: then it says
 * that they are replaced.
 */
export async function writeVerification(
  context: RepositoryContext,
  before: VerificationState,
  { readAt, damaged }: Pick<VerificationState, 'readAt' | 'damaged'>,
): Promise<VerificationState> {
  const now = await context.store.time();
  const body: Omit<VerificationRecord, 'signature'> = {
    format: FORMAT,
    kind: 'verification',
    id: backupId(now, context.random(6)),
    createdAt: now.toISOString(),
    replaces: before.records.map(({ id }) => id).sort(),
    read: byTime(readAt),
    damaged: [...damaged]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([object, { problem, at, since }]) => ({ object, problem, at: iso(at), since: iso(since) })),
  };
  const record = signRecord(body, signingKeyOf(context));
  await context.store.put(verificationName(record.id), encodeRecord(record));
  for (const { id } of before.records) await deleteIfAllowed(context, verificationName(id));
  return mergeVerifications([record]);
}

/** Locked, or no right to: the next record replaces it as well. */
async function deleteIfAllowed({ store }: RepositoryContext, name: string): Promise<void> {
  try {
    await store.delete(name);
  } catch (error) {
    if (!(error instanceof LeitstandError)) throw error;
  }
}

function byTime(readAt: ReadonlyMap<string, number>): { at: string; objects: string[] }[] {
  const times = new Map<number, string[]>();
  for (const [object, at] of readAt) {
    const objects = times.get(at) ?? [];
    times.set(at, objects);
    objects.push(object);
  }
  return [...times]
    .sort(([a], [b]) => a - b)
    .map(([at, objects]) => ({ at: iso(at), objects: objects.sort() }));
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

/** How much of a snapshot has been read back since it was made, and when at the latest all of it had been. */
export interface Verified {
  /** Milliseconds since 1970: nothing of it was read longer ago. Undefined: not all of it was read yet. */
  readonly at: number | undefined;
  readonly objects: number;
  readonly read: number;
  /** Packs and lists of it that were last found damaged or missing. */
  readonly damaged: readonly string[];
}

export function verifiedOf(
  { readAt, damaged }: Pick<VerificationState, 'readAt' | 'damaged'>,
  snapshot: Pick<SnapshotRecord, 'source' | 'packs' | 'lists'>,
): Verified {
  const objects = objectsOf(snapshot);
  const times = objects.flatMap((object) => readAt.get(object) ?? []);
  return {
    at: times.length < objects.length || times.length === 0 ? undefined : Math.min(...times),
    objects: objects.length,
    read: times.length,
    damaged: objects.filter((object) => damaged.has(object)),
  };
}

/** Names of the packs and lists that a snapshot needs. */
export function objectsOf({
  source,
  packs,
  lists,
}: Pick<SnapshotRecord, 'source' | 'packs' | 'lists'>): string[] {
  return [...lists.map(({ sha256 }) => listName(sha256)), ...packs.map(({ id }) => packName(source, id))];
}
