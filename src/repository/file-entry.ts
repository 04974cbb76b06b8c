import { z } from 'zod';
import { canonicalJson } from '../platform/canonical-json.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();

/**
 * Where a part of a file is: pack, offset and length of the frame in the pack, offset and length of the part in
 * the frame's plaintext, and the part's SHA-256 unless the file is this one part.
 */
const piece = z.tuple([sha256, count, count, count, count, sha256.optional()]);

const fileEntry = z
  .object({
    /** Logical path of the capture. */
    path: z.string(),
    type: z.literal('file'),
    /** Permission bits. */
    mode: z.int().min(0).max(0o7777),
    uid: count,
    gid: count,
    /** Nanoseconds since 1970 UTC, decimal, as text: JSON numbers are too coarse. */
    mtime: z.string().regex(/^-?\d+$/),
    size: count,
    sha256,
    pieces: z.array(piece),
  })
  .refine(
    (entry) => entry.pieces.reduce((sum, part) => sum + part[4], 0) === entry.size,
    'pieces do not add up',
  )
  .refine(
    (entry) => entry.pieces.length <= 1 || entry.pieces.every((part) => part[5] !== undefined),
    'a piece without its hash',
  );

export type FileEntry = Readonly<z.infer<typeof fileEntry>>;
export type PieceReference = z.infer<typeof piece>;

export function pieceSha256(entry: FileEntry, part: PieceReference): string {
  return part[5] ?? entry.sha256;
}

/** One line per entry, sorted by path in code-unit order. */
export function encodeEntries(entries: readonly FileEntry[]): Buffer {
  return Buffer.from(entries.map((entry) => `${canonicalJson(entry as never)}\n`).join(''));
}

/** Throws when a line is no entry. */
export function decodeEntries(text: string): FileEntry[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => fileEntry.parse(JSON.parse(line)));
}
