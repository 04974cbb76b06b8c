import type { LeitstandError } from '../platform/errors.ts';
import type { CaptureEntry } from '../stack/source.ts';
import type { ContentStore } from './content-store.ts';
import { SHA256_DIGITS } from './format.ts';
import type { FrameTable } from './frame-table.ts';
import { FRAME_BYTES } from './frames.ts';
import type { KnownContent } from './known-content.ts';
import { footerBytesOf } from './pack-footer.ts';
import { FRAME_ROOM_BYTES, type PieceBatch, type PieceBytes } from './pack-writer.ts';
import { likelyPieces } from './likely-pieces.ts';
import { type EarlierFile, type FileToRead, packsOf, type ReadUnit } from './read-plan.ts';
import {
  alteredUnnoticed,
  changedMeanwhile,
  noLongerReadable,
  unreadable,
  vanishedMeanwhile,
} from './source-errors.ts';
import { describeFile, FileContent, type OpenSourceFile, openSourceFile } from './source-file.ts';
import type { StoredEntry, StoredPart } from './stored-entry.ts';
import type { Crew } from './workers/crew.ts';
import { packNames } from './workers/file-names.ts';
import { Pool } from './workers/pool.ts';
import {
  CHANGED,
  type FilesRead,
  NOT_AS_FOUND,
  type PartRead,
  type ReadProblem,
  ROOM,
} from './workers/read-files.ts';

/** Units that are read while an earlier one is stored. */
export const READS_AHEAD = 3;
/** With these a disk says that it has lost what was in a file. */
const ROTTEN = new Set(['EIO', 'EBADMSG', 'EUCLEAN']);

export interface SourceReaderOptions {
  readonly crew: Crew;
  readonly known: KnownContent;
  readonly frames: FrameTable;
  readonly content: ContentStore;
  readonly onDamage: (error: LeitstandError) => void;
  /** In words, what is not in the backup. */
  readonly onLoss: (loss: string) => void;
  /** Called a few MiB after it was called before. */
  readonly onProgress: () => void;
}

/** What is to be done with what was read, when its turn comes. */
export type Take = () => Promise<void>;

interface FileContentRead {
  readonly bytes: PieceBytes;
  readonly sha256: string;
  /** One of ROOM. */
  readonly room: number;
}

interface LargeFile {
  readonly open: OpenSourceFile;
  readonly content: FileContent;
  /** It is read again, and is not what it was. */
  isAltered: boolean;
  problem: ReadProblem | undefined;
}

/**
 * Reads files and hands their content on, in the order of the plan. A file that may change and does is read once more; one
 * that may vanish and does is left out. Content handed on in a first reading that did not count is merely unused.
 */
export class SourceReader {
  readonly #options: SourceReaderOptions;
  readonly #room = new Pool(FRAME_ROOM_BYTES, READS_AHEAD + 1);
  /** Files that are being read part by part. */
  readonly #large = new Map<FileToRead, LargeFile>();

  constructor(options: SourceReaderOptions) {
    this.#options = options;
  }

