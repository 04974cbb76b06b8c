import { release } from './buffers.ts';

const FIRST_COUNT = 1024;
const RECENT_COUNT = 128 * 1024;
/** Of all numbers, the recent ones are a share like this at least: so the older parts stay few. */
const RECENT_SHARE = 1 / 8;
/** Keys in a bucket of settled ones, on average; a power of two. */
const BUCKET_BITS = 3;

/**
 * The numbers 0, 1, 2, … by keys of 32 bits that are spread evenly, as parts of hashes are. The recent ones lie in a hash table,
 * which takes 12 bytes of memory for each; a table that is full is settled into 4.5 bytes for each: 5 to 6 for each of many.
 */
export class NumberTable {
  readonly #recent: RecentNumbers;
  readonly #settled: SettledNumbers[] = [];
  readonly #most: number;
  #settledCount = 0;

  /** `most`: recent ones of a table that is not large; a power of two, of 16 at least. */
  constructor(most: number = RECENT_COUNT) {
    this.#most = most;
    this.#recent = new RecentNumbers(Math.min(FIRST_COUNT, most));
  }

  /** Of those that have that key the one that it is. `isIt` is asked for some with another key as well, rarely. */
  find(key: number, isIt: (number: number) => boolean): number | undefined {
    const settled = this.#settledCount;
    const recent = this.#recent.find(key, (number) => isIt(settled + number));
    if (recent !== undefined) return settled + recent;
    for (const part of this.#settled) {
      const number = part.find(key, isIt);
      if (number !== undefined) return number;
    }
    return undefined;
  }

  /** Gives the key the next number, from 0 on; below 2^31. */
  add(key: number): void {
    if (this.#recent.isFull()) this.#makeRoom();
    this.#recent.add(key);
  }

  #makeRoom(): void {
    const { capacity } = this.#recent;
    if (capacity < this.#most || capacity < this.#settledCount * RECENT_SHARE) {
      this.#recent.grow();
      return;
    }
    this.#settled.push(new SettledNumbers(this.#recent.keys, this.#settledCount));
    this.#settledCount += capacity;
    this.#recent.clear();
  }
}

/** An open hash table that is half full at most. */
class RecentNumbers {
  /** Of each number. */
  keys: Uint32Array<ArrayBuffer>;
  /** Each number + 1; 0 is free. */
  #slots: Uint32Array<ArrayBuffer>;
  #count = 0;

  /** `capacity`: a power of two. */
  constructor(capacity: number) {
    this.keys = new Uint32Array(capacity);
    this.#slots = new Uint32Array(2 * capacity);
  }

  get capacity(): number {
    return this.keys.length;
  }

  isFull(): boolean {
    return this.#count === this.keys.length;
  }

  find(key: number, isIt: (number: number) => boolean): number | undefined {
    for (let at = this.#placeOf(key); ; at = this.#after(at)) {
      const number = (this.#slots[at] ?? 0) - 1;
      if (number < 0) return undefined;
      if (this.keys[number] === key && isIt(number)) return number;
    }
  }

  add(key: number): void {
    this.keys[this.#count] = key;
    this.#put(key, this.#count);
    this.#count += 1;
  }

  grow(): void {
    const { keys } = this;
    this.keys = new Uint32Array(2 * keys.length);
    this.keys.set(keys);
    release(keys);
    release(this.#slots);
    this.#slots = new Uint32Array(2 * this.keys.length);
    for (let number = 0; number < this.#count; number += 1) this.#put(this.keys[number] ?? 0, number);
  }

  clear(): void {
    this.#slots.fill(0);
    this.#count = 0;
  }

  #put(key: number, number: number): void {
    let at = this.#placeOf(key);
    while (this.#slots[at] !== 0) at = this.#after(at);
    this.#slots[at] = number + 1;
  }

  #placeOf(key: number): number {
    return key & (this.#slots.length - 1);
  }

  #after(at: number): number {
    return (at + 1) & (this.#slots.length - 1);
  }
}

/**
 * As many numbers as a power of two, one after the other by bucket: a key's first bits. Each is one word with as many of the
 * bits that follow in its key as there is room for: 29 bits of a key are known, whatever their count.
 */
class SettledNumbers {
  readonly #first: number;
  readonly #numberBits: number;
  readonly #bucketBits: number;
  /** Of each bucket, and of what would follow the last one. */
  readonly #starts: Uint32Array;
  readonly #words: Uint32Array;

  /** `first`: the number of the first key. */
  constructor(keys: Uint32Array, first: number) {
    this.#first = first;
    this.#numberBits = Math.log2(keys.length);
    this.#bucketBits = this.#numberBits - BUCKET_BITS;
    this.#starts = new Uint32Array((1 << this.#bucketBits) + 1);
    this.#words = new Uint32Array(keys.length);
    this.#sort(keys);
  }

  find(key: number, isIt: (number: number) => boolean): number | undefined {
    const [bits, tag, bucket] = [this.#numberBits, this.#tagOf(key), this.#bucketOf(key)];
    const end = this.#starts[bucket + 1] ?? 0;
    for (let at = this.#starts[bucket] ?? 0; at < end; at += 1) {
      const word = this.#words[at] ?? 0;
      if (word >>> bits !== tag) continue;
      const number = this.#first + (word & ((1 << bits) - 1));
      if (isIt(number)) return number;
    }
    return undefined;
  }

  /** By counting: a bucket's start is its end, until each of its words has taken the place before. */
  #sort(keys: Uint32Array): void {
    const [starts, words] = [this.#starts, this.#words];
    for (const key of keys) add(starts, this.#bucketOf(key), 1);
    for (let bucket = 1; bucket < starts.length; bucket += 1) add(starts, bucket, starts[bucket - 1] ?? 0);
    for (let number = keys.length - 1; number >= 0; number -= 1) {
      const key = keys[number] ?? 0;
      words[add(starts, this.#bucketOf(key), -1)] = (this.#tagOf(key) << this.#numberBits) | number;
    }
  }

  #bucketOf(key: number): number {
    return key >>> (32 - this.#bucketBits);
  }

  #tagOf(key: number): number {
    return (key << this.#bucketBits) >>> this.#numberBits;
  }
}

function add(counts: Uint32Array, at: number, count: number): number {
  const sum = (counts[at] ?? 0) + count;
  counts[at] = sum;
  return sum;
}
