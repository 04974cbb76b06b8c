/** What is kept of a line, in bytes. */
export const LONGEST_LINE = 64 * 1024;

export interface SplitLine {
  /** UTF-8 as far as it is; what is not becomes U+FFFD. Without its end of line. */
  readonly text: string;
  /** Bytes that the line took, its end included. */
  readonly bytes: number;
}

/** Cuts bytes into lines, whatever they are; holds at most `LONGEST_LINE` bytes of a line that has not ended. */
export class LineSplitter {
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #bytes = 0;

  /** Bytes of the line that has not ended yet. */
  get pending(): number {
    return this.#bytes;
  }

  push(chunk: Buffer): SplitLine[] {
    const lines: SplitLine[] = [];
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(10, start);
      if (end === -1) break;
      if (this.#bytes === 0 && end - start <= LONGEST_LINE) {
        const stop = end > start && chunk[end - 1] === 13 ? end - 1 : end;
        lines.push({ text: chunk.toString('utf8', start, stop), bytes: end + 1 - start });
      } else {
        this.#keep(chunk.subarray(start, end));
        lines.push(this.#take(1));
      }
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
    return lines;
  }

  /** The line that has not ended, as if it had; undefined when there is none. */
  flush(): SplitLine | undefined {
    return this.#bytes === 0 ? undefined : this.#take(0);
  }

  reset(): void {
    this.#kept = [];
    this.#keptBytes = 0;
    this.#bytes = 0;
  }

  #keep(part: Buffer): void {
    this.#bytes += part.length;
    const room = LONGEST_LINE - this.#keptBytes;
    if (room <= 0) return;
    // A copy: the chunk's memory is used again.
    const kept = Buffer.from(part.subarray(0, room));
    this.#kept.push(kept);
    this.#keptBytes += kept.length;
  }

  #take(endBytes: number): SplitLine {
    const text = Buffer.concat(this.#kept).toString('utf8').replace(/\r$/, '');
    const cut = this.#bytes - this.#keptBytes;
    const bytes = this.#bytes + endBytes;
    this.reset();
    return { text: cut > 0 ? `${text} …[cut: ${cut} bytes more]` : text, bytes };
  }
}
