import { release } from './buffers.ts';

/** Bytes that are gathered in one piece. */
const CHUNK_BYTES = 256 * 1024;
/** Of a UTF-16 code unit in UTF-8, at most. */
const UNIT_BYTES = 3;

/** Text that grows, as UTF-8: beside the collector's memory, which many strings fill and keep busy. */
export class TextChunks {
  readonly #full: Buffer[] = [];
  #chunk: Buffer = Buffer.alloc(0);
  #used = 0;

  write(text: string): void {
    this.#makeRoom(text.length * UNIT_BYTES);
    this.#used += this.#chunk.write(text, this.#used);
  }

  /** Text that is UTF-8 already. */
  writeBytes(bytes: Buffer, from: number, to: number): void {
    for (let at = from; at < to; ) {
      this.#makeRoom(1);
      const end = Math.min(to, at + this.#chunk.length - this.#used);
      this.#used += bytes.copy(this.#chunk, this.#used, at, end);
      at = end;
    }
  }

  #makeRoom(most: number): void {
    if (most <= this.#chunk.length - this.#used) return;
    if (this.#used > 0) this.#full.push(this.#chunk.subarray(0, this.#used));
    this.#chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, most));
    this.#used = 0;
  }

  /** What is in chunks that are full; it is not here any more. */
  takeFull(): Buffer[] {
    return this.#full.splice(0);
  }

  /** All of it in one piece; nothing is left here. */
  take(): Buffer<ArrayBuffer> {
    const { chunks } = this;
    const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const whole = Buffer.allocUnsafeSlow(length);
    let at = 0;
    for (const chunk of chunks) {
      whole.set(chunk, at);
      at += chunk.length;
      release(chunk);
    }
    [this.#chunk, this.#used] = [Buffer.alloc(0), 0];
    this.#full.length = 0;
    return whole;
  }

  /** Of what was written so far. */
  get chunks(): Buffer[] {
    return this.#used === 0 ? this.#full : [...this.#full, this.#chunk.subarray(0, this.#used)];
  }
}
