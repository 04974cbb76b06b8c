import { createHash, type Hash, hash } from 'node:crypto';
import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { LeitstandError, systemErrorCode } from '../platform/errors.ts';
import type { CaptureEntry } from '../stack/source.ts';
import { repositoryErrors } from './errors.ts';
import type { FileEntry, PieceReference } from './file-entry.ts';
import { FRAME_BYTES } from './frames.ts';
import type { PieceLocation } from './piece-index.ts';

/** A file that has been read; its pieces may still lie in an open pack. */
export interface StoredFile {
  readonly entry: Omit<FileEntry, 'pieces'>;
  readonly parts: readonly { readonly location: PieceLocation; readonly sha256: string }[];
}

/** Takes a piece (valid only during the call) and says where its content is or will be. */
export type StorePiece = (
  bytes: Uint8Array,
  sha256: string,
  path: string,
  at: number,
) => Promise<PieceLocation>;

/** UTC day of the modification time: `2026-08-01`. Throws LS-REPO-009. */
export function modificationDay(entry: CaptureEntry): string {
  const milliseconds = Number(withReadErrors(entry, () => lstatSync(entry.file)).mtimeMs);
  const day = new Date(milliseconds).toISOString().split('T')[0];
  return day ?? '';
}

/**
 * Reads a file piece by piece. A file that changes meanwhile is read once more when it may change, else refused
 * (LS-REPO-008). Content handed on in a first reading that did not count is merely unused.
 */
export class SourceFileReader {
  readonly #buffer = Buffer.allocUnsafe(FRAME_BYTES);

  async read(entry: CaptureEntry, store: StorePiece): Promise<StoredFile> {
    const attempts = entry.class === 'immutable' ? 1 : 2;
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const stored = await this.#readOnce(entry, store);
      if (stored) return stored;
    }
    throw repositoryErrors.error('LS-REPO-008', {
      what: `${entry.path} changed while it was read`,
      why:
        entry.class === 'immutable'
          ? 'its program promises never to change this file, so something else writes to it'
          : 'it changed in two readings one after the other',
      where: { file: entry.file },
      fix: 'find out what writes to it (fuser or lsof show it) and run the backup again',
    });
  }

  /** Undefined when the file was not the same before and after. */
  async #readOnce(entry: CaptureEntry, store: StorePiece): Promise<StoredFile | undefined> {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const descriptor = withReadErrors(entry, () => openSync(entry.file, flags));
    try {
      const before = fstatSync(descriptor, { bigint: true });
      if (!before.isFile()) throw unreadable(entry, 'it is no regular file');
      const { size, sha256, parts } = await this.#readPieces(entry, descriptor, store);
      const after = fstatSync(descriptor, { bigint: true });
      const isSame = after.mtimeNs === before.mtimeNs && after.size === before.size;
      if (!isSame || BigInt(size) !== before.size) return undefined;
      return { entry: { ...describe(entry.path, before), size, sha256 }, parts };
    } finally {
      closeSync(descriptor);
    }
  }

  async #readPieces(entry: CaptureEntry, descriptor: number, store: StorePiece) {
    let whole: Hash | undefined;
    const parts: { location: PieceLocation; sha256: string }[] = [];
    let size = 0;
    for (;;) {
      const bytes = this.#fill(entry, descriptor);
      if (bytes.length === 0) break;
      const sha256 = hash('sha256', bytes, 'hex');
      if (bytes.length === FRAME_BYTES || whole) whole = (whole ?? createHash('sha256')).update(bytes);
      parts.push({ location: await store(bytes, sha256, entry.path, size), sha256 });
      size += bytes.length;
      if (bytes.length < FRAME_BYTES) break;
    }
    // The hash of the only piece is the hash of the file.
    const sha256 = whole?.digest('hex') ?? parts[0]?.sha256 ?? hash('sha256', '', 'hex');
    return { size, sha256, parts };
  }

  #fill(entry: CaptureEntry, descriptor: number): Uint8Array {
    let length = 0;
    while (length < FRAME_BYTES) {
      const from = length;
      const read = withReadErrors(entry, () =>
        readSync(descriptor, this.#buffer, from, FRAME_BYTES - from, null),
      );
      if (read === 0) break;
      length += read;
    }
    return this.#buffer.subarray(0, length);
  }
}

/** The list entry; every part's pack must be closed. */
export function finishEntry(file: StoredFile): FileEntry {
  const pieces = file.parts.map(({ location, sha256 }): PieceReference => {
    if (!location.pack) throw new TypeError(`a piece of ${file.entry.path} has no pack yet`);
    const { pack, frameOffset, frameLength, offset, length } = location;
    return file.parts.length === 1
      ? [pack.id, frameOffset, frameLength, offset, length]
      : [pack.id, frameOffset, frameLength, offset, length, sha256];
  });
  return { ...file.entry, pieces };
}

function describe(path: string, stat: BigIntStats) {
  return {
    path,
    type: 'file' as const,
    mode: Number(stat.mode) & 0o7777,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mtime: String(stat.mtimeNs),
  };
}

function withReadErrors<Result>(entry: CaptureEntry, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof LeitstandError) throw error;
    const code = systemErrorCode(error);
    throw unreadable(entry, code === 'ELOOP' ? 'it is a symbolic link' : (code ?? String(error)), error);
  }
}

function unreadable(entry: CaptureEntry, why: string, cause?: unknown) {
  return repositoryErrors.error('LS-REPO-009', {
    what: `${entry.path} cannot be read`,
    why,
    where: { file: entry.file },
    fix:
      why === 'EACCES' || why === 'EPERM'
        ? `run the backup as the user that owns ${entry.file}, or as root`
        : 'run the backup again; if it fails again, the disk or the program that owns the file needs a look',
    cause,
  });
}
