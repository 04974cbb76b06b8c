import { type FileHandle, open } from 'node:fs/promises';
import { systemErrorCode } from '../../platform/errors.ts';

/** Enough for the last lines of any log, and little enough to read at any time. */
const TAIL_BYTES = 256 * 1024;

/** Opened for appending: the descriptor goes to the program, which then needs nobody to carry its output. */
export function openLog(path: string): Promise<FileHandle> {
  return open(path, 'a', 0o600);
}

export async function logSize(path: string): Promise<number> {
  return withLog(path, async (handle) => (await handle.stat()).size, 0);
}

/**
 * The last lines, oldest first, of at most the file's last 256 KiB; only what was written after `from` bytes.
 * No file: no lines.
 */
export async function lastLines(path: string, count: number, from = 0): Promise<string[]> {
  const text = await withLog(
    path,
    async (handle) => {
      const { size } = await handle.stat();
      // A log that is shorter than it was has been rotated since.
      const since = from > size ? 0 : from;
      const start = Math.max(since, size - TAIL_BYTES);
      const buffer = Buffer.alloc(size - start);
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
      const read = buffer.toString('utf8', 0, bytesRead);
      return start > since ? read.slice(read.indexOf('\n') + 1) : read;
    },
    '',
  );
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  if (lines.at(-1) === '') lines.pop();
  return count === 0 ? [] : lines.slice(-count);
}

async function withLog<Result>(
  path: string,
  use: (handle: FileHandle) => Promise<Result>,
  absent: Result,
): Promise<Result> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return absent;
    throw error;
  }
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}
