/**
 * Restores SNAPSHOT of REPOSITORY into TARGET and kills itself with SIGKILL at the COUNT-th fetch (`get`), or when the
 * COUNT-th part has been written (`write`). Arguments: repository, keys, snapshot, target, moment, count.
 */
import { randomBytes } from 'node:crypto';
import { systemClock } from '../../src/platform/clock.ts';
import { loadOrCreateSigningKey } from '../../src/repository/keys.ts';
import { openRepository } from '../../src/repository/repository.ts';
import { openDirectoryStore } from '../../src/repository/stores/directory/index.ts';
import type { Store } from '../../src/stack/store.ts';

const [directory = '', keys = '', snapshot = '', target = '', moment = '', last = ''] = process.argv.slice(2);
const counts: Record<string, number> = { get: 0, write: 0 };
const count = (now: string) => {
  counts[now] = (counts[now] ?? 0) + 1;
  if (now === moment && counts[now] === Number(last)) process.kill(process.pid, 'SIGKILL');
};
const plain = openDirectoryStore(directory);
const deadly: Store = {
  ...plain,
  get: async (name, range) => {
    if (name.startsWith('packs/')) count('get');
    return plain.get(name, range);
  },
};
const repository = await openRepository(deadly, {
  signingKey: await loadOrCreateSigningKey(keys),
  clock: systemClock,
  random: (size) => randomBytes(size),
});
const { files, kept } = await repository.restore({ snapshot, target, onProgress: () => count('write') });
process.stdout.write(JSON.stringify({ files, kept }));
