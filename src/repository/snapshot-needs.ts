import type { LeitstandError } from '../platform/errors.ts';
import type { RepositoryContext } from './context.ts';
import { listName, packName } from './names.ts';
import { sightSnapshots } from './record-store.ts';
import type { SnapshotRecord } from './records.ts';

/** A snapshot, and what it needs, in 4 bytes for each object: 100 snapshots name the same 30,000 packs. */
export interface SightedSnapshot {
  readonly id: string;
  readonly source: string;
  /** UTC, ISO 8601. */
  readonly createdAt: string;
  /** UTC, ISO 8601: until when the record is locked. */
  readonly lockUntil?: string | undefined;
  /** Numbers of packs and lists in the table. */
  readonly needs: Uint32Array;
}

/** Names of packs and lists, each held once however many snapshots need it. */
export class NeedTable {
  readonly #names: string[] = [];
  /** Source, or nothing for lists → id → number. */
  readonly #numbers = new Map<string, Map<string, number>>();

  add({ id, source, createdAt, packs, lists, lock }: SnapshotRecord): SightedSnapshot {
    const needs = new Uint32Array(packs.length + lists.length);
    const ofSource = this.#numbersOf(source);
    const ofLists = this.#numbersOf('');
    for (const [i, pack] of packs.entries())
      needs[i] = ofSource.get(pack.id) ?? this.#enter(ofSource, pack.id, packName(source, pack.id));
    for (const [i, { sha256 }] of lists.entries())
      needs[packs.length + i] = ofLists.get(sha256) ?? this.#enter(ofLists, sha256, listName(sha256));
    return { id, source, createdAt, lockUntil: lock?.until, needs };
  }

  /** Names of all that one of these needs. */
  neededBy(snapshots: Iterable<SightedSnapshot>): ReadonlySet<string> {
    const isNeeded = new Uint8Array(this.#names.length);
    for (const { needs } of snapshots) for (const number of needs) isNeeded[number] = 1;
    return new Set(this.#names.filter((_, number) => isNeeded[number] === 1));
  }

  /** Whether this holds for all that a snapshot needs; each name is tried once. */
  everyNeed(holds: (name: string) => boolean): (snapshot: SightedSnapshot) => boolean {
    const does = Uint8Array.from(this.#names, (name) => (holds(name) ? 1 : 0));
    return ({ needs }) => needs.every((number) => does[number] === 1);
  }

  #numbersOf(source: string): Map<string, number> {
    const numbers = this.#numbers.get(source) ?? new Map<string, number>();
    this.#numbers.set(source, numbers);
    return numbers;
  }

  #enter(numbers: Map<string, number>, id: string, name: string): number {
    const number = this.#names.push(name) - 1;
    numbers.set(id, number);
    return number;
  }
}

/**
 * All that are there now; those that are `known` are not read again, since a record never changes. `refused`: errors of
 * records that do not hold.
 */
export async function lookAtSnapshots(
  context: RepositoryContext,
  table: NeedTable,
  known: ReadonlyMap<string, SightedSnapshot> = new Map(),
): Promise<{
  readonly snapshots: ReadonlyMap<string, SightedSnapshot>;
  readonly refused: readonly LeitstandError[];
}> {
  const snapshots = new Map<string, SightedSnapshot>();
  const refused: LeitstandError[] = [];
  const wanted = (id: string) => {
    const one = known.get(id);
    if (one) snapshots.set(id, one);
    return one === undefined;
  };
  for await (const sighted of sightSnapshots(context, wanted)) {
    if ('record' in sighted) snapshots.set(sighted.id, table.add(sighted.record));
    else refused.push(sighted.refusal);
  }
  return { snapshots, refused };
}
