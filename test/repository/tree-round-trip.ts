import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/platform/clock.ts';
import { keyIdOf } from '../../src/repository/keys.ts';
import { initialiseRepository } from '../../src/repository/repository.ts';
import type { Capture, CaptureEntry } from '../../src/stack/source.ts';
import { memoryStore } from './memory-store.ts';
import { captureTree, differences, observe, plant, removeTree, type TreeNode } from './trees.ts';

/** No vitest in here: programs use it. */

export async function memoryRepository() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const store = memoryStore();
  const key = { keyId: keyIdOf(publicKey), privateKey, publicKey };
  const repository = await initialiseRepository(store, {
    signingKey: key,
    clock: systemClock,
    random: (size) => randomBytes(size),
  });
  return { store, key, repository };
}

export function treeSnapshot(entries: readonly CaptureEntry[]) {
  const capture: Capture = {
    cutoff: '2026-08-01T12:00:00.000Z',
    entries,
    expectations: [],
    knownLoss: [],
    writer: { program: 'tree', version: '1' },
    release: async () => undefined,
  };
  return { source: 'tree', stack: 'demo', capture };
}

/** Makes the tree, backs it up and restores it; in words, what is not as it was. The directory is removed when all is. */
export async function roundTrip(directory: string, nodes: readonly TreeNode[]): Promise<string[]> {
  const [source, target] = [join(directory, 'source'), join(directory, 'target')];
  mkdirSync(directory, { recursive: true });
  plant(source, nodes);
  const before = observe(source);
  const { repository } = await memoryRepository();
  const { record } = await repository.writeSnapshot(treeSnapshot(captureTree(source)));
  const { files, copies, kept } = await repository.restore({ snapshot: record.id, target });
  const found = differences(before, observe(target));
  if (files !== before.size || copies !== 0 || kept !== 0)
    found.push(`the result: ${files} ${copies} ${kept}`);
  const { findings } = await repository.verify({ level: 'content' });
  for (const finding of findings) found.push(JSON.stringify(finding));
  if (found.length === 0) removeTree(directory);
  return found;
}
