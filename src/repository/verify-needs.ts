import { listName, packName } from './names.ts';
import type { SnapshotEncryption } from './age/keyring.ts';
import type { ListReference, PackReference, SnapshotRecord } from './records.ts';

/** A pack or list that snapshots need. */
export interface NeededObject {
  readonly name: string;
  /** SHA-256 of its stored bytes. */
  readonly id: string;
  readonly size: number;
  /** Of an encrypted one: bytes before its first chunk. */
  readonly header?: number | undefined;
  readonly encryption?: SnapshotEncryption | undefined;
  readonly kind: 'list' | 'pack';
  readonly source: string;
  /** When the first of the snapshots was made: milliseconds since 1970, by its writer's clock. */
  readonly since: number;
  /** Ids. */
  readonly snapshots: readonly string[];
}

/** A list, with the source whose packs it refers to. */
export interface NeededList {
  readonly source: string;
  readonly reference: ListReference;
  readonly snapshots: readonly string[];
}

export interface Needs {
  /** By name; what several snapshots share is there once. */
  readonly objects: ReadonlyMap<string, NeededObject>;
  readonly lists: readonly NeededList[];
}

export function needsOf(snapshots: readonly SnapshotRecord[]): Needs {
  const objects = new Map<string, Growing<NeededObject>>();
  const lists = new Map<string, Growing<NeededList>>();
  for (const snapshot of snapshots) {
    const { id, source } = snapshot;
    for (const pack of snapshot.packs)
      addObject(objects, snapshot, { kind: 'pack', name: packName(source, pack.id), ...pack });
    for (const reference of snapshot.lists) {
      const { sha256, size, header } = reference;
      addObject(objects, snapshot, { kind: 'list', name: listName(sha256), id: sha256, size, header });
      const key = `${source}/${sha256}`;
      const list = lists.get(key) ?? { source, reference, snapshots: [] };
      list.snapshots.push(id);
      lists.set(key, list);
    }
  }
  return { objects, lists: [...lists.values()] };
}

type Growing<Needed> = Omit<Needed, 'snapshots' | 'since'> & { snapshots: string[] } & (Needed extends {
    readonly since: number;
  }
    ? { since: number }
    : unknown);

function addObject(
  objects: Map<string, Growing<NeededObject>>,
  { id, source, createdAt, encryption }: SnapshotRecord,
  object: PackReference & Pick<NeededObject, 'kind' | 'name'>,
): void {
  const madeAt = Date.parse(createdAt);
  const known = objects.get(object.name) ?? { ...object, encryption, source, since: madeAt, snapshots: [] };
  known.since = Math.min(known.since, madeAt);
  if (known.snapshots.at(-1) !== id) known.snapshots.push(id);
  objects.set(object.name, known);
}
