import { createHash } from 'node:crypto';
import { makePacer, type RepositoryContext } from './context.ts';
import { repositoryErrors } from './errors.ts';
import type { FileEntry } from './file-entry.ts';
import { readList } from './lists.ts';
import { snapshotName } from './names.ts';
import { listPacks } from './piece-index.ts';
import { damagedPack, inPackOrder, PieceReader } from './piece-reader.ts';
import { readSnapshot } from './record-store.ts';
import type { PackReference, SnapshotRecord } from './records.ts';
import { RestoreTarget } from './restore-target.ts';
import { altered } from './signed-record.ts';

export interface RestoreRequest {
  /** A snapshot's id, or its record; read and verified again either way. */
  readonly snapshot: string | { readonly id: string };
  /** Absolute path; must not exist or be an empty directory. */
  readonly target: string;
  /** Where a logical path belongs below the target; the same path unless given. */
  readonly mapPath?: ((path: string) => string) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((bytesWritten: number, totalBytes: number) => void) | undefined;
}

export interface RestoreResult {
  readonly record: SnapshotRecord;
  readonly files: number;
  readonly bytes: number;
}

/**
 * Writes a whole snapshot into an empty target; every part and every file is checked against its hash on the
 * way. When it throws, what was written stays, with the mark `<target>.restoring` beside it; a pack that is
 * missing or too short is found before anything is written.
 */
export async function restore(context: RepositoryContext, request: RestoreRequest): Promise<RestoreResult> {
  const id = typeof request.snapshot === 'string' ? request.snapshot : request.snapshot.id;
  const record = await readSnapshot(context, id);
  await assertPacks(context, record);
  const about = { snapshot: id, startedAt: context.clock.now().toISOString(), pid: process.pid };
  const target = await RestoreTarget.open(request.target, `${JSON.stringify(about)}\n`);
  const run = new RestoreRun(context, request, record, target);
  for (const list of record.lists) await run.restoreFiles(inPackOrder(await readList(context.store, list)));
  if (run.files !== record.totals.files || run.bytes !== record.totals.bytes)
    throw altered(snapshotName(id), 'its lists hold other files than it says');
  await target.finish();
  return { record, files: run.files, bytes: run.bytes };
}

class RestoreRun {
  files = 0;
  bytes = 0;
  readonly #request: RestoreRequest;
  readonly #record: SnapshotRecord;
  readonly #target: RestoreTarget;
  readonly #reader: PieceReader;
  readonly #breathe: () => Promise<void>;

  constructor(
    context: RepositoryContext,
    request: RestoreRequest,
    record: SnapshotRecord,
    target: RestoreTarget,
  ) {
    this.#request = request;
    this.#record = record;
    this.#target = target;
    this.#reader = new PieceReader(context.store, record.source);
    this.#breathe = makePacer(context.clock, request.signal);
  }

  async restoreFiles(entries: readonly FileEntry[]): Promise<void> {
    for (const entry of entries) {
      await this.#breathe();
      const path = this.#request.mapPath?.(entry.path) ?? entry.path;
      await this.#target.write(path, entry, this.#content(entry));
      this.files += 1;
    }
  }

  async *#content(entry: FileEntry): AsyncGenerator<Uint8Array> {
    const whole = createHash('sha256');
    for (const part of entry.pieces) {
      await this.#breathe();
      const bytes = await this.#reader.read(entry, part);
      // One piece carries the file's own hash, which the reader has compared.
      if (entry.pieces.length > 1) whole.update(bytes);
      yield bytes;
      this.bytes += bytes.length;
      this.#request.onProgress?.(this.bytes, this.#record.totals.bytes);
    }
    if (entry.pieces.length !== 1 && whole.digest('hex') !== entry.sha256)
      throw repositoryErrors.error('LS-REPO-016', {
        what: `${entry.path} does not have the content that was backed up`,
        why: `its parts are sound, but snapshot ${this.#record.id} puts them together wrongly`,
        fix: 'use another snapshot (leitstand backup list)',
      });
  }
}

async function assertPacks(context: RepositoryContext, record: SnapshotRecord): Promise<void> {
  const present = await listPacks(context.store, record.source);
  const broken = record.packs.find((pack) => present.get(pack.id) !== pack.size);
  if (!broken) return;
  const size = present.get(broken.id);
  const problem = size === undefined ? 'is missing' : `has ${size} bytes instead of ${broken.size}`;
  throw damagedPack(record.source, broken.id, problem, await pathsIn(context, record, broken));
}

async function pathsIn(
  context: RepositoryContext,
  record: SnapshotRecord,
  pack: PackReference,
): Promise<string[]> {
  const paths: string[] = [];
  for (const list of record.lists)
    for (const entry of await readList(context.store, list))
      if (entry.pieces.some(([id]) => id === pack.id)) paths.push(entry.path);
  return paths;
}
