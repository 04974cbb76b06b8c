import { z } from 'zod';
import { isSpelling } from '../platform/path-spelling.ts';
import { repositoryErrors } from './errors.ts';
import { HOLE, isHole, MAX_ID, MAX_MODE, spellingOf, targetOf } from './file-entry.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();
const id = count.max(MAX_ID);

/**
 * Where a part of a file is: pack, offset and length of the frame in the pack, offset and length of the part in
 * the frame's plaintext, and the part's SHA-256 unless the file is this one part.
 */
const storedPiece = z.tuple([sha256, count, count, count, count, sha256.optional()]);
/** Only the length says anything. */
const hole = z.tuple([z.literal(HOLE), z.literal(0), z.literal(0), z.literal(0), z.int().positive()]);
const piece = z.union([storedPiece, hole]);

const common = {
  /** Logical path of the capture. */
  path: z.string(),
  /** The path, and the target of a link, are spelled as in platform/path-spelling.ts: names that are not UTF-8. */
  escaped: z.literal(true).optional(),
  mode: count.max(MAX_MODE),
  uid: id,
  gid: id,
  /** Nanoseconds since 1970 UTC, decimal, as text: JSON numbers are too coarse. */
  mtime: z.string().regex(/^-?\d{1,30}$/),
};

const SPELLING = 'a path or target that is spelled in a way that nobody writes';

const fileEntry = z
  .object({
    ...common,
    type: z.literal('file'),
    size: count,
    sha256,
    pieces: z.array(piece),
    /** It has room that was never written: a restore leaves its zeros out, as far as they fill blocks. */
    sparse: z.literal(true).optional(),
    /** The same in every name of one file: hard links. It is the first of their paths. */
    link: z.string().optional(),
  })
  .refine((entry) => isSpelling(spellingOf(entry)), SPELLING)
  .refine(
    (entry) => entry.pieces.reduce((sum, part) => sum + part[4], 0) === entry.size,
    'pieces do not add up',
  )
  .refine(
    (entry) =>
      entry.pieces.length <= 1 || entry.pieces.every((part) => isHole(part) || part[5] !== undefined),
    'a piece without its hash',
  );

const directoryEntry = z
  .object({ ...common, type: z.literal('directory') })
  .refine((entry) => isSpelling(spellingOf(entry)), SPELLING);

const symlinkEntry = z
  .object({ ...common, type: z.literal('symlink'), target: z.string().min(1) })
  .refine((entry) => isSpelling(spellingOf(entry)) && isSpelling(targetOf(entry)), SPELLING)
  .refine(({ target }) => !target.includes('\0'), 'a target that no link can have');

export type FileEntry = Readonly<z.infer<typeof fileEntry>>;
export type DirectoryEntry = Readonly<z.infer<typeof directoryEntry>>;
export type SymlinkEntry = Readonly<z.infer<typeof symlinkEntry>>;
/** A line of a list. */
export type ListEntry = FileEntry | DirectoryEntry | SymlinkEntry;
/** A part of a file that is stored. */
export type StoredPiece = z.infer<typeof storedPiece>;
export type HolePiece = z.infer<typeof hole>;
export type PieceReference = StoredPiece | HolePiece;

/** Throws when it is no entry; LS-REPO-015 when it is one of a type that is not known here. */
export function decodeEntry(value: unknown): ListEntry {
  const { type, path } = (value ?? {}) as { readonly type?: unknown; readonly path?: unknown };
  if (type === 'file') return fileEntry.parse(value);
  if (type === 'directory') return directoryEntry.parse(value);
  if (type === 'symlink') return symlinkEntry.parse(value);
  if (typeof type !== 'string') throw new TypeError('an entry without a type');
  throw repositoryErrors.error('LS-REPO-015', {
    what: `a list holds ${JSON.stringify(path)} of the type ${JSON.stringify(type)}, which this version does not know`,
    why: 'a newer version of Leitstand wrote it',
    fix: 'use that version, or a newer one; nothing is lost',
  });
}
