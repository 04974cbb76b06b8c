/** Memory that is used again: new memory for each part of a large object costs as much as reading it. */
export interface Buffers {
  /** Of at least that length; undefined where the part is so small that new memory costs nothing. */
  take(length: number): Uint8Array | undefined;
  /** It is not looked at any more. */
  give(buffer: Uint8Array | undefined): void;
}

const LEAST_RELEASED = 4096;

/**
 * Gives memory back at once: left to the collector, gigabytes of buffers that are looked at once keep it busy, and the
 * program large. For memory that nobody shares and nobody looks at any more; what Node keeps for many, which all has one
 * length, is left alone, and so is what is so small that to give it back would take longer than it is worth.
 */
export function release({ buffer }: Uint8Array | Uint32Array | Float64Array): void {
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength < LEAST_RELEASED) return;
  if (buffer.byteLength !== Buffer.poolSize) buffer.transfer(0);
}

const LEAST_BYTES = 256 * 1024;

/** Parts have `size` bytes at most, or are given no memory of these. */
export function makeBuffers(size: number): Buffers {
  const free: Uint8Array[] = [];
  return {
    take: (length) =>
      length < LEAST_BYTES || length > size ? undefined : (free.pop() ?? Buffer.allocUnsafeSlow(size)),
    give: (buffer) => {
      if (buffer) free.push(buffer);
    },
  };
}
