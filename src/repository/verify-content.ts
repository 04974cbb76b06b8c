import { createHash, type Hash } from 'node:crypto';
import { LeitstandError } from '../platform/errors.ts';
import { type FileEntry, isFile, isStored, type ListEntry } from './file-entry.ts';
import { listBatches, readListTwice } from './list-batches.ts';
import { listName, packName, snapshotName } from './names.ts';
import { orderedContent } from './ordered-content.ts';
import { planByPack, type Segment, wholePack } from './pack-plan.ts';
import { type PackAccess, packAccess } from './pack-access.ts';
import { plainSizeOf } from './pack-bytes.ts';
import { type FrameRead, type PieceRead, readPieces, releaseFrame } from './piece-reader.ts';
import type { StoredSegment } from './segment-fetch.ts';
import type { NeededList, NeededObject } from './verify-needs.ts';
import type { VerifyRun } from './verify-run.ts';
import { judge } from './verify-stored.ts';
import { isOnlyPiece, isRightEmpty, WholeHashes } from './whole-hash.ts';

/** Decodes every file of the lists and compares it; the packs are read as a whole and hashed on the way. */
export async function verifyContent(run: VerifyRun): Promise<void> {
  for (const source of new Set(run.needs.lists.map((list) => list.source))) {
    const lists = run.needs.lists.filter((list) => list.source === source);
    for await (const batch of listBatches(lists, (list) => readEntries(run, list)))
      await new ContentBatch(run, source, batch).verify();
  }
}

/** Which files the damaged packs concern. Reads lists alone. */
export async function namePaths(run: VerifyRun, packs: ReadonlySet<string>): Promise<void> {
  const sources = new Set([...packs].map((name) => run.needs.objects.get(name)?.source));
  const lists = run.needs.lists.filter(({ source }) => sources.has(source));
  for await (const batch of listBatches(lists, (list) => readEntries(run, list))) {
    for (const { list, entries } of batch) {
      for (const entry of entries.filter(isFile)) {
        for (const name of new Set(entry.pieces.filter(isStored).map(([id]) => packName(list.source, id))))
          if (packs.has(name)) run.findings.add(name, 'is damaged', list.snapshots, entry.path);
        await run.breathe();
      }
    }
  }
}

/** None of a list that does not hold: it is a finding. */
async function readEntries(run: VerifyRun, { reference }: NeededList): Promise<readonly ListEntry[]> {
  const name = listName(reference.sha256);
  const object = run.needs.objects.get(name);
  if (run.unusable.has(name) || !object) return [];
  run.signal?.throwIfAborted();
  try {
    const entries = await readListTwice(run.context, reference);
    if (!run.read.has(name)) run.progress(reference.size);
    run.read.add(name);
    run.decoded.add(name);
    return entries;
  } catch (error) {
    if (error instanceof LeitstandError && error.code === 'LS-REPO-029') return [];
    if (!(error instanceof LeitstandError) || error.code !== 'LS-REPO-004') throw error;
    run.addDamage(object, error.details.what.replace(`list ${name} `, ''));
    return [];
  }
}

/** The files of a few lists of one source. */
class ContentBatch {
  readonly #run: VerifyRun;
  readonly #source: string;
  readonly #packs: PackAccess;
  readonly #entries: readonly FileEntry[];
  readonly #snapshotsOf = new Map<FileEntry, readonly string[]>();
  readonly #wholes = new WholeHashes();
  readonly #lost = new Set<FileEntry>();
  /** Whose hash was another, or could not be taken: pieces came in another order (some stand in older packs), or holes. */
  readonly #doubtful: FileEntry[] = [];
  /** Of the pack whose bytes come at the moment. */
  #hash: { readonly pack: string; readonly hash: Hash; at: number } | undefined;
  /** Packs whose bytes have come as a whole, with what they hash to. */
  readonly #digests: { readonly object: NeededObject; readonly sha256: string | undefined }[] = [];

  constructor(
    run: VerifyRun,
    source: string,
    batch: readonly { readonly list: NeededList; readonly entries: readonly ListEntry[] }[],
  ) {
    this.#run = run;
    this.#source = source;
    this.#packs = packAccess(run.context, source, (pack) => run.needs.objects.get(packName(source, pack)));
    this.#entries = batch.flatMap(({ entries }) => entries.filter(isFile));
    for (const { list, entries } of batch)
      for (const entry of entries.filter(isFile)) this.#snapshotsOf.set(entry, list.snapshots);
  }

