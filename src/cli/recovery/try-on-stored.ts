import type { OpenedFile } from '../../backup/recovery-proof.ts';
import { LeitstandError } from '../../platform/errors.ts';
import { EXIT } from '../../platform/exit-codes.ts';
import type { AgeIdentity, Repository } from '../../repository/repository.ts';
import type { SnapshotRecord } from '../../repository/records.ts';
import type { Stack } from '../../stack/stack.ts';
import type { CommandContext } from '../command.ts';
import { openWithIdentities } from '../open-repository.ts';

export type TriedOnStored =
  | { readonly file: OpenedFile; readonly label: string }
  | { readonly file?: undefined; readonly reason: string };

/**
 * One file of the newest encrypted snapshot, opened with the recovery key alone: none of the keys of this host is used.
 * Says why when there is none yet, or the store cannot be reached; throws what damage or a wrong key throws.
 */
export async function tryOnStored(
  context: CommandContext,
  stack: Stack,
  identities: readonly AgeIdentity[],
): Promise<TriedOnStored> {
  try {
    const repository = await openWithIdentities(context, stack, identities);
    const mine = new Set(identities.map(({ recipient }) => recipient));
    const record = (await repository.snapshots()).find(({ encryption }) =>
      encryption?.recipients.some((recipient) => mine.has(recipient)),
    );
    if (!record) return { reason: 'no snapshot is encrypted to it yet' };
    await repository.facts(record);
    return { file: await openSmallest(repository, record, context.signal), label: repository.label };
  } catch (error) {
    if (error instanceof LeitstandError && UNREACHED.has(error.exit)) return { reason: error.details.what };
    throw error;
  }
}

/** The store is not there or not to be had, which says nothing of the key. */
const UNREACHED = new Set<number>([EXIT.noRepository, EXIT.authentication, EXIT.couldNotDo, EXIT.usage]);

/** So many entries are looked at: a snapshot may have millions. */
const LOOKED_AT = 1_000;

async function openSmallest(
  repository: Repository,
  record: SnapshotRecord,
  signal: AbortSignal,
): Promise<OpenedFile> {
  let smallest: { readonly path: string; readonly size: number } | undefined;
  let looked = 0;
  for await (const entry of repository.files(record)) {
    const size = 'size' in entry && entry.type === 'file' ? entry.size : 0;
    if (size > 0 && (!smallest || size < smallest.size)) smallest = { path: entry.path, size };
    if ((looked += 1) >= LOOKED_AT) break;
  }
  const { path = '', size = 0 } = smallest ?? {};
  if (!smallest) return { snapshot: record.id, path: 'its list of files', size: 0 };
  const file = await repository.openFile({
    snapshot: record.id,
    wanted: path,
    isWanted: (candidate) => candidate === path,
    signal,
  });
  // Read to its end: only then its hash was held against the list.
  for await (const _ of file.content) signal.throwIfAborted();
  return { snapshot: record.id, path, size };
}
