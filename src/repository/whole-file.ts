import { type FileEntry, isStored } from './file-entry.ts';

/** A file that is one stored part, with nothing but what every file has. */
export interface WholeFile {
  /** In the snapshot. */
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Last changed, since 1970. */
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly sha256: string;
  readonly pack: string;
  readonly frameOffset: number;
  readonly frameLength: number;
  /** In the frame's plaintext. */
  readonly offset: number;
  /** Of the part, and of the file. */
  readonly length: number;
}

/** What 32 bits hold. */
export const MAX_END = 2 ** 32 - 1;
const NANOSECONDS = 9;
/** Since 1970, until 2286. */
const MTIME = /^(?:0|[1-9]\d{0,18})$/;

/** Undefined: it is another. */
export function wholeFileOf(entry: FileEntry): WholeFile | undefined {
  const { path, mode, uid, gid, mtime, sha256, pieces, escaped, sparse, link } = entry;
  const [piece] = pieces;
  if (piece === undefined || pieces.length > 1 || !isStored(piece)) return undefined;
  const [pack, frameOffset, frameLength, offset, length, pieceSha256] = piece;
  const isPlain = escaped === undefined && sparse === undefined && link === undefined;
  if (!isPlain || pieceSha256 !== undefined || offset + length > MAX_END || !MTIME.test(mtime))
    return undefined;
  const seconds = Number(mtime.slice(0, -NANOSECONDS));
  const nanoseconds = Number(mtime.slice(-NANOSECONDS));
  return {
    path,
    mode,
    uid,
    gid,
    seconds,
    nanoseconds,
    sha256,
    pack,
    frameOffset,
    frameLength,
    offset,
    length,
  };
}

/** As it is in a list. */
export function entryOf(file: WholeFile): FileEntry {
  const { path, mode, uid, gid, seconds, nanoseconds, sha256, pack, frameOffset, frameLength } = file;
  const { offset, length } = file;
  return {
    path,
    type: 'file',
    mode,
    uid,
    gid,
    mtime: String(BigInt(seconds) * 10n ** BigInt(NANOSECONDS) + BigInt(nanoseconds)),
    size: length,
    sha256,
    pieces: [[pack, frameOffset, frameLength, offset, length]],
  };
}
