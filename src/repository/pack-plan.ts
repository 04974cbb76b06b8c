import { release } from './buffers.ts';
import { type FileEntry, isHole, pieceSha256, type StoredPiece } from './file-entry.ts';
import { FRAME_BYTES } from './frames.ts';
import type { FileRows } from './whole-files.ts';

/** A part of a file, to be taken from a decoded frame. */
export interface PieceUse {
  readonly entry: FileEntry;
  /** Which of the entry's pieces. */
  readonly index: number;
  /** Where it belongs in the file. */
  readonly at: number;
  /** Where it is in the frame's plaintext. */
  readonly offset: number;
  readonly length: number;
  readonly sha256: string;
}

export interface FramePlan {
  readonly pack: string;
  readonly offset: number;
  readonly length: number;
  readonly uses: readonly PieceUse[];
  /** Further parts of it, each a whole file. */
  readonly files?: FileRows | undefined;
  /** Of the plaintext, as far as anything of it is needed. */
  readonly end: number;
}

/** Bytes of a pack that are asked for at once, and the frames that lie in them. */
export interface Segment {
  readonly pack: string;
  readonly offset: number;
  readonly length: number;
  readonly frames: readonly FramePlan[];
}

/** A frame of more stored bytes was not made by us: at worst it is raw, with a header of 3 bytes for each 128 KiB. */
export const MAX_FRAME_BYTES = FRAME_BYTES + 64 * 1024;
/** Asked for at once: enough that the way to the store hardly counts, little enough that many fit into memory. */
export const SEGMENT_BYTES = 4 * 1024 * 1024;
/** What it holds when it is decoded: a frame of zeros has few stored bytes. */
const SEGMENT_PLAIN_BYTES = 4 * FRAME_BYTES;
/** Reading over a gap is cheaper than another request. */
const GAP_BYTES = 64 * 1024;

/**
 * What has to be read for the files, each pack once: packs in the order in which the files need them first, the frames
 * of each from front to back. The rows of `files` come into the order of their frames, and are parts of the plan.
 */
export function planByPack(entries: Iterable<FileEntry>, files?: FileRows): Segment[] {
  const packs = new Map<string, Map<number, FrameUses>>();
  const frameOf = (pack: string, offset: number): FrameUses => {
    const frames = packs.get(pack) ?? new Map<number, FrameUses>();
    packs.set(pack, frames);
    const frame = frames.get(offset) ?? { pack, offset, length: 0, end: 0, uses: [], count: 0 };
    frames.set(offset, frame);
    return frame;
  };
  for (const entry of entries) {
    for (const [[pack, offset, length], use] of usesOf(entry)) {
      const frame = frameOf(pack, offset);
      frame.uses.push(use);
      widen(frame, length, use.offset + use.length);
    }
  }
  if (files) addFiles(files, frameOf);
  return [...packs.values()].flatMap((frames) => gathered(framesOf(frames)));
}

/** Next to each other they mostly are in one frame. */
function addFiles({ table, rows }: FileRows, frameOf: (pack: string, offset: number) => FrameUses): void {
  let last: FrameUses | undefined;
  const frameOfRow = (row: number): FrameUses => {
    const [pack, offset] = [table.pack(row), table.number(row, 'frameOffset')];
    if (last?.pack !== pack || last.offset !== offset) last = frameOf(pack, offset);
    return last;
  };
  const frames = new Set<FrameUses>();
  for (const row of rows) {
    const frame = frameOfRow(row);
    frames.add(frame);
    frame.count += 1;
    widen(frame, table.number(row, 'frameLength'), table.number(row, 'offset') + table.number(row, 'length'));
  }
  const unsorted = rows.slice();
  let at = 0;
  for (const frame of frames) {
    frame.files = { table, rows: rows.subarray(at, at + frame.count) };
    at += frame.count;
    frame.count = 0;
  }
  for (const row of unsorted) {
    const frame = frameOfRow(row);
    if (frame.files) frame.files.rows[frame.count] = row;
    frame.count += 1;
  }
  release(unsorted);
}

/** Two lists that give a frame different lengths: one of them lies, and the hash of its piece will say so. */
function widen(frame: FrameUses, length: number, end: number): void {
  frame.length = Math.max(frame.length, length);
  frame.end = Math.max(frame.end, end);
}

/** For one file from its beginning to its end; a pack may come more than once. */
export function planInOrder(entry: FileEntry): Segment[] {
  const frames: FramePlan[] = [];
  for (const [piece, use] of usesOf(entry)) {
    const [pack, offset, length] = piece;
    const last = frames.at(-1);
    const end = use.offset + use.length;
    if (last?.pack === pack && last.offset === offset)
      frames.splice(-1, 1, { ...last, uses: [...last.uses, use], end: Math.max(last.end, end) });
    else frames.push({ pack, offset, length, uses: [use], end });
  }
  return gathered(frames);
}

interface FrameUses {
  readonly pack: string;
  readonly offset: number;
  length: number;
  end: number;
  readonly uses: PieceUse[];
  files?: FileRows;
  /** Of `files`. */
  count: number;
}

function* usesOf(entry: FileEntry): Generator<readonly [StoredPiece, PieceUse]> {
  let at = 0;
  for (const [index, piece] of entry.pieces.entries()) {
    const [, , , offset, length] = piece;
    if (!isHole(piece))
      yield [piece, { entry, index, at, offset, length, sha256: pieceSha256(entry, piece) }];
    at += length;
  }
}

function framesOf(frames: ReadonlyMap<number, FrameUses>): FramePlan[] {
  return [...frames.values()].sort((a, b) => a.offset - b.offset);
}

function gathered(frames: readonly FramePlan[]): Segment[] {
  const segments: { pack: string; offset: number; length: number; frames: FramePlan[] }[] = [];
  let plain = 0;
  for (const frame of frames) {
    const last = segments.at(-1);
    const length = last === undefined ? 0 : frame.offset + frame.length - last.offset;
    const gap = last === undefined ? 0 : frame.offset - last.offset - last.length;
    const isNear = last?.pack === frame.pack && gap >= 0 && gap <= GAP_BYTES;
    plain += plainLengthOf(frame);
    if (last && isNear && length <= SEGMENT_BYTES && plain <= SEGMENT_PLAIN_BYTES) {
      last.length = length;
      last.frames.push(frame);
    } else {
      const { pack, offset } = frame;
      segments.push({ pack, offset, length: frame.length, frames: [frame] });
      plain = plainLengthOf(frame);
    }
  }
  return segments;
}

/** What of the decoded frame is held. */
export function plainLengthOf({ end }: FramePlan): number {
  return Math.min(FRAME_BYTES, end);
}

/** The same, and all the bytes of the pack beside them: for who hashes the pack as well. */
export function wholePack(
  pack: { readonly id: string; readonly size: number },
  segments: readonly Segment[],
): Segment[] {
  const whole: Segment[] = [];
  let at = 0;
  const fill = (end: number) => {
    while (at < end) {
      const length = Math.min(SEGMENT_BYTES, end - at);
      whole.push({ pack: pack.id, offset: at, length, frames: [] });
      at += length;
    }
  };
  for (const segment of segments) {
    fill(Math.min(segment.offset, pack.size));
    whole.push(segment);
    at = Math.max(at, segment.offset + segment.length);
  }
  fill(pack.size);
  return whole;
}
