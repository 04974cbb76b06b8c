import { systemErrorCode } from '../platform/errors.ts';
import type { ContentCounts } from './content-store.ts';
import { decodedLine, type EarlierLine, EarlierLines } from './earlier-lists.ts';
import { type FileEntry, isFile, isStored, pieceSha256 } from './file-entry.ts';
import type { FrameTable } from './frame-table.ts';
import { FRAME_BYTES } from './frames.ts';
import type { HardLinks } from './hard-links.ts';
import type { KnownContent } from './known-content.ts';
import type { ListDraft } from './list-draft.ts';
import type { ListWriter } from './list-writer.ts';
import type { Plan, PlannedEntry, PlannedRows } from './planned-entries.ts';
import type { PackReference } from './records.ts';
import type { IsDue } from './reread.ts';
import { readOtherEntry } from './source-entry.ts';
import { describeFile, type OpenSourceFile, openSourceFile } from './source-file.ts';
import type { StoredEntry, StoredPart } from './stored-entry.ts';
import { staysTheSame } from './unchanged-line.ts';
import type { ReadProblem } from './workers/read-files.ts';

/** A file whose content has to be read. */
export interface FileToRead {
  readonly planned: PlannedEntry;
  readonly link: string | undefined;
  readonly draft: ListDraft;
  readonly index: number;
  /** What the newest snapshot says of a file with this path, changed on the same day; all of its content is there. */
  readonly earlier: EarlierFile | undefined;
  /** Only to see whether it still is what `earlier` says. */
  readonly isReread: boolean;
}

export type EarlierFile = EarlierLine & { readonly entry: FileEntry };

/** What is read at once, in the order of the lists. */
export type ReadUnit =
  | { readonly kind: 'files'; readonly files: readonly FileToRead[] }
  | {
      readonly kind: 'part';
      readonly file: FileToRead;
      readonly open: OpenSourceFile;
      readonly at: number;
      readonly length: number;
      readonly isLast: boolean;
      /** What it should be, where that is all that it is read for. */
      readonly expected: string | undefined;
    }
  | { readonly kind: 'problem'; readonly file: FileToRead; readonly problem: ReadProblem }
  | { readonly kind: 'end'; readonly drafts: readonly ListDraft[] };

export interface ReadPlanRequest {
  readonly entries: Plan['entries'];
  readonly links: HardLinks;
  readonly known: KnownContent;
  readonly frames: FrameTable;
  readonly writer: ListWriter;
  readonly counts: ContentCounts;
  readonly isDue: IsDue | undefined;
  /** A file that may vanish, and did. */
  readonly onProblem: (entry: PlannedEntry, problem: ReadProblem) => void;
}

/** Files that are read in one go, so that the answers are not too long. */
const BATCH_FILES = 512;
/** Lists that wait for the same files to be read. */
const BATCH_LISTS = 64;

/** What has to be read, in the order of the lists; the rest is taken from the newest snapshot on the way. */
export async function* planReading(request: ReadPlanRequest): AsyncGenerator<ReadUnit> {
  const batch = new Batch();
  const { known } = request;
  const earlier = new EarlierLines(known.reading, known.newest?.snapshot.lists ?? [], known.packs);
  let draft: ListDraft | undefined;
  for (const [rows, beginsList] of request.entries) {
    const { day } = rows;
    if (!draft || beginsList) {
      if (draft) yield* batch.end(draft);
      draft = await request.writer.open(day);
    }
    for (let [i, due] = [0, -1]; i < rows.count; ) {
      if (due < i) due = nextDue(request, rows, i);
      const kept = keepUnchanged(request, earlier, { draft, rows, from: i, end: due });
      i += kept;
      if (kept > 0) continue;
      const line = lineOf(earlier, rows, i);
      if (line === 'more') {
        await earlier.more(day);
        continue;
      }
      const planned = rows.planned(i);
      i += 1;
      const file = planEntry(request, { draft, index: draft.next(day), planned, line });
      if (!file) continue;
      const isLarge = planned.facts.size > FRAME_BYTES;
      if (isLarge || !batch.hasRoom(file)) yield* batch.flush();
      if (isLarge) yield* partsOf(request, file);
      else batch.add(file);
    }
  }
  if (draft) yield* batch.end(draft);
  yield* batch.flush();
}