  async verify(): Promise<void> {
    for (const entry of this.#entries) {
      if (entry.pieces.length === 0) this.#close(entry, isRightEmpty(entry));
      else if (!entry.pieces.some(isStored)) this.#doubtful.push(entry);
    }
    const from = {
      store: this.#run.context.store,
      source: this.#source,
      packs: this.#packs,
      signal: this.#run.signal,
      crew: this.#run.crew,
      isChecked: isOnlyPiece,
      isEnough: isOnlyPiece,
      onStored: (stored: StoredSegment) => this.#takeStored(stored),
    };
    for await (const frame of readPieces(from, this.#segments())) {
      this.#takeFrame(frame);
      await this.#judgePacks();
      await this.#run.breathe();
    }
    await this.#judgePacks();
    for (const entry of this.#doubtful) await this.#readAgain(entry);
  }

  /** Of packs that are there; what was read as a whole in this run is not read as a whole again. */
  *#segments(): Generator<Segment> {
    const packs = Map.groupBy(planByPack(this.#entries), ({ pack }) => pack);
    for (const [pack, segments] of packs) {
      const object = this.#run.needs.objects.get(packName(this.#source, pack));
      if (object === undefined || this.#run.unusable.has(object.name)) this.#losePack(pack, segments);
      else if (this.#run.read.has(object.name) || this.#run.damaged.has(object.name)) yield* segments;
      else yield* wholePack({ id: pack, size: plainSizeOf(object) }, segments);
    }
  }

  #losePack(pack: string, segments: readonly Segment[]): void {
    for (const use of segments.flatMap(({ frames }) => frames.flatMap(({ uses }) => uses)))
      this.#lose(use.entry, pack, 'is not among those that the snapshot names');
  }

  #takeStored({ pack, offset, length, bytes }: StoredSegment): void {
    this.#run.progress(bytes?.length ?? 0);
    const object = this.#run.needs.objects.get(packName(this.#source, pack));
    if (offset === 0) this.#hash = { pack, hash: createHash('sha256'), at: 0 };
    const hash = this.#hash?.pack === pack ? this.#hash : undefined;
    if (!object || !hash) return;
    // Chunks of an encrypted pack overlap; frames only in the list of a liar.
    const fresh = bytes?.subarray(Math.max(0, hash.at - offset));
    if (fresh) hash.hash.update(fresh);
    hash.at = Math.max(hash.at, offset + length);
    if (hash.at < object.size) return;
    this.#digests.push({ object, sha256: bytes === undefined ? undefined : hash.hash.digest('hex') });
    this.#hash = undefined;
  }

  async #judgePacks(): Promise<void> {
    for (const { object, sha256 } of this.#digests.splice(0)) await judge(this.#run, object, sha256);
  }

  #takeFrame({ frame, pieces }: FrameRead): void {
    for (const piece of pieces) this.#takePiece(frame.pack, piece);
    releaseFrame(pieces);
  }

  #takePiece(pack: string, piece: PieceRead): void {
    const { entry, index } = piece.use;
    if ('damage' in piece) this.#lose(entry, pack, piece.damage);
    else this.#run.decoded.add(packName(this.#source, pack));
    if ('damage' in piece || this.#lost.has(entry)) return;
    const state = 'bytes' in piece ? this.#wholes.add(entry, index, piece.bytes) : 'right';
    if (state === 'right') this.#close(entry, true);
    else if (state !== 'open') this.#doubtful.push(entry);
  }

  /** From its beginning to its end, each piece by itself. */
  async #readAgain(entry: FileEntry): Promise<void> {
    const whole = createHash('sha256');
    const from = {
      store: this.#run.context.store,
      source: this.#source,
      packs: this.#packs,
      crew: this.#run.crew,
      signal: this.#run.signal,
    };
    for await (const part of orderedContent(from, entry)) {
      if ('damage' in part) return this.#lose(entry, part.pack, part.damage);
      whole.update(part.bytes);
      await this.#run.breathe();
    }
    this.#close(entry, whole.digest('hex') === entry.sha256);
  }

  /** Without a key for it a pack is not damaged: it is among those that could not be decoded. */
  #lose(entry: FileEntry, pack: string, problem: LeitstandError | string): void {
    this.#lost.add(entry);
    this.#wholes.drop(entry);
    if (problem instanceof LeitstandError && problem.code === 'LS-REPO-029') return;
    const text = typeof problem === 'string' ? problem : 'was altered';
    this.#run.findings.add(packName(this.#source, pack), text, this.#snapshotsOf.get(entry), entry.path);
  }

  #close(entry: FileEntry, isRight: boolean): void {
    if (isRight) this.#run.files += 1;
    else
      for (const id of this.#snapshotsOf.get(entry) ?? [])
        this.#run.findings.add(snapshotName(id), 'puts a file together wrongly', [id], entry.path);
  }
}
