import { closeSync, fstatSync } from 'node:fs';
import { createHash, type Hash, hash } from 'node:crypto';
import { systemErrorCode } from '../platform/errors.ts';
import type { CaptureEntry } from '../stack/source.ts';
import type { ContentStore, LikelyPiece } from './content-store.ts';
import type { FileEntry } from './file-entry.ts';
import { FRAME_BYTES } from './frames.ts';
import { mayBeSparse } from './sparse.ts';
import type { StoredEntry, StoredPart } from './stored-entry.ts';
import { type FileFacts, factsOf, openFile, type PartRead, type ReadProblem } from './workers/read-files.ts';

/** An open file of a source; all threads may read from its descriptor. */
export interface OpenSourceFile {
  readonly descriptor: number;
  /** When it was opened. */
  readonly facts: FileFacts;
  readonly mayHaveHoles: boolean;
  /** Whether it still has the size and time that it had then. */
  isSame(): boolean;
  close(): void;
}

export function openSourceFile({ file, escaped }: CaptureEntry): OpenSourceFile | ReadProblem {
  try {
    const descriptor = openFile(escaped ? { file, escaped } : { file });
    const before = fstatSync(descriptor, { bigint: true });
    let isOpen = true;
    const close = () => {
      if (isOpen) closeSync(descriptor);
      isOpen = false;
    };
    if (!before.isFile()) {
      close();
      return { problem: 'it is no regular file' };
    }
    return {
      descriptor,
      facts: factsOf(before),
      mayHaveHoles: mayBeSparse(before),
      isSame: () => {
        const after = fstatSync(descriptor, { bigint: true });
        return after.mtimeNs === before.mtimeNs && after.size === before.size;
      },
      close,
    };
  } catch (error) {
    return { problem: systemErrorCode(error) ?? String(error) };
  }
}

/** What list entries of files say of one, besides its content. */
export function describeFile(
  { path, escaped }: CaptureEntry,
  { mode, uid, gid, mtime }: FileFacts,
  link: string | undefined,
): Omit<FileEntry, 'size' | 'sha256' | 'pieces' | 'sparse'> {
  const described = { path, type: 'file' as const, mode: mode & 0o7777, uid, gid, mtime };
  if (!escaped && link === undefined) return described;
  return { ...described, ...(escaped ? { escaped } : {}), ...(link === undefined ? {} : { link }) };
}

/** The content of a file, as its parts come one after the other. */
export class FileContent {
  readonly #content: ContentStore;
  readonly #path: string;
  /** By offset in the file. */
  readonly #likely: ReadonlyMap<number, LikelyPiece>;
  readonly #parts: StoredPart[] = [];
  #whole: Hash | undefined;
  #last: string | undefined;
  #size = 0;
  #isSparse = false;

  constructor(content: ContentStore, path: string, likely: ReadonlyMap<number, LikelyPiece>) {
    [this.#content, this.#path, this.#likely] = [content, path, likely];
  }

  /** Takes the buffer that the part lies in, and gives one like it. */
  async take({ length, sha256, isHole, isSparse }: PartRead, buffer: ArrayBuffer): Promise<ArrayBuffer> {
    if (length === 0) return buffer;
    const bytes = new Uint8Array(buffer, 0, length);
    if (length === FRAME_BYTES || this.#whole)
      this.#whole = (this.#whole ?? createHash('sha256')).update(bytes);
    this.#last = sha256;
    if (isSparse) this.#isSparse = true;
    const at = this.#size;
    this.#size += length;
    this.#content.counts.readBytes += length;
    const origin = { sha256, path: this.#path, at };
    const likely = this.#likely.get(at);
    if (isHole) this.#parts.push({ hole: length });
    else if (length === FRAME_BYTES) {
      const { place, spare } = await this.#content.storeWhole(buffer, origin, likely);
      this.#parts.push({ place, sha256 });
      return spare;
    } else this.#parts.push({ place: await this.#content.store(bytes, origin, likely), sha256 });
    return buffer;
  }

  /** Undefined when it has another size than it should have. */
  end(entry: CaptureEntry, facts: FileFacts, link: string | undefined): StoredEntry | undefined {
    if (this.#size !== facts.size) return undefined;
    // The hash of the only piece is the hash of the file.
    const sha256 = this.#whole?.digest('hex') ?? this.#last ?? hash('sha256', '', 'hex');
    const described = { ...describeFile(entry, facts, link), size: this.#size, sha256 };
    return { entry: this.#isSparse ? { ...described, sparse: true } : described, parts: this.#parts };
  }
}