/** As `EarlierLines.find`. */
function lineOf(earlier: EarlierLines, rows: PlannedRows, i: number): EarlierLine | 'more' | undefined {
  const unchanged = earlier.unchanged(rows, i, i + 1);
  return unchanged ? decodedLine(unchanged) : earlier.find(rows.day, rows.path(i));
}

class Batch {
  #files: FileToRead[] = [];
  #bytes = 0;
  #drafts: ListDraft[] = [];

  hasRoom({ planned: { facts } }: FileToRead): boolean {
    return this.#files.length < BATCH_FILES && this.#bytes + facts.size <= FRAME_BYTES;
  }

  add(file: FileToRead): void {
    this.#files.push(file);
    this.#bytes += file.planned.facts.size;
  }

  /** Short lists wait for each other's files to be read together. */
  *end(draft: ListDraft): Generator<ReadUnit> {
    this.#drafts.push(draft);
    const isIdle = this.#files.length === 0 || this.#drafts.length >= BATCH_LISTS;
    if (isIdle || draft.length >= BATCH_FILES) yield* this.flush();
  }

  *flush(): Generator<ReadUnit> {
    if (this.#files.length > 0) yield { kind: 'files', files: this.#files };
    if (this.#drafts.length > 0) yield { kind: 'end', drafts: this.#drafts };
    [this.#files, this.#bytes, this.#drafts] = [[], 0, []];
  }
}

interface EntryToPlan {
  readonly draft: ListDraft;
  readonly index: number;
  readonly planned: PlannedEntry;
  readonly line: EarlierLine | undefined;
}

/** Undefined when nothing of it has to be read. */
function planEntry(request: ReadPlanRequest, one: EntryToPlan): FileToRead | undefined {
  const { draft, index, planned, line } = one;
  if (planned.entry.kind !== undefined) {
    takeOther(request, one);
    return undefined;
  }
  const earlier = earlierFile(request.known, line);
  const link = request.links.linkOf(planned.facts);
  const file = { planned, link, draft, index, earlier };
  if (!earlier || !isUnchanged(planned, earlier.entry)) return { ...file, isReread: false };
  // Without the link it had: its other names may be gone.
  const { link: _, ...content } = earlier.entry;
  const kept: FileEntry = { ...content, ...describeFile(planned.entry, planned.facts, link) };
  const isSame = sameDescription(earlier.entry, kept);
  const { size, pieces } = earlier.entry;
  const isDue = pieces.some((part, i) => isStored(part) && request.isDue?.(planned.entry.path, i));
  if (isDue && isSame) return { ...file, isReread: true };
  // With another mode or owner it is read as if it were new; of a large one that would be more than its share.
  if (isDue && pieces.length === 1) return { ...file, isReread: false };
  request.counts.skippedBytes += size;
  request.counts.reusedBytes += size;
  if (isSame) draft.keep(index, earlier, { size, packs: packsOf(request.known, earlier.entry) });
  else draft.add(index, keptEntry(request, kept));
  return undefined;
}

interface RowsToKeep {
  readonly draft: ListDraft;
  readonly rows: PlannedRows;
  readonly from: number;
  readonly end: number;
}

/** Of these rows, from there on, the first that is to be read again. */
function nextDue({ isDue }: ReadPlanRequest, rows: PlannedRows, from: number): number {
  let i = isDue ? from : rows.count;
  while (i < rows.count && !isDue?.(rows.path(i), 0)) i += 1;
  return i;
}

/** Of how many of these nothing need be looked into. */
function keepUnchanged(
  { counts }: ReadPlanRequest,
  earlier: EarlierLines,
  { draft, rows, from, end }: RowsToKeep,
): number {
  const lines = earlier.unchanged(rows, from, end);
  if (!lines) return 0;
  const { count } = lines;
  let bytes = 0;
  for (let i = from; i < from + count; i += 1) bytes += rows.size(i);
  counts.skippedBytes += bytes;
  counts.reusedBytes += bytes;
  draft.keepAll(draft.next(rows.day, count), lines, bytes);
  return count;
}

function takeOther({ onProblem }: ReadPlanRequest, { draft, index, planned, line }: EntryToPlan): void {
  try {
    draft.add(index, { entry: readOtherEntry(planned.entry), parts: [] }, line);
  } catch (error) {
    onProblem(planned, {
      problem: systemErrorCode(error) ?? String(error instanceof Error ? error.message : error),
    });
    draft.leaveOut(index);
  }
}

/** A file of the newest snapshot whose content may all be built upon. */
function earlierFile(known: KnownContent, line: EarlierLine | undefined): EarlierFile | undefined {
  if (!line || !isFile(line.entry)) return undefined;
  const isThere = line.entry.pieces.every((part) => !isStored(part) || known.packs.has(part[0]));
  return isThere ? { ...line, entry: line.entry } : undefined;
}

/** Never by ctime: each hard link changes it. */
function isUnchanged(planned: PlannedEntry, earlier: FileEntry): boolean {
  const { entry, facts } = planned;
  return (
    staysTheSame(planned) &&
    facts.size === earlier.size &&
    facts.mtime === earlier.mtime &&
    entry.escaped === earlier.escaped
  );
}

function sameDescription(a: FileEntry, b: FileEntry): boolean {
  return a.mode === b.mode && a.uid === b.uid && a.gid === b.gid && a.link === b.link;
}

/** That its content is in, and that may be built upon. */
export function packsOf({ packs }: Pick<KnownContent, 'packs'>, { pieces }: FileEntry): PackReference[] {
  return pieces.flatMap((part) => (isStored(part) ? (packs.get(part[0]) ?? []) : []));
}

/** Content as it was, described anew. */
function keptEntry({ known, frames }: ReadPlanRequest, { pieces, ...entry }: FileEntry): StoredEntry {
  const parts = pieces.map((part): StoredPart => {
    const pack = isStored(part) ? known.packs.get(part[0]) : undefined;
    if (!pack || !isStored(part)) return { hole: part[4] };
    const frame = frames.known(pack, part[1], part[2]);
    return { place: { frame, offset: part[3], length: part[4] }, sha256: part[5] ?? entry.sha256 };
  });
  return { entry, parts };
}

function* partsOf({ isDue }: ReadPlanRequest, file: FileToRead): Generator<ReadUnit> {
  const open = openSourceFile(file.planned.entry);
  if ('problem' in open) {
    yield { kind: 'problem', file, problem: open };
    return;
  }
  const parts =
    file.isReread && file.earlier ? dueParts(file.earlier.entry, isDue) : allParts(open.facts.size);
  for (const [i, part] of parts.entries())
    yield { kind: 'part', file, open, ...part, isLast: i === parts.length - 1 };
}

function allParts(size: number): { at: number; length: number; expected: undefined }[] {
  const count = Math.max(1, Math.ceil(size / FRAME_BYTES));
  return Array.from({ length: count }, (_, i) => ({
    at: i * FRAME_BYTES,
    length: Math.min(FRAME_BYTES, Math.max(1, size - i * FRAME_BYTES)),
    expected: undefined,
  }));
}

function dueParts(
  entry: FileEntry,
  isDue: IsDue | undefined,
): { at: number; length: number; expected: string }[] {
  let at = 0;
  return entry.pieces.flatMap((part, i) => {
    const from = at;
    at += part[4];
    if (!isStored(part) || !isDue?.(entry.path, i)) return [];
    return [{ at: from, length: part[4], expected: pieceSha256(entry, part) }];
  });
}
