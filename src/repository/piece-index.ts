import { LeitstandError } from '../platform/errors.ts';
import type { Store } from '../stack/store.ts';
import { type FileEntry, pieceSha256 } from './file-entry.ts';
import { readList } from './lists.ts';
import type { Condemned } from './condemned.ts';
import { packName, packPrefix } from './names.ts';
import { readFooter } from './pack-format.ts';
import type { PackReference, SnapshotRecord } from './records.ts';

/** Where content is stored; `pack` is undefined while its pack is still open. */
export interface PieceLocation {
  pack: PackReference | undefined;
  frameOffset: number;
  frameLength: number;
  readonly offset: number;
  readonly length: number;
}

/** Stored content by SHA-256. */
export type PieceIndex = Map<string, PieceLocation>;

/** How many of the newest snapshots of a source are searched for content that need not be stored again. */
const BASE_SNAPSHOTS = 2;

export interface DedupeBase {
  readonly index: PieceIndex;
  /** Packs of the source in the store, by id, with their sizes. */
  readonly present: Map<string, number>;
  /** Damage met on the way; such content is simply stored again. */
  readonly damage: readonly LeitstandError[];
}

/**
 * What the newest snapshots of the source hold and what a run that was cut off left behind; only content whose
 * pack is there with its full size and not condemned. `snapshots`: all of the source, newest first.
 */
export async function loadDedupeBase(
  store: Store,
  source: string,
  { snapshots, condemned }: { readonly snapshots: readonly SnapshotRecord[]; readonly condemned: Condemned },
): Promise<DedupeBase> {
  const present = await listPacks(store, source);
  for (const id of present.keys()) if (condemned.has(packName(source, id))) present.delete(id);
  const index: PieceIndex = new Map();
  const damage: LeitstandError[] = [];
  const seen = new Set<string>();
  for (const snapshot of snapshots.slice(0, BASE_SNAPSHOTS)) {
    const sound = soundPacks(snapshot, present);
    for (const list of snapshot.lists) {
      if (seen.has(list.sha256)) continue;
      seen.add(list.sha256);
      try {
        addEntries(index, await readList(store, list), sound);
      } catch (error) {
        if (!(error instanceof LeitstandError) || error.code !== 'LS-REPO-004') throw error;
        damage.push(error);
      }
    }
  }
  await adoptOrphans(store, source, snapshots, present, index);
  return { index, present, damage };
}

export async function listPacks(store: Store, source: string): Promise<Map<string, number>> {
  const present = new Map<string, number>();
  for await (const { name, size } of store.list(packPrefix(source)))
    present.set(name.slice(name.lastIndexOf('/') + 1), size);
  return present;
}

function soundPacks(
  snapshot: SnapshotRecord,
  present: ReadonlyMap<string, number>,
): ReadonlyMap<string, PackReference> {
  const sound = snapshot.packs.filter((pack) => present.get(pack.id) === pack.size);
  return new Map(sound.map((pack) => [pack.id, pack]));
}

function addEntries(
  index: PieceIndex,
  entries: readonly FileEntry[],
  sound: ReadonlyMap<string, PackReference>,
): void {
  for (const entry of entries) {
    for (const part of entry.pieces) {
      const [id, frameOffset, frameLength, offset, length] = part;
      const pack = sound.get(id);
      const sha256 = pieceSha256(entry, part);
      if (pack && !index.has(sha256)) index.set(sha256, { pack, frameOffset, frameLength, offset, length });
    }
  }
}

/** Packs no snapshot names: put by a run that died before its commit. Their footers say what is in them. */
async function adoptOrphans(
  store: Store,
  source: string,
  snapshots: readonly SnapshotRecord[],
  present: ReadonlyMap<string, number>,
  index: PieceIndex,
): Promise<void> {
  const referenced = new Set(snapshots.flatMap((snapshot) => snapshot.packs.map((pack) => pack.id)));
  for (const [id, size] of present) {
    if (referenced.has(id)) continue;
    const pack = { id, size };
    for (const piece of (await readFooter(store, source, pack)) ?? []) {
      const [frameOffset, frameLength, offset, length, sha256] = piece;
      if (!index.has(sha256)) index.set(sha256, { pack, frameOffset, frameLength, offset, length });
    }
  }
}
