import { z } from 'zod';
import type { Store } from '../stack/store.ts';
import { decodeFrame } from './frames.ts';
import { packName } from './names.ts';
import { type FooterPiece, TRAILER_BYTES, TRAILER_MARK } from './pack-footer.ts';
import { plainSizeOf, readPlain } from './pack-bytes.ts';
import type { PackReference } from './records.ts';
import { FORMAT } from './format.ts';

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

/**
 * What a pack says of itself, from its last bytes; undefined when they are no footer. `payloadKey`: of an encrypted one.
 */
export async function readFooter(
  store: Store,
  source: string,
  pack: PackReference,
  payloadKey?: Uint8Array,
): Promise<readonly FooterPiece[] | undefined> {
  const size = plainSizeOf(pack);
  const readTail = async (bytes: number) => {
    const length = Math.min(bytes, size);
    const wanted = { offset: size - length, length };
    const tail = await readPlain(store, packName(source, pack.id), { pack, wanted, payloadKey });
    return Buffer.from(tail ?? new Uint8Array());
  };
  const tail = await readTail(TAIL_BYTES);
  if (tail.length < TRAILER_BYTES || tail.toString('latin1', tail.length - 4) !== TRAILER_MARK)
    return undefined;
  const length = tail.readUInt32LE(tail.length - TRAILER_BYTES);
  const wanted = length + TRAILER_BYTES;
  if (wanted > size) return undefined;
  const whole = wanted <= tail.length ? tail : await readTail(wanted);
  return parseFooter(whole.subarray(whole.length - wanted, whole.length - TRAILER_BYTES), source);
}

function parseFooter(json: Uint8Array, source: string): readonly FooterPiece[] | undefined {
  try {
    const footer = footerSchema.parse(JSON.parse(decodeFrame(json, MAX_FOOTER_JSON_BYTES).toString('utf8')));
    return footer.source === source ? footer.pieces : undefined;
  } catch {
    return undefined;
  }
}
