/** A die whose throws are the same for the same seed (mulberry32). */
export interface Die {
  /** From 0 up to, not including, 1. */
  (): number;
  /** A whole number from 0 up to, not including, `count`. */
  below(count: number): number;
  of<One>(choices: readonly One[]): One;
  bytes(size: number): Buffer;
}

export function dieFrom(seed: number): Die {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (count: number) => Math.floor(next() * count);
  return Object.assign(next, {
    below,
    of: <One>(choices: readonly One[]) => choices[below(choices.length)] as One,
    bytes: (size: number) => {
      const bytes = Buffer.allocUnsafe(size);
      for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE(below(4_294_967_296), at);
      for (let at = size - (size % 4); at < size; at++) bytes.writeUInt8(below(256), at);
      return bytes;
    },
  });
}
