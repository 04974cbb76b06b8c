import type { PackReference } from './records.ts';

/** Where content is: a frame by its number here, and what part of its plaintext. */
export interface Placement {
  readonly frame: number;
  readonly offset: number;
  readonly length: number;
}

/** Where a frame is stored. */
export interface StoredFrame {
  readonly pack: PackReference;
  readonly offset: number;
  readonly length: number;
}

/** Frames by number, since one holds hundreds of small files: those of earlier runs, and those of this one. */
export class FrameTable {
  readonly #packs: (PackReference | undefined)[] = [];
  readonly #packOf: number[] = [];
  readonly #offset: number[] = [];
  readonly #length: number[] = [];
  /** Pack → its number, and the frames in it that are known by their offsets. */
  readonly #known = new Map<string, { readonly pack: number; readonly frames: Map<number, number> }>();

  /** Of this run; nobody knows yet where it will be. */
  openFrame(): number {
    this.#offset.push(0);
    this.#length.push(0);
    return this.#packOf.push(-1) - 1;
  }

  openPack(): number {
    return this.#packs.push(undefined) - 1;
  }

  placeFrame(
    frame: number,
    { pack, offset, length }: { pack: number; offset: number; length: number },
  ): void {
    this.#packOf[frame] = pack;
    this.#offset[frame] = offset;
    this.#length[frame] = length;
  }

  /** From now on frames of the pack count as stored. */
  storePack(pack: number, reference: PackReference): void {
    this.#packs[pack] = reference;
  }

  /** The number of a frame that is stored. */
  known(reference: PackReference, offset: number, length: number): number {
    const pack = this.#knownPack(reference);
    const found = pack.frames.get(offset);
    if (found !== undefined) return found;
    const frame = this.openFrame();
    this.placeFrame(frame, { pack: pack.pack, offset, length });
    pack.frames.set(offset, frame);
    return frame;
  }

  /** Undefined until its pack is in the store. */
  stored(frame: number): StoredFrame | undefined {
    const pack = this.#packs[this.#packOf[frame] ?? -1];
    return pack && { pack, offset: this.#offset[frame] ?? 0, length: this.#length[frame] ?? 0 };
  }

  #knownPack(reference: PackReference) {
    const known = this.#known.get(reference.id);
    if (known) return known;
    const pack = this.openPack();
    this.storePack(pack, reference);
    const made = { pack, frames: new Map<number, number>() };
    this.#known.set(reference.id, made);
    return made;
  }
}
