import { canonicalJson } from '../platform/canonical-json.ts';
import { decodeEntry } from './entry-schema.ts';
import { type FileEntry, type ListEntry, MAX_ID, MAX_MODE } from './file-entry.ts';

/** The line of an entry, without the line feed: canonical JSON. */
export function encodeLine(entry: ListEntry): string {
  if (entry.type !== 'file' || !isPlainlyDescribed(entry)) return canonicalJson(entry as never);
  // The same, sooner: there may be millions of them.
  const { gid, mode, mtime, path, pieces, sha256, size, uid } = entry;
  return (
    `{"gid":${gid},"mode":${mode},"mtime":"${mtime}","path":${JSON.stringify(path)},` +
    `"pieces":${JSON.stringify(pieces)},"sha256":"${sha256}","size":${size},"type":"file","uid":${uid}}`
  );
}

/** A file as nearly all are: with nothing but what each one has. */
export function isPlainlyDescribed(entry: DescribedFile): boolean {
  return !entry.escaped && !entry.sparse && entry.link === undefined;
}

/**
 * The same line with its line feed for a file of one piece of which it is not known yet where its frame is stored: what is
 * before that, and behind.
 */
export function encodeAround(
  entry: DescribedFile,
  { offset, length }: { readonly offset: number; readonly length: number },
): readonly [head: string, tail: string] {
  const { gid, mode, mtime, path, sha256, size, uid } = entry;
  return [
    `{"gid":${gid},"mode":${mode},"mtime":"${mtime}","path":${JSON.stringify(path)},"pieces":[["`,
    `,${offset},${length}]],"sha256":"${sha256}","size":${size},"type":"file","uid":${uid}}\n`,
  ];
}

/** What is in between. */
export function encodePlace(pack: string, offset: number, length: number): string {
  return `${pack}",${offset},${length}`;
}

type DescribedFile = Omit<FileEntry, 'pieces'>;

/** Throws when the line is no entry; LS-REPO-015 when it is one of a type that is not known here. */
export function decodeLine(line: string): ListEntry {
  const value: unknown = JSON.parse(line);
  return isPlainFile(value) ? (value as ListEntry) : decodeEntry(value);
}

/** Every line must be closed. */
export function decodeEntries(text: string): ListEntry[] {
  return text.split('\n').slice(0, -1).map(decodeLine);
}

const SHA256 = /^[0-9a-f]{64}$/;
const MTIME = /^-?\d{1,30}$/;
const PLAIN_MEMBERS = ['gid', 'mode', 'mtime', 'path', 'pieces', 'sha256', 'size', 'type', 'uid'];

/**
 * Whether it is a file as nearly all are, with nothing but what each one has. Says yes to nothing that the schema of
 * `entry-schema.ts` refuses, and takes a tenth of its time.
 */
function isPlainFile(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false;
  const entry = value as { readonly [key: string]: unknown };
  const { gid, mode, mtime, path, pieces, sha256, size, type, uid } = entry;
  return (
    Object.keys(entry).every((key, i) => key === PLAIN_MEMBERS[i]) &&
    type === 'file' &&
    isCount(gid) &&
    gid <= MAX_ID &&
    isCount(uid) &&
    uid <= MAX_ID &&
    isCount(mode) &&
    mode <= MAX_MODE &&
    typeof mtime === 'string' &&
    MTIME.test(mtime) &&
    typeof path === 'string' &&
    path.isWellFormed() &&
    isCount(size) &&
    isSha256(sha256) &&
    Array.isArray(pieces) &&
    lengthOf(pieces) === size
  );
}

/** Undefined when they are not all stored pieces, or one of several has no hash. */
function lengthOf(pieces: readonly unknown[]): number | undefined {
  let sum = 0;
  for (const piece of pieces) {
    if (!Array.isArray(piece) || piece.length < 5 || piece.length > 6) return undefined;
    const [pack, frameOffset, frameLength, offset, length, sha256] = piece as readonly unknown[];
    if (!isSha256(pack) || !isCount(frameOffset) || !isCount(frameLength) || !isCount(offset))
      return undefined;
    if (!isCount(length)) return undefined;
    if (piece.length === 6 ? !isSha256(sha256) : pieces.length > 1) return undefined;
    sum += length;
  }
  return sum;
}

function isSha256(value: unknown): value is string {
  return typeof value === 'string' && SHA256.test(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
