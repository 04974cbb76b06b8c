import type { EarlierLine, EarlierList, UnchangedLines } from './earlier-lists.ts';
import type { GappedLines } from './gapped-lines.ts';
import { TextChunks } from './text-chunks.ts';

/** So many first lines of an earlier list. */
export interface ListBeginning {
  readonly list: EarlierList;
  readonly lines: number;
}

/** One, or several with the indices that follow; undefined: there is none with that index. */
type Lines = string | EarlierText | UnchangedLines | undefined;

/** Not what was decoded of it: very many of them may wait. */
type EarlierText = Pick<EarlierLine, 'list' | 'line' | 'text'> & { readonly count?: number };

/**
 * The lines of a list in the order of their indices, however they come. As long as they are the first lines of an earlier
 * list, that says it all: a list that has not changed is not written down once more.
 */
export class ListText {
  readonly #text = new TextChunks();
  #beginning: ListBeginning | undefined;
  #isBeginning = true;
  /** Index of the line that is written next. */
  #next = 0;
  /** Lines that came before their turn. */
  readonly #early = new Map<number, Exclude<Lines, UnchangedLines>>();

  enter(index: number, lines: Lines): void {
    if (index !== this.#next) {
      this.#early.set(index, keptText(lines));
      return;
    }
    this.#write(lines);
    this.#enterEarly();
  }

  #enterEarly(): void {
    while (this.#early.has(this.#next)) {
      const early = this.#early.get(this.#next);
      this.#early.delete(this.#next);
      this.#write(early);
    }
  }

  /** The line that `lines` gives next, with that in its gap. */
  enterGapped(index: number, lines: GappedLines, filling: Buffer): void {
    if (index === this.#next) {
      lines.take(this.#text, filling);
      this.#isBeginning = false;
      this.#next += 1;
      this.#enterEarly();
      return;
    }
    this.#early.set(index, lines.takeText(filling).trimEnd());
  }

  /** Chunks that are full; they are not here any more. */
  takeFull(): Buffer[] {
    return this.#text.takeFull();
  }

  /** What is before all other text. */
  get beginning(): ListBeginning | undefined {
    return this.#beginning;
  }

  /** Of all other lines, each with its line feed. */
  get chunks(): Buffer[] {
    if (this.#early.size > 0) throw new TypeError(`nobody entered line ${this.#next} of a list`);
    return this.#text.chunks;
  }

  #write(lines: Lines): void {
    this.#next += countOf(lines);
    if (lines === undefined) return;
    if (this.#isBeginning && typeof lines !== 'string' && this.#goesOn(lines)) return;
    this.#isBeginning = false;
    if (typeof lines === 'string') this.#text.write(`${lines}\n`);
    else if ('text' in lines) this.#text.write(`${lines.text}\n`);
    else this.#text.writeBytes(lines.bytes, lines.from, lines.end);
  }

  #goesOn(more: EarlierText | UnchangedLines): boolean {
    const { list: begun = more.list, lines = 0 } = this.#beginning ?? {};
    if (more.list !== begun || more.line !== lines) return false;
    this.#beginning = { list: begun, lines: lines + countOf(more) };
    return true;
  }
}

function countOf(lines: Lines): number {
  return typeof lines === 'object' ? (lines.count ?? 1) : 1;
}

/** The bytes of lines are good for the moment only. */
function keptText(lines: Lines): Exclude<Lines, UnchangedLines> {
  if (lines === undefined || typeof lines === 'string') return lines;
  const { list, line } = lines;
  const text = 'text' in lines ? lines.text : lines.bytes.toString('utf8', lines.from, lines.end - 1);
  return { list, line, text, count: countOf(lines) };
}
