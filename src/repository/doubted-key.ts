import { createHash } from 'node:crypto';
import type { RepositoryContext } from './context.ts';
import { type NeededPack, openRange, type StoredRange, storedRangeOf } from './pack-bytes.ts';
import { SEGMENT_BYTES } from './pack-plan.ts';

/** A pack that has content which did not open with the key that this host keeps for it. */
export interface DoubtedPack {
  /** SHA-256 of the stored bytes. */
  readonly id: string;
  /** Of the object in the store. */
  readonly name: string;
  readonly layout: NeededPack & { readonly header: number };
  readonly payloadKey: Uint8Array;
}

/**
 * Whether the key is to blame and not the pack: a recovery key that is here opens the same bytes; or, where none is, the
 * pack is as it was written, byte by byte, and the key opens nothing of it. Fetches the bytes once more.
 */
export async function isWrongKey(
  { store, keyring }: Pick<RepositoryContext, 'store' | 'keyring'>,
  doubted: DoubtedPack,
  wanted: StoredRange,
): Promise<boolean> {
  const { name, layout, payloadKey } = doubted;
  const stored = await store.get(name, storedRangeOf(layout, wanted));
  const opens = (key: Uint8Array) =>
    stored !== undefined && openRange(layout, stored, { wanted, payloadKey: key }).take(wanted) !== undefined;
  if (stored === undefined || opens(payloadKey)) return false;
  const opening = await store.get(name, { offset: 0, length: layout.header });
  const other = opening ? await keyring.openPack(opening) : 'damaged';
  if (other === 'damaged') return false;
  return other === 'foreign' ? isAsWritten(store, doubted) : opens(other);
}

async function isAsWritten(
  store: RepositoryContext['store'],
  { id, name, layout }: DoubtedPack,
): Promise<boolean> {
  const hash = createHash('sha256');
  for (let offset = 0; offset < layout.size; offset += SEGMENT_BYTES) {
    const length = Math.min(SEGMENT_BYTES, layout.size - offset);
    hash.update((await store.get(name, { offset, length })) ?? new Uint8Array());
  }
  return hash.digest('hex') === id;
}
