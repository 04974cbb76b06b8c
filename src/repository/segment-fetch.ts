import type { Store } from '../stack/store.ts';
import { makeBuffers, release } from './buffers.ts';
import { packName } from './names.ts';
import type { PackAccess } from './pack-access.ts';
import { storedRangeOf } from './pack-bytes.ts';
import { MAX_FRAME_BYTES, SEGMENT_BYTES, type Segment } from './pack-plan.ts';
import { readAhead } from './read-ahead.ts';

/** Requests on their way, and the stored bytes that they may hold together. */
const REQUESTS = 16;
const ROOM_BYTES = 4 * SEGMENT_BYTES;
/** More than a segment takes, or a frame that is larger, with the whole chunks in which it lies. */
const BUFFER_BYTES = SEGMENT_BYTES + 512 * 1024;

export interface SegmentSource {
  readonly store: Store;
  readonly source: string;
  readonly packs: PackAccess;
  readonly signal?: AbortSignal | undefined;
  /** What was fetched for each segment, in order. */
  readonly onStored?: (stored: StoredSegment) => void;
}

/** The stored bytes in which a segment lies: of an encrypted pack whole chunks, so that two of them may overlap. */
export interface StoredSegment {
  readonly pack: string;
  readonly offset: number;
  readonly length: number;
  /** Fewer when the pack ends before; undefined: no pack. */
  readonly bytes: Uint8Array | undefined;
}

export interface FetchedSegment {
  readonly segment: Segment;
  /** In memory of ours alone, from its beginning on. */
  readonly stored: StoredSegment;
  /** That memory, when it is not looked at any more. */
  giveBack(buffer: ArrayBuffer): void;
}

/** Several requests ahead, and with bounded memory. */
export async function* fetchSegments(
  from: SegmentSource,
  segments: Iterable<Segment> | AsyncIterable<Segment>,
): AsyncGenerator<FetchedSegment> {
  const buffers = makeBuffers(BUFFER_BYTES);
  const keep = (buffer: ArrayBuffer) => buffers.give(new Uint8Array(buffer));
  const fetched = readAhead(segments, {
    work: async (segment): Promise<FetchedSegment> => {
      const buffer = buffers.take(segment.length);
      const stored = await fetchSegment(from, segment, buffer);
      if (buffer && stored.bytes?.buffer === buffer.buffer) return { segment, stored, giveBack: keep };
      buffers.give(buffer);
      return { segment, stored, giveBack: drop };
    },
    count: REQUESTS,
    size: ({ length }) => length,
    room: ROOM_BYTES,
  });
  for await (const one of fetched) {
    from.signal?.throwIfAborted();
    from.onStored?.(one.stored);
    if (one.segment.frames.length > 0) yield one;
    else if (one.stored.bytes) one.giveBack(one.stored.bytes.buffer as ArrayBuffer);
  }
}

export function drop(buffer: ArrayBuffer): void {
  release(new Uint8Array(buffer));
}

/** A length that no frame has comes of a list that lies; it must not make us fetch and hold as much. */
export async function fetchSegment(
  { store, source, packs, signal }: SegmentSource,
  { pack, offset, length }: Segment,
  buffer?: Uint8Array,
): Promise<StoredSegment> {
  signal?.throwIfAborted();
  const layout = packs.layout(pack);
  const range = layout ? storedRangeOf(layout, { offset, length }) : { offset, length };
  if (length > SEGMENT_BYTES + MAX_FRAME_BYTES) return { pack, ...range, bytes: new Uint8Array() };
  const into = buffer && range.length <= buffer.length ? buffer : Buffer.allocUnsafeSlow(range.length);
  const bytes = await store.get(packName(source, pack), range, into);
  return { pack, ...range, bytes: bytes && bytes.buffer !== into.buffer ? new Uint8Array(bytes) : bytes };
}
