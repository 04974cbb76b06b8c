import { crc32 } from 'node:zlib';
import { isSpelling } from '../platform/path-spelling.ts';
import type { CaptureEntry } from '../stack/source.ts';
import { FRAME_BYTES } from './frames.ts';
import { HardLinks } from './hard-links.ts';
import { type Day, dayOf, listBeginnings } from './list-spans.ts';
import { isSafePath } from './paths.ts';
import { readAhead } from './read-ahead.ts';
import type { Spool } from './spool.ts';
import { unreadable } from './source-errors.ts';
import type { Crew } from './workers/crew.ts';
import type { FileFacts, NameToStat } from './workers/read-files.ts';

/** What a capture names, and how it was found before anything was read. */
export interface PlannedEntry {
  readonly entry: CaptureEntry;
  readonly facts: FileFacts;
  /** Of the modification time. */
  readonly day: Day;
}

export interface Plan {
  /** By day, then by path in code-unit order; with each one, whether a list begins with it. To be looked through once. */
  readonly entries: Iterable<readonly [planned: PlannedEntry, beginsList: boolean]>;
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
/** Entries that are sorted in memory; of more the sorted runs lie in a spool. */
const RUN_ENTRIES = 8_192;
const STAT_BATCH = 500;
const STATS_AHEAD = 6;

/** Looks at every entry of the capture. Holds a fixed number of them, however many there are. */
export async function planEntries(
  entries: Iterable<CaptureEntry> | AsyncIterable<CaptureEntry>,
  { crew, spool, onVanished, listEntries = LIST_ENTRIES, signal }: PlanRequest,
): Promise<Plan> {
  const links = new HardLinks();
  const sorter = new Sorter(spool);
  const counts = new Map<Day, number>();
  const found = readAhead(batches(entries), {
    work: async (batch) => ({ batch, found: await crew.run('statFiles', { files: batch.map(nameToStat) }) }),
    count: STATS_AHEAD,
  });
  for await (const { batch, found: facts } of found) {
    signal?.throwIfAborted();
    for (const [i, entry] of batch.entries()) {
      assertPath(entry);
      const one = facts[i];
      if (one === undefined) throw new TypeError('a file that was not looked at');
      if ('problem' in one) {
        if (entry.class === 'immutable' || one.problem !== 'ENOENT') throw unreadable(entry, one.problem);
        onVanished(entry);
        continue;
      }
      links.add(entry, one);
      const day = dayOf(one.mtime);
      const planned = { entry, facts: one, day };
      counts.set(day, (counts.get(day) ?? 0) + weightOf(planned));
      sorter.add(planned);
    }
  }
  return { entries: withListBeginnings(sorter.sorted(), { counts, most: listEntries }), links };
}

export function nameOf({ file, escaped }: CaptureEntry) {
  return escaped ? { file, escaped } : { file };
}

function nameToStat(entry: CaptureEntry): NameToStat {
  return entry.mayBeLinked ? { ...nameOf(entry), mayBeLinked: true } : nameOf(entry);
}

async function* batches(
  entries: Iterable<CaptureEntry> | AsyncIterable<CaptureEntry>,
): AsyncGenerator<readonly CaptureEntry[]> {
  let batch: CaptureEntry[] = [];
  const isFull = (entry: CaptureEntry) => batch.push(entry) >= STAT_BATCH;
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
function assertPath({ path, escaped }: CaptureEntry): void {
  if (isSafePath(path) && (escaped ? isSpelling({ text: path, escaped }) : path.isWellFormed())) return;
  throw new TypeError(`the capture holds an unsafe path: ${JSON.stringify(path)}`);
}

function* withListBeginnings(
  entries: Iterable<PlannedEntry>,
  { counts, most }: { readonly counts: ReadonlyMap<Day, number>; readonly most: number },
): Generator<readonly [PlannedEntry, boolean]> {
  const beginnings = listBeginnings(counts, most);
  let last: PlannedEntry | undefined;
  let length = 0;
  for (const planned of entries) {
    const isSameDay = last?.day === planned.day;
    if (last && isSameDay && last.entry.path === planned.entry.path) throw twice(planned);
    const begins = last && isSameDay ? isEnd(length, most, last.entry.path) : beginnings.has(planned.day);
    length = (begins ? 0 : length) + weightOf(planned);
    last = planned;
    yield [planned, begins];
  }
}

/** A list is read as a whole: its text must not grow beyond what is read. */
function weightOf({ entry, facts }: PlannedEntry): number {
  const pieces = Math.floor(facts.size / FRAME_BYTES);
  return 1 + Math.floor((entry.path.length + pieces * PIECE_BYTES) / LINE_BYTES);
}

function isEnd(length: number, most: number, path: string): boolean {
  return length >= most || (length >= most / 2 && crc32(path) % LIST_ENDS_EVERY === 0);
}

function twice({ entry: { path } }: PlannedEntry): TypeError {
  return new TypeError(`the capture holds a path twice: ${JSON.stringify(path)}`);
}

/** A merge sort: sorted runs in a spool, of which a little is in memory. */
class Sorter {
  readonly #spool: Spool;
  readonly #runs: { readonly from: number; readonly to: number }[] = [];
  #open: PlannedEntry[] = [];

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  add(entry: PlannedEntry): void {
    this.#open.push(entry);
    if (this.#open.length >= RUN_ENTRIES) this.#closeRun();
  }

  /** Once, when all were added. */
  sorted(): Iterable<PlannedEntry> {
    if (this.#runs.length > 0) {
      if (this.#open.length > 0) this.#closeRun();
      return merged(this.#runs.map((run) => readRun(this.#spool, run)));
    }
    const all = this.#open.sort(compare);
    assertDifferent(all);
    return all;
  }

  #closeRun(): void {
    const from = this.#spool.length;
    this.#open.sort(compare);
    for (let at = 0; at < this.#open.length; at += WRITTEN_ENTRIES)
      this.#spool.append(
        Buffer.from(
          this.#open
            .slice(at, at + WRITTEN_ENTRIES)
            .map(lineOf)
            .join(''),
        ),
      );
    this.#runs.push({ from, to: this.#spool.length });
    this.#open = [];
  }
}

const WRITTEN_ENTRIES = 500;
const READ_BYTES = 16 * 1024;
const LINE_FEED = 0x0a;

function compare(a: PlannedEntry, b: PlannedEntry): number {
  if (a.day !== b.day) return a.day - b.day;
  if (a.entry.path === b.entry.path) return 0;
  return a.entry.path < b.entry.path ? -1 : 1;
}

/** Among those that are in memory anyway; of more, the same path on the same day is noticed. */
function assertDifferent(entries: readonly PlannedEntry[]): void {
  const seen = new Set<string>();
  for (const planned of entries) {
    if (seen.has(planned.entry.path)) throw twice(planned);
    seen.add(planned.entry.path);
  }
}

type Line = readonly [
  day: Day,
  path: string,
  file: string,
  kept: CaptureEntry['class'],
  mode: number,
  uid: number,
  gid: number,
  mtime: string,
  size: number,
  rare?: Pick<CaptureEntry, 'kind' | 'escaped'> & Pick<FileFacts, 'linked'>,
];

/** An array is read in two thirds of the time that an object takes. */
function lineOf({ entry, facts, day }: PlannedEntry): string {
  const { path, file, class: kept, kind, escaped } = entry;
  const { mode, uid, gid, mtime, size, linked } = facts;
  const common: Line = [day, path, file, kept, mode, uid, gid, mtime, size];
  const line = (kind ?? escaped ?? linked) === undefined ? common : [...common, { kind, escaped, linked }];
  return `${JSON.stringify(line)}\n`;
}

function plannedIn(line: string): PlannedEntry {
  const [day, path, file, kept, mode, uid, gid, mtime, size, rare] = JSON.parse(line) as Line;
  const entry = { path, file, class: kept };
  const facts = { mode, uid, gid, mtime, size };
  if (!rare) return { entry, facts, day };
  const { linked, ...named } = rare;
  return { entry: { ...entry, ...named }, facts: linked === undefined ? facts : { ...facts, linked }, day };
}

function* readRun(spool: Spool, { from, to }: { readonly from: number; readonly to: number }) {
  let held = Buffer.alloc(0);
  for (let at = from; at < to; ) {
    const next = Buffer.allocUnsafe(Math.min(READ_BYTES, to - at));
    spool.read(next, at);
    at += next.length;
    held = held.length === 0 ? next : Buffer.concat([held, next]);
    const end = held.lastIndexOf(LINE_FEED) + 1;
    const lines = held.toString('utf8', 0, end).split('\n');
    held = held.subarray(end);
    for (const line of lines) if (line !== '') yield plannedIn(line);
  }
}

function* merged(runs: readonly Generator<PlannedEntry>[]): Generator<PlannedEntry> {
  const heads: { readonly next: PlannedEntry; readonly run: Generator<PlannedEntry> }[] = [];
  const enter = (run: Generator<PlannedEntry>) => {
    const { value: next } = run.next() as { readonly value?: PlannedEntry };
    if (!next) return;
    let [low, high] = [0, heads.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = heads[middle]?.next;
      // The least comes last, where taking it costs nothing.
      if (other && compare(other, next) > 0) low = middle + 1;
      else high = middle;
    }
    heads.splice(low, 0, { next, run });
  };
  for (const run of runs) enter(run);
  for (let head = heads.pop(); head; head = heads.pop()) {
    yield head.next;
    enter(head.run);
  }
}
