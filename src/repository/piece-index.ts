import type { Placement } from './frame-table.ts';
import { NumberTable } from './number-table.ts';
import type { Spool } from './spool.ts';

const HASH_BYTES = 32;
/** Hash, frame, offset, length. */
const RECORD_BYTES = HASH_BYTES + 3 * 4;
/** Records that are gathered before they leave memory. */
const BLOCK_RECORDS = 16 * 1024;
/** Of these the first ones stay in memory: a small backup writes none to a disk. */
const HELD_BLOCKS = 4;

/**
 * Content by SHA-256: 5 to 6 bytes of memory for each of many pieces. The hashes themselves lie in a spool and are looked at
 * when a part of one fits, so that what is found is what was asked for.
 */
export class PieceIndex {
  readonly #spool: Spool;
  readonly #held: Buffer[] = [];
  #tail = Buffer.alloc(0);
  #count = 0;
  readonly #numbers = new NumberTable();
  readonly #record = Buffer.alloc(RECORD_BYTES);
  readonly #hash = Buffer.alloc(HASH_BYTES);
  #hashed = '';

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  get(sha256: string): Placement | undefined {
    const hash = this.#hashOf(sha256);
    const isIt = (number: number) => hash.compare(this.#read(number), 0, HASH_BYTES) === 0;
    const number = this.#numbers.find(hash.readUInt32LE(0), isIt);
    return number === undefined ? undefined : placementIn(this.#read(number));
  }

  /** Content that is there already stays where it was first. */
  add(sha256: string, place: Placement): void {
    if (!this.get(sha256)) this.addNew(sha256, place);
  }

  /** Content that `get` has just not found. */
  addNew(sha256: string, { frame, offset, length }: Placement): void {
    const hash = this.#hashOf(sha256);
    const at = (this.#count % BLOCK_RECORDS) * RECORD_BYTES;
    if (at === 0) this.#beginBlock();
    hash.copy(this.#tail, at);
    this.#tail.writeUInt32LE(frame, at + HASH_BYTES);
    this.#tail.writeUInt32LE(offset, at + HASH_BYTES + 4);
    this.#tail.writeUInt32LE(length, at + HASH_BYTES + 8);
    this.#numbers.add(hash.readUInt32LE(0));
    this.#count += 1;
  }

  /** Good until the next call; what is not found is added as a rule. */
  #hashOf(sha256: string): Buffer {
    if (sha256 !== this.#hashed) this.#hash.write(sha256, 'hex');
    this.#hashed = sha256;
    return this.#hash;
  }

  #read(number: number): Buffer {
    const block = Math.floor(number / BLOCK_RECORDS);
    const at = (number % BLOCK_RECORDS) * RECORD_BYTES;
    const held = this.#held[block] ?? (block === this.#lastBlock ? this.#tail : undefined);
    if (held) return held.subarray(at, at + RECORD_BYTES);
    this.#spool.read(this.#record, (block - HELD_BLOCKS) * BLOCK_RECORDS * RECORD_BYTES + at);
    return this.#record;
  }

  get #lastBlock(): number {
    return Math.floor((this.#count - 1) / BLOCK_RECORDS);
  }

  #beginBlock(): void {
    if (this.#count > 0) {
      if (this.#held.length < HELD_BLOCKS) this.#held.push(this.#tail);
      else this.#spool.append(this.#tail);
    }
    const isSpooled = this.#count > HELD_BLOCKS * BLOCK_RECORDS;
    if (!isSpooled) this.#tail = Buffer.alloc(BLOCK_RECORDS * RECORD_BYTES);
  }
}

function placementIn(record: Buffer): Placement {
  return {
    frame: record.readUInt32LE(HASH_BYTES),
    offset: record.readUInt32LE(HASH_BYTES + 4),
    length: record.readUInt32LE(HASH_BYTES + 8),
  };
}
