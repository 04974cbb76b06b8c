import { crc32 } from 'node:zlib';
import { isSpelling } from '../platform/path-spelling.ts';
import type { CaptureEntry } from '../stack/source.ts';
import { FRAME_BYTES } from './frames.ts';
import { HardLinks } from './hard-links.ts';
import { type Day, listBeginnings } from './list-spans.ts';
import { isSafePath } from './paths.ts';
import { FoundBatch, type PlannedRows } from './found-batch.ts';
import { BATCH_ENTRIES, PlanOrder, twice } from './plan-order.ts';
import { readAhead } from './read-ahead.ts';
import type { Spool } from './spool.ts';
import { unreadable } from './source-errors.ts';
import type { Crew } from './workers/crew.ts';

export type { PlannedEntry, PlannedRows } from './found-batch.ts';

export interface Plan {
  /** By day, then by path in code-unit order, all of one list; and whether it begins with them. To be looked through once. */
  readonly entries: Iterable<readonly [rows: PlannedRows, beginsList: boolean]>;
  readonly links: HardLinks;
}

export interface PlanRequest {
  readonly crew: Crew;
  readonly spool: Spool;
  /** Told of each file that may vanish, and did. */
  readonly onVanished: (entry: CaptureEntry) => void;
  /** Of a list, at most. */
  readonly listEntries?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Of a list, at most; one with a long line counts for more. */
const LIST_ENTRIES = 64 * 1024;
/** Of a usual line, and of each further piece in it. */
const LINE_BYTES = 320;
const PIECE_BYTES = 160;
/**
 * Within a day that has more, a list ends where a path says so, as soon as it is half full: then a path more or less changes
 * one list of the day and not all that follow.
 */
const LIST_ENDS_EVERY = 4096;
const STATS_AHEAD = 6;
/** Of no more it is seen that a path comes on two days: it would take a set of all paths. */
const FEW = 8_192;

/** Looks at every entry of the capture. Holds a fixed number of them, however many there are. */
export async function planEntries(
  entries: Iterable<CaptureEntry> | AsyncIterable<CaptureEntry>,
  { crew, spool, onVanished, listEntries = LIST_ENTRIES, signal }: PlanRequest,
): Promise<Plan> {
  const links = new HardLinks();
  const order = new PlanOrder(spool);
  const counts = new Map<Day, number>();
  const paths = new Set<string>();
  const looks = readAhead(batches(entries), {
    work: async (some) => {
      for (const entry of some) {
        assertPath(entry);
        if (paths.size >= FEW) continue;
        if (paths.has(entry.path)) throw twice(entry.path);
        paths.add(entry.path);
      }
      // From here on its entries are garbage: the fewer wait for an answer, the less the collector has to move.
      const batch = new FoundBatch(some);
      batch.found = await crew.run('statFiles', batch.names);
      return batch;
    },
    count: STATS_AHEAD,
  });
  for await (const batch of looks) {
    signal?.throwIfAborted();
    const { problems, sizes, linked } = batch.found;
    for (const [i, { problem }] of problems) {
      const entry = batch.entry(i);
      if (entry.class === 'immutable' || problem !== 'ENOENT') throw unreadable(entry, problem);
      onVanished(entry);
    }
    for (let i = 0; i < batch.count; i += 1) {
      if (problems.size > 0 && problems.has(i)) continue;
      const day = batch.day(i);
      counts.set(day, (counts.get(day) ?? 0) + weightOf(batch.pathLength(i), sizes[i] ?? 0));
    }
    for (const [i, file] of linked) if (batch.mayBeLinked(i)) links.add({ path: batch.path(i) }, file);
    order.add(batch);
  }
  return { entries: withListBeginnings(order.sorted(), { counts, most: listEntries }), links };
}

async function* batches(
  entries: Iterable<CaptureEntry> | AsyncIterable<CaptureEntry>,
): AsyncGenerator<readonly CaptureEntry[]> {
  let batch: CaptureEntry[] = [];
  const isFull = (entry: CaptureEntry) => batch.push(entry) >= BATCH_ENTRIES;
  const taken = () => {
    const full = batch;
    batch = [];
    return full;
  };
  // Awaiting what is there already costs a promise for each of a million entries.
  if (Symbol.iterator in entries) for (const entry of entries) if (isFull(entry)) yield taken();
  if (Symbol.asyncIterator in entries) for await (const entry of entries) if (isFull(entry)) yield taken();
  if (batch.length > 0) yield batch;
}

/** A capture with such a path is a bug of its source, and would make a snapshot that cannot be restored. */
function assertPath({ path, file, escaped }: CaptureEntry): void {
  const isSpelled = escaped ? isSpelling({ text: path, escaped }) : path.isWellFormed();
  if (isSafePath(path) && isSpelled && !file.includes('\0')) return;
  throw new TypeError(`the capture holds an unsafe path: ${JSON.stringify(path)}`);
}

function* withListBeginnings(
  all: Iterable<PlannedRows>,
  { counts, most }: { readonly counts: ReadonlyMap<Day, number>; readonly most: number },
): Generator<readonly [PlannedRows, boolean]> {
  const beginnings = listBeginnings(counts, most);
  let day: Day | undefined;
  let length = 0;
  let isFull = false;
  for (const rows of all) {
    let begins = rows.day === day ? isFull : beginnings.has(rows.day);
    day = rows.day;
    if (begins) length = 0;
    let from = 0;
    for (let i = 0; i < rows.count; i += 1) {
      if (i > from && isFull) {
        yield [rows.part(from, i), begins];
        [from, begins, length] = [i, true, 0];
      }
      length += weightOf(rows.pathLength(i), rows.size(i));
      isFull = length >= most || (length >= most / 2 && isListEnd(rows.path(i)));
    }
    yield [from === 0 ? rows : rows.part(from, rows.count), begins];
  }
}

/** A list is read as a whole: its text must not grow beyond what is read. */
function weightOf(pathLength: number, size: number): number {
  const pieces = Math.floor(size / FRAME_BYTES);
  return 1 + Math.floor((pathLength + pieces * PIECE_BYTES) / LINE_BYTES);
}

function isListEnd(path: string): boolean {
  return crc32(path) % LIST_ENDS_EVERY === 0;
}
