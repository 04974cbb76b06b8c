import { hash, webcrypto } from 'node:crypto';
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
/** Frames that are decoded and compared at the same time, beside the main thread. */
const DECODED = 4;
/** Below it, a hash is there sooner than a thread. */
const HASHED_ASIDE_BYTES = 512 * 1024;

const decode = promisify(zstdDecompress);

/** Content whose hash was right, or why there is none. */
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
  /** Each segment's stored bytes, in order; fewer than it is long when the pack ends before. Undefined: no pack. */
  readonly onStored?: (segment: Segment, bytes: Uint8Array | undefined) => void;
}

/**
 * Reads content back, in the order of the segments, several requests ahead and with bounded memory, and believes none
 * of it before its hash is right. What comes wrong is asked for once more before it counts as damage (LS-REPO-005).
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
  const first = await decodeFrame(from.source, frame, stored);
  if (first.every((piece) => 'bytes' in piece) || frame.length > MAX_FRAME_BYTES)
    return { frame, pieces: first };
  from.signal?.throwIfAborted();
  return { frame, pieces: await decodeFrame(from.source, frame, await fetchSegment(from, { ...frame, frames: [] })) };
}

async function decodeFrame(
  source: string,
  frame: FramePlan,
  stored: Uint8Array | undefined,
): Promise<PieceRead[]> {
  const lost = (problem: string, cause?: unknown): PieceRead[] =>
    frame.uses.map((use) => ({ use, damage: damagedPack(source, frame.pack, problem, [use.entry.path], cause) }));
  if (stored === undefined) return lost('is missing');
  if (stored.length < frame.length) return lost('is cut off');
  let plain: Buffer;
  try {
    plain = await decode(stored, { maxOutputLength: FRAME_BYTES, chunkSize: FRAME_BYTES });
  } catch (cause) {
    return lost('was altered', cause);
  }
  return Promise.all(frame.uses.map((use) => checkPiece(source, frame.pack, use, plain)));
}

async function checkPiece(source: string, pack: string, use: PieceUse, plain: Buffer): Promise<PieceRead> {
  const bytes = plain.subarray(use.offset, use.offset + use.length);
  if ((await sha256(bytes)) === use.sha256) return { use, bytes };
  return { use, damage: damagedPack(source, pack, 'was altered', [use.entry.path]) };
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (bytes.length < HASHED_ASIDE_BYTES) return hash('sha256', bytes, 'hex');
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex');
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
