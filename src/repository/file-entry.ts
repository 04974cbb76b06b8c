import { type Spelling, SPELLING_SIGN, spelledBytes } from '../platform/path-spelling.ts';
import type {
  FileEntry,
  HolePiece,
  ListEntry,
  PieceReference,
  StoredPiece,
  SymlinkEntry,
} from './entry-schema.ts';

// What a thread needs of entries: it begins without what decodes them.
export type {
  DirectoryEntry,
  FileEntry,
  ListEntry,
  PieceReference,
  StoredPiece,
  SymlinkEntry,
} from './entry-schema.ts';

/** Permission bits. */
export const MAX_MODE = 0o7777;
/** Of owners, 32 bits each; the last of them is nobody's, and chown(2) leaves things as they are with it. */
export const MAX_ID = 2 ** 32 - 1;

/** Stands in the place of a pack's id: zeros that are stored nowhere. */
export const HOLE = 'hole';

interface Spelled {
  readonly path: string;
  readonly escaped?: true | undefined;
}

/** Of the path, or of the link's target, the one without the sign is its own spelling. */
export function spellingOf({ path, escaped }: Spelled): Spelling {
  return escaped && path.includes(SPELLING_SIGN) ? { text: path, escaped } : { text: path };
}

export function targetOf({
  target,
  escaped,
}: {
  readonly target: string;
  readonly escaped?: true | undefined;
}) {
  return spellingOf({ path: target, escaped });
}

export function isFile(entry: ListEntry): entry is FileEntry {
  return entry.type === 'file';
}

export function isHole(part: PieceReference): part is HolePiece {
  return part[0] === HOLE;
}

export function isStored(part: PieceReference): part is StoredPiece {
  return part[0] !== HOLE;
}

export function holeOf(length: number): HolePiece {
  return [HOLE, 0, 0, 0, length];
}

export function hasHoles({ pieces }: Pick<FileEntry, 'pieces'>): boolean {
  return pieces.some(isHole);
}

/** Whether a restore leaves out blocks of zeros. */
export function isSparse(entry: FileEntry): boolean {
  return entry.sparse === true || hasHoles(entry);
}

export function pieceSha256(entry: FileEntry, part: StoredPiece): string {
  return part[5] ?? entry.sha256;
}

/** The name's bytes. */
export function pathBytes(entry: Spelled): Buffer {
  return spelledBytes(spellingOf(entry));
}

/** What the link points to, as bytes. */
export function targetBytes(entry: SymlinkEntry): Buffer {
  return spelledBytes(targetOf(entry));
}
