import { createHash } from 'node:crypto';
import { LeitstandError } from '../platform/errors.ts';
import { makePacer, type RepositoryContext } from './context.ts';
import { repositoryErrors } from './errors.ts';
import type { FileEntry } from './file-entry.ts';
import { listBatches, readListTwice } from './list-batches.ts';
import { listName, snapshotName } from './names.ts';
import { planByPack, planInOrder } from './pack-plan.ts';
import { listPacks } from './piece-index.ts';
import { damagedPack, type PieceRead, readPieces } from './piece-reader.ts';
import { readSnapshot } from './record-store.ts';
import type { ListReference, PackReference, SnapshotRecord } from './records.ts';
import type { RestoreOwner } from './restore-owner.ts';
import { RestoreTarget } from './restore-target.ts';
import { altered } from './signed-record.ts';
import { isOnlyPiece, isRightEmpty, WholeHashes } from './whole-hash.ts';

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
  /** In the target, as they were backed up. */
  readonly files: number;
  readonly bytes: number;
  /** Of these, what an earlier restore had put there. */
  readonly kept: number;
  /** Only with `keepGoing`: what is not in the target, and why; a list stands for files whose names are lost as well. */
  readonly lost: readonly { readonly path: string; readonly problem: string }[];
}

/**
 * Writes a snapshot, or files of it, into a target; every part and every file is checked against its hash on the way.
 * When it throws, what was written stays, with the mark `<target>.restoring` beside it; a pack that is missing or too
 * short is found before anything is written. Throws LS-REPO-028 when the selection is of no file.
 */
export async function restore(context: RepositoryContext, request: RestoreRequest): Promise<RestoreResult> {
  const id = typeof request.snapshot === 'string' ? request.snapshot : request.snapshot.id;
  const record = await readSnapshot(context, id);
  const present = await listPacks(context.store, record.source);
  if (!request.selection && !request.keepGoing) await assertPacks(context, record, present);
  const claim = {
    snapshot: id,
    ...(request.selection ? { selection: request.selection.words } : {}),
  };
  const target = await RestoreTarget.open(request.target, claim, {
    startedAt: context.clock.now().toISOString(),
    owner: request.owner,
  });
  try {
    const run = new RestoreRun(context, request, { record, target, present });
    const lists = record.lists.map((reference) => ({ reference }));
    for await (const batch of listBatches(lists, ({ reference }) => run.readList(reference)))
      await run.restoreFiles(batch.flatMap(({ entries }) => entries));
    if (request.selection && run.selected === 0 && run.lost.length === 0) {
      await target.abandon();
      throw nothingSelected(record, request.selection);
    }
    run.assertComplete();
    await target.finish();
    return { record, files: run.files, bytes: run.bytes, kept: run.kept, lost: run.lost };
  } finally {
    target.dispose();
  }
}

class RestoreRun {
  files = 0;
  bytes = 0;
  kept = 0;
  /** Files that are wanted, as far as the lists have been read. */
  selected = 0;
  readonly lost: { readonly path: string; readonly problem: string }[] = [];
  readonly #context: RepositoryContext;
  readonly #request: RestoreRequest;
  readonly #record: SnapshotRecord;
  readonly #target: RestoreTarget;
  /** Packs of the source in the store, with their sizes. */
  readonly #present: ReadonlyMap<string, number>;
  readonly #breathe: () => Promise<void>;
  readonly #wholes = new WholeHashes();
  readonly #lostEntries = new Set<FileEntry>();
  #paths = new Map<FileEntry, string>();
  #total = 0;

  constructor(
    context: RepositoryContext,
    request: RestoreRequest,
    {
      record,
      target,
      present,
    }: {
      readonly record: SnapshotRecord;
      readonly target: RestoreTarget;
      readonly present: ReadonlyMap<string, number>;
    },
  ) {
    this.#context = context;
    this.#request = request;
    this.#record = record;
    this.#target = target;
    this.#present = present;
    this.#breathe = makePacer(context.clock, request.signal);
  }

