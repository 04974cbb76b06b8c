import type { RepositoryContext } from './context.ts';
import { CONDEMNED, condemnedName, LISTS, PACKS } from './names.ts';
import type { CondemnedRecord } from './records.ts';

/**
 * Between condemning and deleting. A writer that began before an object was condemned commits within 24 hours
 * (LS-REPO-027) or not at all, and a commit may arrive late: the rest is room for that.
 */
const DELETE_AFTER_MS = 48 * 3_600_000;
/** What is younger may belong to a run that has not committed yet: condemned, it could not be built upon. */
const CONDEMN_AFTER_MS = 25 * 3_600_000;

export interface Amount {
  readonly objects: number;
  readonly bytes: number;
}

export interface StoredThing {
  readonly name: string;
  readonly size: number;
  readonly modifiedAt: Date;
}

export async function listThings({ store }: RepositoryContext): Promise<readonly StoredThing[]> {
  const things: StoredThing[] = [];
  for (const prefix of [PACKS, LISTS]) for await (const thing of store.list(prefix)) things.push(thing);
  return things;
}

/**
 * Object → since when every writer that begins knows that it is condemned; milliseconds since 1970. That is when the
 * record had come, which may be long after it was written down: a machine that slept.
 */
export async function sinceWhen(
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

export interface DeletionPlan {
  readonly condemn: readonly StoredThing[];
  readonly due: readonly StoredThing[];
  readonly waiting: readonly StoredThing[];
}

export function planDeletion(
  things: readonly StoredThing[],
  {
    needed,
    condemned,
    now,
  }: {
    readonly needed: ReadonlySet<string>;
    readonly condemned: ReadonlyMap<string, number>;
    readonly now: Date;
  },
): DeletionPlan {
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

export function amountOf(things: readonly Pick<StoredThing, 'size'>[]): Amount {
  return { objects: things.length, bytes: things.reduce((sum, { size }) => sum + size, 0) };
}
