import { LeitstandError } from '../platform/errors.ts';
import type { Store } from '../stack/store.ts';
import type { Capture, CaptureEntry } from '../stack/source.ts';
import { type Condemned, readCondemned } from './condemned.ts';
import { makePacer, type RepositoryContext, signingKeyOf } from './context.ts';
import { repositoryErrors } from './errors.ts';
import type { FileEntry } from './file-entry.ts';
import { writeList } from './lists.ts';
import { listName, packName, snapshotId, snapshotName } from './names.ts';
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
  const startedAt = await context.store.time();
  // Before anything is looked for that could be built upon.
  const condemned = await readCondemned(context);
  const earlier = await surveySnapshots(context, request.source);
  const base = await loadDedupeBase(context.store, request.source, { snapshots: earlier.records, condemned });
  const run = new SnapshotRun(context, request, { base, condemned });
  for (const part of planLists(request.capture.entries)) await run.storeList(part);
  await run.finishContent();
  await assertStored(context, request.source, run);
  request.signal?.throwIfAborted();
  await assertInTime(context, startedAt);
  const body = describeSnapshot(context, request, run);
  const record = signRecord(body, key);
  const bytes = encodeRecord(record);
  await context.store.put(snapshotName(record.id), bytes);
  await assertKept(context, record);
  return {
    record,
    newBytes: run.storedBytes + bytes.length,
    readBytes: run.readBytes,
    reusedBytes: run.reusedBytes,
    files: record.totals.files,
    damage: [...condemned.damage, ...earlier.refused, ...base.damage],
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
  readonly #condemned: Condemned;
  readonly #writer: PackWriter;
  readonly #reader = new SourceFileReader();
  readonly #breathe: () => Promise<void>;
  readonly #packs = new Map<string, PackReference>();
  /** Lists whose files are read but may have pieces in the open pack. */
  #waiting: { readonly day: string; readonly files: readonly StoredFile[] }[] = [];

  constructor(
    context: RepositoryContext,
    request: WriteSnapshotRequest,
    { base, condemned }: { readonly base: DedupeBase; readonly condemned: Condemned },
  ) {
    this.#context = context;
    this.#request = request;
    this.#base = base;
    this.#condemned = condemned;
    this.#writer = new PackWriter(context.store, request.source, { present: base.present, condemned });
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
    const { reference, storedBytes } = await writeList(this.#context.store, day, {
      entries,
      condemned: this.#condemned,
    });
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
  { store }: RepositoryContext,
  source: string,
  { packs, lists }: { readonly packs: readonly PackReference[]; readonly lists: readonly ListReference[] },
): Promise<void> {
  const present = await listPacks(store, source);
  const lost = packs.find((pack) => present.get(pack.id) !== pack.size);
  if (lost) throw vanished(store, `pack ${packName(source, lost.id)}`);
  for (const { sha256, size } of lists)
    if ((await store.head(listName(sha256)))?.size !== size)
      throw vanished(store, `list ${listName(sha256)}`);
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
      await context.store.delete(snapshotName(record.id));
    throw error;
  }
}
