import type { EarlierLine, EarlierList, UnchangedLines } from './earlier-lists.ts';
import { encodeAround, encodeLine, encodePlace, isPlainlyDescribed } from './entry-text.ts';
import type { ListEntry, PieceReference } from './file-entry.ts';
import type { FrameTable } from './frame-table.ts';
import { GappedLines } from './gapped-lines.ts';
import { type Day, dayText } from './list-spans.ts';
import { type ListBeginning, ListText } from './list-text.ts';
import type { ListContent } from './lists.ts';
import type { ListReference, PackReference } from './records.ts';
import type { StoredEntry } from './stored-entry.ts';
import { finishPieces } from './sparse.ts';

interface Waiting {
  readonly index: number;
  readonly stored: StoredEntry;
  readonly earlier: EarlierLine | undefined;
}

/** What a list is going to be. Its entries come in any order; their content may not be in the store yet. */
export class ListDraft {
  readonly #firstDay: Day;
  #lastDay: Day;
  readonly #text = new ListText();
  #length = 0;
  /** Whose frames are on their way: files of one piece by index and frame, and all others, as they came. */
  readonly #plain = new GappedLines();
  /** Of the frame that was looked at last. */
  #place: { readonly frame: number; readonly text: Buffer } | undefined;
  #lastPack: PackReference | undefined;
  #waiting: Waiting[] = [];
  #waitingFrom = 0;
  #bytes = 0;
  #files = 0;
  /** The earlier list that this one may be equal to. */
  #earlier: EarlierList | undefined;
  #isEarlier = true;
  #isClosed = false;
  readonly #frames: FrameTable;
  readonly #onPack: (pack: PackReference) => void;

  constructor(day: Day, frames: FrameTable, onPack: (pack: PackReference) => void) {
    [this.#firstDay, this.#lastDay, this.#frames, this.#onPack] = [day, day, frames, onPack];
  }

  /** Room for so many more entries, of that day or a later one than before; the index of the first. */
  next(day: Day, count = 1): number {
    this.#lastDay = day;
    this.#length += count;
    return this.#length - count;
  }

  get length(): number {
    return this.#length;
  }

  /** A file's line as in an earlier list. `packs`: all that it refers to. */
  keep(
    index: number,
    line: EarlierLine,
    { size, packs }: { readonly size: number; readonly packs: readonly PackReference[] },
  ): void {
    this.#keep(index, line);
    this.#count(size);
    for (const pack of packs) this.#refersTo(pack);
  }

  /** Lines of files that have so many bytes together; the first has that index. */
  keepAll(index: number, lines: UnchangedLines, bytes: number): void {
    this.#keep(index, lines);
    this.#count(bytes, lines.count);
    this.#refersTo(lines.pack);
  }

  #keep(index: number, lines: EarlierLine | UnchangedLines): void {
    this.#compare(index, lines);
    this.#text.enter(index, lines);
  }

  /** Neighbours mostly are in the same. */
  #refersTo(pack: PackReference): void {
    if (pack !== this.#lastPack) this.#onPack(pack);
    this.#lastPack = pack;
  }

  /** Its line is written once all its content is stored; `earlier`: with which it may turn out to be the same. */
  add(index: number, stored: StoredEntry, earlier?: EarlierLine): void {
    const { entry, parts } = stored;
    const [only, another] = parts;
    const isPlain = entry.type === 'file' && only && 'place' in only && !another && isPlainlyDescribed(entry);
    if (earlier || !isPlain) {
      this.#waiting.push({ index, stored, earlier });
      return;
    }
    const [head, tail] = encodeAround(entry, only.place);
    this.#plain.put(head, tail, index, only.place.frame);
    this.#count(entry.size);
    this.#isEarlier = false;
  }

  /** No line: the file is not there any more. */
  leaveOut(index: number): void {
    this.#isEarlier = false;
    this.#text.enter(index, undefined);
  }

  /** Nothing is added any more. */
  close(): void {
    this.#isClosed = true;
  }

  /** Takes in what has been stored meanwhile. True when the list can be written. */
  isComplete(): boolean {
    const [isPlainComplete, areOthersComplete] = [this.#completePlain(), this.#completeOthers()];
    return isPlainComplete && areOthersComplete && this.#isClosed;
  }

  #completePlain(): boolean {
    for (let next = this.#plain.next; next; next = this.#plain.next) {
      if (next.second !== this.#place?.frame) this.#place = this.#placeOf(next.second);
      if (!this.#place) return false;
      this.#text.enterGapped(next.first, this.#plain, this.#place.text);
    }
    return true;
  }

  #placeOf(frame: number): { readonly frame: number; readonly text: Buffer } | undefined {
    const stored = this.#frames.stored(frame);
    if (!stored) return undefined;
    this.#onPack(stored.pack);
    return { frame, text: Buffer.from(encodePlace(stored.pack.id, stored.offset, stored.length)) };
  }

  #completeOthers(): boolean {
    for (; this.#waitingFrom < this.#waiting.length; this.#waitingFrom += 1) {
      const next = this.#waiting[this.#waitingFrom];
      const entry = next && finishEntry(next.stored, this.#frames, this.#onPack);
      if (!entry) return false;
      const text = encodeLine(entry);
      const same = next.earlier?.text === text ? next.earlier : undefined;
      if (same) this.#compare(next.index, same);
      else this.#isEarlier = false;
      this.#text.enter(next.index, same ?? text);
      this.#count(entry.type === 'file' ? entry.size : 0);
    }
    [this.#waiting, this.#waitingFrom] = [[], 0];
    return true;
  }

  get days(): Pick<ListReference, 'day' | 'until'> {
    const day = dayText(this.#firstDay);
    return this.#lastDay === this.#firstDay ? { day } : { day, until: dayText(this.#lastDay) };
  }

  /** The earlier list that is exactly this one. */
  get earlier(): ListReference | undefined {
    const reference = this.#earlier?.reference;
    return this.#isEarlier && reference?.files === this.#files ? reference : undefined;
  }

  /** Of its text, what is complete and cannot be an earlier list's; it is gone from here. */
  takeText(): Buffer[] {
    return this.#isEarlier ? [] : this.#text.takeFull();
  }

  /** What its text begins with. */
  get beginning(): ListBeginning | undefined {
    return this.#text.beginning;
  }

  /** What is left of it. */
  get content(): ListContent {
    return { text: this.#text.chunks, files: this.#files, bytes: this.#bytes };
  }

  #compare(index: number, { list, line }: Pick<EarlierLine, 'list' | 'line'>): void {
    this.#earlier ??= list;
    if (list !== this.#earlier || line !== index) this.#isEarlier = false;
  }

  #count(bytes: number, files = 1): void {
    this.#files += files;
    this.#bytes += bytes;
  }
}

/** Undefined until all of it is stored. */
function finishEntry(
  { entry, parts }: StoredEntry,
  frames: FrameTable,
  onPack: (pack: PackReference) => void,
): ListEntry | undefined {
  if (entry.type !== 'file') return entry;
  const pieces: (PieceReference | number)[] = [];
  for (const part of parts) {
    if ('hole' in part) {
      pieces.push(part.hole);
      continue;
    }
    const { frame, offset, length } = part.place;
    const stored = frames.stored(frame);
    if (!stored) return undefined;
    onPack(stored.pack);
    const { pack, offset: frameOffset, length: frameLength } = stored;
    pieces.push(
      parts.length === 1
        ? [pack.id, frameOffset, frameLength, offset, length]
        : [pack.id, frameOffset, frameLength, offset, length, part.sha256],
    );
  }
  return { ...entry, pieces: finishPieces(pieces) };
}
