import type { Store } from '../stack/store.ts';
import type { RepositoryContext } from './context.ts';
import { listName, MARKER, packName, README, RESTORE_SCRIPT } from './names.ts';
import { readAhead } from './read-ahead.ts';
import type { SnapshotRecord } from './records.ts';

const DAY_MS = 86_400_000;
/** A lock is renewed when it has lost so much of its time: about weekly, and not at every backup. */
const RENEW_AFTER_MS = 7 * DAY_MS;
/** Renewals are small, and as many as there are packs. */
const REQUESTS = 16;
/** Objects that every snapshot needs. */
const REPOSITORY = [MARKER, README, RESTORE_SCRIPT] as const;

/** The locks of one run. */
export interface RunLock {
  /** As the repository's own, and whatever is put into it is locked. */
  readonly store: Store;
  /** Locks again what the snapshot builds upon, and returns the snapshot with what is locked until when. */
  hold<Body extends Needed>(body: Body): Promise<Body & Pick<SnapshotRecord, 'lock'>>;
}

type Needed = Pick<SnapshotRecord, 'source' | 'packs' | 'lists'>;

export interface RunLockRequest {
  readonly source: string;
  /** By the store's clock. */
  readonly startedAt: Date;
  /** Snapshots of the source, whose records say what is locked until when. */
  readonly earlier: readonly SnapshotRecord[];
}

/**
 * Everything that a snapshot needs is locked for as long as `lockDays` says, less up to a week, from the moment it is
 * made. Where nothing is locked, the store is the repository's own and `hold` changes nothing.
 */
export function openRunLock(
  { store, lockDays }: Pick<RepositoryContext, 'store' | 'lockDays'>,
  { source, startedAt, earlier }: RunLockRequest,
): RunLock {
  const { extendLock } = store;
  if (lockDays === undefined || extendLock === undefined) return { store, hold: async (body) => body };
  const term = lockDays(source) * DAY_MS;
  const lockUntil = lockEnd(startedAt, lockDays(source));
  const latest = lockUntil.getTime();
  const locked = knownLocks(earlier);
  const put: Store['put'] = async (name, data) => {
    await store.put(name, data, { lockUntil });
    locked.set(name, latest);
  };
  const hold: RunLock['hold'] = async (body) => {
    const isDue = (name: string) => latest - (locked.get(name) ?? 0) > Math.min(RENEW_AFTER_MS, term / 2);
    // A repository of before it has none, and never will.
    if (isDue(RESTORE_SCRIPT) && !(await store.head(RESTORE_SCRIPT))) locked.set(RESTORE_SCRIPT, latest);
    const due = objectsIn(body).filter(isDue);
    const renewals = readAhead(due, { work: (name) => extendLock(name, lockUntil), count: REQUESTS });
    for await (const _ of renewals);
    for (const name of due) locked.set(name, latest);
    const until = (...names: readonly string[]) =>
      new Date(Math.min(...names.map((name) => locked.get(name) ?? 0))).toISOString();
    return {
      ...body,
      packs: body.packs.map((pack) => ({ ...pack, lockUntil: until(packName(body.source, pack.id)) })),
      lists: body.lists.map((list) => ({ ...list, lockUntil: until(listName(list.sha256)) })),
      lock: { until: lockUntil.toISOString(), repository: until(...REPOSITORY) },
    };
  };
  return { store: { ...store, put }, hold };
}

/** Whole seconds, as S3 knows them. */
export function lockEnd(from: Date, days: number): Date {
  return new Date(Math.ceil(from.getTime() / 1_000) * 1_000 + days * DAY_MS);
}

/** Object → until when it is locked, by the latest word; milliseconds since 1970. */
function knownLocks(snapshots: readonly SnapshotRecord[]): Map<string, number> {
  const locked = new Map<string, number>();
  const note = (name: string, until: string | undefined) => {
    if (until !== undefined) locked.set(name, Math.max(locked.get(name) ?? 0, Date.parse(until)));
  };
  for (const { source, packs, lists, lock } of snapshots) {
    for (const { id, lockUntil } of packs) note(packName(source, id), lockUntil);
    for (const { sha256, lockUntil } of lists) note(listName(sha256), lockUntil);
    for (const name of REPOSITORY) note(name, lock?.repository);
  }
  return locked;
}

function objectsIn({ source, packs, lists }: Needed): readonly string[] {
  return [
    ...packs.map(({ id }) => packName(source, id)),
    ...lists.map(({ sha256 }) => listName(sha256)),
    ...REPOSITORY,
  ];
}
