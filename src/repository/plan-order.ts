import { collectGarbage } from '../platform/collect-garbage.ts';
import type { CaptureEntry } from '../stack/source.ts';
import { type FoundBatch, type PlannedEntry, type PlannedRows, RowsOfBatch, rowOf } from './found-batch.ts';
import type { Day } from './list-spans.ts';
import type { Spool } from './spool.ts';
import type { FileFacts } from './workers/read-files.ts';

/** Of a batch, at most. */
export const BATCH_ENTRIES = 500;
/** Entries that are sorted in memory, a few hundred bytes each; of more the sorted runs lie in a spool. */
const HELD_ENTRIES = 128 * 1024;

interface DayRows {
  /** Of a row: its batch's number · BATCH_ENTRIES, and its own in it. */
  readonly rows: number[];
  last: string;
  /** Trees are walked by path, so that hardly anything has to be sorted. */
  isSorted: boolean;
}

/** Planned entries by day and then by path in code-unit order. Throws where a path comes twice on a day. */
export class PlanOrder {
  readonly #spool: Spool;
  readonly #runs: { readonly from: number; readonly to: number }[] = [];
  #batches: FoundBatch[] = [];
  #days = new Map<Day, DayRows>();
  #held = 0;
  #bytes = Buffer.alloc(0);

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  /** Without those that were not found. */
  add(batch: FoundBatch): void {
    const first = BATCH_ENTRIES * (this.#batches.push(batch) - 1);
    const { problems } = batch.found;
    for (let i = 0; i < batch.count; i += 1)
      if (problems.size === 0 || !problems.has(i)) this.#addRow(batch.day(i), first + i, batch.path(i));
    this.#held += batch.count;
    if (this.#held >= HELD_ENTRIES) this.#closeRun();
  }

  /** Once, when all were added. */
  sorted(): Iterable<PlannedRows> {
    if (this.#runs.length === 0) return this.#inOrder();
    if (this.#held > 0) this.#closeRun();
    return merged(this.#runs.map((run) => readRun(this.#spool, run)));
  }

  #addRow(day: Day, row: number, path: string): void {
    const of = this.#days.get(day) ?? { rows: [], last: '', isSorted: true };
    if (of.rows.length === 0) this.#days.set(day, of);
    if (path <= of.last) {
      if (path === of.last) throw twice(path);
      of.isSorted = false;
    }
    of.rows.push(row);
    of.last = path;
  }

  *#inOrder(): Generator<PlannedRows> {
    const batches = this.#batches;
    const pathOf = (row: number) => batches[batchOf(row)]?.path(row % BATCH_ENTRIES) ?? '';
    for (const [day, { rows, isSorted }] of [...this.#days].sort(([a], [b]) => a - b)) {
      if (!isSorted) rows.sort((a, b) => orderOnce(pathOf(a), pathOf(b)));
      for (let [from, to] = [0, 0]; from < rows.length; from = to) {
        const number = batchOf(rows[from]);
        while (to < rows.length && batchOf(rows[to]) === number) to += 1;
        const batch = batches[number];
        const numbers = Uint32Array.from(
          { length: to - from },
          (_, i) => (rows[from + i] ?? 0) % BATCH_ENTRIES,
        );
        if (batch) yield new RowsOfBatch(batch, numbers, day);
      }
    }
  }

  #closeRun(): void {
    const from = this.#spool.length;
    let lines: string[] = [];
    const write = () => {
      this.#write(lines.join(''));
      lines = [];
    };
    for (const rows of this.#inOrder())
      for (let i = 0; i < rows.count; i += 1)
        if (lines.push(lineOf(rows.planned(i))) >= BATCH_ENTRIES) write();
    write();
    this.#runs.push({ from, to: this.#spool.length });
    [this.#batches, this.#days, this.#held] = [[], new Map(), 0];
    collectGarbage();
  }

  /** By way of one buffer: one for each text would wait for the collector, which sees little reason to come. */
  #write(text: string): void {
    const most = 3 * text.length;
    if (this.#bytes.length < most) this.#bytes = Buffer.allocUnsafeSlow(most);
    this.#spool.append(this.#bytes.subarray(0, this.#bytes.write(text)));
  }
}

function batchOf(row = 0): number {
  return Math.floor(row / BATCH_ENTRIES);
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

/** Read at once, of lines that are longer than that so much more as they need. */
const READ_BYTES = 16 * 1024;
const LINE_FEED = 0x0a;

function* readRun(spool: Spool, { from, to }: { readonly from: number; readonly to: number }) {
  let bytes = Buffer.allocUnsafeSlow(READ_BYTES);
  let held = 0;
  for (let at = from; at < to; ) {
    if (held === bytes.length) bytes = Buffer.concat([bytes, bytes]);
    const length = Math.min(bytes.length - held, to - at);
    spool.read(bytes.subarray(held, held + length), at);
    [at, held] = [at + length, held + length];
    const end = bytes.subarray(0, held).lastIndexOf(LINE_FEED) + 1;
    const lines = bytes.toString('utf8', 0, end).split('\n');
    bytes.copyWithin(0, end, held);
    held -= end;
    for (const line of lines) if (line !== '') yield plannedIn(line);
  }
}

function* merged(runs: readonly Generator<PlannedEntry>[]): Generator<PlannedRows> {
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
  let last: PlannedEntry | undefined;
  for (let head = heads.pop(); head; head = heads.pop()) {
    if (last && compare(last, head.next) === 0) throw twice(last.entry.path);
    last = head.next;
    yield rowOf(last);
    enter(head.run);
  }
}

function compare(a: PlannedEntry, b: PlannedEntry): number {
  return a.day === b.day ? order(a.entry.path, b.entry.path) : a.day - b.day;
}

/** Throws where they are the same: whatever it sorts, a sort compares those that end up beside each other. */
function orderOnce(a: string, b: string): number {
  if (a === b) throw twice(a);
  return order(a, b);
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export function twice(path: string): TypeError {
  return new TypeError(`the capture holds a path twice: ${JSON.stringify(path)}`);
}
