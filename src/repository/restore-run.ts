import { createHash } from 'node:crypto';
import type { LeitstandError } from '../platform/errors.ts';
import { release } from './buffers.ts';
import { makePacer, type RepositoryContext } from './context.ts';
import { type FileEntry, isFile, isStored, type ListEntry } from './file-entry.ts';
import { listName } from './names.ts';
import { orderedContent } from './ordered-content.ts';
import { type PackAccess, snapshotPacks } from './pack-access.ts';
import { type PieceUse, planByPack } from './pack-plan.ts';
import {
  type PartWriting,
  type PieceRead,
  type PieceSource,
  readPieces,
  releaseFrame,
} from './piece-reader.ts';
import type { ListReference, SnapshotRecord } from './records.ts';
import type { RestoreRequest } from './restore.ts';
import type { PlacedFile } from './restore-links.ts';
import { readBatch, type RestoreBatch } from './restore-lists.ts';
import { isDamage, lostFiles, wronglyPut } from './restore-errors.ts';
import { type FirstName, FirstNames } from './restore-names.ts';
import { assertPresent } from './restore-packs.ts';
import { RestoreTally } from './restore-tally.ts';
import type { RestoreTarget } from './restore-target.ts';
import type { FileRows, WholeFiles } from './whole-files.ts';
import { isOnlyPiece, isRightEmpty } from './whole-hash.ts';
import type { Crew } from './workers/crew.ts';
import { WrittenHashes } from './written-hash.ts';

/** Shorter parts are not worth a descriptor that stays open meanwhile. */
const LEAST_WRITTEN_BYTES = 1024 * 1024;

interface OtherName {
  readonly entry: FileEntry;
  readonly first: FirstName;
}

/** Entries into a target, a batch of lists at a time. */
export class RestoreRun {
  readonly tally: RestoreTally;
  readonly #context: RepositoryContext;
  readonly #request: RestoreRequest;
  readonly #record: SnapshotRecord;
  readonly #target: RestoreTarget;
  /** Packs of the source in the store, with their sizes. */
  readonly #present: ReadonlyMap<string, number>;
  readonly #packs: PackAccess;
  readonly #crew: Crew;
  readonly #breathe: () => Promise<void>;
  readonly #wholes = new WrittenHashes();
  readonly #lostEntries = new Set<FileEntry>();
  /** Of those that are no rows: where they belong below the target. */
  readonly #paths = new Map<FileEntry, string>();
  readonly #names = new FirstNames();

  constructor(
    context: RepositoryContext,
    request: RestoreRequest,
    {
      record,
      target,
      present,
      crew,
    }: {
      readonly record: SnapshotRecord;
      readonly target: RestoreTarget;
      readonly present: ReadonlyMap<string, number>;
      readonly crew: Crew;
    },
  ) {
    this.tally = new RestoreTally(request, record);
    this.#context = context;
    this.#request = request;
    this.#record = record;
    this.#target = target;
    this.#present = present;
    this.#packs = snapshotPacks(context, record);
    this.#crew = crew;
    this.#breathe = makePacer(context.clock, request.signal);
  }

  readBatch(lists: readonly ListReference[]): Promise<RestoreBatch> {
    const reading = {
      context: this.#context,
      pathOf: (path: string) => this.#chosenPath(path),
      onDamage: (list: ListReference, error: unknown) => this.#loseList(list, error),
      breathe: this.#breathe,
    };
    return readBatch(reading, lists);
  }

  async restoreBatch({ files, others }: RestoreBatch): Promise<void> {
    this.#lostEntries.clear();
    this.#paths.clear();
    this.tally.selected += files.count;
    const rows = await this.#rowsToFill(files);
    const wanted: FileEntry[] = [];
    const names: OtherName[] = [];
    for (const entry of others) {
      await this.#breathe();
      const path = this.#chosenPath(entry.path);
      if (path === undefined) continue;
      this.tally.selected += 1;
      if (!isFile(entry)) {
        this.#makeOther(entry, path);
        continue;
      }
      this.#paths.set(entry, path);
      this.tally.want(entry.size);
      const first = this.#names.firstOf(entry);
      if (first) {
        names.push({ entry, first });
        continue;
      }
      this.#names.add(entry);
      if (await this.#isToFill(entry)) wanted.push(entry);
    }
    await this.#fill(wanted, { table: files, rows });
    release(rows);
    await this.#fill(await this.#linkAll(names));
    files.dispose();
  }

  #chosenPath(path: string): string | undefined {
    const mapped = this.#mapped(path);
    return this.#request.selection?.includes(path, mapped) === false ? undefined : mapped;
  }

  #loseList(list: ListReference, error: unknown): void {
    if (!this.#goesOn(error)) throw error;
    this.tally.lost.push({
      path: listName(list.sha256),
      problem: `${error.details.what}: ${lostFiles(list)}`,
    });
  }

