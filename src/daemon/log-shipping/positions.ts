import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { z } from 'zod';
import { systemErrorCode } from '../../platform/errors.ts';
import { readTextIfExists, writeFileAtomic } from '../../platform/files.ts';

/** A place in a component's log while the daemon runs; each rotation begins a new generation. */
export interface Position {
  readonly generation: number;
  readonly offset: number;
}

/** A place that a later daemon finds again: the file is known by its first bytes, wherever it has gone. */
export interface SavedPosition {
  readonly offset: number;
  /** Of how many first bytes the hash is; 0 for a file that was empty. */
  readonly headBytes: number;
  /** SHA-256, hex. */
  readonly head: string;
}

export interface SavedShipping {
  /** Of the log store that took the lines: the start time of its process. Absent when it did not say. */
  readonly store?: string | undefined;
  readonly components: Readonly<
    Record<
      string,
      {
        /** Everything before it was taken. */
        readonly taken: SavedPosition;
        /** Everything before it was taken so long ago that a log store without a journal has written it as well. */
        readonly settled: SavedPosition;
      }
    >
  >;
}

const HEAD_BYTES = 1024;

const savedPosition = z.object({
  offset: z.int().nonnegative(),
  headBytes: z.int().nonnegative(),
  head: z.string(),
}) satisfies z.ZodType<SavedPosition>;

const savedShipping = z.object({
  version: z.literal(1),
  store: z.string().optional(),
  components: z.record(z.string(), z.object({ taken: savedPosition, settled: savedPosition })),
});

/** A damaged file counts as none: lines come twice rather than not at all. */
export async function readPositions(path: string): Promise<SavedShipping> {
  try {
    return savedShipping.parse(JSON.parse((await readTextIfExists(path)) ?? ''));
  } catch {
    return { components: {} };
  }
}

export async function writePositions(path: string, saved: SavedShipping): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify({ version: 1, ...saved })}\n`, { mode: 0o600 });
}

/** What a file is known by; undefined when it is not there. */
export async function headOf(
  path: string,
  bytes = HEAD_BYTES,
): Promise<Pick<SavedPosition, 'headBytes' | 'head'> | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
      const head = createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex');
      return { headBytes: bytesRead, head };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether the position was one in this file. */
export async function isPositionIn(path: string, saved: SavedPosition): Promise<boolean> {
  const found = await headOf(path, Math.max(1, saved.headBytes));
  if (!found) return false;
  return saved.headBytes === 0 || (found.headBytes === saved.headBytes && found.head === saved.head);
}
