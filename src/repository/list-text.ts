import type { EarlierLine, EarlierList, UnchangedLine } from './earlier-lists.ts';
import type { GappedLines } from './gapped-lines.ts';
import { TextChunks } from './text-chunks.ts';

/** So many first lines of an earlier list. */
export interface ListBeginning {
  readonly list: EarlierList;
  readonly lines: number;
}

/** Undefined: there is none with that index. */
type Line = string | EarlierText | UnchangedLine | undefined;

/** Not what was decoded of it: very many of them may wait. */
type EarlierText = Pick<EarlierLine, 'list' | 'line' | 'text'>;

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
  readonly #early = new Map<number, Exclude<Line, UnchangedLine>>();

  enter(index: number, line: Line): void {
    if (index !== this.#next) {
      this.#early.set(index, keptText(line));
      return;
    }
    this.#write(line);
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

  #write(line: Line): void {
    this.#next += 1;
    if (line === undefined) return;
    if (this.#isBeginning && typeof line !== 'string' && this.#goesOn(line)) return;
    this.#isBeginning = false;
    if (typeof line === 'string') this.#text.write(`${line}\n`);
    else if ('text' in line) this.#text.write(`${line.text}\n`);
    else this.#text.writeBytes(line.bytes, line.from, line.end);
  }

  #goesOn({ list, line }: EarlierText | UnchangedLine): boolean {
    const { list: begun = list, lines = 0 } = this.#beginning ?? {};
    if (list !== begun || line !== lines) return false;
    this.#beginning = { list, lines: lines + 1 };
    return true;
  }
}

/** The bytes of a line are good for the moment only. */
function keptText(line: Line): Exclude<Line, UnchangedLine> {
  if (line === undefined || typeof line === 'string') return line;
  const { list, line: number } = line;
  const text = 'text' in line ? line.text : line.bytes.toString('utf8', line.from, line.end - 1);
  return { list, line: number, text };
}