  #makeOther(entry: Exclude<ListEntry, FileEntry>, path: string): void {
    if (entry.type === 'directory') this.#target.makeDirectory(path, entry);
    else this.#target.addSymlink(path, entry);
    this.tally.files += 1;
  }

  async #rowsToFill(files: WholeFiles): Promise<Uint32Array<ArrayBuffer>> {
    const rows = new Uint32Array(files.count);
    let count = 0;
    for (let row = 0; row < files.count; row++) {
      this.tally.want(files.number(row, 'length'));
      if (this.#target.resumes && !(await this.#isToFill(files.useOf(row).entry))) continue;
      rows[count] = row;
      count += 1;
    }
    return rows.subarray(0, count);
  }

  /** Done at once: what is there already, and what has no part that is stored. */
  async #isToFill(entry: FileEntry): Promise<boolean> {
    const path = this.#pathOf(entry);
    const there = this.#target.resumes ? await this.#target.has(path, entry, this.#breathe) : undefined;
    if (there) this.#keep(entry, there);
    else if (entry.pieces.length === 0) this.#finishFile(entry, isRightEmpty(entry));
    else if (entry.pieces.some(isStored)) return true;
    else await this.#finishHole(entry, path);
    return false;
  }

  async #finishHole(entry: FileEntry, path: string): Promise<void> {
    this.#target.begun.begin(path, entry);
    this.#finishFile(entry, (await this.#target.begun.hashOf(entry, this.#breathe)) === entry.sha256);
  }

  /** Returns those that have to be files of their own. */
  async #linkAll(others: readonly OtherName[]): Promise<FileEntry[]> {
    const alone: FileEntry[] = [];
    for (const { entry, first } of others) {
      await this.#breathe();
      if (first.damage) this.#lose(entry, first.damage);
      else if (first.placed && this.#target.link(this.#pathOf(entry), entry, first.placed))
        this.tally.addFile(entry.size);
      else {
        this.tally.copies += 1;
        if (await this.#isToFill(entry)) alone.push(entry);
      }
    }
    return alone;
  }

  async #fill(entries: readonly FileEntry[], files?: FileRows): Promise<void> {
    const segments = planByPack(entries, files);
    if (!this.#request.keepGoing) assertPresent(this.#record, this.#present, segments, { entries, files });
    const placing = (rows: FileRows, first: number) => this.#target.toPlace(rows, first);
    const from = { ...this.#from, isChecked: isOnlyPiece, placing, writing: this.#writing };
    for await (const { pieces, placed } of readPieces(from, segments)) {
      for (const row of placed ?? []) this.#countPlaced(files?.table.number(row, 'length') ?? 0);
      if (placed) release(placed);
      await this.#breathe();
      for (const piece of pieces) {
        await this.#take(piece);
        await this.#breathe();
      }
      releaseFrame(pieces);
    }
  }

  async #take(piece: PieceRead): Promise<void> {
    const { entry, index, at } = piece.use;
    if (this.#lostEntries.has(entry)) return;
    if ('damage' in piece) {
      this.#lose(entry, piece.damage);
      return;
    }
    if ('settled' in piece) return;
    const path = this.#pathOf(entry);
    if ('bytes' in piece) await this.#target.begun.write(path, entry, at, piece.bytes);
    this.tally.addBytes(piece.use.length);
    if (!isOnlyPiece(piece.use)) {
      const state = await this.#target.begun.holding(path, entry, (descriptor) =>
        this.#wholes.add(entry, index, { descriptor, breathe: this.#breathe }),
      );
      if (state === 'open') return;
      if (state === 'wrong') return this.#fillAgain(entry, path);
    }
    this.#finishFile(entry, true);
  }

  /** Large parts of files that have several: what they are together is looked at when they are in the file. */
  get #writing(): PartWriting {
    const isWritten = ({ entry, length }: PieceUse) =>
      length >= LEAST_WRITTEN_BYTES && entry.pieces.length > 1 && !this.#lostEntries.has(entry);
    return {
      begin: (use) =>
        isWritten(use) ? this.#target.begun.beginPart(this.#pathOf(use.entry), use.entry, use.at) : undefined,
      end: ({ entry }) => this.#target.begun.endPart(entry),
    };
  }

  /** One of its parts came wrong: now each is looked at, and named when it does so again. */
  async #fillAgain(entry: FileEntry, path: string): Promise<void> {
    const whole = createHash('sha256');
    this.#target.begun.empty(entry);
    for await (const part of orderedContent(this.#from, entry)) {
      if ('damage' in part) return this.#lose(entry, part.damage);
      whole.update(part.bytes);
      await this.#target.begun.write(path, entry, part.at, part.bytes);
      await this.#breathe();
    }
    this.#finishFile(entry, whole.digest('hex') === entry.sha256);
  }

  #finishFile(entry: FileEntry, isRight: boolean): void {
    if (!isRight) {
      this.#lose(entry, wronglyPut(this.#record, entry));
      return;
    }
    this.#names.place(entry, this.#target.close(this.#pathOf(entry), entry));
    this.tally.addFile(holeBytes(entry));
  }

  #keep(entry: FileEntry, there: PlacedFile): void {
    this.#names.place(entry, there);
    this.tally.kept += 1;
    this.tally.addFile(entry.size);
  }

  #countPlaced(bytes: number): void {
    this.#target.countPlaced();
    this.tally.addFile(bytes);
  }

  #lose(entry: FileEntry, error: LeitstandError): void {
    if (!this.#goesOn(error)) throw error;
    this.#names.lose(entry, error);
    this.#lostEntries.add(entry);
    this.#wholes.drop(entry);
    this.#target.begun.drop(entry);
    this.tally.lost.push({ path: entry.path, problem: error.details.what });
  }

  #pathOf(entry: FileEntry): string {
    return this.#paths.get(entry) ?? this.#mapped(entry.path);
  }

  #mapped(path: string): string {
    return this.#request.mapPath?.(path) ?? path;
  }

  #goesOn(error: unknown): error is LeitstandError {
    return this.#request.keepGoing === true && isDamage(error);
  }

  get #from(): PieceSource {
    const { store } = this.#context;
    const { signal } = this.#request;
    return { store, source: this.#record.source, packs: this.#packs, crew: this.#crew, signal };
  }
}

function holeBytes({ pieces }: FileEntry): number {
  return pieces.reduce((sum, piece) => sum + (isStored(piece) ? 0 : piece[4]), 0);
}
