import { LeitstandError } from '../platform/errors.ts';
import type { RepositoryContext } from './context.ts';
import type { ListEntry } from './file-entry.ts';
import { decodeListLine, readListLines } from './lists.ts';
import { type Day, dayIn, dayOf } from './list-spans.ts';
import type { ListReference } from './records.ts';

/** A line of an earlier list, and where it stands. */
export interface EarlierLine {
  readonly entry: ListEntry;
  readonly text: string;
  readonly list: ListReference;
  /** From 0. */
  readonly line: number;
}

/** What is not read for that reason is stored anew. LS-REPO-015: a newer version wrote it. */
const DAMAGE = ['LS-REPO-004', 'LS-REPO-015', 'LS-REPO-029'];

export interface ListReading {
  readonly context: Pick<RepositoryContext, 'store' | 'keyring'>;
  /** Told what an unreadable list is; it counts as empty. */
  readonly onDamage: (list: ListReference, error: LeitstandError) => void;
}

/** The lines of lists one after the other, decoded as they are asked for. */
export async function* linesOf(
  { context, onDamage }: ListReading,
  lists: readonly ListReference[],
): AsyncGenerator<readonly EarlierLine[]> {
  for (const list of lists) {
    try {
      let line = 0;
      for await (const texts of readListLines(context, list))
        yield texts.map((text) => ({ entry: decodeListLine(list, text), text, list, line: line++ }));
    } catch (error) {
      if (!(error instanceof LeitstandError) || !DAMAGE.includes(error.code)) throw error;
      onDamage(list, error);
    }
  }
}

/** The lines of an earlier snapshot, for entries that come by day and then by path, as its lists have them. */
export class EarlierLines {
  readonly #reading: ListReading;
  /** Those that were not looked into yet. */
  readonly #lists: ListReference[];
  #open: { readonly lastDay: Day; readonly batches: AsyncGenerator<readonly EarlierLine[]> } | undefined;
  #batch: readonly EarlierLine[] = [];
  #at = 0;

  constructor(reading: ListReading, lists: readonly ListReference[]) {
    [this.#reading, this.#lists] = [reading, [...lists]];
  }

  /** True when `find` has to wait for the next lines. */
  needsMore(day: Day, path: string): boolean {
    for (let line = this.#batch[this.#at]; line; line = this.#batch[++this.#at])
      if (!isBefore(line, day, path)) return false;
    return this.#open !== undefined || this.#lists.length > 0;
  }

  /** Lists that end before that day are passed over unread. */
  async more(day: Day): Promise<void> {
    [this.#batch, this.#at] = [[], 0];
    if (this.#open && this.#open.lastDay < day) {
      await this.#open.batches.return(undefined);
      this.#open = undefined;
    }
    this.#open ??= this.#next(day);
    const next = await this.#open?.batches.next();
    if (next?.done) this.#open = undefined;
    else if (next) this.#batch = inOrder(next.value);
  }

  /** Once nothing more is needed. */
  find(day: Day, path: string): EarlierLine | undefined {
    const entry = this.#batch[this.#at]?.entry;
    return entry?.path === path && dayOf(entry.mtime) === day ? this.#batch[this.#at] : undefined;
  }

  #next(day: Day) {
    for (let list = this.#lists.shift(); list; list = this.#lists.shift()) {
      const lastDay = dayIn(list.until ?? list.day);
      if (lastDay >= day) return { lastDay, batches: linesOf(this.#reading, [list]) };
    }
    return undefined;
  }
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
