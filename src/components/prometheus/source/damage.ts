import { copyFile, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unfinishedName } from '../../../platform/files.ts';
import { prometheusErrors } from '../errors.ts';
import { readBlocks } from './blocks.ts';
import { type ChunkPosition, chunksOf } from './chunks.ts';

/** Enough for the oldest chunk of most segments; a whole one may be 512 MiB. */
const SCANNED_BYTES = 64 * 1024 * 1024;

/**
 * Flips one byte in the samples of one chunk of the newest block: of the chunk that begins first, since that one lies
 * in the compared window whatever the cut-off was. Replaces the file, so that hard links to it keep their bytes.
 */
export async function damageNewestBlock(dataDir: string): Promise<string> {
  const block = (await readBlocks(dataDir)).at(-1);
  if (!block) throw nothingToDamage(dataDir);
  const name = 'chunks/000001';
  const path = join(block.path, name);
  const chunk = earliest(chunksOf(await readStart(path)));
  if (!chunk) throw nothingToDamage(path);
  const position = chunk.data + Math.floor(chunk.length / 2);
  await flipByte(path, position);
  return `one byte flipped at offset ${position} of ${block.meta.ulid}/${name}, in a chunk of ${chunk.samples} samples`;
}

function earliest(chunks: Iterable<ChunkPosition>): ChunkPosition | undefined {
  let found: ChunkPosition | undefined;
  for (const chunk of chunks)
    if (!found || (chunk.firstTime ?? Infinity) < (found.firstTime ?? Infinity)) found = chunk;
  return found;
}

async function readStart(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, SCANNED_BYTES));
    await file.read(buffer, 0, buffer.length, 0);
    return buffer;
  } finally {
    await file.close();
  }
}

async function flipByte(path: string, position: number): Promise<void> {
  const copy = unfinishedName(path);
  try {
    await copyFile(path, copy);
    const file = await open(copy, 'r+');
    try {
      const byte = Buffer.alloc(1);
      await file.read(byte, 0, 1, position);
      await file.write(Buffer.from([(byte[0] ?? 0) ^ 0xff]), 0, 1, position);
    } finally {
      await file.close();
    }
    await rename(copy, path);
  } catch (error) {
    await rm(copy, { force: true });
    throw error;
  }
}

function nothingToDamage(where: string) {
  return prometheusErrors.error('LS-PROMETHEUS-013', {
    what: `there is no chunk to damage in ${where}`,
    why: 'the restored data holds no block with samples',
    fix: 'make a new backup with `leitstand backup` and drill that one',
  });
}
