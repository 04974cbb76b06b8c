import type { LeitstandError } from '../platform/errors.ts';
import type { Capture, CaptureEntry } from '../stack/source.ts';
import { makePacer, type RepositoryContext, signingKeyOf } from './context.ts';
import { repositoryErrors } from './errors.ts';
import type { FileEntry } from './file-entry.ts';
import { writeList } from './lists.ts';
import { packName, snapshotId, snapshotName } from './names.ts';
import { PackWriter } from './pack-writer.ts';
import { type DedupeBase, listPacks, loadDedupeBase } from './piece-index.ts';
import { isSafePath } from './paths.ts';
import { surveySnapshots } from './record-store.ts';
import {
  FORMAT,
  isSourceName,
  type ListReference,
  type PackReference,
  type SnapshotRecord,
} from './records.ts';
import { encodeRecord, signRecord } from './signed-record.ts';
import { finishEntry, modificationDay, SourceFileReader, type StoredFile } from './source-file.ts';

export interface WriteSnapshotRequest {
  readonly source: string;
  /** The stack's name. */
  readonly stack: string;
  readonly capture: Capture;
  readonly signal?: AbortSignal | undefined;
  /** Bytes read from the source and bytes put into the store so far. */
  readonly onProgress?: ((bytesRead: number, bytesStored: number) => void) | undefined;
}

export interface WriteSnapshotResult {
  readonly record: SnapshotRecord;
  /** Bytes put into the store: packs, lists and the record. */
  readonly newBytes: number;
  readonly readBytes: number;
  /** Bytes of content that was stored already. */
  readonly reusedBytes: number;
  readonly files: number;
  /** Damage met in earlier snapshots, whose content was stored anew. */
  readonly damage: readonly LeitstandError[];
}

/** A run's lists hold one day each; more entries than this are spread over several lists of that day. */
const LIST_ENTRIES = 50_000;

/** Packs, then lists, then the signed record: whatever ends it earlier leaves no snapshot. */
export async function writeSnapshot(
  context: RepositoryContext,
  request: WriteSnapshotRequest,
): Promise<WriteSnapshotResult> {
  const key = signingKeyOf(context);
  if (!isSourceName(request.source)) throw new TypeError(`not a source name: ${request.source}`);
  const earlier = await surveySnapshots(context, request.source);
  const base = await loadDedupeBase(context.store, request.source, earlier.records);
  const run = new SnapshotRun(context, request, base);
  for (const part of planLists(request.capture.entries)) await run.storeList(part);
  await run.finishContent();
  await assertStored(context, request.source, run.packs);
  request.signal?.throwIfAborted();
  const body = describeSnapshot(context, request, run);
  const record = signRecord(body, key);
  const bytes = encodeRecord(record);
  await context.store.put(snapshotName(record.id), bytes);
  return {
    record,
    newBytes: run.storedBytes + bytes.length,
    readBytes: run.readBytes,
    reusedBytes: run.reusedBytes,
    files: record.totals.files,
    damage: [...earlier.refused, ...base.damage],
  };
}

interface ListPlan {
  readonly day: string;
  readonly entries: readonly CaptureEntry[];
}

class SnapshotRun {
  readBytes = 0;
  reusedBytes = 0;
  readonly lists: ListReference[] = [];
  #listBytes = 0;
  readonly #context: RepositoryContext;
  readonly #request: WriteSnapshotRequest;
  readonly #base: DedupeBase;
  readonly #writer: PackWriter;
  readonly #reader = new SourceFileReader();
  readonly #breathe: () => Promise<void>;
  readonly #packs = new Map<string, PackReference>();
  /** Lists whose files are read but may have pieces in the open pack. */
  #waiting: { readonly day: string; readonly files: readonly StoredFile[] }[] = [];

  constructor(context: RepositoryContext, request: WriteSnapshotRequest, base: DedupeBase) {
    this.#context = context;
    this.#request = request;
    this.#base = base;
    this.#writer = new PackWriter(context.store, request.source, base.present);
    this.#breathe = makePacer(context.clock, request.signal);
  }

  get storedBytes(): number {
    return this.#writer.storedBytes + this.#listBytes;
  }

