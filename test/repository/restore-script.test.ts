import { createPublicKey, hash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { findExecutable } from '../../src/platform/files.ts';
import { runProgram } from '../../src/platform/processes.ts';
import { FRAME_BYTES } from '../../src/repository/frames.ts';
import { rawPublicKey } from '../../src/repository/keys.ts';
import type { SnapshotRecord } from '../../src/repository/records.ts';
import { findAge } from './age-program.ts';
import { makeEncrypted } from './encrypted.ts';
import { type Fixture, makeRepository, objectNames, readTree, snapshotOf, writeTree } from './fixture.ts';
import { captureTree, differences, observe, plant, type TreeNode } from './trees.ts';

const searchPath = process.env['PATH'] ?? '';
const missing: string[] = [];
for (const program of ['sh', 'jq', 'zstd', 'sha256sum', 'openssl'])
  if ((await findExecutable(program, searchPath)) === undefined) missing.push(program);
if (missing.length > 0)
  process.stderr.write(`restore.sh: SKIPPED, not on this machine: ${missing.join(', ')}\n`);
const age = await findAge();

const common = { mtime: 1_760_000_000.25, owner: { uid: 4711, gid: 4712 }, mode: 0o640 };

function file(name: Buffer | string, content: Extract<TreeNode, { type: 'file' }>['content']): TreeNode {
  return { ...common, type: 'file', name: Buffer.from(name), content };
}

function symlink(name: string, to: string | Buffer): TreeNode {
  return { ...common, type: 'symlink', name: Buffer.from(name), target: Buffer.from(to) };
}

function directory(name: Buffer | string, children: readonly TreeNode[], mode = 0o755): TreeNode {
  return { ...common, type: 'directory', name: Buffer.from(name), mode, children };
}

const MIB = 1024 * 1024;
const EVERYTHING: readonly TreeNode[] = [
  directory('empty', [], 0o1777),
  directory('read only', [file('in it', { bytes: Buffer.from('x') })], 0o555),
  directory(Buffer.from('636166e9', 'hex'), [
    file(Buffer.from('ff80fe', 'hex'), { bytes: Buffer.from('not UTF-8') }),
    symlink('to raw', Buffer.from([0x61, 0xe9])),
  ]),
  file('␛E9', { bytes: Buffer.from('the sign itself') }),
  file('new\nline\n', { bytes: Buffer.from('a name that ends with a line feed') }),
  file('-rf', { bytes: Buffer.from('a name like an option') }),
  file('sparse', { size: 13 * MIB, islands: [0.5] }),
  file('only a hole', { size: 9 * MIB + 5, islands: [] }),
  { type: 'hardlink', ...common, name: Buffer.from('same as sparse'), to: 6 },
  file('set-uid', { bytes: Buffer.from('x') }),
  symlink('out', '/etc'),
  symlink('up', '../../..'),
  symlink('loop', 'loop'),
];

async function fill<One extends Fixture>(fixture: One) {
  const files = [
    { path: "blocks/A/mit 'Leerzeichen' ü", content: Buffer.from('small '.repeat(500)), mode: 0o640 },
    { path: 'blocks/A/empty', content: Buffer.alloc(0) },
    { path: 'blocks/A/new\nline\tand \\n $(id) %s', content: Buffer.from('odd') },
    { path: 'blocks/A/incompressible', content: randomBytes(2 * FRAME_BYTES + 77) },
    { path: 'blocks/B/even', content: Buffer.alloc(2 * FRAME_BYTES, 'even ') },
    { path: 'blocks/B/index', content: Buffer.alloc(300_000, 'index ') },
  ];
  const entries = await writeTree(join(fixture.directory, 's'), files);
  const request = snapshotOf(entries);
  // Which jq writes in another way than JSON.stringify.
  const value = { rate: 1e-7, most: 1e21, name: '\u007f' };
  const capture = { ...request.capture, expectations: [{ kind: 'odd', subject: 'all', value }] };
  const { record } = await fixture.repository.writeSnapshot({ ...request, capture });
  return { ...fixture, files, record };
}

async function restoreScript(
  { directory }: Pick<Fixture, 'directory'>,
  ...[first, ...more]: readonly [string | { readonly shell: string }, ...string[]] | readonly []
) {
  const shell = typeof first === 'object' ? first.shell : 'sh';
  const args = typeof first === 'string' ? [first, ...more] : more;
  const env = { ...process.env, PATH: `${age === undefined ? '' : `${dirname(age)}:`}${searchPath}` };
  const result = await runProgram(shell, [join(directory, 'repository', 'restore.sh'), ...args], { env });
  return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
}

/** As somebody who can write to the store, without any key: the first line of the list is another. Returns the snapshot's id. */
async function forge(
  { store }: Pick<Fixture, 'store'>,
  record: SnapshotRecord,
  forgery: object,
  more: readonly object[] = [],
): Promise<string> {
  const [list] = record.lists;
  const stored = await store.get(`lists/${list?.sha256}.jsonl.zst`);
  const [first = '', ...others] = zstdDecompressSync(stored ?? '')
    .toString()
    .split('\n');
  const lines = [{ ...JSON.parse(first), ...forgery }, ...more].map((line) => JSON.stringify(line));
  const forged = zstdCompressSync([...lines, ...others].join('\n'));
  const sha256 = hash('sha256', forged, 'hex');
  await store.put(`lists/${sha256}.jsonl.zst`, forged);
  const id = record.id.replace(/[0-9a-f]{12}$/, '0123456789ab');
  const lists = [{ ...list, sha256, size: forged.length }, ...record.lists.slice(1)];
  await store.put(`snapshots/${id}.json`, Buffer.from(JSON.stringify({ ...record, id, lists })));
  return id;
}

async function expectRestored(target: string, files: readonly { path: string; content: Uint8Array }[]) {
  const found = await readTree(target);
  expect([...found.keys()].sort()).toEqual(files.map(({ path }) => path).sort());
  for (const { path, content } of files) expect(found.get(path)?.equals(content)).toBe(true);
}

describe.skipIf(missing.length > 0)('restore.sh', () => {
  it('says what is there, and how it is used', async () => {
    const fixture = await fill(await makeRepository());
    const { stdout, stderr, exitCode } = await restoreScript(fixture);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      `${fixture.record.id}  prometheus  2026-08-01T12:00:00.000Z  6 files  ${fixture.record.totals.bytes} bytes  not encrypted\n`,
    );
    expect(stderr).toContain('sh restore.sh [options] SNAPSHOT TARGET');
  });

  it('restores a snapshot with its modes and times, and refuses to write over anything', async () => {
    const fixture = await fill(await makeRepository());
    const { directory, files, record } = fixture;
    const target = join(directory, 'target');
    const result = await restoreScript(fixture, record.id, target);
    expect(result).toMatchObject({ exitCode: 0, stdout: '' });
    expect(result.stderr).toContain('6 entries of prometheus, as they were at 2026-08-01T12:00:00.000Z');
    await expectRestored(target, files);
    for (const { path } of files) {
      const [was, is] = [await lstat(join(directory, 's', path)), await lstat(join(target, path))];
      expect([is.mode, is.mtimeMs]).toEqual([was.mode, was.mtimeMs]);
    }
    const again = await restoreScript(fixture, record.id, target);
    expect(again).toMatchObject({ exitCode: 1, stdout: '' });
    expect(again.stderr).toContain('exists already: give a new directory');
  });

  it('restores a part of it', async () => {
    const fixture = await fill(await makeRepository());
    const target = join(fixture.directory, 'target');
    expect(await restoreScript(fixture, '-o', 'blocks/B', fixture.record.id, target)).toMatchObject({
      exitCode: 0,
    });
    await expectRestored(
      target,
      fixture.files.filter(({ path }) => path.startsWith('blocks/B/')),
    );
    const nothing = await restoreScript(fixture, '-o', 'blocks/C', fixture.record.id, `${target}-2`);
    expect([nothing.exitCode, nothing.stderr]).toEqual([
      1,
      expect.stringContaining('has nothing at blocks/C'),
    ]);
  });

  it('names what is damaged or missing, and restores the rest', async () => {
    const fixture = await fill(await makeRepository());
    const { directory, store, files, record } = fixture;
    const [pack = ''] = await objectNames(store, 'packs/');
    const damaged = Buffer.from((await store.get(pack)) ?? []);
    damaged.writeUInt8(damaged.readUInt8(FRAME_BYTES) ^ 1, FRAME_BYTES);
    await store.put(pack, damaged);
    const altered = await restoreScript(fixture, record.id, join(directory, 'altered'));
    expect(altered.exitCode).toBe(1);
    expect(altered.stdout).toContain('WRONG: blocks/A/incompressible\n');
    expect(altered.stderr).toContain(`ALTERED: ${join(directory, 'repository', pack)}`);
    expect(altered.stderr).toContain('is NOT complete');
    await store.delete(pack);
    const lost = await restoreScript(fixture, record.id, join(directory, 'lost'));
    expect([
      lost.exitCode,
      lost.stdout.split('\n').filter((line) => line.startsWith('WRONG')).length,
    ]).toEqual([1, files.length - 1]);
    expect(lost.stderr).toContain('MISSING: ');
  });

  it('refuses what somebody else signed or altered, where it is told whose signature counts', async () => {
    const fixture = await fill(await makeRepository());
    const { directory, record } = fixture;
    const ours = join(directory, 'keys', 'signing.pub.pem');
    const theirs = join((await makeRepository()).directory, 'keys', 'signing.pub.pem');
    expect(await restoreScript(fixture, '-k', ours, record.id, join(directory, 'a'))).toMatchObject({
      exitCode: 0,
    });
    const foreign = await restoreScript(fixture, '-k', theirs, record.id, join(directory, 'b'));
    expect([foreign.exitCode, foreign.stderr]).toEqual([
      1,
      expect.stringContaining('is not signed with this key'),
    ]);
    const kit = join(directory, 'kit.txt');
    const options = [
      [ours, '-k', 0],
      [ours, '-i', 0],
      [theirs, '-k', 1],
      [theirs, '-i', 1],
    ] as const;
    for (const [i, [pem, option, exitCode]] of options.entries()) {
      const raw = rawPublicKey(createPublicKey(await readFile(pem))).toString('base64');
      await writeFile(kit, `# recovery-kit: 1\n# signing-key: ${raw}\r\n# signing-key-id: 0\n`);
      const target = join(directory, `by-kit-${i}`);
      expect(await restoreScript(fixture, option, kit, record.id, target)).toMatchObject({ exitCode });
    }
    const file = join(directory, 'repository', 'snapshots', `${record.id}.json`);
    await writeFile(file, (await readFile(file, 'utf8')).replace('"stack":"demo"', '"stack":"domo"'));
    const altered = await restoreScript(fixture, '-k', ours, record.id, join(directory, 'c'));
    expect([altered.exitCode, altered.stderr]).toEqual([1, expect.stringContaining('or was altered')]);
    expect(existsSync(join(directory, 'c'))).toBe(false);
  });

  it('makes nothing outside of its target, whatever a list says', async () => {
    const fixture = await fill(await makeRepository());
    const { directory, store, record } = fixture;
    for (const path of [
      '../escaped',
      '/tmp/leitstand-escaped',
      'a/../../escaped',
      'a//b',
      './a',
      '..\0/escaped',
    ]) {
      const forged = await forge(fixture, record, { path });
      const result = await restoreScript(fixture, forged, join(directory, 'hostile'));
      expect([result.exitCode, result.stderr]).toEqual([1, expect.stringContaining('has unsafe entries')]);
      expect(existsSync(join(directory, 'hostile'))).toBe(false);
    }
    expect(await objectNames(store, 'escaped')).toEqual([]);
    expect(existsSync(join(directory, 'escaped'))).toBe(false);
  });

  it('takes nothing for a number or a hash that is none, which bash would run', async () => {
    const fixture = await fill(await makeRepository());
    const { directory, record } = fixture;
    const command = `HOME[$(touch ${join(directory, 'escaped')})]`;
    const pack = record.packs[0]?.id ?? '';
    const lines = `${pack}\t0\t9\t0\t9\t0\t../escaped\n${pack}`;
    for (const forgery of [
      { pieces: [[pack, command, 9, 0, 9]] },
      { pieces: [[lines, 0, 9, 0, 9]] },
      { pieces: [[pack, 0, 9, 0]] },
      { mode: command },
      { uid: '--reference=/etc/shadow' },
      { mtime: 'yesterday' },
      { sha256: 'd\td' },
    ]) {
      const forged = await forge(fixture, record, forgery);
      const result = await restoreScript(fixture, { shell: 'bash' }, forged, join(directory, 'hostile'));
      expect([result.exitCode, result.stderr]).toEqual([1, expect.stringContaining('has unsound entries')]);
      expect(existsSync(join(directory, 'escaped'))).toBe(false);
    }
  });

  it('makes nothing below a link of the snapshot', async () => {
    const fixture = await fill(await makeRepository());
    const { directory, record } = fixture;
    const link = { type: 'symlink', mode: 0o777, uid: 0, gid: 0, mtime: '0' };
    await mkdir(join(directory, 'outside'));
    for (const more of [
      [{ ...link, path: 'down/escaped', target: 'x' }],
      [
        { ...link, path: 'down', target: 'x' },
        { ...link, path: 'down/escaped', target: 'y' },
      ],
    ]) {
      const out = { ...link, path: 'down', target: join(directory, 'outside') };
      const forged = await forge(fixture, record, {}, [out, ...more]);
      const result = await restoreScript(fixture, forged, join(directory, `hostile-${more.length}`));
      expect([result.exitCode, result.stderr]).toEqual([1, expect.stringContaining('has unsafe entries')]);
      expect(await readdir(join(directory, 'outside'))).toEqual([]);
    }
  });

  it('gives back all that a file system can hold', async () => {
    const fixture = await makeRepository();
    const root = join(fixture.directory, 'tree');
    plant(root, EVERYTHING);
    const source = observe(root);
    const { record } = await fixture.repository.writeSnapshot(snapshotOf(captureTree(root)));
    const target = join(fixture.directory, 'target');
    const result = await restoreScript(fixture, record.id, target);
    expect(result).toMatchObject({ exitCode: 0, stdout: '' });
    // A part of 4 MiB that holds anything is written as a whole.
    const found = differences(source, observe(target)).filter((line) => !line.includes('has holes'));
    expect(found).toEqual([]);
  });
});

