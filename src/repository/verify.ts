import { createHash, hash } from 'node:crypto';
import { LeitstandError } from '../platform/errors.ts';
import { makePacer, type RepositoryContext } from './context.ts';
import type { FileEntry } from './file-entry.ts';
import { type Finding, Findings } from './findings.ts';
import { readList } from './lists.ts';
import { listName, packName } from './names.ts';
import { listPacks } from './piece-index.ts';
import { inPackOrder, PieceReader } from './piece-reader.ts';
import type { ListReference, PackReference, SnapshotRecord } from './records.ts';
import { verifyOneRecord, verifyRecords } from './verify-records.ts';

/**
 * `presence`: every record is sound, and every object it needs is there with its size. `stored`: and has exactly
 * the bytes it is named by. `content`: and every file decodes to its recorded hash.
 */
export type VerifyLevel = 'presence' | 'stored' | 'content';

export interface VerifyRequest {
  readonly level: VerifyLevel;
  /** Only this snapshot's id; the whole repository unless given. */
  readonly snapshot?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of packs and file contents read so far. */
  readonly onProgress?: ((bytesRead: number) => void) | undefined;
}

export interface VerifyResult {
  readonly level: VerifyLevel;
  /** Empty exactly when everything looked at holds. */
  readonly findings: readonly Finding[];
  readonly counts: {
    readonly records: number;
    readonly lists: number;
    readonly packs: number;
    /** Files decoded and compared; 0 below `content`. */
    readonly files: number;
    readonly bytesRead: number;
  };
}

/** Damage is a finding, never an exception; throws only when the store cannot be asked, or when cancelled. */
export async function verify(context: RepositoryContext, request: VerifyRequest): Promise<VerifyResult> {
  const findings = new Findings();
  const { records, snapshots } = await sightRecords(context, findings, request.snapshot);
  const run = new VerifyRun(context, request, findings);
  const needs = needsOf(snapshots);
  for (const list of needs.lists.values()) await run.verifyList(list);
  await run.verifyPacks([...needs.packs.values()]);
  for (const list of needs.lists.values()) await run.verifyFiles(list);
  return {
    level: request.level,
    findings: findings.all(),
    counts: {
      records,
      lists: needs.lists.size,
      packs: needs.packs.size,
      files: run.files,
      bytesRead: run.bytesRead,
    },
  };
}

interface Need<Reference> {
  readonly source: string;
  readonly reference: Reference;
  /** Ids of the snapshots that need it. */
  readonly snapshots: string[];
}

class VerifyRun {
  files = 0;
  bytesRead = 0;
  readonly #context: RepositoryContext;
  readonly #request: VerifyRequest;
  readonly #findings: Findings;
  readonly #breathe: () => Promise<void>;
  /** Packs that are missing or have another size: nothing in them can be relied on. */
  readonly #unusable = new Set<string>();
  /** Packs that are there with bytes they are not named by. */
  readonly #altered = new Set<string>();

  constructor(context: RepositoryContext, request: VerifyRequest, findings: Findings) {
    this.#context = context;
    this.#request = request;
    this.#findings = findings;
    this.#breathe = makePacer(context.clock, request.signal);
  }

