import { createHash, type Hash, hash } from 'node:crypto';
import { type FileEntry, hasHoles, isStored } from './file-entry.ts';

interface Growing {
  /** Undefined once a piece came out of its turn. */
  hash: Hash | undefined;
  next: number;
  left: number;
}

/**
 * Of a verification, where nothing is written: whether pieces make the files that were backed up. That of a file of one piece has been compared; the others are hashed
 * as their pieces come, as long as these come in order and there is no hole between them.
 */
export class WholeHashes {
  readonly #growing = new Map<FileEntry, Growing>();

  /** A piece of it is there. `open`: more of them are to come; `unordered`: all came, and the file has to be read. */
  add(entry: FileEntry, index: number, bytes: Uint8Array): 'open' | 'right' | 'wrong' | 'unordered' {
    if (entry.pieces.length === 1) return 'right';
    const known = this.#growing.get(entry) ?? {
      hash: hasHoles(entry) ? undefined : createHash('sha256'),
      next: 0,
      left: entry.pieces.filter(isStored).length,
    };
    this.#growing.set(entry, known);
    known.hash = index === known.next ? known.hash?.update(bytes) : undefined;
    known.next = index + 1;
    known.left -= 1;
    if (known.left > 0) return 'open';
    this.#growing.delete(entry);
    if (!known.hash) return 'unordered';
    return known.hash.digest('hex') === entry.sha256 ? 'right' : 'wrong';
  }

  /** It will not be complete. */
  drop(entry: FileEntry): void {
    this.#growing.delete(entry);
  }
}

/** Of files of one piece: their pieces' hashes say all. */
export function isOnlyPiece({ entry }: { readonly entry: FileEntry }): boolean {
  return entry.pieces.length === 1;
}

/** Of a file without pieces. */
export function isRightEmpty(entry: FileEntry): boolean {
  return entry.pieces.length === 0 && entry.sha256 === hash('sha256', '', 'hex');
}