  /** Several at once; throws LS-REPO-008 and -009 in their turn. */
  async read(unit: Exclude<ReadUnit, { readonly kind: 'end' }>): Promise<Take> {
    if (unit.kind === 'problem') return () => this.#takeProblem(unit.file, unit.problem);
    const { crew } = this.#options;
    if (unit.kind === 'part') {
      const { descriptor, mayHaveHoles } = unit.open;
      const { file, at, length, open } = unit;
      const known = this.#large.get(file);
      const large = known ?? { open, content: this.#contentOf(file), isAltered: false, problem: undefined };
      this.#large.set(file, large);
      const buffer = await this.#room.take();
      const read = await crew.run('readPart', { descriptor, at, length, mayHaveHoles, buffer });
      return () => this.#takePart(unit, large, read);
    }
    const buffer = await this.#room.take();
    const names = packNames(unit.files.map(({ planned }) => planned.entry));
    const sizes = Float64Array.from(unit.files, ({ planned }) => planned.facts.size);
    const mtimes = unit.files.map(({ planned }) => planned.facts.mtime).join(' ');
    const read = await crew.run('readFiles', { ...names, sizes, mtimes, buffer });
    return () => this.#takeFiles(unit.files, read);
  }

  /** Whoever waits for room gets this. */
  fail(reason: unknown): void {
    this.#room.fail(reason);
  }

  close(): void {
    for (const { open } of this.#large.values()) open.close();
  }

  /** What may change may vanish as well: LS-REPO-040. Throws LS-REPO-009 for everything else. */
  notThere(entry: CaptureEntry, { problem }: ReadProblem): void {
    if (entry.class === 'immutable' || problem !== 'ENOENT') throw unreadable(entry, problem);
    const error = vanishedMeanwhile(entry);
    this.#options.onDamage(error);
    this.#options.onLoss(error.details.what);
  }

  async #takeFiles(
    files: readonly FileToRead[],
    { sha256, rooms, problems, buffer }: FilesRead,
  ): Promise<void> {
    // A file that has to be read by itself is added between the others.
    const spare = problems.size > 0 ? buffer : await this.#options.content.adopt(buffer, batchOf(files));
    let [i, offset] = [0, 0];
    for (const file of files) {
      const { size } = file.planned.facts;
      const problem = problems.get(i);
      if (problem) await this.#takeProblem(file, problem);
      else {
        const waiting = this.#takeFile(file, {
          bytes: { buffer, byteOffset: offset, length: size },
          sha256: sha256.slice(i * SHA256_DIGITS, (i + 1) * SHA256_DIGITS),
          room: rooms[i] ?? ROOM.written,
        });
        if (waiting) await waiting;
      }
      offset += size;
      i += 1;
    }
    this.#room.give(spare);
  }

  /** Nothing to wait for, as a rule: of very many files each promise counts. */
  #takeFile(file: FileToRead, { bytes, sha256, room }: FileContentRead): Promise<void> | undefined {
    const { planned, earlier } = file;
    const { content } = this.#options;
    const { counts } = content;
    counts.readBytes += bytes.length;
    if (file.isReread && earlier) {
      counts.rereadBytes += bytes.length;
      if (sha256 === earlier.entry.sha256) return this.#keep(file, earlier);
      this.#altered(planned.entry);
    }
    const add = (parts: readonly StoredPart[]) => this.#addFile(file, { sha256, room, parts });
    if (bytes.length === 0) return add([]);
    if (room === ROOM.hole) return add([{ hole: bytes.length }]);
    const origin = { sha256, path: planned.entry.path, at: 0 };
    const likely = likelyPieces(this.#options, earlier).get(0);
    const place = content.storeNow(bytes, origin, likely);
    if (place) return add([{ place, sha256 }]);
    return content.store(bytes, origin, likely).then((later) => add([{ place: later, sha256 }]));
  }

  #addFile(
    { planned, link, draft, index, earlier }: FileToRead,
    { sha256, room, parts }: Pick<FileContentRead, 'sha256' | 'room'> & Pick<StoredEntry, 'parts'>,
  ): undefined {
    const { size } = planned.facts;
    const described = { ...describeFile(planned.entry, planned.facts, link), size, sha256 };
    const entry = room === ROOM.written ? described : { ...described, sparse: true as const };
    draft.add(index, { entry, parts }, earlier);
  }

  async #takePart(
    { file, open, length, isLast, expected }: ReadUnit & { readonly kind: 'part' },
    large: LargeFile,
    { part, buffer }: { readonly part: PartRead | ReadProblem; readonly buffer: ArrayBuffer },
  ): Promise<void> {
    let spare = buffer;
    if ('problem' in part) large.problem ??= part;
    else if (expected === undefined) spare = await large.content.take(part, buffer);
    else {
      const { counts } = this.#options.content;
      counts.readBytes += part.length;
      counts.rereadBytes += part.length;
      if (part.length !== length || part.sha256 !== expected) large.isAltered = true;
    }
    this.#room.give(spare);
    if (!isLast) return;
    const isSame = large.problem !== undefined || open.isSame();
    open.close();
    this.#large.delete(file);
    await this.#takeLarge(file, large, isSame);
  }

  async #takeLarge(file: FileToRead, { open, content, isAltered, problem }: LargeFile, isSame: boolean) {
    const { planned, link, draft, index, earlier } = file;
    if (problem) return this.#takeProblem(file, problem);
    if (file.isReread && earlier) {
      const isAsPlanned = open.facts.size === earlier.entry.size && open.facts.mtime === earlier.entry.mtime;
      if (isSame && isAsPlanned && !isAltered) return this.#keep(file, earlier);
      if (isSame && isAsPlanned) this.#altered(planned.entry);
      return this.#takeProblem(file, isSame ? NOT_AS_FOUND : CHANGED);
    }
    const stored = isSame ? content.end(planned.entry, open.facts, link) : undefined;
    if (stored) draft.add(index, stored, earlier);
    else await this.#takeProblem(file, CHANGED);
  }

  async #takeProblem(file: FileToRead, found: ReadProblem): Promise<void> {
    const { planned, draft, index, earlier } = file;
    const { entry } = planned;
    if (file.isReread && earlier && ROTTEN.has(found.problem)) {
      this.#options.onDamage(noLongerReadable(entry, this.#newestId, found.problem));
      return this.#keep(file, earlier);
    }
    if (found.problem !== CHANGED.problem && found.problem !== NOT_AS_FOUND.problem) {
      this.notThere(entry, found);
      draft.leaveOut(index);
      return;
    }
    const readings = (entry.class === 'immutable' ? 1 : 2) - (found.problem === CHANGED.problem ? 1 : 0);
    for (let reading = 0; reading < readings; reading++) {
      const stored = await this.#readAlone(file);
      if (stored === undefined) continue;
      if ('problem' in stored) {
        this.notThere(entry, stored);
        draft.leaveOut(index);
      } else draft.add(index, stored, earlier);
      return;
    }
    throw changedMeanwhile(entry);
  }

  /** From its beginning to its end. Undefined when it was not the same before and after. */
  async #readAlone(file: FileToRead): Promise<StoredEntry | ReadProblem | undefined> {
    const { entry } = file.planned;
    const open = openSourceFile(entry);
    if ('problem' in open) return open;
    try {
      const content = this.#contentOf(file);
      const { descriptor, mayHaveHoles } = open;
      let buffer: ArrayBuffer = new ArrayBuffer(FRAME_ROOM_BYTES);
      for (let at = 0; ; at += FRAME_BYTES) {
        const length = FRAME_BYTES;
        const read = await this.#options.crew.run('readPart', {
          descriptor,
          at,
          length,
          mayHaveHoles,
          buffer,
        });
        if ('problem' in read.part) return read.part;
        buffer = await content.take(read.part, read.buffer);
        this.#options.onProgress();
        if (read.part.length < FRAME_BYTES) break;
      }
      return open.isSame() ? content.end(entry, open.facts, file.link) : undefined;
    } finally {
      open.close();
    }
  }

  /** What is in the newest snapshot stays as it is there. */
  #keep({ draft, index }: FileToRead, earlier: EarlierFile): undefined {
    const { counts } = this.#options.content;
    const { size } = earlier.entry;
    counts.reusedBytes += size;
    draft.keep(index, earlier, { size, packs: packsOf(this.#options.known, earlier.entry) });
  }

  #altered(entry: CaptureEntry): void {
    const error = alteredUnnoticed(entry, this.#newestId);
    this.#options.onDamage(error);
    this.#options.onLoss(
      `${error.details.what}: the content of now is in this backup, the earlier one in that`,
    );
  }

  get #newestId(): string {
    return this.#options.known.newest?.snapshot.id ?? '';
  }

  #contentOf({ planned, earlier }: FileToRead): FileContent {
    return new FileContent(this.#options.content, planned.entry.path, likelyPieces(this.#options, earlier));
  }
}

function batchOf(files: readonly FileToRead[]): PieceBatch {
  return {
    length: files.reduce((sum, { planned }) => sum + planned.facts.size, 0),
    footerBytes: files.reduce((sum, { planned }) => sum + footerBytesOf(planned.entry.path), 0),
  };
}
