import type { Store } from '../stack/store.ts';
import type { SnapshotEncryption } from './age/keyring.ts';
import { chunksOf, CHUNK_BYTES, finalChunk, openChunks, plainLength } from './age/stream.ts';
import { release } from './buffers.ts';
import type { RepositoryContext } from './context.ts';
import { isWrongKey } from './doubted-key.ts';
import { packName } from './names.ts';
import type { PackReference } from './records.ts';

/*
 * Offsets in a list are those in the plaintext of a pack. Of a plain pack these are the stored bytes; of an encrypted one
 * whole chunks are fetched and opened, and the place of the last one comes of the size in the signed record.
 */

/** Part of an object as it is stored. */
export interface StoredRange {
  readonly offset: number;
  readonly length: number;
}

/** Bytes of the plaintext; 0 where a record gives a size that no encrypted pack has. */
export function plainSizeOf({ size, header }: Omit<PackReference, 'id'>): number {
  return header === undefined ? size : (plainLength(size - header) ?? 0);
}

/** What has to be fetched for a part of the plaintext. With the first chunk come header and nonce. */
export function storedRangeOf(
  { size, header }: Omit<PackReference, 'id'>,
  { offset, length }: StoredRange,
): StoredRange {
  if (header === undefined) return { offset, length };
  const chunks = chunksOf(offset, length);
  const start = chunks.first === 0 ? 0 : header + chunks.offset;
  const end = Math.min(size, header + chunks.offset + chunks.length);
  return { offset: start, length: Math.max(0, end - start) };
}

/** Takes parts of the plaintext from what was fetched for `wanted`. */
export interface OpenedRange {
  /** Undefined when a chunk in it is not what was sealed. Shorter than asked for when the pack ends before. */
  take(part: StoredRange): Uint8Array | undefined;
  /** What was taken is not looked at any more. Leaves alone what was fetched. */
  release(): void;
}

/** `stored`: what lies in `storedRangeOf(pack, wanted)`. */
export function openRange(
  pack: Omit<PackReference, 'id'>,
  stored: Uint8Array,
  { wanted, payloadKey }: { readonly wanted: StoredRange; readonly payloadKey: Uint8Array | undefined },
): OpenedRange {
  const { header } = pack;
  if (header === undefined || payloadKey === undefined) {
    return {
      take: ({ offset, length }) => cut(stored, offset - wanted.offset, length),
      release: () => undefined,
    };
  }
  const { first } = chunksOf(wanted.offset, wanted.length);
  const chunks = stored.subarray(first === 0 ? header : 0);
  const { plain, wrong } = openChunks(payloadKey, chunks, { first, final: finalChunk(pack.size - header) });
  const isWrong = (from: number, to: number) =>
    wrong.some((chunk) => chunk * CHUNK_BYTES < to && (chunk + 1) * CHUNK_BYTES > from);
  return {
    take: ({ offset, length }) =>
      isWrong(offset, offset + length) ? undefined : cut(plain, offset - first * CHUNK_BYTES, length),
    release: () => release(plain),
  };
}

/** A part of the plaintext of one pack; undefined when it is not there, or not what was sealed. */
export async function readPlain(
  store: Store,
  name: string,
  {
    pack,
    wanted,
    payloadKey,
  }: {
    readonly pack: Omit<PackReference, 'id'>;
    readonly wanted: StoredRange;
    readonly payloadKey: Uint8Array | undefined;
  },
): Promise<Uint8Array | undefined> {
  const stored = await store.get(name, storedRangeOf(pack, wanted));
  return stored && openRange(pack, stored, { wanted, payloadKey }).take(wanted);
}

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
  /** To be called when that part of its plaintext did not come right: afterwards `payloadKey` may be another. */
  doubtKey(pack: string, wanted: StoredRange): Promise<void>;
}

export function packAccess(
  { store, keyring }: Pick<RepositoryContext, 'store' | 'keyring'>,
  source: string,
  needed: (pack: string) => NeededPack | undefined,
): PackAccess {
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
  return {
    layout: needed,
    payloadKey: async (pack) => {
      const { header, encryption } = needed(pack) ?? {};
      if (header === undefined) return undefined;
      const key = keys.get(pack) ?? find(pack, header, encryption);
      keys.set(pack, key);
      return key;
    },
    doubtKey: async (pack, wanted) => {
      const { header, ...layout } = needed(pack) ?? { size: 0 };
      const payloadKey = header === undefined ? undefined : await keyring.keptPackKey(pack);
      if (header === undefined || payloadKey === undefined) return;
      const doubted = { id: pack, name: packName(source, pack), layout: { ...layout, header }, payloadKey };
      if (!(await isWrongKey({ store, keyring }, doubted, wanted))) return;
      keyring.rejectPackKey(pack);
      keys.delete(pack);
    },
  };
}

/** Of one snapshot. */
export function snapshotPacks(
  context: Pick<RepositoryContext, 'store' | 'keyring'>,
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

function cut(bytes: Uint8Array, at: number, length: number): Uint8Array {
  return bytes.subarray(Math.max(0, at), Math.max(0, at + length));
}