  async verifyList({ reference, snapshots }: Need<ListReference>): Promise<void> {
    await this.#breathe();
    const name = listName(reference.sha256);
    if (this.#request.level !== 'presence') {
      await this.#readList(reference, snapshots);
      return;
    }
    const size = (await this.#context.store.head(name))?.size;
    if (size !== reference.size) this.#findings.add(name, sizeProblem(size, reference.size), snapshots);
  }

  async verifyPacks(packs: readonly Need<PackReference>[]): Promise<void> {
    const present = new Map<string, Map<string, number>>();
    for (const { source, reference, snapshots } of packs) {
      await this.#breathe();
      const ofSource = present.get(source) ?? (await listPacks(this.#context.store, source));
      present.set(source, ofSource);
      const size = ofSource.get(reference.id);
      const name = packName(source, reference.id);
      if (size !== reference.size) {
        this.#findings.add(name, sizeProblem(size, reference.size), snapshots);
        this.#unusable.add(name);
      } else if (this.#request.level !== 'presence')
        await this.#verifyPackBytes(name, reference.id, snapshots);
    }
  }

  /** Below `content` only says which files a damaged pack concerns. */
  async verifyFiles({ source, reference, snapshots }: Need<ListReference>): Promise<void> {
    const isContent = this.#request.level === 'content';
    if (!isContent && this.#unusable.size + this.#altered.size === 0) return;
    const reader = new PieceReader(this.#context.store, source);
    for (const entry of inPackOrder(await this.#readList(reference, snapshots))) {
      await this.#breathe();
      const damaged = this.#damagedPacks(source, entry);
      for (const pack of damaged) this.#findings.add(pack, 'is damaged', snapshots, entry.path);
      if (isContent && damaged.length === 0) await this.#verifyFile(reader, source, entry, snapshots);
    }
  }

  /** At `content` an altered pack is decoded all the same: it tells which of its files are lost. */
  #damagedPacks(source: string, entry: FileEntry): string[] {
    const isContent = this.#request.level === 'content';
    const isDamaged = (name: string) => this.#unusable.has(name) || (!isContent && this.#altered.has(name));
    return entry.pieces.map(([id]) => packName(source, id)).filter(isDamaged);
  }

  async #verifyFile(
    reader: PieceReader,
    source: string,
    entry: FileEntry,
    snapshots: readonly string[],
  ): Promise<void> {
    const whole = createHash('sha256');
    for (const part of entry.pieces) {
      try {
        const bytes = await reader.read(entry, part);
        // One piece carries the file's own hash, which the reader has compared.
        if (entry.pieces.length > 1) whole.update(bytes);
      } catch (error) {
        if (!(error instanceof LeitstandError) || error.code !== 'LS-REPO-005') throw error;
        this.#findings.add(
          packName(source, part[0]),
          'does not decode to what it held',
          snapshots,
          entry.path,
        );
        return;
      }
      this.#progress(part[4]);
      await this.#breathe();
    }
    this.files += 1;
    if (entry.pieces.length === 1 || whole.digest('hex') === entry.sha256) return;
    for (const id of snapshots)
      this.#findings.add(`snapshots/${id}.json`, 'puts a file together wrongly', snapshots, entry.path);
  }

  async #readList(reference: ListReference, snapshots: readonly string[]): Promise<FileEntry[]> {
    try {
      return await readList(this.#context.store, reference);
    } catch (error) {
      if (!(error instanceof LeitstandError) || error.code !== 'LS-REPO-004') throw error;
      const name = listName(reference.sha256);
      this.#findings.add(name, error.details.what.replace(`list ${name} `, ''), snapshots);
      return [];
    }
  }

  async #verifyPackBytes(name: string, id: string, snapshots: readonly string[]): Promise<void> {
    const bytes = await this.#context.store.get(name);
    this.#progress(bytes?.length ?? 0);
    if (bytes !== undefined && hash('sha256', bytes, 'hex') === id) return;
    this.#findings.add(name, bytes === undefined ? 'is missing' : 'was altered', snapshots);
    this.#altered.add(name);
  }

  #progress(bytes: number): void {
    this.bytesRead += bytes;
    this.#request.onProgress?.(this.bytesRead);
  }
}

async function sightRecords(context: RepositoryContext, findings: Findings, snapshot: string | undefined) {
  if (snapshot === undefined) return verifyRecords(context, findings);
  const record = await verifyOneRecord(context, findings, snapshot);
  return { records: 1, snapshots: record ? [record] : [] };
}

/** What several snapshots share is looked at once. */
function needsOf(snapshots: readonly SnapshotRecord[]) {
  const lists = new Map<string, Need<ListReference>>();
  const packs = new Map<string, Need<PackReference>>();
  for (const { id, source, ...record } of snapshots) {
    for (const reference of record.lists)
      addNeed(lists, `${source}/${reference.sha256}`, source, reference, id);
    for (const reference of record.packs) addNeed(packs, `${source}/${reference.id}`, source, reference, id);
  }
  return { lists, packs };
}

function addNeed<Reference>(
  needs: Map<string, Need<Reference>>,
  key: string,
  source: string,
  reference: Reference,
  snapshot: string,
): void {
  const need = needs.get(key) ?? { source, reference, snapshots: [] };
  needs.set(key, need);
  need.snapshots.push(snapshot);
}

function sizeProblem(found: number | undefined, wanted: number): string {
  return found === undefined ? 'is missing' : `has ${found} bytes instead of ${wanted}`;
}
