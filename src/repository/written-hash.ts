import { createHash, type Hash } from 'node:crypto';
import { readSync } from 'node:fs';
import { type FileEntry, isHole } from './file-entry.ts';

/** It stays where the processor has it at hand. */
const READ_BYTES = 1024 * 1024;

interface Growing {
  readonly hash: Hash;
  /** Of each piece: whether it is in the file; holes are. */
  readonly isThere: Uint8Array;
  /** The first piece that is not, and where it begins. */
  next: number;
  end: number;
  /** What is in the hash. */
  hashed: number;
}

/**
 * Whether files of several pieces are those that were backed up: they are hashed as they stand in the target, close behind
 * their pieces, while these are in memory still. In which order the pieces come makes no difference.
 */
export class WrittenHashes {
  readonly #growing = new Map<FileEntry, Growing>();
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BYTES);

  /** A piece has been written. `open`: more of them are to come. */
  async add(
    entry: FileEntry,
    index: number,
    { descriptor, breathe }: { readonly descriptor: number; readonly breathe: () => Promise<void> },
  ): Promise<'open' | 'right' | 'wrong'> {
    const growing = this.#growing.get(entry) ?? begin(entry);
    this.#growing.set(entry, growing);
    growing.isThere[index] = 1;
    for (; growing.isThere[growing.next] === 1; growing.next += 1)
      growing.end += entry.pieces[growing.next]?.[4] ?? 0;
    await this.#follow(growing, descriptor, breathe);
    if (growing.next < entry.pieces.length) return 'open';
    this.#growing.delete(entry);
    return growing.hash.digest('hex') === entry.sha256 ? 'right' : 'wrong';
  }

  /** Synchronous: what has just been written is in memory, and a way through another thread takes longer. */
  async #follow(growing: Growing, descriptor: number, breathe: () => Promise<void>): Promise<void> {
    while (growing.hashed < growing.end) {
      const length = Math.min(READ_BYTES, growing.end - growing.hashed);
      const count = readSync(descriptor, this.#buffer, 0, length, growing.hashed);
      // Somebody has cut it off: it will have another hash.
      if (count === 0) break;
      growing.hash.update(this.#buffer.subarray(0, count));
      growing.hashed += count;
      await breathe();
    }
  }

  /** It will not be complete. */
  drop(entry: FileEntry): void {
    this.#growing.delete(entry);
  }
}

function begin({ pieces }: FileEntry): Growing {
  const isThere = Uint8Array.from(pieces, (piece) => (isHole(piece) ? 1 : 0));
  return { hash: createHash('sha256'), isThere, next: 0, end: 0, hashed: 0 };
}
