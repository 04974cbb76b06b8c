import { hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Store } from '../stack/store.ts';
import { openPayload } from './age/stream.ts';
import { decodeFrame } from './frames.ts';
import { packName } from './names.ts';
import { type FooterPiece, PACK_BYTES } from './pack-footer.ts';
import { readFooter } from './pack-format.ts';
import type { PackReference } from './records.ts';

/** Encryption adds a header and a tag for each 64 KiB. */
const MAX_STORED_BYTES = PACK_BYTES + 1024 * 1024;

/**
 * What is in a pack that no snapshot names, when all of it is as its footer says; else undefined. Nobody has signed it: a
 * disk may have changed it since, or somebody has put it there so that backups are built upon it, and cannot be restored.
 */
export async function readOrphan(
  store: Store,
  source: string,
  pack: PackReference,
  payloadKey?: Uint8Array,
): Promise<readonly FooterPiece[] | undefined> {
  if (pack.size > MAX_STORED_BYTES) return undefined;
  const pieces = await readFooter(store, source, pack, payloadKey);
  if (!pieces) return undefined;
  const stored = await store.get(packName(source, pack.id), { offset: 0, length: pack.size });
  if (!stored || hash('sha256', stored, 'hex') !== pack.id) return undefined;
  const plain = plainOf(pack, stored, payloadKey);
  return plain && (await isSound(plain, pieces)) ? pieces : undefined;
}

function plainOf(
  { header }: PackReference,
  stored: Uint8Array,
  payloadKey: Uint8Array | undefined,
): Uint8Array | undefined {
  if (header === undefined) return stored;
  return payloadKey && openPayload(payloadKey, stored.subarray(header));
}

async function isSound(plain: Uint8Array, pieces: readonly FooterPiece[]): Promise<boolean> {
  for (const [place, uses] of Map.groupBy(pieces, ([offset, length]) => `${offset} ${length}`)) {
    const [offset = 0, length = 0] = place.split(' ').map(Number);
    const frame = decoded(plain.subarray(offset, offset + length));
    const isRight = ([, , at, size, sha256]: FooterPiece) =>
      frame !== undefined &&
      at + size <= frame.length &&
      hash('sha256', frame.subarray(at, at + size), 'hex') === sha256;
    if (!uses.every(isRight)) return false;
    await setImmediate();
  }
  return true;
}

function decoded(frame: Uint8Array): Buffer | undefined {
  try {
    return decodeFrame(frame);
  } catch {
    return undefined;
  }
}
