import { z } from 'zod';
import { canonicalJson } from '../platform/canonical-json.ts';
import type { Store } from '../stack/store.ts';
import { compress, decodeFrame } from './frames.ts';
import { packName } from './names.ts';
import type { PackReference } from './records.ts';
import { FORMAT } from './records.ts';

/** A pack is closed once its frames reach this; with its last frame and footer it stays below 40 MiB. */
export const PACK_TARGET_BYTES = 32 * 1024 * 1024;
/** One of the sixteen magic numbers of skippable frames: RFC 8878, 3.1.2. */
const SKIPPABLE_MAGIC = 0x184d2a5b;
const TRAILER_MARK = 'lsb1';
const TRAILER_BYTES = 8;
const SKIPPABLE_HEADER_BYTES = 8;
const MAX_FOOTER_JSON_BYTES = 256 * 1024 * 1024;
const TAIL_BYTES = 64 * 1024;

const count = z.int().nonnegative();
/** Frame offset and length in the pack; offset and length in the frame's plaintext; SHA-256; whose, from where. */
const footerPiece = z.tuple([count, count, count, count, z.string(), z.string(), count]);
const footerSchema = z.object({
  format: z.literal(FORMAT),
  kind: z.literal('pack'),
  source: z.string(),
  pieces: z.array(footerPiece),
});

export type FooterPiece = z.infer<typeof footerPiece>;

/** A skippable frame: compressed JSON, its length (4 bytes, little-endian), `lsb1`. `salt` makes another pack of it. */
export function encodeFooter(source: string, pieces: readonly FooterPiece[], salt?: string): Buffer {
  const text = canonicalJson({
    format: FORMAT,
    kind: 'pack',
    source,
    pieces,
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

/** What a pack says of itself, from its last bytes; undefined when they are no footer. */
export async function readFooter(
  store: Store,
  source: string,
  pack: PackReference,
): Promise<readonly FooterPiece[] | undefined> {
  const tail = await readTail(store, source, pack, TAIL_BYTES);
  if (tail.length < TRAILER_BYTES || tail.toString('latin1', tail.length - 4) !== TRAILER_MARK)
    return undefined;
  const length = tail.readUInt32LE(tail.length - TRAILER_BYTES);
  const wanted = length + TRAILER_BYTES;
  if (wanted > pack.size) return undefined;
  const whole = wanted <= tail.length ? tail : await readTail(store, source, pack, wanted);
  return parseFooter(whole.subarray(whole.length - wanted, whole.length - TRAILER_BYTES), source);
}

async function readTail(store: Store, source: string, pack: PackReference, bytes: number): Promise<Buffer> {
  const length = Math.min(bytes, pack.size);
  const tail = await store.get(packName(source, pack.id), { offset: pack.size - length, length });
  return Buffer.from(tail ?? new Uint8Array());
}

function parseFooter(json: Uint8Array, source: string): readonly FooterPiece[] | undefined {
  try {
    const footer = footerSchema.parse(JSON.parse(decodeFrame(json, MAX_FOOTER_JSON_BYTES).toString('utf8')));
    return footer.source === source ? footer.pieces : undefined;
  } catch {
    return undefined;
  }
}
