import { LeitstandError } from '../platform/errors.ts';
import { noKey } from './age/keyring.ts';
import { release } from './buffers.ts';
import { repositoryErrors } from './errors.ts';
import { SHA256_DIGITS } from './format.ts';
import { packName } from './names.ts';
import { type FramePlan, MAX_FRAME_BYTES, type PieceUse, plainLengthOf, type Segment } from './pack-plan.ts';
import { readAhead } from './read-ahead.ts';
import {
  drop,
  type FetchedSegment,
  fetchSegment,
  fetchSegments,
  type SegmentSource,
} from './segment-fetch.ts';
import type { FileRows } from './whole-files.ts';
import type { Crew } from './workers/crew.ts';
import { columnsOf, type FrameToOpen, type OpenedFrame, STATE, UNCHECKED } from './workers/open-segment.ts';
import type { FilesToPlace } from './workers/place-files.ts';
import type { PartToWrite } from './workers/write-parts.ts';

/** Segments that are opened at the same time, beside the main thread. */
const OPENED = 6;
const LEAST_CHUNK_BYTES = 64 * 1024;
/** Making a file takes as long as decoding that much. */
export const FILE_BYTES = 16 * 1024;

/**
 * Content, or why there is none. `settled`: it is right, and nobody wanted to have it here. `written`: it is in its file.
 */
export type PieceRead =
  | { readonly use: PieceUse; readonly bytes: Uint8Array }
  | { readonly use: PieceUse; readonly settled: true }
  | { readonly use: PieceUse; readonly written: true }
  | { readonly use: PieceUse; readonly damage: LeitstandError };

/** The pieces of a frame, once it is decoded; of its `files` only those that could not be made at once. */
export interface FrameRead {
  readonly frame: FramePlan;
  readonly pieces: readonly PieceRead[];
  /** Rows of its `files` that were made. */
  readonly placed: Uint32Array | undefined;
}

export interface PieceSource extends SegmentSource {
  /** Decrypts, decodes and compares. */
  readonly crew: Crew;
  /** Whether the piece is compared with its hash; those of a file that is hashed as a whole need not be. */
  readonly isChecked?: ((use: PieceUse) => boolean) | undefined;
  /** Whether it is enough that the piece is right: its content does not come. */
  readonly isEnough?: ((use: PieceUse) => boolean) | undefined;
  /** Which parts are written where they are decoded. */
  readonly writing?: PartWriting | undefined;
  /** How the frames' `files` are made: `first` is the place of the first of them among the parts of its frame. */
  readonly placing?: ((files: FileRows, first: number) => FilesToPlace) | undefined;
}

/** Parts that are written by whichever thread decodes them. */
export interface PartWriting {
  /** Where it is to be written; undefined: its content is to come. */
  begin(use: PieceUse): PartToWrite | undefined;
  /** The thread is done with it. Not called where the work failed: whether another thread goes on is not known then. */
  end(use: PieceUse): void;
}

/**
 * Reads content back, in the order of the segments, several requests ahead and with bounded memory. What does not decode
 * or has another hash is asked for once more before it counts as damage (LS-REPO-005). Pieces of a pack to which no key is
 * here come with LS-REPO-029 instead: that is no damage.
 */
export async function* readPieces(
  from: PieceSource,
  segments: Iterable<Segment> | AsyncIterable<Segment>,
): AsyncGenerator<FrameRead> {
  const opened = readAhead(fetchSegments(from, segments), {
    work: (stored) => openSegment(from, stored),
    count: OPENED,
  });
  for await (const frames of opened) {
    from.signal?.throwIfAborted();
    yield* frames;
  }
}

/** Gives back what the pieces of a frame lie in, which is the same memory, once they are not looked at any more. */
export function releaseFrame(pieces: readonly PieceRead[]): void {
  for (const piece of pieces) if ('bytes' in piece) release(piece.bytes);
}

/** Why a frame has no bytes, in words that follow the pack's name; or that no key is here. */
type FrameProblem = 'is missing' | 'is cut off' | 'was altered' | LeitstandError;

/** What came wrong is fetched and opened once more. */
async function openSegment(from: PieceSource, fetched: FetchedSegment): Promise<FrameRead[]> {
  const { segment } = fetched;
  const opened = await openFrames(from, fetched);
  const frames: FrameRead[] = [];
  for (const [i, frame] of segment.frames.entries()) {
    const { pieces, placed } = readOf(from, frame, opened[i] ?? 'was altered');
    const isFinal = opened[i] instanceof LeitstandError || frame.length > MAX_FRAME_BYTES;
    const isRight = pieces.every((piece) => !('damage' in piece));
    frames.push({
      frame,
      pieces: isFinal || isRight ? pieces : await openAgain(from, frame, pieces),
      placed,
    });
  }
  return frames;
}

/** Only what was wrong: the others may have been placed already. */
async function openAgain(
  from: PieceSource,
  frame: FramePlan,
  first: readonly PieceRead[],
): Promise<PieceRead[]> {
  from.signal?.throwIfAborted();
  await from.packs.doubtKey(frame.pack, frame);
  const uses = first.flatMap((piece) => ('damage' in piece ? [piece.use] : []));
  const wrong = { ...frame, uses, files: undefined };
  const segment = { ...frame, frames: [wrong] };
  const stored = await fetchSegment(from, segment);
  const [opened] = await openFrames(from, { segment, stored, giveBack: drop });
  const again = readOf(from, wrong, opened ?? 'was altered').pieces.values();
  return first.map((piece) => ('damage' in piece ? (again.next().value ?? piece) : piece));
}

