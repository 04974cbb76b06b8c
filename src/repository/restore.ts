import type { LeitstandError } from '../platform/errors.ts';
import { makePacer, type RepositoryContext } from './context.ts';
import { repositoryErrors } from './errors.ts';
import { batchesOf } from './list-batches.ts';
import { listPacks } from './known-content.ts';
import { readAhead } from './read-ahead.ts';
import { readSnapshot } from './record-store.ts';
import type { ListReference, SnapshotRecord } from './records.ts';
import type { RestoreOwner } from './restore-owner.ts';
import { assertPacks } from './restore-packs.ts';
import { writingAsync } from './restore-errors.ts';
import { RestoreRun } from './restore-run.ts';
import { RestoreTarget } from './restore-target.ts';
import { FILE_BYTES } from './piece-reader.ts';
import { missingKey } from './snapshot-keys.ts';
import { makeCrew } from './workers/crew.ts';

export interface RestoreRequest {
  /** A snapshot's id, or its record; read and verified again either way. */
  readonly snapshot: string | { readonly id: string };
  /**
   * Absolute path; must not exist, be an empty directory, or be what a restore of the same left when it did not finish:
   * then it goes on, and files that are right stay.
   */
  readonly target: string;
  /** Where a logical path belongs below the target; the same path unless given. */
  readonly mapPath?: ((path: string) => string) | undefined;
  /** Which files; all unless given. */
  readonly selection?: RestoreSelection | undefined;
  /** Whose the files will be; as recorded where that is possible unless given. */
  readonly owner?: RestoreOwner | undefined;
  /** Restore what can be restored, and tell what is lost, rather than stop at the first damage. */
  readonly keepGoing?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Of the content; what was there already counts as written. */
  readonly onProgress?: ((bytesWritten: number, totalBytes: number) => void) | undefined;
}

export interface RestoreSelection {
  /** The same words mean the same selection: by them an unfinished restore is known again. */
  readonly words: string;
  /** By the path in the snapshot, and the one below the target. */
  includes(path: string, restoredPath: string): boolean;
}

export interface RestoreResult {
  readonly record: SnapshotRecord;
  /** In the target, as they were backed up: files, directories and links. */
  readonly files: number;
  readonly bytes: number;
  /** Of these, what an earlier restore had put there. */
  readonly kept: number;
  /** Names that were hard links, and are files of their own, since the target's file system has no such links. */
  readonly copies: number;
  /** Only with `keepGoing`: what is not in the target, and why; a list stands for files whose names are lost as well. */
  readonly lost: readonly { readonly path: string; readonly problem: string }[];
}

/**
 * Writes a snapshot, or files of it, into a target; every part and every file is checked against its hash on the way.
 * When it throws, what was written stays, with the mark `<target>.restoring` beside it; a pack that is missing or too
 * short is found before anything is written, and so is a missing key (LS-REPO-029). Throws LS-REPO-028 when the selection is
 * of no file.
 */
export async function restore(context: RepositoryContext, request: RestoreRequest): Promise<RestoreResult> {
  const id = typeof request.snapshot === 'string' ? request.snapshot : request.snapshot.id;
  const record = await readSnapshot(context, id);
  if (!request.selection) await assertKey(context, record);
  const present = await listPacks(context.store, record.source);
  if (!request.selection && !request.keepGoing) await assertPacks(context, record, present);
  // From here on files are of the target, or on their way to it.
  return writingAsync(request.target, () => restoreInto(context, request, { record, present }));
}

async function restoreInto(
  context: RepositoryContext,
  request: RestoreRequest,
  { record, present }: { readonly record: SnapshotRecord; readonly present: ReadonlyMap<string, number> },
): Promise<RestoreResult> {
  const claim = {
    snapshot: record.id,
    ...(request.selection ? { selection: request.selection.words } : {}),
  };
  const target = await RestoreTarget.open(request.target, claim, {
    startedAt: context.clock.now().toISOString(),
    owner: request.owner,
  });
  // Of a selection it is not known how much it will be.
  const expected = request.selection ? 0 : workOf(record);
  const crew = makeCrew({ expected, breathe: makePacer(context.clock, request.signal) });
  try {
    const run = new RestoreRun(context, request, { record, target, present, crew });
    const lists = record.lists.map((reference) => ({ reference }));
    for await (const batch of batchesAhead(run, batchesOf(lists))) await run.restoreBatch(batch);
    if (request.selection && run.tally.selected === 0 && run.tally.lost.length === 0) {
      await target.abandon();
      throw nothingSelected(record, request.selection);
    }
    run.tally.assertComplete();
    await target.finish();
    const { files, bytes, kept, copies, lost } = run.tally;
    return { record, files, bytes, kept, copies, lost };
  } finally {
    await crew.close();
    target.dispose();
  }
}

/** In bytes: to make a file takes as long as to read and write some. */
function workOf({ totals }: SnapshotRecord): number {
  return totals.bytes + totals.files * FILE_BYTES;
}

/** The next one is read while files are written; one after the other, so that the first comes soon. */
function batchesAhead(
  run: RestoreRun,
  batches: readonly (readonly { readonly reference: ListReference }[])[],
) {
  let before: Promise<unknown> = Promise.resolve();
  return readAhead(batches, {
    work: (batch) => {
      const read = before.then(() => run.readBatch(batch.map(({ reference }) => reference)));
      before = read;
      return read;
    },
    count: 2,
  });
}

/** LS-REPO-029, before anything is written. */
async function assertKey(context: RepositoryContext, record: SnapshotRecord): Promise<void> {
  const error = await missingKey(context, record);
  if (error) throw error;
}

function nothingSelected(record: SnapshotRecord, { words }: RestoreSelection): LeitstandError {
  return repositoryErrors.error('LS-REPO-028', {
    what: `no file of snapshot ${record.id} is chosen by ${words}`,
    fix: `look at the names: leitstand backup show ${record.id} --files`,
  });
}
