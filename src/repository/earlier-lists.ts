import { LeitstandError } from '../platform/errors.ts';
import type { RepositoryContext } from './context.ts';
import type { ListEntry } from './file-entry.ts';
import { decodeListLine, fetchList, textOf } from './lists.ts';
import { type Day, dayIn, dayOf } from './list-spans.ts';
import { SHA256_DIGITS } from './format.ts';
import type { PlannedRows } from './found-batch.ts';
import type { ListReference, PackReference } from './records.ts';

/** A list of an earlier snapshot that is being looked into. */
export interface EarlierList {
  readonly reference: ListReference;
  /** As `textOf` takes it. */
  readonly compressed: Uint8Array;
}

interface EarlierPlace {
  readonly list: EarlierList;
  /** From 0. */
  readonly line: number;
}

/** A line of an earlier list, and where it stands. */
export type EarlierLine = EarlierPlace & { readonly text: string; readonly entry: ListEntry };

/** Some which are, byte by byte, what would be said of files today; their only pieces are in that pack. */
export type UnchangedLines = EarlierPlace & {
  /** At least one. */
  readonly count: number;
  readonly pack: PackReference;
  /** They are between these places in the bytes, each with its line feed, until more are asked for. */
  readonly bytes: Buffer;
  readonly from: number;
  readonly end: number;
};

/** What is not read for that reason is stored anew. LS-REPO-015: a newer version wrote it. */
const DAMAGE = ['LS-REPO-004', 'LS-REPO-015', 'LS-REPO-029'];

export interface ListReading {
  readonly context: Pick<RepositoryContext, 'store' | 'keyring'>;
  /** Told what an unreadable list is; it counts as empty. */
  readonly onDamage: (list: ListReference, error: LeitstandError) => void;
}

/** The lines of lists one after the other, decoded as they are asked for. */
export async function* linesOf(
  reading: ListReading,
  lists: readonly ListReference[],
): AsyncGenerator<readonly EarlierLine[]> {
  for (const reference of lists) {
    let line = 0;
    for await (const texts of textsOf(reading, reference)) {
      const lines = readingList(reading, reference, () => decoded(texts, 0, line));
      if (!lines) break;
      line += lines.length;
      yield lines;
    }
  }
}

/** Some lines of a list, as UTF-8, each with its line feed. */
interface Texts {
  readonly list: EarlierList;
  readonly bytes: Buffer;
}

async function* textsOf({ context, onDamage }: ListReading, reference: ListReference): AsyncGenerator<Texts> {
  try {
    const list = { reference, compressed: await fetchList(context, reference) };
    for await (const bytes of textOf(reference, list.compressed)) yield { list, bytes };
  } catch (error) {
    onDamage(reference, damageOf(error));
  }
}

/** Those from there on, the first with that number. Throws LS-REPO-004, and LS-REPO-015 when a newer version wrote it. */
function decoded({ list, bytes }: Texts, from: number, line: number): EarlierLine[] {
  const texts = bytes.toString('utf8', from, bytes.length - 1).split('\n');
  return texts.map((text, i) => ({
    list,
    line: line + i,
    text,
    entry: decodeListLine(list.reference, text),
  }));
}

/** The only one of them. Throws as `decoded`. */
export function decodedLine({ list, line, bytes, from, end }: UnchangedLines): EarlierLine {
  const text = bytes.toString('utf8', from, end - 1);
  return { list, line, text, entry: decodeListLine(list.reference, text) };
}

function readingList<Result>(
  { onDamage }: ListReading,
  list: ListReference,
  read: () => Result,
): Result | undefined {
  try {
    return read();
  } catch (error) {
    onDamage(list, damageOf(error));
    return undefined;
  }
}

function damageOf(error: unknown): LeitstandError {
  if (!(error instanceof LeitstandError) || !DAMAGE.includes(error.code)) throw error;
  return error;
}

/** The lines of an earlier snapshot, for entries that come by day and then by path, as its lists have them. */
export class EarlierLines {
  readonly #reading: ListReading;
  readonly #packs: ReadonlyMap<string, PackReference>;
  /** Those that were not looked into yet. */
  readonly #lists: ListReference[];
  #open: { readonly lastDay: Day; readonly texts: AsyncGenerator<Texts> } | undefined;
  /** Of the open list; what comes next is at `#at`, and has that number. */
  #texts: Texts | undefined;
  #line = 0;
  #at = 0;
  /** The rest of the same, once one of them was not what is said today. */
  #decoded: readonly EarlierLine[] | undefined;
  #pack: { readonly bytes: Buffer; readonly reference: PackReference } | undefined;

