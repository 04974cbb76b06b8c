import type { Placement } from './frame-table.ts';
import { FRAME_BYTES } from './frames.ts';
import type { KnownContent } from './known-content.ts';
import type { PackWriter, PieceBatch, PieceBytes, PieceOrigin } from './pack-writer.ts';

/** Bytes of content, by what became of them. */
export interface ContentCounts {
  /** Read from the source, whatever for. */
  readBytes: number;
  /** Stored already, read or not. */
  reusedBytes: number;
  /** Taken from the newest snapshot without being read. */
  skippedBytes: number;
  /** Of those that were read: only to see whether they still are what they were. */
  rereadBytes: number;
}

/** Stores content that is not stored yet, each once. */
export class ContentStore {
  readonly counts: ContentCounts = { readBytes: 0, reusedBytes: 0, skippedBytes: 0, rereadBytes: 0 };
  readonly #known: KnownContent;
  readonly #writer: PackWriter;

  constructor(known: KnownContent, writer: PackWriter) {
    [this.#known, this.#writer] = [known, writer];
  }

  /** As `PackWriter.adopt`: before the pieces in a buffer are stored one after the other. */
  adopt(buffer: ArrayBuffer, batch: PieceBatch): Promise<ArrayBuffer> {
    return this.#writer.adopt(buffer, batch);
  }

  /** Bytes are valid only during the call. `likely`: where the same content was the last time. */
  async store(bytes: PieceBytes, origin: PieceOrigin, likely?: LikelyPiece): Promise<Placement> {
    const known = await this.#find(origin.sha256, bytes.length, likely);
    return known ?? this.#added(origin, await this.#writer.add(bytes, origin));
  }

  /** The same without a promise for each of very many; undefined where it has to wait. */
  storeNow(bytes: PieceBytes, origin: PieceOrigin, likely?: LikelyPiece): Placement | undefined {
    if (likely?.sha256 !== origin.sha256 && !this.#known.isLoaded) return undefined;
    const known = this.#findNow(origin.sha256, bytes.length, likely);
    if (known) return known;
    const place = this.#writer.addNow(bytes, origin);
    return place && this.#added(origin, place);
  }

  /** The same for a buffer of FRAME_ROOM_BYTES that begins with a piece of FRAME_BYTES; it is given back, or another one. */
  async storeWhole(
    buffer: ArrayBuffer,
    origin: PieceOrigin,
    likely?: LikelyPiece,
  ): Promise<{ readonly place: Placement; readonly spare: ArrayBuffer }> {
    const known = await this.#find(origin.sha256, FRAME_BYTES, likely);
    if (known) return { place: known, spare: buffer };
    const stored = await this.#writer.addWhole(buffer, origin);
    this.#added(origin, stored.place);
    return stored;
  }

  async #find(
    sha256: string,
    length: number,
    likely: LikelyPiece | undefined,
  ): Promise<Placement | undefined> {
    if (likely?.sha256 !== sha256) await this.#known.load();
    return this.#findNow(sha256, length, likely);
  }

  #findNow(sha256: string, length: number, likely: LikelyPiece | undefined): Placement | undefined {
    const known = likely?.sha256 === sha256 ? likely.place : this.#known.find(sha256);
    if (known) this.counts.reusedBytes += length;
    return known;
  }

  #added({ sha256 }: PieceOrigin, place: Placement): Placement {
    this.#known.add(sha256, place);
    return place;
  }
}

export interface LikelyPiece {
  readonly sha256: string;
  readonly place: Placement;
}
