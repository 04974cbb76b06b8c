import { release } from './buffers.ts';
import { FORMAT } from './format.ts';
import { compress } from './frames.ts';

/** A pack is closed once its frames reach this; with its last frame and footer it stays below 40 MiB. */
export const PACK_TARGET_BYTES = 32 * 1024 * 1024;
/** Or once its footer is this long before compression: of very small files there are very many. */
export const FOOTER_TARGET_BYTES = 3 * 1024 * 1024;
/** What one frame may add to a footer. */
export const FRAME_FOOTER_BYTES = 512 * 1024;
/** Holds every pack before encryption. */
export const PACK_BYTES = 40 * 1024 * 1024;
/** One of the sixteen magic numbers of skippable frames: RFC 8878, 3.1.2. */
const SKIPPABLE_MAGIC = 0x184d2a5b;
export const TRAILER_MARK = 'lsb1';
export const TRAILER_BYTES = 8;
const SKIPPABLE_HEADER_BYTES = 8;

/** Offset and length in the frame's plaintext; SHA-256; whose, from where. */
type PieceOfFrame = [number, number, string, string, number];
/** Before them: frame offset and length in the pack. */
export type FooterPiece = [number, number, ...PieceOfFrame];

/** At most what a piece takes in a footer before compression: four numbers, a hash and a path. */
export function footerBytesOf(path: string): number {
  return 120 + 2 * path.length;
}

/** As canonical JSON, what is behind the frame's offset and length. */
export function footerPieceRest([offset, length, sha256, path, at]: PieceOfFrame): string {
  return `,${offset},${length},"${sha256}",${JSON.stringify(path)},${at}]`;
}

/** What is before. */
export function footerPieceFrame(frameOffset: number, frameLength: number): string {
  return `[${frameOffset},${frameLength}`;
}

/** Its canonical JSON, before the texts of the pieces, which have commas between them. */
export const FOOTER_BEGINNING = `{"format":"${FORMAT}","kind":"pack","pieces":[`;

/** And after them. `salt` makes another pack of it. */
export function footerEnd(source: string, salt?: string): string {
  const salted = salt === undefined ? '' : `,"salt":${JSON.stringify(salt)}`;
  return `]${salted},"source":${JSON.stringify(source)}}`;
}

/**
 * A skippable frame: compressed canonical JSON, its length (4 bytes, little-endian), `lsb1`. Gives its length; it begins
 * where `into` does.
 */
export function encodeFooter(text: Uint8Array, into: Buffer): number {
  const json = compress(text, 1);
  into.writeUInt32LE(SKIPPABLE_MAGIC, 0);
  into.writeUInt32LE(json.length + TRAILER_BYTES, 4);
  into.set(json, SKIPPABLE_HEADER_BYTES);
  const end = SKIPPABLE_HEADER_BYTES + json.length;
  release(json);
  into.writeUInt32LE(end - SKIPPABLE_HEADER_BYTES, end);
  into.write(TRAILER_MARK, end + 4, 'latin1');
  return end + TRAILER_BYTES;
}
