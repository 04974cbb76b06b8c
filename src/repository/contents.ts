import { objectsOf } from './verification-state.ts';
import type { SnapshotRecord } from './records.ts';

/** Bytes in the store, as far as records tell: packs and lists. */
export interface StoredSize {
  /** Of all that the snapshot needs. */
  readonly stored: number;
  /** Of these, what no older snapshot of the source needs. */
  readonly added: number;
}

/** Snapshot id → what it takes. */
export function storedSizes(snapshots: readonly SnapshotRecord[]): ReadonlyMap<string, StoredSize> {
  const sizes = new Map<string, StoredSize>();
  const seen = new Set<string>();
  for (const snapshot of snapshots.toSorted((a, b) => (order(a) < order(b) ? -1 : 1))) {
    let [stored, added] = [0, 0];
    for (const [object, size] of sizesOf(snapshot)) {
      stored += size;
      if (!seen.has(object)) added += size;
      seen.add(object);
    }
    sizes.set(snapshot.id, { stored, added });
  }
  return sizes;
}

function order({ createdAt, id }: SnapshotRecord): string {
  return `${createdAt} ${id}`;
}

function sizesOf(snapshot: SnapshotRecord): Map<string, number> {
  const sizes = [...snapshot.lists, ...snapshot.packs].map(({ size }) => size);
  return new Map(objectsOf(snapshot).map((object, i) => [object, sizes[i] ?? 0]));
}
