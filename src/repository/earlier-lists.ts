import { LeitstandError } from '../platform/errors.ts';
import type { RepositoryContext } from './context.ts';
import type { ListEntry } from './file-entry.ts';
import { decodeListLine, readListLines } from './lists.ts';
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

/** Earlier lines by path, for paths that come in order. */
export class EarlierDay {
  readonly #batches: AsyncGenerator<readonly EarlierLine[]>;
  #batch: readonly EarlierLine[] = [];
  #at = 0;
  #isOver = false;

  constructor(reading: ListReading, lists: readonly ListReference[]) {
    this.#batches = linesOf(reading, lists);
  }

  /** True when `find` has to wait for the next lines. */
  needsMore(path: string): boolean {
    while (this.#at < this.#batch.length && (this.#batch[this.#at]?.entry.path ?? '') < path) this.#at += 1;
    return this.#at >= this.#batch.length && !this.#isOver;
  }

  async more(): Promise<void> {
    const next = await this.#batches.next();
    this.#isOver = next.done === true;
    [this.#batch, this.#at] = [next.done ? [] : next.value, 0];
  }

  /** Once nothing more is needed. */
  find(path: string): EarlierLine | undefined {
    const line = this.#batch[this.#at];
    return line?.entry.path === path ? line : undefined;
  }
}
