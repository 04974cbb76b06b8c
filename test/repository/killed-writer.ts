/**
 * Backs up SOURCE into REPOSITORY and kills itself with SIGKILL at the PUT-th object: before it, in the middle of
 * writing it, or after it. With a recipient the backup is encrypted. Arguments: repository, keys, source, put, moment, recipient.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/platform/clock.ts';
import { unfinishedName } from '../../src/platform/files.ts';
import { loadOrCreateSigningKey } from '../../src/repository/keys.ts';
import { loadOrCreateHostKey, openPackKeys, openRepository } from '../../src/repository/repository.ts';
import { openDirectoryStore } from '../../src/repository/stores/directory/index.ts';
import type { CaptureEntry } from '../../src/stack/source.ts';
import type { Store } from '../../src/stack/store.ts';

const [directory = '', keys = '', source = '', put = '', moment = '', recipient] = process.argv.slice(2);
const plain = openDirectoryStore(directory);
let count = 0;
const deadly: Store = {
  ...plain,
  put: async (name, data) => {
    const isLast = ++count === Number(put);
    if (isLast && moment === 'during') {
      const half = unfinishedName(join(directory, `half-${count}`));
      writeFileSync(half, data.subarray(0, data.length >> 1));
    }
    if (isLast && moment !== 'after') process.kill(process.pid, 'SIGKILL');
    await plain.put(name, data);
    if (isLast) process.kill(process.pid, 'SIGKILL');
  },
};
const entries = readdirSync(source).map(
  (name): CaptureEntry => ({ path: name, file: join(source, name), class: 'immutable' }),
);
const repository = await openRepository(deadly, {
  signingKey: await loadOrCreateSigningKey(keys),
  clock: systemClock,
  random: (size) => randomBytes(size),
  ...(recipient === undefined
    ? {}
    : {
        encryption: {
          recipients: [recipient],
          hostKey: await loadOrCreateHostKey(keys),
          packKeys: openPackKeys(keys),
        },
      }),
});
await repository.writeSnapshot({
  source: 'prometheus',
  stack: 'demo',
  capture: {
    cutoff: '2026-08-01T12:00:00.000Z',
    entries,
    expectations: [],
    knownLoss: [],
    writer: { program: 'prometheus', version: '3.16.0' },
    release: async () => undefined,
  },
});
