import { closeSync, constants, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemErrorCode } from '../platform/errors.ts';
import { syncDirectory } from '../platform/files.ts';
import { byWay } from '../platform/long-paths.ts';
import { runProgram } from '../platform/processes.ts';
import { fileWay, walkTree } from '../platform/walk-tree.ts';
import { writing, writingAsync } from './restore-errors.ts';

/** A few files are synchronised one by one; of many, each would wait for the disk, where syncfs(2) waits once. */
export const FEW = 256;
const PATIENCE_MS = 60 * 60_000;

/** Every file and directory below the root, and the root itself, is on the disk when this resolves. */
export async function makeDurable(root: string, files: number): Promise<void> {
  if (files > FEW && (await syncFileSystem(root))) return;
  syncTree(root);
  await writingAsync(root, () => syncDirectory(root));
  await writingAsync(root, () => syncDirectory(dirname(root)));
}

/** Of coreutils; false where there is none that knows it. */
export async function syncFileSystem(root: string): Promise<boolean> {
  try {
    return (await runProgram('sync', ['-f', root], { timeoutMs: PATIENCE_MS })).exitCode === 0;
  } catch {
    return false;
  }
}

function syncTree(root: string): void {
  writing(root, () => {
    for (const entry of walkTree(root, { onSpecial: () => undefined }))
      if (entry.kind !== 'symlink') writing(entry.file, () => byWay(fileWay(entry), syncFile));
  });
}

function syncFile(way: string | Buffer): void {
  const descriptor = openForSync(way);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** It may have been restored with a mode that lets its owner only read, or only write. */
function openForSync(way: string | Buffer): number {
  try {
    return openSync(way, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (systemErrorCode(error) !== 'EACCES') throw error;
    return openSync(way, constants.O_WRONLY | constants.O_NOFOLLOW);
  }
}
