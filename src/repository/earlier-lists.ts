import { LeitstandError } from '../platform/errors.ts';
import type { RepositoryContext } from './context.ts';
import type { ListEntry } from './file-entry.ts';
import { decodeListLine, readListLines } from './lists.ts';
import { type Day, dayIn, dayOf } from './list-spans.ts';
import type { PlannedEntry } from './found-batch.ts';
import type { ListReference } from './records.ts';
import { packOfUnchanged } from './unchanged-line.ts';

/** A line of an earlier list, and where it stands. */
export interface EarlierText {
  readonly text: string;
  readonly list: ListReference;
  /** From 0. */
  readonly line: number;
}

export type EarlierLine = EarlierText & { readonly entry: ListEntry };

/** Which is, byte by byte, what would be said of a file today; its only piece is in that pack. */
export type UnchangedLine = EarlierText & { readonly pack: string };

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
  for (const list of lists)
    for await (const { texts, line } of textsOf(reading, list)) {
      const lines = readingList(reading, list, () => decoded(list, texts, line));
      if (!lines) break;
      yield lines;
    }
}

/** Some lines of a list, the first with its number. */
interface Texts {
  readonly texts: readonly string[];
  readonly line: number;
}

async function* textsOf({ context, onDamage }: ListReading, list: ListReference): AsyncGenerator<Texts> {
  try {
    let line = 0;
    for await (const texts of readListLines(context, list)) {
      yield { texts, line };
      line += texts.length;
    }
  } catch (error) {
    onDamage(list, damageOf(error));
  }
}

function decoded(list: ListReference, texts: readonly string[], line: number): EarlierLine[] {
  return texts.map((text, i) => decodedLine({ text, list, line: line + i }));
}

/** Throws LS-REPO-004, and LS-REPO-015 when a newer version wrote it. */
export function decodedLine<Line extends EarlierText>(line: Line): Line & EarlierLine {
  return { ...line, entry: decodeListLine(line.list, line.text) };
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
  /** Those that were not looked into yet. */
  readonly #lists: ListReference[];
  #open:
    | { readonly list: ListReference; readonly lastDay: Day; readonly batches: AsyncGenerator<Texts> }
    | undefined;
  /** Of the open list; what comes next is at `#at`. */
  #texts: Texts = NO_TEXTS;
  /** The rest of the same, once one of them was not what is said today. */
  #decoded: readonly EarlierLine[] | undefined;
  #at = 0;

  constructor(reading: ListReading, lists: readonly ListReference[]) {
    [this.#reading, this.#lists] = [reading, [...lists]];
  }

  /** What was said of its path and day; `more`: more has to be read to know. */
  find(planned: PlannedEntry): EarlierLine | UnchangedLine | 'more' | undefined {
    const { day, entry } = planned;
    const unchanged = this.#unchanged(planned);
    if (unchanged) return unchanged;
    const lines = (this.#decoded ??= this.#decodeRest());
    for (let line = lines[this.#at]; line; line = lines[++this.#at])
      if (!isBefore(line, day, entry.path)) return isAt(line, day, entry.path) ? line : undefined;
    return this.#open !== undefined || this.#lists.length > 0 ? 'more' : undefined;
  }

  /** Lists that end before that day are passed over unread. */
  async more(day: Day): Promise<void> {
    [this.#texts, this.#decoded, this.#at] = [NO_TEXTS, undefined, 0];
    if (this.#open && this.#open.lastDay < day) {
      await this.#open.batches.return(undefined);
      this.#open = undefined;
    }
    this.#open ??= this.#next(day);
    const next = await this.#open?.batches.next();
    if (next?.done) this.#open = undefined;
    else if (next) this.#texts = next.value;
  }

  #unchanged(planned: PlannedEntry): UnchangedLine | undefined {
    const text = this.#decoded ? undefined : this.#texts.texts[this.#at];
    if (text === undefined || !this.#open) return undefined;
    const pack = packOfUnchanged(text, planned);
    if (pack === undefined) return undefined;
    const line = this.#texts.line + this.#at;
    this.#at += 1;
    return { text, list: this.#open.list, line, pack };
  }

  #decodeRest(): readonly EarlierLine[] {
    const open = this.#open;
    const { texts, line } = this.#texts;
    const from = this.#at;
    this.#at = 0;
    if (!open || from >= texts.length) return [];
    const { list } = open;
    const lines = readingList(this.#reading, list, () => decoded(list, texts.slice(from), line + from));
    // Nothing more is read of a list that is damaged.
    if (!lines) this.#open = undefined;
    return inOrder(lines ?? []);
  }

  #next(day: Day) {
    for (let list = this.#lists.shift(); list; list = this.#lists.shift()) {
      const lastDay = dayIn(list.until ?? list.day);
      if (lastDay >= day) return { list, lastDay, batches: textsOf(this.#reading, list) };
    }
    return undefined;
  }
}

const NO_TEXTS: Texts = { texts: [], line: 0 };

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
  const [from, to] = [dayIn(first.list.day), dayIn(first.list.until ?? first.list.day)];
  const kept: EarlierLine[] = [];
  for (const line of lines.toReversed()) {
    const day = dayOf(line.entry.mtime);
    const next = kept.at(-1)?.entry;
    const isInPlace = day >= from && day <= to && (!next || isBefore(line, dayOf(next.mtime), next.path));
    if (isInPlace) kept.push(line);
  }
  return kept.reverse();
}
