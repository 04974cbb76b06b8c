import type { Store } from '../stack/store.ts';
import type { Keyring } from './age/keyring.ts';
import { release } from './buffers.ts';
import type { Condemned } from './condemned.ts';
import { FRAME_BYTES } from './frames.ts';
import type { FrameTable, Placement } from './frame-table.ts';
import { GappedLines } from './gapped-lines.ts';
import { packName } from './names.ts';
import {
  FOOTER_BEGINNING,
  FOOTER_TARGET_BYTES,
  footerBytesOf,
  footerEnd,
  footerPieceFrame,
  footerPieceRest,
  FRAME_FOOTER_BYTES,
  PACK_TARGET_BYTES,
} from './pack-footer.ts';
import type { PackReference } from './records.ts';
import { TextChunks } from './text-chunks.ts';
import type { Crew } from './workers/crew.ts';
import {
  type ClosedPack,
  PACK_FRONT_BYTES,
  PACK_ROOM_BYTES,
  type PackToClose,
} from './workers/make-packs.ts';
import { Pool } from './workers/pool.ts';

/** Room for a frame in place of its plaintext, also where it became longer. */
export const FRAME_ROOM_BYTES = FRAME_BYTES + 4096;
/** The one that is being filled, and those that are compressed meanwhile. */
const FRAMES = 4;
/** The one that is being filled, and the one that is encrypted or on its way to the store. */
const PACKS = 2;
/** A frame with so much in it is closed where the next pieces come in a buffer of their own. */
const NEARLY_FULL = 0.75;

export interface PackWriterOptions {
  readonly store: Store;
  readonly source: string;
  /** Packs in the store by id with their sizes; those that are put are added. */
  readonly present: Map<string, number>;
  readonly condemned: Condemned;
  readonly keyring: Keyring;
  readonly frames: FrameTable;
  readonly crew: Crew;
  /** Called each time a pack is in the store. */
  readonly onStored: () => void;
}

/** What pieces may take at most. */
export interface PieceBatch {
  readonly length: number;
  readonly footerBytes: number;
}

/** Where the bytes of a piece are; also a view of them. */
export interface PieceBytes {
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly length: number;
}

/** Whose content a piece is, and from which offset. */
export interface PieceOrigin {
  readonly sha256: string;
  readonly path: string;
  readonly at: number;
}

interface OpenFrame {
  readonly number: number;
  readonly buffer: ArrayBuffer;
  /** As the footer has them, without the place of the frame. */
  readonly pieces: GappedLines;
  length: number;
  footerBytes: number;
}

interface OpenPack {
  readonly number: number;
  readonly buffer: ArrayBuffer;
  /** Of its footer, but for the end. */
  readonly text: TextChunks;
  length: number;
  footerBytes: number;
}

interface SealedPack {
  readonly closed: ClosedPack;
  /** Absent: it is plain. */
  readonly header: number | undefined;
}

/**
 * Gathers pieces into frames and frames into packs, in the order in which the pieces come: the same pieces make the same
 * packs. Compression, encryption and the store work meanwhile; who adds faster than these waits. One pack at a time is on
 * its way to the store: no more than that one is sent again by the run after one that was cut off.
 */
export class PackWriter {
  /** Bytes put into the store. */
  storedBytes = 0;
  readonly #options: PackWriterOptions;
  readonly #frameRoom = new Pool(FRAME_ROOM_BYTES, FRAMES);
  readonly #packRoom = new Pool(PACK_ROOM_BYTES, PACKS);
  #frame: OpenFrame | undefined;
  #pack: OpenPack | undefined;
  /** Frames go into packs one after the other, however their compression ends. */
  #turn: Promise<void> = Promise.resolve();
  /** Packs are put one after the other. */
  #put: Promise<void> = Promise.resolve();
  #failure: { readonly reason: unknown } | undefined;

  constructor(options: PackWriterOptions) {
    this.#options = options;
  }

