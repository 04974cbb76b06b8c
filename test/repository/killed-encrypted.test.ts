import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../../src/platform/processes.ts';
import { makeEncrypted } from './encrypted.ts';
import { objectNames, readTree, snapshotOf, writeTree } from './fixture.ts';

const MIB = 1024 * 1024;
const WRITER = join(import.meta.dirname, 'killed-writer.ts');

/** Two packs, one list and the record. */
const files = [
  { path: 'a', content: randomBytes(20 * MIB), mtime: new Date('2026-07-01T12:00:00Z') },
  { path: 'b', content: randomBytes(17 * MIB), mtime: new Date('2026-07-01T12:00:00Z') },
];
const points = [
  { put: 1, moment: 'before', stored: 0 },
  { put: 1, moment: 'after', stored: 1 },
  { put: 3, moment: 'after', stored: 2 },
];

describe('two processes at once', () => {
  it('keep the keys of both backups', async () => {
    const fixture = await makeEncrypted();
    const { directory, recovery } = fixture;
    const runs = ['one', 'two'].map(async (name) => {
      const source = join(directory, name);
      await writeTree(source, [{ path: name, content: randomBytes(MIB) }]);
      const places = [join(directory, 'repository'), join(directory, 'keys'), source];
      return runProgram(process.execPath, [WRITER, ...places, '1000', 'never', recovery.recipient]);
    });
    for (const run of await Promise.all(runs)) expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    const here = await fixture.again();
    const snapshots = await here.snapshots();
    expect(snapshots).toHaveLength(2);
    for (const record of snapshots) expect(await here.missingKey(record)).toBeUndefined();
  }, 60_000);
});

describe('an encrypted backup killed with SIGKILL', () => {
  it.each(points)(
    '$moment object $put: the next run sends no pack twice, and host and recovery key restore it',
    async ({ put, moment, stored }) => {
      const fixture = await makeEncrypted();
      const { directory, store, recovery } = fixture;
      const source = join(directory, 'source');
      const entries = await writeTree(source, files);
      const killed = await runProgram(process.execPath, [
        WRITER,
        join(directory, 'repository'),
        join(directory, 'keys'),
        source,
        String(put),
        moment,
        recovery.recipient,
      ]);
      expect([killed.signal, killed.stderr]).toEqual(['SIGKILL', '']);
      // Both packs are on their way at the same time: more may be there than were seen to arrive.
      const there = (await objectNames(store, 'packs/')).length;
      expect(there).toBeGreaterThanOrEqual(stored);

      const { record, reusedBytes } = await (await fixture.again()).writeSnapshot(snapshotOf(entries));
      expect([reusedBytes > 0, reusedBytes === record.totals.bytes]).toEqual([there > 0, there === 2]);
      expect(await objectNames(store, 'packs/')).toHaveLength(2);
      const here = await (await fixture.again()).verify({ level: 'content' });
      expect(here).toMatchObject({ findings: [], undecoded: [], counts: { files: 2 } });
      await (await fixture.recovered()).restore({ snapshot: record, target: join(directory, 'target') });
      const found = await readTree(join(directory, 'target'));
      expect(files.every(({ path, content }) => found.get(path)?.equals(content))).toBe(true);
    },
    60_000,
  );
});
