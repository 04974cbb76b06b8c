import type { DirectoryEntry, FileEntry, SymlinkEntry } from './file-entry.ts';
import type { Placement } from './frame-table.ts';

/** An entry whose content is stored, or on its way. */
export interface StoredEntry {
  readonly entry: Omit<FileEntry, 'pieces'> | DirectoryEntry | SymlinkEntry;
  /** Only of a file. */
  readonly parts: readonly StoredPart[];
}

/** A piece, or zeros that are stored nowhere (their length). */
export type StoredPart = { readonly place: Placement; readonly sha256: string } | { readonly hole: number };