  /**
   * Takes a buffer of FRAME_ROOM_BYTES that begins with pieces which may be added next, and nothing else meanwhile: so they
   * need not be copied. Gives another one for it, or itself where they would leave a frame half empty.
   */
  async adopt(buffer: ArrayBuffer, { length, footerBytes }: PieceBatch): Promise<ArrayBuffer> {
    if (length > FRAME_BYTES || footerBytes > FRAME_FOOTER_BYTES) return buffer;
    if (this.#frame && this.#frame.length < NEARLY_FULL * FRAME_BYTES) return buffer;
    this.#closeFrame();
    const empty = await this.#frameFor(length, footerBytes);
    this.#frame = { ...empty, buffer };
    return empty.buffer;
  }

  /** Copies the bytes (at most FRAME_BYTES), unless their buffer was adopted. */
  async add(bytes: PieceBytes, origin: PieceOrigin): Promise<Placement> {
    return put(await this.#frameFor(bytes.length, footerBytesOf(origin.path)), bytes, origin);
  }

  /** The same; undefined where there is no room until something else is done. */
  addNow(bytes: PieceBytes, origin: PieceOrigin): Placement | undefined {
    const frame = this.#frame;
    if (!frame || !hasRoom(frame, bytes.length, footerBytesOf(origin.path))) return undefined;
    return put(frame, bytes, origin);
  }

  /** Takes a buffer of FRAME_ROOM_BYTES that begins with a piece of FRAME_BYTES; another one is given for it. */
  async addWhole(
    buffer: ArrayBuffer,
    origin: PieceOrigin,
  ): Promise<{ readonly place: Placement; readonly spare: ArrayBuffer }> {
    const empty = await this.#frameFor(FRAME_BYTES, 0);
    this.#frame = { ...empty, buffer };
    const place = enter(this.#frame, FRAME_BYTES, origin);
    this.#closeFrame();
    return { place, spare: empty.buffer };
  }

  /** All that was added is in the store when this resolves. */
  async finish(): Promise<void> {
    this.#closeFrame();
    await this.#turn;
    if (this.#pack) this.#closePack(this.#pack);
    await this.#put;
    if (this.#failure) throw this.#failure.reason;
  }

  /** Whoever waits for room gets this. */
  fail(reason: unknown): void {
    this.#failure ??= { reason };
    for (const pool of [this.#frameRoom, this.#packRoom]) pool.fail(reason);
  }

  async #frameFor(length: number, footerBytes: number): Promise<OpenFrame> {
    const open = this.#frame;
    if (open && !hasRoom(open, length, footerBytes)) this.#closeFrame();
    if (this.#failure) throw this.#failure.reason;
    this.#frame ??= {
      number: this.#options.frames.openFrame(),
      buffer: await this.#frameRoom.take(),
      pieces: new GappedLines(),
      length: 0,
      footerBytes: 0,
    };
    return this.#frame;
  }

  #closeFrame(): void {
    const frame = this.#frame;
    if (!frame || frame.length === 0) return;
    this.#frame = undefined;
    const { buffer, length } = frame;
    const encoded = this.#options.crew.run('encodeInPlace', { buffer, length });
    encoded.catch(() => undefined);
    this.#turn = this.#turn
      .then(async () => this.#append(frame, await encoded))
      .catch((error: unknown) => this.fail(error));
  }

  async #append(
    { number, pieces, footerBytes }: OpenFrame,
    { buffer, length }: { readonly buffer: ArrayBuffer; readonly length: number },
  ): Promise<void> {
    const pack = (this.#pack ??= await this.#openPack());
    new Uint8Array(pack.buffer, PACK_FRONT_BYTES).set(new Uint8Array(buffer, 0, length), pack.length);
    this.#frameRoom.give(buffer);
    this.#options.frames.placeFrame(number, { pack: pack.number, offset: pack.length, length });
    const place = footerPieceFrame(pack.length, length);
    const [first, others] = [Buffer.from(place), Buffer.from(`,${place}`)];
    for (let isFirst = pack.length === 0; pieces.next; isFirst = false)
      pieces.take(pack.text, isFirst ? first : others);
    pack.length += length;
    pack.footerBytes += footerBytes;
    if (pack.length >= PACK_TARGET_BYTES || pack.footerBytes >= FOOTER_TARGET_BYTES) this.#closePack(pack);
  }

  async #openPack(): Promise<OpenPack> {
    const [buffer, text] = [await this.#packRoom.take(), new TextChunks()];
    text.write(FOOTER_BEGINNING);
    return { number: this.#options.frames.openPack(), buffer, text, length: 0, footerBytes: 0 };
  }

  #closePack(pack: OpenPack): void {
    this.#pack = undefined;
    const closed = this.#close(pack);
    closed.catch(() => undefined);
    this.#put = this.#put
      .then(async () => this.#send(pack, await closed))
      .catch((error: unknown) => this.fail(error));
  }

  async #send(pack: OpenPack, { closed, header }: SealedPack): Promise<void> {
    const { store, source, present, frames, onStored } = this.#options;
    if (this.#failure) return;
    const { id, buffer, offset, length: size } = closed;
    if (present.get(id) !== size) {
      await store.put(packName(source, id), new Uint8Array(buffer, offset, size));
      present.set(id, size);
      this.storedBytes += size;
    }
    this.#packRoom.give(buffer);
    const reference: PackReference = { id, size, ...(header === undefined ? {} : { header }) };
    frames.storePack(pack.number, reference);
    onStored();
  }

  /** Under a name that is not condemned: a salt makes another one of the same content. */
  async #close({ buffer, text, length: framesLength }: OpenPack): Promise<SealedPack> {
    const { source, keyring, condemned } = this.#options;
    const end = footerEnd(source);
    text.write(end);
    const pack = { buffer, framesLength, ...givenAway(text.take()) };
    if (keyring.writes) {
      const seal = await keyring.makePackSeal();
      const closed = await this.#closed({ ...pack, seal });
      release(closed.text);
      const header = seal.opening.length;
      // Before the pack is in the store: one to which no key is here would not be built upon.
      await keyring.rememberPack({ pack: closed.id, source, header, payloadKey: seal.payloadKey });
      return { closed, header };
    }
    let closed = await this.#closed(pack);
    if (condemned.has(packName(source, closed.id))) {
      const salted = new TextChunks();
      salted.writeBytes(Buffer.from(closed.text.buffer), 0, closed.text.length - Buffer.byteLength(end));
      salted.write(footerEnd(source, condemned.salt()));
      release(closed.text);
      closed = await this.#closed({ framesLength, ...givenAway(salted.take()), buffer: closed.buffer });
    }
    release(closed.text);
    return { closed, header: undefined };
  }

  #closed(pack: PackToClose): Promise<ClosedPack> {
    return this.#options.crew.run('closePack', pack);
  }
}

function givenAway(text: Uint8Array<ArrayBuffer>): Pick<PackToClose, 'text' | 'buffers'> {
  return { text, buffers: [text.buffer] };
}

function hasRoom(frame: OpenFrame, length: number, footerBytes: number): boolean {
  return frame.length + length <= FRAME_BYTES && frame.footerBytes + footerBytes <= FRAME_FOOTER_BYTES;
}

function put(frame: OpenFrame, { buffer, byteOffset, length }: PieceBytes, origin: PieceOrigin): Placement {
  const isAdopted = buffer === frame.buffer;
  if (isAdopted && byteOffset < frame.length) throw new RangeError('written over before it was added');
  if (!isAdopted || byteOffset > frame.length)
    new Uint8Array(frame.buffer).set(new Uint8Array(buffer, byteOffset, length), frame.length);
  return enter(frame, length, origin);
}

function enter(frame: OpenFrame, length: number, origin: PieceOrigin): Placement {
  const offset = frame.length;
  frame.pieces.put('', footerPieceRest([offset, length, origin.sha256, origin.path, origin.at]));
  frame.length += length;
  frame.footerBytes += footerBytesOf(origin.path);
  return { frame: frame.number, offset, length };
}
