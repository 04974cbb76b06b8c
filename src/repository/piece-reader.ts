import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import type { Store } from '../stack/store.ts';
import type { LeitstandError } from '../platform/errors.ts';
import { repositoryErrors } from './errors.ts';
import { FRAME_BYTES } from './frames.ts';
import { packName } from './names.ts';
import { type FramePlan, MAX_FRAME_BYTES, type PieceUse, SEGMENT_BYTES, type Segment } from './pack-plan.ts';
import { readAhead } from './read-ahead.ts';

/** Requests on their way, and the stored bytes that they may hold together. */
const REQUESTS = 16;
const ROOM_BYTES = 4 * SEGMENT_BYTES;
/** Frames that are decoded at the same time, beside the main thread. */
const DECODED = 4;
const LEAST_CHUNK_BYTES = 64 * 1024;

const decode = promisify(zstdDecompress);

/** Content, or why there is none. */
export type PieceRead =
  | { readonly use: PieceUse; readonly bytes: Uint8Array }
  | { readonly use: PieceUse; readonly damage: LeitstandError };

/** The pieces of a frame, once it is decoded. */
export interface FrameRead {
  readonly frame: FramePlan;
  readonly pieces: readonly PieceRead[];
}

export interface PieceSource {
  readonly store: Store;
  readonly source: string;
  readonly signal?: AbortSignal | undefined;
  /** Whether the piece is compared with its hash; those of a file that is hashed as a whole need not be. */
  readonly isChecked?: ((use: PieceUse) => boolean) | undefined;
  /** Each segment's stored bytes, in order; fewer than it is long when the pack ends before. Undefined: no pack. */
  readonly onStored?: (segment: Segment, bytes: Uint8Array | undefined) => void;
}

/**
 * Reads content back, in the order of the segments, several requests ahead and with bounded memory. What does not decode
 * or has another hash is asked for once more before it counts as damage (LS-REPO-005).
 */
export async function* readPieces(
  from: PieceSource,
  segments: Iterable<Segment> | AsyncIterable<Segment>,
): AsyncGenerator<FrameRead> {
  const frames = readAhead(storedFrames(from, segments), {
    work: (stored) => readFrame(from, stored),
    count: DECODED,
  });
  for await (const frame of frames) {
    from.signal?.throwIfAborted();
    yield frame;
  }
}

interface StoredFrame {
  readonly frame: FramePlan;
  /** Undefined: there is no such pack. Shorter than the frame: the pack ends before. */
  readonly stored: Uint8Array | undefined;
}

async function* storedFrames(
  from: PieceSource,
  segments: Iterable<Segment> | AsyncIterable<Segment>,
): AsyncGenerator<StoredFrame> {
  const fetched = readAhead(segments, {
    work: async (segment) => ({ segment, bytes: await fetchSegment(from, segment) }),
    count: REQUESTS,
    size: ({ length }) => length,
    room: ROOM_BYTES,
  });
  for await (const { segment, bytes } of fetched) {
    from.signal?.throwIfAborted();
    from.onStored?.(segment, bytes);
    for (const frame of segment.frames) {
      const start = frame.offset - segment.offset;
      yield { frame, stored: bytes?.subarray(start, start + frame.length) };
    }
  }
}

/** A length that no frame has comes of a list that lies; it must not make us fetch and hold as much. */
async function fetchSegment(
  { store, source, signal }: PieceSource,
  { pack, offset, length }: Segment,
): Promise<Uint8Array | undefined> {
  signal?.throwIfAborted();
  if (length > SEGMENT_BYTES + MAX_FRAME_BYTES) return new Uint8Array();
  return store.get(packName(source, pack), { offset, length });
}

async function readFrame(from: PieceSource, { frame, stored }: StoredFrame): Promise<FrameRead> {
  const first = await decodeFrame(from, frame, stored);
  if (first.every((piece) => 'bytes' in piece) || frame.length > MAX_FRAME_BYTES)
    return { frame, pieces: first };
  from.signal?.throwIfAborted();
  const again = await fetchSegment(from, { ...frame, frames: [] });
  return { frame, pieces: await decodeFrame(from, frame, again) };
}

async function decodeFrame(
  { source, isChecked }: PieceSource,
  frame: FramePlan,
  stored: Uint8Array | undefined,
): Promise<PieceRead[]> {
  const lost = (problem: string, cause?: unknown): PieceRead[] =>
    frame.uses.map((use) => ({
      use,
      damage: damagedPack(source, frame.pack, problem, [use.entry.path], cause),
    }));
  if (stored === undefined) return lost('is missing');
  if (stored.length < frame.length) return lost('is cut off');
  let plain: Buffer;
  try {
    plain = await decode(stored, { maxOutputLength: FRAME_BYTES, chunkSize: chunkSizeOf(frame) });
  } catch (cause) {
    return lost('was altered', cause);
  }
  return frame.uses.map((use) => {
    const bytes = plain.subarray(use.offset, use.offset + use.length);
    const isWrong =
      bytes.length < use.length ||
      (isChecked?.(use) !== false && hash('sha256', bytes, 'hex') !== use.sha256);
    return isWrong
      ? { use, damage: damagedPack(source, frame.pack, 'was altered', [use.entry.path]) }
      : { use, bytes };
  });
}

/** What the decoder allots at once: about what comes out. */
function chunkSizeOf({ uses }: FramePlan): number {
  const end = uses.reduce((most, { offset, length }) => Math.max(most, offset + length), LEAST_CHUNK_BYTES);
  return Math.min(FRAME_BYTES, end);
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
