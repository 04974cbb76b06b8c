/** Buffers of one size, a fixed number of them: who needs one more waits until one comes back. */
export class Pool {
  readonly #bytes: number;
  readonly #free: ArrayBuffer[] = [];
  #left: number;
  #waiting: {
    readonly resolve: (buffer: ArrayBuffer) => void;
    readonly reject: (reason: unknown) => void;
  }[] = [];
  #failure: { readonly reason: unknown } | undefined;

  constructor(bytes: number, count: number) {
    this.#bytes = bytes;
    this.#left = count;
  }

  async take(): Promise<ArrayBuffer> {
    if (this.#failure) throw this.#failure.reason;
    const free = this.#free.pop();
    if (free) return free;
    if (this.#left > 0) {
      this.#left -= 1;
      return new ArrayBuffer(this.#bytes);
    }
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  give(buffer: ArrayBuffer): void {
    const next = this.#waiting.shift();
    if (next) next.resolve(buffer);
    else this.#free.push(buffer);
  }

  /** Whoever waits, or comes later, gets this: nothing will come back any more. */
  fail(reason: unknown): void {
    this.#failure ??= { reason };
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
  }
}
