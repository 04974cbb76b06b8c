import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../../src/platform/processes.ts';
import { makeRepository, objectNames, readTree, snapshotOf, writeTree } from './fixture.ts';

const MIB = 1024 * 1024;
const WRITER = join(import.meta.dirname, 'killed-writer.ts');

/** Two packs, one list and the record: four objects, one after the other. */
const OBJECTS = 4;
const files = [
  { path: 'a', content: randomBytes(20 * MIB), mtime: new Date('2026-07-01T12:00:00Z') },
  { path: 'b', content: randomBytes(17 * MIB), mtime: new Date('2026-07-01T12:00:00Z') },
  { path: 'c', content: Buffer.from('small'), mtime: new Date('2026-07-02T12:00:00Z') },
];
const points = [1, 2, 3, OBJECTS].flatMap((put) =>
  (['before', 'during', 'after'] as const).map((moment) => ({ put, moment })),
);

describe('a backup killed with SIGKILL', () => {
  it.each(points)(
    '$moment object $put leaves a valid repository, and the next run uses what was stored',
    async ({ put, moment }) => {
      const { directory, repository, store } = await makeRepository();
      const source = join(directory, 'source');
      const entries = await writeTree(source, files);
      const args = [
        WRITER,
        join(directory, 'repository'),
        join(directory, 'keys'),
        source,
        String(put),
        moment,
      ];
      const killed = await runProgram(process.execPath, args);
      expect([killed.signal, killed.stderr]).toEqual(['SIGKILL', '']);

      const isCommitted = put === OBJECTS && moment === 'after';
      expect(await repository.snapshots()).toHaveLength(isCommitted ? 1 : 0);
      expect((await repository.verify({ level: 'stored' })).findings).toEqual([]);
      const stored = (await objectNames(store, 'packs/')).length;
      // No pack is on its way beside another one: no more than one is sent again.
      expect(stored).toBe(Math.min(2, moment === 'after' ? put : put - 1));

      const { record, reusedBytes } = await repository.writeSnapshot(snapshotOf(entries));
      expect(reusedBytes > 0).toBe(stored > 0);
      expect(reusedBytes === record.totals.bytes).toBe(stored === 2);
      expect((await repository.verify({ level: 'content' })).findings).toEqual([]);
      await repository.restore({ snapshot: record, target: join(directory, 'target') });
      const found = await readTree(join(directory, 'target'));
      expect(files.every(({ path, content }) => found.get(path)?.equals(content))).toBe(true);
    },
    60_000,
  );
});
