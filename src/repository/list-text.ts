import type { GappedLines } from './gapped-lines.ts';
import { TextChunks } from './text-chunks.ts';

/** The lines of a list in the order of their indices, however they come. */
export class ListText {
  readonly #text = new TextChunks();
  /** Index of the line that is written next. */
  #next = 0;
  /** Lines that came before their turn; undefined: there is none with that index. */
  readonly #early = new Map<number, string | undefined>();

  enter(index: number, line: string | undefined): void {
    if (index !== this.#next) {
      this.#early.set(index, line);
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
      this.#next += 1;
      this.#enterEarly();
      return;
    }
    const alone = new TextChunks();
    lines.take(alone, filling);
    this.#early.set(index, alone.take().toString('utf8').trimEnd());
  }

  /** Chunks that are full; they are not here any more. */
  takeFull(): Buffer[] {
    return this.#text.takeFull();
  }

  /** Of all lines, each with its line feed. */
  get chunks(): Buffer[] {
    if (this.#early.size > 0) throw new TypeError(`nobody entered line ${this.#next} of a list`);
    return this.#text.chunks;
  }

  #write(line: string | undefined): void {
    this.#next += 1;
    if (line !== undefined) this.#text.write(`${line}\n`);
  }
}
