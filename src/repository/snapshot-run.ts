import type { LeitstandError } from '../platform/errors.ts';
import type { Capture, CaptureEntry } from '../stack/source.ts';
import type { Condemned } from './condemned.ts';
import { type ContentCounts, ContentStore } from './content-store.ts';
import { makePacer, type RepositoryContext } from './context.ts';
import { FrameTable } from './frame-table.ts';
import { KnownContent } from './known-content.ts';
import { ListWriter } from './list-writer.ts';
import { PackWriter } from './pack-writer.ts';
import { planEntries } from './planned-entries.ts';
import { readAhead } from './read-ahead.ts';
import { planReading, type ReadUnit } from './read-plan.ts';
import type { ListReference, PackReference, SnapshotRecord } from './records.ts';
import { dueForRereading } from './reread.ts';
import { READS_AHEAD, SourceReader, type Take } from './source-reader.ts';
import { Spool } from './spool.ts';
import { type Crew, makeCrew } from './workers/crew.ts';

export interface SnapshotRunRequest {
  readonly source: string;
  readonly capture: Pick<Capture, 'entries'>;
  /** All earlier ones of the source, newest first. */
  readonly snapshots: readonly SnapshotRecord[];
  readonly condemned: Condemned;
  /** Private and there; for what need not be in memory. */
  readonly scratchDir?: string | undefined;
  /** Entries of a list, at most; absent: 64 Ki. */
  readonly listEntries?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Bytes read from the source and put into the store so far, and files that are done with; every few MiB. */
  readonly onProgress?: ((bytesRead: number, bytesStored: number, files: number) => void) | undefined;
}

/** Everything but the record that makes it a snapshot. */
export interface SnapshotContent extends Readonly<ContentCounts> {
  readonly lists: readonly ListReference[];
  /** All that the lists refer to, by id. */
  readonly packs: readonly PackReference[];
  /** Bytes put into the store. */
  readonly storedBytes: number;
  /** In words: files that vanished, content that is not what it was. */
  readonly losses: readonly string[];
  readonly damage: readonly LeitstandError[];
}

/** Stores packs, then lists. What ends it leaves no snapshot, and what is stored by then is used by the next run. */
export async function storeContent(
  context: RepositoryContext,
  request: SnapshotRunRequest,
): Promise<SnapshotContent> {
  const { source, snapshots, condemned, scratchDir, signal } = request;
  // What was looked at the last time will be now.
  const looks = snapshots[0]?.totals.files;
  const crew = makeCrew({ breathe: makePacer(context.clock, signal), looks, readsAll: looks === undefined });
  const spools = { index: new Spool(scratchDir), plan: new Spool(scratchDir) };
  const frames = new FrameTable();
  let run: SnapshotRun | undefined;
  const stop = () => run?.fail(signal?.reason);
  signal?.addEventListener('abort', stop);
  try {
    const spool = spools.index;
    const known = await KnownContent.open(context, { source, snapshots, condemned, frames, spool });
    run = new SnapshotRun(context, request, { crew, frames, known });
    return await run.store(spools.plan);
  } finally {
    signal?.removeEventListener('abort', stop);
    // Before the files are closed from which its threads may be reading.
    await crew.close();
    run?.close();
    spools.index.close();
    spools.plan.close();
  }
}

class SnapshotRun {
  readonly #context: RepositoryContext;
  readonly #request: SnapshotRunRequest;
  readonly #crew: Crew;
  readonly #frames: FrameTable;
  readonly #known: KnownContent;
  readonly #packs: PackWriter;
  readonly #lists: ListWriter;
  readonly #content: ContentStore;
  readonly #reader: SourceReader;
  readonly #losses: string[] = [];
  readonly #damage: LeitstandError[] = [];
  #files = 0;

  constructor(
    context: RepositoryContext,
    request: SnapshotRunRequest,
    parts: { readonly crew: Crew; readonly frames: FrameTable; readonly known: KnownContent },
  ) {
    const { crew, frames, known } = parts;
    const { source, condemned } = request;
    const { store, keyring } = context;
    [this.#context, this.#request] = [context, request];
    [this.#crew, this.#frames, this.#known] = [crew, frames, known];
    const isDamaged = (object: string) => known.isDamaged(object);
    this.#lists = new ListWriter(context, { condemned, frames, isDamaged });
    const onStored = () => this.#lists.advance();
    const { present } = known;
    this.#packs = new PackWriter({ store, source, present, condemned, keyring, frames, crew, onStored });
    this.#content = new ContentStore(known, this.#packs);
    this.#reader = new SourceReader({
      crew,
      known,
      frames,
      content: this.#content,
      onDamage: (error) => this.#damage.push(error),
      onLoss: (loss) => this.#losses.push(loss),
      onProgress: () => this.#progress(),
    });
  }

  async store(spool: Spool): Promise<SnapshotContent> {
    for await (const take of readAhead(await this.#plan(spool), {
      work: (unit) => this.#read(unit),
      count: READS_AHEAD,
    })) {
      this.#request.signal?.throwIfAborted();
      await take();
      this.#progress();
    }
    await this.#packs.finish();
    return {
      ...(await this.#lists.finish()),
      ...this.#content.counts,
      storedBytes: this.#storedBytes,
      losses: this.#losses,
      damage: [...this.#known.damage, ...this.#damage],
    };
  }

  /** Whoever waits for room gets this. */
  fail(reason: unknown): void {
    this.#packs.fail(reason);
    this.#reader.fail(reason);
  }

  close(): void {
    this.#reader.close();
  }

  #progress(): void {
    this.#request.onProgress?.(this.#content.counts.readBytes, this.#storedBytes, this.#files);
  }

  get #storedBytes(): number {
    return this.#packs.storedBytes + this.#lists.storedBytes;
  }

  async #plan(spool: Spool): Promise<AsyncGenerator<ReadUnit>> {
    const crew = this.#crew;
    const onVanished = (entry: CaptureEntry) => this.#reader.notThere(entry, { problem: 'ENOENT' });
    const { capture, listEntries, signal } = this.#request;
    const { entries, links } = await planEntries(capture.entries, {
      crew,
      spool,
      onVanished,
      listEntries,
      signal,
    });
    const now = this.#context.clock.now();
    const lastRun = new Date(this.#known.newest?.snapshot.cutoff ?? now);
    return planReading({
      entries,
      links,
      known: this.#known,
      frames: this.#frames,
      writer: this.#lists,
      counts: this.#content.counts,
      isDue: dueForRereading(lastRun, now),
      onProblem: ({ entry }, problem) => this.#reader.notThere(entry, problem),
    });
  }

  async #read(unit: ReadUnit): Promise<Take> {
    if (unit.kind !== 'end') return this.#reader.read(unit);
    return async () => {
      for (const draft of unit.drafts) {
        draft.close();
        this.#files += draft.length;
      }
      this.#lists.advance();
    };
  }
}