  async readList(reference: ListReference): Promise<readonly FileEntry[]> {
    this.#request.signal?.throwIfAborted();
    try {
      return await readListTwice(this.#context.store, reference);
    } catch (error) {
      if (!this.#goesOn(error)) throw error;
      this.lost.push({
        path: listName(reference.sha256),
        problem: `${error.details.what}: ${reference.files} files last changed on ${reference.day}, unless other days have them`,
      });
      return [];
    }
  }

  async restoreFiles(entries: readonly FileEntry[]): Promise<void> {
    this.#paths = new Map();
    this.#lostEntries.clear();
    const wanted: FileEntry[] = [];
    for (const entry of entries) {
      await this.#breathe();
      const path = this.#request.mapPath?.(entry.path) ?? entry.path;
      if (this.#request.selection?.includes(entry.path, path) === false) continue;
      this.selected += 1;
      this.#total += entry.size;
      this.#paths.set(entry, path);
      if (this.#target.resumes && (await this.#target.has(path, entry, this.#breathe))) this.#keep(entry);
      else if (entry.pieces.length === 0) this.#finishFile(entry, isRightEmpty(entry));
      else wanted.push(entry);
    }
    await this.#fill(wanted);
  }

  assertComplete(): void {
    const { files, bytes } = this.#record.totals;
    if (this.#request.selection || this.lost.length > 0) return;
    if (this.files !== files || this.bytes !== bytes)
      throw altered(snapshotName(this.#record.id), 'its lists hold other files than it says');
  }

  async #fill(entries: readonly FileEntry[]): Promise<void> {
    const segments = planByPack(entries);
    if (!this.#request.keepGoing)
      this.#assertPresent(
        segments.map(({ pack }) => pack),
        entries,
      );
    const { signal } = this.#request;
    const from = { store: this.#context.store, source: this.#record.source, signal, isChecked: isOnlyPiece };
    for await (const { pieces } of readPieces(from, segments)) {
      for (const piece of pieces) {
        await this.#take(piece);
        await this.#breathe();
      }
    }
  }

  async #take(piece: PieceRead): Promise<void> {
    const { entry, index, at } = piece.use;
    if (this.#lostEntries.has(entry)) return;
    const path = this.#paths.get(entry) ?? entry.path;
    if ('damage' in piece) {
      this.#lose(entry, piece.damage);
      return;
    }
    // The hash of the whole grows here while the part is written elsewhere.
    const written = this.#target.write(path, entry, at, piece.bytes);
    written.catch(() => undefined);
    const state = this.#wholes.add(entry, index, piece.bytes);
    await written;
    this.bytes += piece.bytes.length;
    this.#progress();
    if (state === 'open') return;
    const isRight =
      state === 'right' ||
      (state === 'unordered' && (await this.#target.hashOf(entry, this.#breathe)) === entry.sha256);
    if (isRight) this.#finishFile(entry, true);
    else await this.#fillAgain(entry, path);
  }

  /** One of its parts came wrong: now each is looked at, and named when it does so again. */
  async #fillAgain(entry: FileEntry, path: string): Promise<void> {
    const whole = createHash('sha256');
    const from = { store: this.#context.store, source: this.#record.source, signal: this.#request.signal };
    for await (const { pieces } of readPieces(from, planInOrder(entry))) {
      for (const piece of pieces) {
        if ('damage' in piece) return this.#lose(entry, piece.damage);
        whole.update(piece.bytes);
        await this.#target.write(path, entry, piece.use.at, piece.bytes);
        await this.#breathe();
      }
    }
    this.#finishFile(entry, whole.digest('hex') === entry.sha256);
  }

  #finishFile(entry: FileEntry, isRight: boolean): void {
    if (!isRight) {
      this.#lose(entry, this.#wronglyPut(entry));
      return;
    }
    this.#target.close(this.#paths.get(entry) ?? entry.path, entry);
    this.files += 1;
  }

  #keep(entry: FileEntry): void {
    this.files += 1;
    this.kept += 1;
    this.bytes += entry.size;
    this.#progress();
  }

  #lose(entry: FileEntry, error: LeitstandError): void {
    if (!this.#goesOn(error)) throw error;
    this.#lostEntries.add(entry);
    this.#wholes.drop(entry);
    this.#target.drop(this.#paths.get(entry) ?? entry.path, entry);
    this.lost.push({ path: entry.path, problem: error.details.what });
  }

  /** Only damage can be gone around. */
  #goesOn(error: unknown): error is LeitstandError {
    const damage = ['LS-REPO-004', 'LS-REPO-005', 'LS-REPO-016'];
    return this.#request.keepGoing === true && error instanceof LeitstandError && damage.includes(error.code);
  }

  #assertPresent(packs: readonly string[], entries: readonly FileEntry[]): void {
    const sizes = new Map(this.#record.packs.map(({ id, size }) => [id, size]));
    const broken = packs.find((id) => !this.#present.has(id) || this.#present.get(id) !== sizes.get(id));
    if (broken === undefined) return;
    const paths = entries
      .filter(({ pieces }) => pieces.some(([id]) => id === broken))
      .map(({ path }) => path);
    throw brokenPack(this.#record, { id: broken, size: sizes.get(broken) ?? 0 }, this.#present, paths);
  }

  #progress(): void {
    const total = this.#request.selection ? this.#total : this.#record.totals.bytes;
    this.#request.onProgress?.(this.bytes, total);
  }

  #wronglyPut(entry: FileEntry): LeitstandError {
    return repositoryErrors.error('LS-REPO-016', {
      what: `${entry.path} does not have the content that was backed up`,
      why: `its parts are sound, but snapshot ${this.#record.id} puts them together wrongly`,
      fix: 'use another snapshot (leitstand backup list), or restore the rest with --keep-going',
    });
  }
}

/** Before anything is written. */
async function assertPacks(
  context: RepositoryContext,
  record: SnapshotRecord,
  present: ReadonlyMap<string, number>,
): Promise<void> {
  const broken = record.packs.find((pack) => present.get(pack.id) !== pack.size);
  if (broken) throw brokenPack(record, broken, present, await pathsIn(context, record, broken));
}

function brokenPack(
  { source }: SnapshotRecord,
  { id, size: wanted }: PackReference,
  present: ReadonlyMap<string, number>,
  paths: readonly string[],
): LeitstandError {
  const size = present.get(id);
  const problem = size === undefined ? 'is missing' : `has ${size} bytes instead of ${wanted}`;
  return damagedPack(source, id, problem, paths);
}

async function pathsIn(
  { store }: RepositoryContext,
  record: SnapshotRecord,
  pack: PackReference,
): Promise<string[]> {
  const paths: string[] = [];
  const lists = record.lists.map((reference) => ({ reference }));
  for await (const batch of listBatches(lists, ({ reference }) => readListTwice(store, reference)))
    for (const { path, pieces } of batch.flatMap(({ entries }) => entries))
      if (pieces.some(([id]) => id === pack.id)) paths.push(path);
  return paths;
}

function nothingSelected(record: SnapshotRecord, { words }: RestoreSelection): LeitstandError {
  return repositoryErrors.error('LS-REPO-028', {
    what: `no file of snapshot ${record.id} is chosen by ${words}`,
    fix: `look at the names: leitstand backup show ${record.id} --files`,
  });
}
