import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, link, mkdir, readdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../../src/platform/processes.ts';
import { FRAME_BYTES } from '../../src/repository/frames.ts';
import { makeRepository, readTree, snapshotOf, writeTree } from './fixture.ts';
import { captureTree, differences, observe } from './trees.ts';

const RESTORER = join(import.meta.dirname, 'killed-restorer.ts');
const day = (number: number) => new Date(Date.UTC(2026, 6, number, 12));
const files = [
  { path: 'big', content: randomBytes(4 * FRAME_BYTES + 3), mtime: day(1), mode: 0o640 },
  ...Array.from({ length: 60 }, (_, i) => ({
    path: `small/${i % 7}/${i}`,
    content: randomBytes(3_000 + i),
    mtime: day(1 + (i % 3)),
    mode: 0o644,
  })),
];
/** Parts: five of the large file, one of each other. */
const PARTS = 65;

async function stored() {
  const fixture = await makeRepository();
  const entries = await writeTree(join(fixture.directory, 'source'), files);
  const { record } = await fixture.repository.writeSnapshot(snapshotOf(entries));
  const target = join(fixture.directory, 'target');
  const run = (moment: string, count: number, snapshot = record.id) =>
    runProgram(process.execPath, [
      RESTORER,
      join(fixture.directory, 'repository'),
      join(fixture.directory, 'keys'),
      snapshot,
      target,
      moment,
      String(count),
    ]);
  return { ...fixture, record, target, run };
}

async function expectWhole(target: string): Promise<void> {
  const found = await readTree(target);
  expect([...found.keys()].sort()).toEqual(files.map(({ path }) => path).sort());
  for (const { path, content, mtime, mode } of files) {
    expect([path, found.get(path)?.equals(content)]).toEqual([path, true]);
    const { mode: foundMode, mtimeMs } = await stat(join(target, path));
    expect([foundMode & 0o777, mtimeMs]).toEqual([mode, mtime.getTime()]);
  }
}

const random = () => 1 + (randomBytes(4).readUInt32LE() % PARTS);

describe('a restore killed with SIGKILL', () => {
  it.each([
    ['get', 1],
    ['get', 3],
    ['write', 1],
    ['write', 4],
    ['write', random()],
    ['write', random()],
    ['write', PARTS],
  ])(
    'at %s %i is known as unfinished, and the same restore completes it',
    async (moment, count) => {
      const { target, run, directory } = await stored();
      const killed = await run(moment, count);
      expect([killed.signal, killed.stderr]).toEqual(['SIGKILL', '']);
      expect(existsSync(`${target}.restoring`)).toBe(true);
      const again = await run('never', 0);
      expect([again.exitCode, again.stderr]).toEqual([0, '']);
      const { files: restored, kept } = JSON.parse(again.stdout) as { files: number; kept: number };
      expect(restored).toBe(files.length);
      // The large file is the first: the last part written may be in a file that is not closed yet.
      if (moment === 'write' && count > 6) expect(kept).toBeGreaterThanOrEqual(count - 6);
      await expectWhole(target);
      expect((await readdir(directory)).filter((name) => name.includes('restoring'))).toEqual([]);
    },
    60_000,
  );

  it('again and again, each time a little later, is completed in the end', async () => {
    const { target, run } = await stored();
    for (const count of [2, 9, 20, 15]) {
      const { signal, exitCode } = await run('write', count);
      expect([signal, exitCode]).toEqual(['SIGKILL', null]);
    }
    expect((await run('never', 0)).exitCode).toBe(0);
    await expectWhole(target);
    await rm(target, { recursive: true });
  }, 60_000);

  it('leaves directories, links and holes to the next one, which completes them as well', async () => {
    const { directory, repository, target, run } = await stored();
    const source = join(directory, 'everything');
    for (const name of ['a/empty', 'b/locked']) await mkdir(join(source, name), { recursive: true });
    for (let i = 0; i < 20; i++) await writeFile(join(source, 'b/locked', String(i)), randomBytes(900));
    await writeFile(join(source, 'holes'), 'x');
    await truncate(join(source, 'holes'), 2 * FRAME_BYTES);
    await link(join(source, 'b/locked/7'), join(source, 'seven'));
    await symlink('../nowhere', join(source, 'a/link'));
    await chmod(join(source, 'b/locked'), 0o555);
    const before = observe(source);
    const { record } = await repository.writeSnapshot(snapshotOf(captureTree(source)));
    for (const count of [1, 7, 15]) expect((await run('write', count, record.id)).signal).toBe('SIGKILL');
    const again = await run('never', 0, record.id);
    expect([again.exitCode, again.stderr]).toEqual([0, '']);
    expect(differences(before, observe(target))).toEqual([]);
  }, 60_000);
});
