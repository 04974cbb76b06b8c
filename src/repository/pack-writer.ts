import { createHash } from 'node:crypto';
import type { Store } from '../stack/store.ts';
import type { Condemned } from './condemned.ts';
import { encodeFrame, FRAME_BYTES } from './frames.ts';
import { packName } from './names.ts';
import { encodeFooter, type FooterPiece, PACK_TARGET_BYTES } from './pack-format.ts';
import type { PieceLocation } from './piece-index.ts';

interface WaitingPiece {
  readonly location: PieceLocation;
  readonly offset: number;
  readonly sha256: string;
  readonly path: string;
  readonly at: number;
}

/**
 * Gathers pieces into frames and frames into packs. A location it hands out has no pack until that pack is
 * closed, since a pack is named by the hash of its bytes.
 */
export class PackWriter {
  /** Bytes put into the store. */
  storedBytes = 0;
  readonly #condemned: Condemned;
  readonly #store: Store;
  readonly #source: string;
  /** Packs in the store by id with their sizes; closed packs are added. */
  readonly #present: Map<string, number>;
  readonly #frame = Buffer.allocUnsafe(FRAME_BYTES);
  #frameLength = 0;
  #waiting: WaitingPiece[] = [];
  #frames: Buffer[] = [];
  #packLength = 0;
  #locations: PieceLocation[] = [];
  #footer: FooterPiece[] = [];

  constructor(
    store: Store,
    source: string,
    { present, condemned }: { readonly present: Map<string, number>; readonly condemned: Condemned },
  ) {
    this.#condemned = condemned;
    this.#store = store;
    this.#source = source;
    this.#present = present;
  }

  /** Copies the bytes (at most FRAME_BYTES). `path` and `at` say whose they are and from which offset. */
  async add(bytes: Uint8Array, sha256: string, path: string, at: number): Promise<PieceLocation> {
    if (this.#frameLength + bytes.length > FRAME_BYTES) await this.#closeFrame();
    const location: PieceLocation = {
      pack: undefined,
      frameOffset: 0,
      frameLength: 0,
      offset: this.#frameLength,
      length: bytes.length,
    };
    this.#frame.set(bytes, this.#frameLength);
    this.#waiting.push({ location, offset: this.#frameLength, sha256, path, at });
    this.#frameLength += bytes.length;
    return location;
  }

  /** Every location handed out so far has its pack, in the store, when this resolves. */
  async closePack(): Promise<void> {
    this.#encodeFrame();
    if (this.#frames.length === 0) return;
    const { id, bytes } = this.#sealed();
    if (this.#present.get(id) !== bytes.length) {
      await this.#store.put(packName(this.#source, id), bytes);
      this.#present.set(id, bytes.length);
      this.storedBytes += bytes.length;
    }
    const pack = { id, size: bytes.length };
    for (const location of this.#locations) location.pack = pack;
    [this.#frames, this.#locations, this.#footer, this.#packLength] = [[], [], [], 0];
  }

  /** Under a name that is not condemned: a salt makes another one of the same content. */
  #sealed(): { readonly id: string; readonly bytes: Buffer } {
    for (let salt: string | undefined; ; salt = this.#condemned.salt()) {
      const footer = encodeFooter(this.#source, this.#footer, salt);
      const bytes = Buffer.concat([...this.#frames, footer], this.#packLength + footer.length);
      const id = createHash('sha256').update(bytes).digest('hex');
      if (salt !== undefined || !this.#condemned.has(packName(this.#source, id))) return { id, bytes };
    }
  }

  async #closeFrame(): Promise<void> {
    this.#encodeFrame();
    if (this.#packLength >= PACK_TARGET_BYTES) await this.closePack();
  }

  #encodeFrame(): void {
    if (this.#frameLength === 0) return;
    const frame = encodeFrame(this.#frame.subarray(0, this.#frameLength));
    for (const { location, offset, sha256, path, at } of this.#waiting) {
      location.frameOffset = this.#packLength;
      location.frameLength = frame.length;
      this.#locations.push(location);
      this.#footer.push([this.#packLength, frame.length, offset, location.length, sha256, path, at]);
    }
    this.#frames.push(frame);
    this.#packLength += frame.length;
    [this.#waiting, this.#frameLength] = [[], 0];
  }
}
