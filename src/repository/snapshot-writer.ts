import { LeitstandError } from '../platform/errors.ts';
import type { Capture } from '../stack/source.ts';
import type { Store } from '../stack/store.ts';
import { readCondemned } from './condemned.ts';
import { type RepositoryContext, signingKeyOf } from './context.ts';
import { repositoryErrors } from './errors.ts';
import { deleteUnlessHeld } from './hold.ts';
import { listPacks } from './known-content.ts';
import { listName, packName, snapshotId, snapshotName } from './names.ts';
import { readAhead } from './read-ahead.ts';
import { surveySnapshots } from './record-store.ts';
import {
  FORMAT,
  isSourceName,
  type ListReference,
  type PackReference,
  type SnapshotRecord,
} from './records.ts';
import { openRunLock } from './run-lock.ts';
import { encodeRecord, signRecord } from './signed-record.ts';
import { forgetOldPacks, recordedFacts } from './snapshot-keys.ts';
import { type SnapshotContent, storeContent } from './snapshot-run.ts';

export interface WriteSnapshotRequest {
  readonly source: string;
  /** The stack's name. */
  readonly stack: string;
  readonly capture: Capture;
  /** A private directory that is there, for what need not be in memory; absent: the system's for temporary files. */
  readonly scratchDir?: string | undefined;
  /** Entries of a list, at most; absent: 64 Ki. */
  readonly listEntries?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Bytes read from the source and put into the store so far, and files that are done with; every few MiB. */
  readonly onProgress?: ((bytesRead: number, bytesStored: number, files: number) => void) | undefined;
}

export interface WriteSnapshotResult {
  readonly record: SnapshotRecord;
  /** Bytes put into the store: packs, lists and the record. */
  readonly newBytes: number;
  /** Bytes read from the source. */
  readonly readBytes: number;
  /** Bytes of content that was stored already. */
  readonly reusedBytes: number;
  /** Of these, what was not read, since its class, size and time say that it has not changed. */
  readonly skippedBytes: number;
  /** Of the bytes read, what was read only to see whether unchanged files still are what they were. */
  readonly rereadBytes: number;
  readonly files: number;
  /** What vanished or was altered meanwhile, in words; it stands in the record's known loss as well. */
  readonly losses: readonly string[];
  /** Damage met in earlier snapshots, whose content was stored anew, and in the source itself. */
  readonly damage: readonly LeitstandError[];
}

/** Packs, then lists, then the signed record: whatever ends it earlier leaves no snapshot. */
export async function writeSnapshot(
  context: RepositoryContext,
  request: WriteSnapshotRequest,
): Promise<WriteSnapshotResult> {
  const key = signingKeyOf(context);
  if (!isSourceName(request.source)) throw new TypeError(`not a source name: ${request.source}`);
  const startedAt = await context.store.time();
  // Before anything is looked for that could be built upon.
  const condemned = await readCondemned(context);
  const earlier = await surveySnapshots(context, request.source);
  const snapshots = earlier.records;
  const lock = openRunLock(context, { source: request.source, startedAt, earlier: snapshots });
  const run = await storeContent({ ...context, store: lock.store }, { ...request, snapshots, condemned });
  await assertStored(context, request.source, run);
  request.signal?.throwIfAborted();
  const body = await lock.hold(await describeSnapshot(context, request, run));
  await assertInTime(context, startedAt);
  const record = signRecord(body, key);
  const bytes = encodeRecord(record);
  await lock.store.put(snapshotName(record.id), bytes);
  await assertKept(context, record);
  const notForgotten = await forgetOldPacks(context, [record, ...earlier.records]);
  const { storedBytes, readBytes, reusedBytes, skippedBytes, rereadBytes, losses } = run;
  return {
    record,
    readBytes,
    reusedBytes,
    skippedBytes,
    rereadBytes,
    losses,
    newBytes: storedBytes + bytes.length,
    files: record.totals.files,
    damage: [...condemned.damage, ...earlier.refused, ...run.damage, ...notForgotten],
  };
}

async function describeSnapshot(
  context: RepositoryContext,
  request: WriteSnapshotRequest,
  run: SnapshotContent,
) {
  const { capture, source, stack } = request;
  const createdAt = context.clock.now();
  return {
    format: FORMAT,
    kind: 'snapshot' as const,
    id: snapshotId(createdAt, source, context.random(6)),
    source,
    stack,
    writer: { program: capture.writer.program, version: capture.writer.version },
    cutoff: capture.cutoff,
    createdAt: createdAt.toISOString(),
    ...(await recordedFacts(context, {
      expectations: capture.expectations.map(({ kind, subject, value }) => ({ kind, subject, value })),
      knownLoss: [...capture.knownLoss, ...run.losses],
    })),
    lists: [...run.lists],
    packs: [...run.packs],
    totals: {
      files: run.lists.reduce((sum, list) => sum + list.files, 0),
      bytes: run.lists.reduce((sum, list) => sum + list.bytes, 0),
    },
  } satisfies Omit<SnapshotRecord, 'signature'>;
}

/** Lists that are looked at at the same time. */
const LOOKS = 16;

/** Somebody else's deletion during the run must not become a snapshot with holes. */
async function assertStored(
  { store }: RepositoryContext,
  source: string,
  { packs, lists }: { readonly packs: readonly PackReference[]; readonly lists: readonly ListReference[] },
): Promise<void> {
  const present = await listPacks(store, source);
  const lost = packs.find((pack) => present.get(pack.id) !== pack.size);
  if (lost) throw vanished(store, `pack ${packName(source, lost.id)}`);
  const looks = readAhead(lists, {
    work: async ({ sha256, size }) => (await store.head(listName(sha256)))?.size === size || sha256,
    count: LOOKS,
  });
  for await (const look of looks) if (look !== true) throw vanished(store, `list ${listName(look)}`);
}

function vanished(store: Store, object: string) {
  return repositoryErrors.error('LS-REPO-019', {
    what: `${object} is not in the store any more`,
    why: 'it was there a moment ago: something else deletes in this store',
    fix: `find out what deletes in ${store.label}, then run the backup again`,
  });
}

/**
 * A run that took longer may build upon what was condemned since and is deleted by now. The other half of the bargain
 * is DELETE_AFTER_MS in prune.ts.
 */
const LONGEST_RUN_MS = 24 * 3_600_000;

async function assertInTime({ store }: RepositoryContext, startedAt: Date): Promise<void> {
  const hours = ((await store.time()).getTime() - startedAt.getTime()) / 3_600_000;
  if (hours * 3_600_000 <= LONGEST_RUN_MS) return;
  throw repositoryErrors.error('LS-REPO-027', {
    what: `the backup took ${Math.floor(hours)} hours, and may take 24`,
    why: 'a machine that slept, or a store that is slow; what it builds upon may have been deleted meanwhile',
    fix: 'run the backup again: what is stored by now is not stored twice',
  });
}

/** The record may have come a long time after the last look: then it is taken back rather than have holes. */
async function assertKept(context: RepositoryContext, record: SnapshotRecord): Promise<void> {
  try {
    await assertStored(context, record.source, record);
  } catch (error) {
    if (error instanceof LeitstandError && error.code === 'LS-REPO-019')
      await deleteUnlessHeld(context.store, snapshotName(record.id));
    throw error;
  }
}
