import { release } from './buffers.ts';

/** Each grows by itself, so that only a small part of the table is there twice meanwhile. */
const PARTS = 64;
const FIRST_SLOTS = 16;
const FULL = 0.8;
/** Doubled, it would be half empty on average. */
const GROWTH = 1.25;
const RANGE = 2 ** 32;

interface Part {
  /** Pairs: a key, and its number + 1; 0 is free. */
  slots: Uint32Array<ArrayBuffer>;
  count: number;
}

/** Numbers by keys of 32 bits that are spread evenly, as parts of hashes are: 10 to 13 bytes of memory for each of many. */
export class NumberTable {
  readonly #parts: readonly Part[] = Array.from({ length: PARTS }, () => ({
    slots: new Uint32Array(2 * FIRST_SLOTS),
    count: 0,
  }));

  /** Of those that were added with that key the one that it is. */
  find(key: number, isIt: (number: number) => boolean): number | undefined {
    const { slots } = this.#partOf(key);
    for (let at = placeOf(key, slots); ; at = next(at, slots)) {
      const value = slots[at + 1] ?? 0;
      if (value === 0) return undefined;
      if (slots[at] === key && isIt(value - 1)) return value - 1;
    }
  }

  /** `number`: from 0, below 2^32 - 1. */
  add(key: number, number: number): void {
    const part = this.#partOf(key);
    part.count += 1;
    if (part.count > (part.slots.length / 2) * FULL) part.slots = grown(part.slots);
    put(part.slots, key, number + 1);
  }

  #partOf(key: number): Part {
    const part = this.#parts[key % PARTS];
    if (!part) throw new RangeError('no key of 32 bits');
    return part;
  }
}

/** The one that it was is gone. */
function grown(slots: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * Math.ceil((slots.length / 2) * GROWTH));
  for (let at = 0; at < slots.length; at += 2) {
    const value = slots[at + 1] ?? 0;
    if (value > 0) put(larger, slots[at] ?? 0, value);
  }
  release(slots);
  return larger;
}

function put(slots: Uint32Array, key: number, value: number): void {
  let at = placeOf(key, slots);
  while (slots[at + 1] !== 0) at = next(at, slots);
  slots[at] = key;
  slots[at + 1] = value;
}

/** By the upper bits: the lower ones say the part. */
function placeOf(key: number, slots: Uint32Array): number {
  return 2 * Math.floor((key / RANGE) * (slots.length / 2));
}

function next(at: number, slots: Uint32Array): number {
  return at + 2 === slots.length ? 0 : at + 2;
}