async function openFrames(
  from: PieceSource,
  { segment, stored: { bytes }, giveBack }: FetchedSegment,
): Promise<(OpenedFrame | FrameProblem)[]> {
  const { source, packs, crew } = from;
  const { pack, frames } = segment;
  if (bytes === undefined) return frames.map(() => 'is missing');
  const layout = packs.layout(pack) ?? { size: Number.MAX_SAFE_INTEGER };
  const payloadKey = await packs.payloadKey(pack);
  if (payloadKey === 'foreign')
    return frames.map(() => noKey(`pack ${packName(source, pack)}`, layout.encryption));
  if (payloadKey === 'damaged') return frames.map(() => 'was altered');
  const jobs = frames.map((frame) => frameToOpen(from, frame));
  const files = jobs.reduce((sum, job) => sum + (job.files?.uses.length ?? 0), 0);
  const opened = await crew.run('openSegment', {
    buffer: bytes.buffer as ArrayBuffer,
    storedLength: bytes.length,
    length: bytes.length + files * FILE_BYTES,
    pack: { size: layout.size, header: layout.header },
    wanted: { offset: segment.offset, length: segment.length },
    payloadKey,
    frames: jobs,
    buffers: jobs.flatMap(columnsOf).map(({ buffer }) => buffer),
  });
  giveBack(opened.buffer);
  for (const [i, { uses }] of frames.entries())
    for (const [use] of jobs[i]?.writes ?? []) from.writing?.end(uses[use] as PieceUse);
  return [...opened.frames];
}

function frameToOpen(from: PieceSource, frame: FramePlan): FrameToOpen {
  const { isChecked, isEnough, placing, writing } = from;
  const { offset, length, uses, files } = frame;
  const writes = uses.flatMap((use, i): (readonly [number, PartToWrite])[] => {
    const part = writing?.begin(use);
    return part ? [[i, part]] : [];
  });
  const columns = files?.table.partsOf(files.rows);
  return {
    offset,
    length,
    plainLength: Math.max(LEAST_CHUNK_BYTES, plainLengthOf(frame)),
    offsets: joined(
      uses.map((use) => use.offset),
      columns?.offsets,
    ),
    lengths: joined(
      uses.map((use) => use.length),
      columns?.lengths,
    ),
    sha256: hashesOf(
      uses.map((use) => (isChecked?.(use) === false ? UNCHECKED : use.sha256)),
      columns?.sha256,
    ),
    writes,
    isWanted: writes.length < uses.length && uses.some((use) => isEnough?.(use) !== true),
    files: files && placing?.(files, uses.length),
  };
}

function joined(
  first: readonly number[],
  then: Uint32Array<ArrayBuffer> | undefined,
): Uint32Array<ArrayBuffer> {
  if (then && first.length === 0) return then;
  const all = new Uint32Array(first.length + (then?.length ?? 0));
  all.set(first);
  if (then) all.set(then, first.length);
  return all;
}

function hashesOf(first: readonly string[], then?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (then && first.length === 0) return then;
  const bytes = Buffer.allocUnsafeSlow(first.length * SHA256_DIGITS + (then?.length ?? 0));
  bytes.write(first.join(''), 'latin1');
  if (then) bytes.set(then, first.length * SHA256_DIGITS);
  return bytes;
}

function readOf(
  { source, isEnough }: PieceSource,
  frame: FramePlan,
  opened: OpenedFrame | FrameProblem,
): Pick<FrameRead, 'pieces' | 'placed'> {
  const { states, plain }: Partial<OpenedFrame> = isOpened(opened) ? opened : {};
  const damageOf = ({ entry }: PieceUse) =>
    opened instanceof LeitstandError
      ? opened
      : damagedPack(source, frame.pack, problemOf(opened), [entry.path]);
  const pieces = frame.uses.map((use, i): PieceRead => {
    const isWrong = (states?.[i] ?? STATE.wrong) === STATE.wrong;
    if (isWrong) return { use, damage: damageOf(use) };
    if (states?.[i] === STATE.placed) return { use, written: true };
    if (plain === undefined || isEnough?.(use) === true) return { use, settled: true };
    return { use, bytes: plain.subarray(use.offset, use.offset + use.length) };
  });
  const isPlaced = (_: number, i: number) => states?.[frame.uses.length + i] === STATE.placed;
  frame.files?.rows.forEach((row, i) => {
    if (isPlaced(row, i)) return;
    const use = (frame.files as FileRows).table.useOf(row);
    pieces.push({ use, damage: damageOf(use) });
  });
  return { pieces, placed: frame.files?.rows.filter(isPlaced) };
}

function isOpened(opened: OpenedFrame | FrameProblem): opened is OpenedFrame {
  return typeof opened !== 'string' && !(opened instanceof LeitstandError);
}

function problemOf(opened: OpenedFrame | Exclude<FrameProblem, LeitstandError>): string {
  return (typeof opened === 'string' ? opened : opened.problem) ?? 'was altered';
}

export function damagedPack(
  source: string,
  pack: string,
  problem: string,
  paths: readonly string[],
  cause?: unknown,
) {
  const name = packName(source, pack);
  const [first] = paths;
  const more = paths.length > 1 ? ` and ${paths.length - 1} more files` : '';
  return repositoryErrors.error('LS-REPO-005', {
    what: `pack ${name} ${problem}; needed for ${first ?? 'no file that is known'}${more}`,
    fix: `fetch ${name} again from a copy of the repository, use another snapshot (leitstand backup list), or restore the rest with --keep-going`,
    detail: paths.slice(0, 20),
    cause,
  });
}
