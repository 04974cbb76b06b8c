import { canonicalJson, type Json } from '../platform/canonical-json.ts';
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

/** Frame offset and length in the pack; offset and length in the frame's plaintext; SHA-256; whose, from where. */
export type FooterPiece = [number, number, number, number, string, string, number];

/** At most what a piece takes in a footer before compression: four numbers, a hash and a path. */
export function footerBytesOf(path: string): number {
  return 120 + 2 * path.length;
}

/** A skippable frame: compressed JSON, its length (4 bytes, little-endian), `lsb1`. `salt` makes another pack of it. */
export function encodeFooter(source: string, pieces: readonly FooterPiece[], salt?: string): Buffer {
  const text = canonicalJson({
    format: FORMAT,
    kind: 'pack',
    source,
    pieces: pieces as readonly Json[],
    ...(salt === undefined ? {} : { salt }),
  });
  const json = compress(Buffer.from(text), 3);
  const header = Buffer.alloc(SKIPPABLE_HEADER_BYTES);
  header.writeUInt32LE(SKIPPABLE_MAGIC, 0);
  header.writeUInt32LE(json.length + TRAILER_BYTES, 4);
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt32LE(json.length, 0);
  trailer.write(TRAILER_MARK, 4, 'latin1');
  return Buffer.concat([header, json, trailer]);
}
