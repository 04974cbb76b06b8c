import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CaptureEntry } from '../../../stack/source.ts';
import type { Block } from '../api.ts';
import { BlockMeta } from '../api/schema.ts';

const ULID = /^[0-9A-HJKMNP-TV-Z]{26}$/;

export interface BlockDirectory {
  readonly path: string;
  readonly meta: Block;
}

/** The blocks in a data or snapshot directory, oldest first. Rejects when a block has no readable meta.json. */
export async function readBlocks(directory: string): Promise<BlockDirectory[]> {
  const names = (await readdir(directory)).filter((name) => ULID.test(name));
  const blocks = await Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      const text = await readFile(join(path, 'meta.json'), 'utf8');
      return { path, meta: BlockMeta.parse(JSON.parse(text)) };
    }),
  );
  return blocks.sort((a, b) => a.meta.minTime - b.meta.minTime);
}

/**
 * Every file of the blocks. Chunks and index never change under their path; meta.json and tombstones are
 * rewritten under the same block (a deletion, a vertical compaction).
 */
export async function blockEntries(blocks: readonly BlockDirectory[]): Promise<CaptureEntry[]> {
  const entries: CaptureEntry[] = [];
  for (const { path, meta } of blocks) {
    const files = await readdir(path, { recursive: true, withFileTypes: true });
    for (const file of files.filter((one) => one.isFile())) {
      const absolute = join(file.parentPath, file.name);
      const inside = absolute.slice(path.length + 1);
      entries.push({
        path: `blocks/${meta.ulid}/${inside}`,
        file: absolute,
        class: inside.startsWith('chunks/') || inside === 'index' ? 'immutable' : 'mutable',
      });
    }
  }
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}
