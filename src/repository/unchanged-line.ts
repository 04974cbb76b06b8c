import type { PlannedEntry } from './found-batch.ts';

const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;
/** Between the mark of the first piece and the size: one stored piece, of which the length is told, and the hash. */
const PIECE =
  /[0-9a-f]{64}",(?:0|[1-9]\d{0,14}),(?:0|[1-9]\d{0,14}),(?:0|[1-9]\d{0,14}),([1-9]\d{0,14})\]\],"sha256":"[0-9a-f]{64}",/y;
const ID_DIGITS = 64;
/** What JSON writes otherwise. */
const QUOTED = /["\\\u0000-\u001f\ud800-\udfff]/;

/** Whether the class of an entry says that the same path, size and time are the same content. */
export function staysTheSame({ entry, facts }: Pick<PlannedEntry, 'entry' | 'facts'>): boolean {
  return entry.class === 'immutable' && entry.kind === undefined && (facts.mode & FILE_TYPE) === REGULAR;
}

/**
 * The pack of a file's only piece, where a line of a list is, byte by byte, what would be said of that file today: so nearly
 * all lines of a backup in which little has changed are known without being decoded. Undefined says nothing.
 */
export function packOfUnchanged(text: string, planned: PlannedEntry): string | undefined {
  const { entry, facts } = planned;
  if (!staysTheSame(planned) || entry.escaped || facts.linked !== undefined || QUOTED.test(entry.path))
    return undefined;
  const { mode, uid, gid, mtime, size } = facts;
  const owner = `{"gid":${gid},"mode":${mode & 0o7777},"mtime":"`;
  // One after the other: put together for each file, they would be garbage a moment later.
  let at = 0;
  for (const part of [owner, mtime, '","path":"', entry.path, '","pieces":[["']) {
    if (!text.startsWith(part, at)) return undefined;
    at += part.length;
  }
  PIECE.lastIndex = at;
  const length = PIECE.exec(text)?.[1];
  if (length === undefined || Number(length) !== size) return undefined;
  const tail = `"size":${size},"type":"file","uid":${uid}}`;
  const isSame = text.length === PIECE.lastIndex + tail.length && text.endsWith(tail);
  return isSame ? text.slice(at, at + ID_DIGITS) : undefined;
}