describe.skipIf(missing.length > 0 || age === undefined)('restore.sh of encrypted backups', () => {
  it('restores with the recovery key and age', async () => {
    const fixture = await fill(await makeEncrypted());
    const { directory, files, record, recovery } = fixture;
    const key = join(directory, 'recovery.txt');
    await writeFile(key, `# the recovery key\n${recovery.secret.reveal()}\n`, { mode: 0o600 });
    const target = join(directory, 'target');
    expect(await restoreScript(fixture, '-i', key, record.id, target)).toMatchObject({
      exitCode: 0,
      stdout: '',
    });
    await expectRestored(target, files);
  });

  it('says which key is wanted, and when it is another one', async () => {
    const fixture = await fill(await makeEncrypted());
    const { directory, record, recovery } = fixture;
    const none = await restoreScript(fixture, record.id, join(directory, 'none'));
    expect([none.exitCode, none.stderr]).toEqual([1, expect.stringContaining(recovery.recipient)]);
    const other = join(directory, 'other.txt');
    await writeFile(other, (await makeEncrypted()).recovery.secret.reveal(), { mode: 0o600 });
    const wrong = await restoreScript(fixture, '-i', other, record.id, join(directory, 'wrong'));
    expect([wrong.exitCode, wrong.stderr]).toEqual([1, expect.stringContaining(`${other} does not open`)]);
    expect(existsSync(join(directory, 'wrong'))).toBe(false);
  });
});
