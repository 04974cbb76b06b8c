import { createHash } from 'node:crypto';
import { closeSync, constants, fsyncSync, ftruncateSync, openSync } from 'node:fs';
import { link, lstat, mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemErrorCode } from '../platform/errors.ts';
import { syncDirectory } from '../platform/files.ts';
import { makePacer, type RepositoryContext } from './context.ts';
import { repositoryErrors } from './errors.ts';
import { type FileEntry, isFile, isSparse, type ListEntry } from './file-entry.ts';
import { listBatches, readListTwice } from './list-batches.ts';
import { orderedContent } from './ordered-content.ts';
import { snapshotPacks } from './pack-access.ts';
import { readSnapshot } from './record-store.ts';
import type { SnapshotRecord } from './records.ts';
import { writing, writingAsync, wronglyPut } from './restore-errors.ts';
import { applyMetadata } from './restore-metadata.ts';
import { makeCrew } from './workers/crew.ts';
import { writePart } from './restore-io.ts';
import type { RestoreOwner } from './restore-owner.ts';

export interface FileRequest {
  readonly snapshot: string;
  /** Whether it is this file, by its path in the snapshot. */
  isWanted(path: string): boolean;
  /** The path as it was asked for, to say that there is none. */
  readonly wanted: string;
  readonly signal?: AbortSignal | undefined;
}

export interface StoredFile {
  readonly record: SnapshotRecord;
  readonly entry: FileEntry;
  /**
   * From its beginning to its end; each part was checked before it comes. Only those frames are fetched in which it
   * lies. Throws LS-REPO-005, and at the end LS-REPO-016 when the parts are another file.
   */
  readonly content: AsyncIterable<Uint8Array>;
}

/** One file of a snapshot. Throws LS-REPO-028 when it has none of that path. */
export async function openFile(context: RepositoryContext, request: FileRequest): Promise<StoredFile> {
  const record = await readSnapshot(context, request.snapshot);
  for await (const entry of filesOf(context, record)) {
    request.signal?.throwIfAborted();
    if (!request.isWanted(entry.path)) continue;
    if (!isFile(entry)) throw noFile(record, entry);
    return { record, entry, content: contentOf(context, { record, entry, signal: request.signal }) };
  }
  throw repositoryErrors.error('LS-REPO-028', {
    what: `snapshot ${record.id} has no file ${request.wanted}`,
    fix: `look at the names: leitstand backup show ${record.id} --files`,
  });
}

/** Every file, directory and link of a snapshot, in the order of its lists. Throws LS-REPO-004. */
export async function* filesOf(
  context: RepositoryContext,
  { lists }: Pick<SnapshotRecord, 'lists'>,
): AsyncGenerator<ListEntry> {
  const references = lists.map((reference) => ({ reference }));
  for await (const batch of listBatches(references, ({ reference }) => readListTwice(context, reference)))
    for (const { entries } of batch) yield* entries;
}

function noFile({ id }: SnapshotRecord, entry: Exclude<ListEntry, FileEntry>) {
  const what = entry.type === 'directory' ? 'a directory' : `a symbolic link to ${entry.target}`;
  return repositoryErrors.error('LS-REPO-028', {
    what: `${entry.path} of snapshot ${id} is no file`,
    why: `it is ${what}`,
    fix: `restore it into a directory: leitstand restore --snapshot ${id} --include ${entry.path} TARGET`,
  });
}

async function* contentOf(
  context: RepositoryContext,
  {
    record,
    entry,
    signal,
  }: {
    readonly record: SnapshotRecord;
    readonly entry: FileEntry;
    readonly signal: AbortSignal | undefined;
  },
): AsyncGenerator<Uint8Array> {
  const whole = createHash('sha256');
  const breathe = makePacer(context.clock, signal);
  const packs = snapshotPacks(context, record);
  // One file after the other has one frame at a time: nothing that threads could share.
  const crew = makeCrew({ threads: 0, breathe });
  const from = { store: context.store, source: record.source, packs, crew, signal };
  for await (const part of orderedContent(from, entry)) {
    if ('damage' in part) throw part.damage;
    whole.update(part.bytes);
    yield part.bytes;
    await breathe();
  }
  if (whole.digest('hex') === entry.sha256) return;
  throw wronglyPut(record, entry);
}

/**
 * Writes one file under a name that must not exist yet; it has that name only once it is complete and on the disk. Until
 * then it is `<path>.restoring`, which a later run replaces. Throws LS-REPO-010 when the name is taken.
 */
export async function writeRestoredFile(
  path: string,
  { entry, content }: Pick<StoredFile, 'entry' | 'content'>,
  owner: RestoreOwner | undefined,
): Promise<void> {
  await writingAsync(path, () => assertNameFree(path));
  const unfinished = `${path}.restoring`;
  await writingAsync(path, async () => {
    await mkdir(dirname(path), { recursive: true });
    await rm(unfinished, { force: true });
  });
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | constants.O_NOFOLLOW;
  const descriptor = writing(unfinished, () => openSync(unfinished, flags, 0o600));
  try {
    let at = 0;
    for await (const bytes of content) {
      await writePart(path, descriptor, { sparse: isSparse(entry), bytes, at });
      at += bytes.length;
    }
    writing(path, () => {
      if (isSparse(entry)) ftruncateSync(descriptor, entry.size);
      applyMetadata(descriptor, entry, owner);
      fsyncSync(descriptor);
    });
  } finally {
    closeSync(descriptor);
  }
  await writingAsync(path, () => giveName(unfinished, path));
}

/** A link takes no name that is taken; a file system without links has no such way. */
async function giveName(unfinished: string, path: string): Promise<void> {
  try {
    await link(unfinished, path);
    await rm(unfinished);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(systemErrorCode(error) ?? '')) throw error;
    await assertNameFree(path);
    await rename(unfinished, path);
  }
  await syncDirectory(dirname(path));
}

async function assertNameFree(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (!['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) throw error;
  });
  if (!found) return;
  throw repositoryErrors.error('LS-REPO-010', {
    what: 'cannot restore into this file',
    why: found.isDirectory() ? 'it is a directory' : 'it exists already, and nothing is written over',
    where: { file: path },
    fix: 'choose a name that does not exist yet, or `-` for stdout',
  });
}