  /** Every pack the lists refer to, by id. */
  get packs(): readonly PackReference[] {
    return [...this.#packs.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async storeList({ day, entries }: ListPlan): Promise<void> {
    const files: StoredFile[] = [];
    for (const entry of entries) files.push(await this.#reader.read(entry, this.#storePiece));
    this.#waiting.push({ day, files });
    await this.#writeWaitingLists();
  }

  async finishContent(): Promise<void> {
    await this.#writer.closePack();
    await this.#writeWaitingLists();
  }

  readonly #storePiece = async (bytes: Uint8Array, sha256: string, path: string, at: number) => {
    await this.#breathe();
    this.readBytes += bytes.length;
    const known = this.#base.index.get(sha256);
    if (known) this.reusedBytes += bytes.length;
    const location = known ?? (await this.#writer.add(bytes, sha256, path, at));
    if (!known) this.#base.index.set(sha256, location);
    this.#request.onProgress?.(this.readBytes, this.storedBytes);
    return location;
  };

  async #writeWaitingLists(): Promise<void> {
    const isClosed = (file: StoredFile) => file.parts.every(({ location }) => location.pack !== undefined);
    const ready = this.#waiting.filter(({ files }) => files.every(isClosed));
    this.#waiting = this.#waiting.filter((list) => !ready.includes(list));
    for (const { day, files } of ready) {
      for (const { location } of files.flatMap((file) => file.parts))
        if (location.pack) this.#packs.set(location.pack.id, location.pack);
      await this.#writeList(day, files.map(finishEntry));
    }
  }

  async #writeList(day: string, entries: readonly FileEntry[]): Promise<void> {
    const { reference, storedBytes } = await writeList(this.#context.store, day, entries);
    this.lists.push(reference);
    this.#listBytes += storedBytes;
  }
}

function planLists(entries: readonly CaptureEntry[]): ListPlan[] {
  assertPaths(entries);
  const days = new Map<string, CaptureEntry[]>();
  for (const entry of entries) {
    const day = modificationDay(entry);
    const sameDay = days.get(day);
    if (sameDay) sameDay.push(entry);
    else days.set(day, [entry]);
  }
  const plans: ListPlan[] = [];
  for (const [day, ofDay] of [...days].sort(([a], [b]) => (a < b ? -1 : 1))) {
    ofDay.sort((a, b) => (a.path < b.path ? -1 : 1));
    for (let from = 0; from < ofDay.length; from += LIST_ENTRIES)
      plans.push({ day, entries: ofDay.slice(from, from + LIST_ENTRIES) });
  }
  return plans;
}

/** A capture with such paths is a bug of its source, and would make a snapshot that cannot be restored. */
function assertPaths(entries: readonly CaptureEntry[]): void {
  const seen = new Set<string>();
  for (const { path } of entries) {
    if (!isSafePath(path)) throw new TypeError(`the capture holds an unsafe path: ${JSON.stringify(path)}`);
    if (seen.has(path)) throw new TypeError(`the capture holds a path twice: ${JSON.stringify(path)}`);
    seen.add(path);
  }
}

function describeSnapshot(context: RepositoryContext, request: WriteSnapshotRequest, run: SnapshotRun) {
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
    expectations: capture.expectations.map(({ kind, subject, value }) => ({ kind, subject, value })),
    knownLoss: [...capture.knownLoss],
    lists: [...run.lists].sort((a, b) => (a.day === b.day ? 0 : a.day < b.day ? -1 : 1)),
    packs: [...run.packs],
    totals: {
      files: run.lists.reduce((sum, list) => sum + list.files, 0),
      bytes: run.lists.reduce((sum, list) => sum + list.bytes, 0),
    },
  } satisfies Omit<SnapshotRecord, 'signature'>;
}

/** Somebody else's deletion during the run must not become a snapshot with holes. */
async function assertStored(
  context: RepositoryContext,
  source: string,
  packs: readonly PackReference[],
): Promise<void> {
  const present = await listPacks(context.store, source);
  const lost = packs.find((pack) => present.get(pack.id) !== pack.size);
  if (!lost) return;
  throw repositoryErrors.error('LS-REPO-019', {
    what: `pack ${packName(source, lost.id)} is not in the store any more`,
    why: 'it was there a moment ago: something else deletes in this store',
    fix: `find out what deletes in ${context.store.label}, then run the backup again`,
  });
}
