import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findExecutable } from '../../src/platform/files.ts';
import { runProgram } from '../../src/platform/processes.ts';
import { FRAME_BYTES } from '../../src/repository/frames.ts';
import { makeRepository, objectNames, readTree, snapshotOf, writeTree } from './fixture.ts';

const searchPath = process.env['PATH'] ?? '';
const hasZstd = (await findExecutable('zstd', searchPath)) !== undefined;
const hasJq = (await findExecutable('jq', searchPath)) !== undefined;

async function filledRepository() {
  const fixture = await makeRepository();
  const files = [
    { path: "blocks/A/mit 'Leerzeichen' ü", content: Buffer.from('small '.repeat(500)) },
    { path: 'blocks/A/empty', content: Buffer.alloc(0) },
    { path: 'blocks/A/incompressible', content: randomBytes(2 * FRAME_BYTES + 77) },
    { path: 'blocks/B/even', content: Buffer.alloc(2 * FRAME_BYTES, 'even ') },
    { path: 'blocks/B/index', content: Buffer.alloc(300_000, 'index ') },
  ];
  const entries = await writeTree(join(fixture.directory, 's'), files);
  const { record } = await fixture.repository.writeSnapshot(snapshotOf(entries));
  return { ...fixture, files, record };
}

describe.skipIf(!hasZstd)('the stock zstd', () => {
  it('accepts packs and lists, and decodes them to the same bytes', async () => {
    const { directory, store, files } = await filledRepository();
    const names = [...(await objectNames(store, 'packs/')), ...(await objectNames(store, 'lists/'))];
    expect(names).toHaveLength(2);
    for (const name of names) {
      const file = join(directory, 'repository', name);
      const result = await runProgram('zstd', ['-t', file]);
      expect([result.exitCode, result.stderr]).toEqual([0, expect.stringContaining('bytes')]);
    }
    const decoded = join(directory, 'decoded');
    const pack = join(directory, 'repository', names[0] ?? '');
    await runProgram('zstd', ['-dq', pack, '-o', decoded]);
    const bytes = await readFile(decoded);
    for (const { content } of files) {
      for (let at = 0; at < content.length; at += FRAME_BYTES)
        expect(bytes.includes(content.subarray(at, at + FRAME_BYTES))).toBe(true);
    }
  });
});

describe.skipIf(!hasZstd || !hasJq)('the recipe in README.txt', () => {
  it('restores a snapshot with sh, jq, zstd and sha256sum alone, and names what is wrong', async () => {
    const { directory, store, files, record } = await filledRepository();
    const readme = await readFile(join(directory, 'repository', 'README.txt'), 'utf8');
    const script = (target: string) =>
      readme
        .slice(readme.indexOf('  snapshot='), readme.indexOf('Every file that'))
        .replace('CHOOSE-ONE', record.id)
        .replace('/a/new/directory', target);
    const run = (target: string) =>
      runProgram('sh', ['-c', script(target)], { cwd: join(directory, 'repository'), env: process.env });
    const target = join(directory, 'target');
    expect(await run(target)).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    const found = await readTree(target);
    expect([...found.keys()].sort()).toEqual(files.map(({ path }) => path).sort());
    for (const { path, content } of files) expect(found.get(path)?.equals(content)).toBe(true);
    const [pack = ''] = await objectNames(store, 'packs/');
    const damaged = Buffer.from((await store.get(pack)) ?? []);
    damaged.writeUInt8(damaged.readUInt8(FRAME_BYTES) ^ 1, FRAME_BYTES);
    await store.put(pack, damaged);
    expect((await run(join(directory, 'second'))).stdout).toBe('WRONG: blocks/A/incompressible\n');
  });
});