  /** `packs`: that may be built upon. */
  constructor(
    reading: ListReading,
    lists: readonly ListReference[],
    packs: ReadonlyMap<string, PackReference>,
  ) {
    [this.#reading, this.#lists, this.#packs] = [reading, [...lists], packs];
  }

  /** Undefined does not say that these are not what they were. */
  unchanged(rows: PlannedRows, first: number, end: number): UnchangedLines | undefined {
    const texts = this.#decoded ? undefined : this.#texts;
    if (!texts) return undefined;
    const { list, bytes } = texts;
    const [line, from] = [this.#line, this.#at];
    let pack: PackReference | undefined;
    for (let i = first; i < end && this.#at < bytes.length; i += 1) {
      const found = rows.findIn(bytes, this.#at, i);
      const its = found && this.#packAt(bytes, found.pack);
      if (!its || (pack ?? its) !== its) break;
      pack = its;
      this.#at = found.end;
      this.#line += 1;
    }
    return pack && { list, line, count: this.#line - line, pack, bytes, from, end: this.#at };
  }

  /** What was said of that path and day; `more`: more has to be read to know. */
  find(day: Day, path: string): EarlierLine | 'more' | undefined {
    const lines = (this.#decoded ??= this.#decodeRest());
    for (let line = lines[this.#at]; line; line = lines[++this.#at])
      if (!isBefore(line, day, path)) return isAt(line, day, path) ? line : undefined;
    return this.#open !== undefined || this.#lists.length > 0 ? 'more' : undefined;
  }

  /** Lists that end before that day are passed over unread. */
  async more(day: Day): Promise<void> {
    [this.#texts, this.#decoded, this.#at] = [undefined, undefined, 0];
    if (this.#open && this.#open.lastDay < day) {
      await this.#open.texts.return(undefined);
      this.#open = undefined;
    }
    if (!this.#open) [this.#open, this.#line] = [this.#next(day), 0];
    const next = await this.#open?.texts.next();
    if (next?.done) this.#open = undefined;
    else if (next) this.#texts = next.value;
  }

  /** Next to each other they mostly are in the same. */
  #packAt(bytes: Buffer, from: number): PackReference | undefined {
    const last = this.#pack;
    if (last && isSameAt(bytes, from, last.bytes)) return last.reference;
    const id = bytes.toString('latin1', from, from + SHA256_DIGITS);
    const reference = this.#packs.get(id);
    if (reference) this.#pack = { bytes: Buffer.from(id, 'latin1'), reference };
    return reference;
  }

  #decodeRest(): readonly EarlierLine[] {
    const texts = this.#texts;
    const from = this.#at;
    this.#at = 0;
    if (!texts || from >= texts.bytes.length) return [];
    const { reference } = texts.list;
    const lines = readingList(this.#reading, reference, () => decoded(texts, from, this.#line));
    // Nothing more is read of a list that is damaged.
    if (!lines) this.#leave();
    this.#line += lines?.length ?? 0;
    return inOrder(lines ?? []);
  }

  #leave(): void {
    const left = this.#open?.texts.return(undefined);
    left?.catch(() => undefined);
    this.#open = undefined;
  }

  #next(day: Day) {
    for (let list = this.#lists.shift(); list; list = this.#lists.shift()) {
      const lastDay = dayIn(list.until ?? list.day);
      if (lastDay >= day) return { lastDay, texts: textsOf(this.#reading, list) };
    }
    return undefined;
  }
}

/** In so few bytes a native comparison takes longer to be called than to be made. */
function isSameAt(bytes: Uint8Array, from: number, other: Uint8Array): boolean {
  for (let i = 0; i < other.length; i += 1) if (bytes[from + i] !== other[i]) return false;
  return true;
}

function isAt({ entry }: EarlierLine, day: Day, path: string): boolean {
  return entry.path === path && dayOf(entry.mtime) === day;
}

function isBefore({ entry }: EarlierLine, day: Day, path: string): boolean {
  const its = dayOf(entry.mtime);
  return its === day ? entry.path < path : its < day;
}

/** Without those whose file changed between plan and read: their time says another place than the one that they have. */
function inOrder(lines: readonly EarlierLine[]): readonly EarlierLine[] {
  const [first] = lines;
  if (!first) return lines;
  const { day: firstDay, until = firstDay } = first.list.reference;
  const [from, to] = [dayIn(firstDay), dayIn(until)];
  const kept: EarlierLine[] = [];
  for (const line of lines.toReversed()) {
    const day = dayOf(line.entry.mtime);
    const next = kept.at(-1)?.entry;
    const isInPlace = day >= from && day <= to && (!next || isBefore(line, dayOf(next.mtime), next.path));
    if (isInPlace) kept.push(line);
  }
  return kept.reverse();
}
