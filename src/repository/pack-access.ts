import { createHash } from 'node:crypto';
import type { SnapshotEncryption } from './age/keyring.ts';
import type { RepositoryContext } from './context.ts';
import { packName } from './names.ts';
import { openRange, type StoredRange, storedRangeOf } from './pack-bytes.ts';
import { SEGMENT_BYTES } from './pack-plan.ts';
import type { PackReference } from './records.ts';

type Reading = Pick<RepositoryContext, 'store' | 'keyring'>;

/** A pack that a reader needs, and to whom its snapshot is encrypted. */
export type NeededPack = Omit<PackReference, 'id'> & {
  readonly encryption?: SnapshotEncryption | undefined;
};

/** The packs of a source, with the keys that are here. */
export interface PackAccess {
  /** As the records say; undefined: no record names it. */
  layout(pack: string): NeededPack | undefined;
  /** Undefined: it is plain. `damaged`: its header is not the one that was written. */
  payloadKey(pack: string): Promise<Uint8Array | 'foreign' | 'damaged' | undefined>;
  /** For what did not open, before it is read again: a key that proves to be wrong is not given a second time. */
  doubtKey(pack: string, wanted: StoredRange): Promise<void>;
}

export function packAccess(
  context: Reading,
  source: string,
  needed: (pack: string) => NeededPack | undefined,
): PackAccess {
  const { store, keyring } = context;
  const keys = new Map<string, Promise<Uint8Array | 'foreign' | 'damaged'>>();
  const find = async (pack: string, header: number, encryption: SnapshotEncryption | undefined) => {
    const opening = () => store.get(packName(source, pack), { offset: 0, length: header });
    const first = await keyring.packKey(pack, opening);
    if (typeof first !== 'string') return first;
    // The record says that a key here opens it: then its header is not what was written, unless it was misread.
    if (!encryption || !keyring.isRecoveredBy(encryption)) return first;
    const again = await keyring.packKey(pack, opening);
    return typeof again === 'string' ? 'damaged' : again;
  };
  /** Of each pack once: it may take reading all of it. */
  const judged = new Map<string, Promise<void>>();
  const judge = async (pack: string, wanted: StoredRange) => {
    const { size = 0, header } = needed(pack) ?? {};
    if (header === undefined) return;
    const kept = await keyring.keptPackKey(pack);
    const object = { name: packName(source, pack), id: pack, size, header };
    if (kept && !(await isWrongKey(context, object, { kept, wanted }))) return;
    if (kept) keyring.rejectPackKey(pack);
    keys.delete(pack);
  };
  return {
    layout: needed,
    payloadKey: async (pack) => {
      const { header, encryption } = needed(pack) ?? {};
      if (header === undefined) return undefined;
      const key = keys.get(pack) ?? find(pack, header, encryption);
      keys.set(pack, key);
      return key;
    },
    doubtKey: (pack, wanted) => {
      const verdict = judged.get(pack) ?? judge(pack, wanted);
      judged.set(pack, verdict);
      return verdict;
    },
  };
}

/** Of one snapshot. */
export function snapshotPacks(
  context: Reading,
  {
    source,
    packs,
    encryption,
  }: {
    readonly source: string;
    readonly packs: readonly PackReference[];
    readonly encryption?: SnapshotEncryption | undefined;
  },
): PackAccess {
  const byId = new Map(packs.map((pack) => [pack.id, { ...pack, encryption }]));
  return packAccess(context, source, (pack) => byId.get(pack));
}

type EncryptedPack = PackReference & { readonly name: string; readonly header: number };

/**
 * Whether the key that this host keeps is to blame and not the pack: a recovery key that is here opens the same bytes, or,
 * where none fits, the pack is byte by byte as it was written. Three requests, and the whole pack in the latter case.
 */
async function isWrongKey(
  { store, keyring }: Reading,
  pack: EncryptedPack,
  { kept, wanted }: { readonly kept: Uint8Array; readonly wanted: StoredRange },
): Promise<boolean> {
  const stored = await store.get(pack.name, storedRangeOf(pack, wanted));
  const isOpenedBy = (payloadKey: Uint8Array) =>
    stored !== undefined && openRange(pack, stored, { wanted, payloadKey }).take(wanted) !== undefined;
  if (isOpenedBy(kept)) return false;
  const opening = await store.get(pack.name, { offset: 0, length: pack.header });
  const other = opening ? await keyring.openPack(opening) : 'damaged';
  if (other === 'damaged') return false;
  return other === 'foreign' ? isAsWritten(store, pack) : isOpenedBy(other);
}

async function isAsWritten(
  store: RepositoryContext['store'],
  { name, id, size }: EncryptedPack,
): Promise<boolean> {
  const hash = createHash('sha256');
  for (let offset = 0; offset < size; offset += SEGMENT_BYTES) {
    const length = Math.min(SEGMENT_BYTES, size - offset);
    hash.update((await store.get(name, { offset, length })) ?? new Uint8Array());
  }
  return hash.digest('hex') === id;
}
