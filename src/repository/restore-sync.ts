import { closeSync, constants, fsyncSync, openSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemErrorCode } from '../platform/errors.ts';
import { syncDirectory } from '../platform/files.ts';
import { runProgram } from '../platform/processes.ts';
import { writing, writingAsync } from './restore-errors.ts';

/** A few files are synchronised one by one; of many, each would wait for the disk, where syncfs(2) waits once. */
const FEW = 256;
const PATIENCE_MS = 60 * 60_000;

/** Every file and directory below the root, and the root itself, is on the disk when this resolves. */
export async function makeDurable(root: string, files: number): Promise<void> {
  if (files > FEW && (await syncFileSystem(root))) return;
  await syncTree(root);
  await writingAsync(root, () => syncDirectory(dirname(root)));
}

/** Of coreutils; false where there is none that knows it. */
async function syncFileSystem(root: string): Promise<boolean> {
  try {
    return (await runProgram('sync', ['-f', root], { timeoutMs: PATIENCE_MS })).exitCode === 0;
  } catch {
    return false;
  }
}

async function syncTree(directory: string): Promise<void> {
  const entries = await writingAsync(directory, () => readdir(directory, { withFileTypes: true }));
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else if (entry.isFile()) writing(path, () => syncFile(path));
  }
  await writingAsync(directory, () => syncDirectory(directory));
}

function syncFile(file: string): void {
  const descriptor = openForSync(file);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** It may have been restored with a mode that lets its owner only read, or only write. */
function openForSync(file: string): number {
  try {
    return openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (systemErrorCode(error) !== 'EACCES') throw error;
    return openSync(file, constants.O_WRONLY | constants.O_NOFOLLOW);
  }
}
