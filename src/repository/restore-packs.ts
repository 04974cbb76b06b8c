import type { LeitstandError } from '../platform/errors.ts';
import type { RepositoryContext } from './context.ts';
import { type FileEntry, isFile } from './file-entry.ts';
import { listBatches, readListTwice } from './list-batches.ts';
import type { Segment } from './pack-plan.ts';
import { damagedPack } from './piece-reader.ts';
import type { PackReference, SnapshotRecord } from './records.ts';
import type { FileRows } from './whole-files.ts';

/** Before anything is written: each pack of the snapshot is there as a whole. Throws LS-REPO-005. */
export async function assertPacks(
  context: RepositoryContext,
  record: SnapshotRecord,
  present: ReadonlyMap<string, number>,
): Promise<void> {
  const broken = record.packs.find((pack) => present.get(pack.id) !== pack.size);
  if (broken) throw brokenPack(record, broken, present, await pathsIn(context, record, broken));
}

/** Each pack that is read from is there as a whole. Throws LS-REPO-005, which names what would be lost. */
export function assertPresent(
  record: SnapshotRecord,
  present: ReadonlyMap<string, number>,
  segments: readonly Segment[],
  { entries, files }: { readonly entries: readonly FileEntry[]; readonly files: FileRows | undefined },
): void {
  const sizes = new Map(record.packs.map(({ id, size }) => [id, size]));
  const broken = segments.find(
    ({ pack }) => !present.has(pack) || present.get(pack) !== sizes.get(pack),
  )?.pack;
  if (broken === undefined) return;
  const isIn = ({ pieces }: FileEntry) => pieces.some(([id]) => id === broken);
  const whole = files ? Array.from(files.rows, (row) => files.table.useOf(row).entry) : [];
  const paths = [...entries, ...whole].filter(isIn).map(({ path }) => path);
  throw brokenPack(record, { id: broken, size: sizes.get(broken) ?? 0 }, present, paths);
}

function brokenPack(
  { source }: SnapshotRecord,
  { id, size: wanted }: PackReference,
  present: ReadonlyMap<string, number>,
  paths: readonly string[],
): LeitstandError {
  const size = present.get(id);
  const problem = size === undefined ? 'is missing' : `has ${size} bytes instead of ${wanted}`;
  return damagedPack(source, id, problem, paths);
}

async function pathsIn(
  context: RepositoryContext,
  record: SnapshotRecord,
  pack: PackReference,
): Promise<string[]> {
  const paths: string[] = [];
  const lists = record.lists.map((reference) => ({ reference }));
  for await (const batch of listBatches(lists, ({ reference }) => readListTwice(context, reference)))
    for (const { path, pieces } of batch.flatMap(({ entries }) => entries.filter(isFile)))
      if (pieces.some(([id]) => id === pack.id)) paths.push(path);
  return paths;
}
