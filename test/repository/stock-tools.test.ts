import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findExecutable } from '../../src/platform/files.ts';
import { runProgram } from '../../src/platform/processes.ts';
import { decryptBytes, makeOpener } from '../../src/repository/age/header.ts';
import { FRAME_BYTES } from '../../src/repository/frames.ts';
import { findAge } from './age-program.ts';
import { makeEncrypted } from './encrypted.ts';
import { type Fixture, makeRepository, objectNames, snapshotOf, writeTree } from './fixture.ts';

const searchPath = process.env['PATH'] ?? '';
const hasZstd = (await findExecutable('zstd', searchPath)) !== undefined;
const age = await findAge();

async function filledRepository() {
  return fill(await makeRepository());
}

async function fill<One extends Fixture>(fixture: One) {
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

if (age === undefined)
  process.stderr.write(
    'stock age: SKIPPED, not on this machine; backups are held against the shared vectors alone\n',
  );

describe.skipIf(age === undefined)('the stock age', () => {
  const decrypt = (key: string, file: string, output: string) =>
    runProgram(age ?? 'age', ['-d', '-i', key, '-o', output, file]);

  it('opens every pack, every list and the sealed facts with the recovery key, and no pack with that of the host', async () => {
    const fixture = await fill(await makeEncrypted());
    const { directory, store, recovery, record } = fixture;
    const key = join(directory, 'recovery.txt');
    await writeFile(key, `# of a test\n${recovery.secret.reveal()}\n`, { mode: 0o600 });
    const host = join(directory, 'keys', 'host.age');
    const output = join(directory, 'plain');
    const names = [...(await objectNames(store, 'packs/')), ...(await objectNames(store, 'lists/'))];
    expect(names).toHaveLength(2);
    for (const name of names) {
      const file = join(directory, 'repository', name);
      expect(await decrypt(key, file, output)).toMatchObject({ exitCode: 0, stderr: '' });
      if (hasZstd) expect(await runProgram('zstd', ['-tq', output])).toMatchObject({ exitCode: 0 });
      expect((await decrypt(host, file, output)).exitCode).toBe(name.startsWith('packs/') ? 1 : 0);
    }
    const sealed = join(directory, 'sealed');
    await writeFile(sealed, Buffer.from(record.sealed ?? '', 'base64'));
    for (const identity of [key, host]) {
      expect(await decrypt(identity, sealed, output)).toMatchObject({ exitCode: 0, stderr: '' });
      expect(JSON.parse(await readFile(output, 'utf8'))).toEqual(await fixture.repository.facts(record));
    }
  });

  it('opens what proves a recovery key, and we open what it makes', async () => {
    const { directory, recovery } = await makeEncrypted();
    const [plain, sealed] = [join(directory, 'plain'), join(directory, 'sealed')];
    const content = randomBytes(200_000);
    await writeFile(plain, content);
    const made = await runProgram(age ?? 'age', ['-r', recovery.recipient, '-o', sealed, plain]);
    expect(made).toMatchObject({ exitCode: 0 });
    const opened = decryptBytes(makeOpener([recovery]), await readFile(sealed));
    expect(typeof opened !== 'string' && opened.equals(content)).toBe(true);
  });
});
