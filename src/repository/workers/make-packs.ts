import { hash } from 'node:crypto';
import { MAX_OPENING_BYTES, type Seal } from '../age/header.ts';
import { sealParts } from '../age/stream.ts';
import { release } from '../buffers.ts';
import { encodeFrame } from '../frames.ts';
import { encodeFooter, PACK_BYTES } from '../pack-footer.ts';

/** A frame of the first bytes of the buffer, put in their place. */
export function encodeInPlace({
  buffer,
  length,
}: {
  readonly buffer: ArrayBuffer;
  readonly length: number;
}): { readonly buffer: ArrayBuffer; readonly length: number } {
  const frame = encodeFrame(Buffer.from(buffer, 0, length));
  const { length: stored } = frame;
  Buffer.from(buffer).set(frame);
  release(frame);
  return { buffer, length: stored };
}

/** Before the frames of a pack in its buffer: room for an opening and tags, so that it can be encrypted where it is. */
export const PACK_FRONT_BYTES = MAX_OPENING_BYTES + 16 * 1024;
/** Holds every pack, encrypted or not. */
export const PACK_ROOM_BYTES = PACK_FRONT_BYTES + PACK_BYTES;

export interface PackToClose {
  /** Of PACK_ROOM_BYTES: frames from PACK_FRONT_BYTES on, and room for the footer behind them. */
  readonly buffer: ArrayBuffer;
  readonly framesLength: number;
  /** Of the footer; comes back with the pack. */
  readonly text: Uint8Array<ArrayBuffer>;
  /** Of the text, so that it changes hands. */
  readonly buffers: readonly ArrayBuffer[];
  /** Absent: the pack is plain. */
  readonly seal?: Seal | undefined;
}

export interface ClosedPack {
  /** SHA-256 of the stored bytes. */
  readonly id: string;
  /** The buffer that came; where it is plain, its frames are where they were. */
  readonly buffer: ArrayBuffer;
  /** Of the stored bytes in it. */
  readonly offset: number;
  readonly length: number;
  readonly text: Uint8Array<ArrayBuffer>;
  readonly buffers: readonly ArrayBuffer[];
}

/** The whole pack: its footer, its encryption, its name. */
export function closePack({ buffer, framesLength, text, seal }: PackToClose): ClosedPack {
  if (seal && seal.opening.length > MAX_OPENING_BYTES) throw new RangeError('too many recipients');
  const footerLength = encodeFooter(text, Buffer.from(buffer, PACK_FRONT_BYTES + framesLength));
  const plain = Buffer.from(buffer, PACK_FRONT_BYTES, framesLength + footerLength);
  const stored = seal ? sealParts(seal.opening, seal.payloadKey, [plain], buffer) : plain;
  const { byteOffset: offset, length } = stored;
  return { id: hash('sha256', stored, 'hex'), buffer, offset, length, text, buffers: [text.buffer] };
}
