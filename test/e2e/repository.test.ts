import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leitstand } from './stack-under-test.ts';

/** Leitstand's own data is a source that needs no program: the commands about a repository, as a user types them. */
describe('a repository at the command line', () => {
  let directory = '';
  let snapshot = '';
  const run = (...args: readonly string[]) => leitstand(args, { cwd: directory });
  const json = async (...args: readonly string[]) => {
    const { stdout } = await run(...args, '--json');
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { exit: number; result: never };
  };
  const packs = async () => {
    const root = join(directory, '.leitstand/repository/packs');
    const names = await readdir(root, { recursive: true });
    return names.filter((name) => /[0-9a-f]{64}$/.test(name)).map((name) => join(root, name));
  };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leitstand-e2e-'));
    const file =
      'schema: 1\nstack: town\ncomponents:\n  prometheus: {port: 19090}\nbackup: {verify: {days: 7}}\n';
    await writeFile(join(directory, 'leitstand.yaml'), file);
  });

  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  it('that is not there yet is said', async () => {
    expect((await run('backup', 'verify', '--rotate')).exit).toBe(10);
    expect((await run('backup', 'show', 'x')).exit).toBe(10);
  });

  it('lists what is stored, and what is not verified or drilled yet', async () => {
    const backup = await run('backup', '--source', 'leitstand');
    expect([backup.exit, backup.stderr]).toEqual([0, expect.any(String)]);
    const { stdout } = await run('backup', 'list');
    expect(stdout).toMatch(
      /^BACKUP +AGE +SOURCE +SNAPSHOT +FILES +SIZE +NEW +ENCRYPTED +VERIFIED +DRILLED$/m,
    );
    expect(stdout).toMatch(/ leitstand +\S+ +\d+ +[\d.]+ KiB +[\d.]+ KiB +no +not yet +not yet$/m);
    expect(stdout).toMatch(/^1 backup: .* of files in .* of packs and lists\.$/m);
    snapshot = /\d{8}T\S+-leitstand-\w+/.exec(stdout)?.[0] ?? '';
    expect(await run('backup', 'show', 'nothing')).toMatchObject({ exit: 2 });
  });

  it('verifies the share of a night, and says how old the oldest is', async () => {
    const first = await run('backup', 'verify', '--rotate');
    expect(first.stdout).toMatch(
      /^Intact: \d+ records, .* read \(what is due\); .* \d+ s ago \(limit: 7 d\)$/m,
    );
    expect(first.exit).toBe(0);
    const again = await run('backup', 'verify', '--rotate');
    expect(again.stdout).toContain('; 0 B of ');
    const list = await run('backup', 'list');
    expect(list.stdout).toMatch(/ \d+ s ago +not yet$/m);
    const mistake = await run('backup', 'verify', '--rotate', '--level', 'content');
    expect([mistake.exit, mistake.stderr]).toEqual([2, expect.stringContaining('leitstand backup verify')]);
    expect((await run('status')).stdout).toMatch(/verify +repository +proven/);
    expect((await json('backup', 'verify')).result).toMatchObject({
      level: 'content',
      findings: [],
      counts: { packs: 1 },
      stored: { objects: expect.any(Number) },
      damaged: [],
    });
  });

  it('shows a snapshot and its files, with both names', async () => {
    const { stdout, exit } = await run('backup', 'show', snapshot);
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^of +leitstand of the stack town, written by leitstand \S+$/m);
    expect(stdout).toMatch(/^takes +.* in 1 pack and \d lists?; .* of it no older snapshot needs$/m);
    expect(stdout).toMatch(/^verified +\d+ s ago$/m);
    expect(stdout).toMatch(/^\d sealed facts, held against what a drill restores:$/m);
    const files = await run('backup', 'show', snapshot, '--files');
    expect(files.stdout).toMatch(
      /^-0\d{3} +[\d.]+ K?i?B +\S+ \S+ {2}config\/leitstand.yaml -> leitstand.yaml$/m,
    );
    const some = await run('backup', 'show', snapshot, '--files', '*.db');
    expect(some.stdout.trim().split('\n')).toHaveLength(2);
    expect(some.stdout).toContain('state/leitstand.db -> .leitstand/leitstand.db');
    const shown = await json('backup', 'show', snapshot);
    expect(shown.result).toMatchObject({ record: { id: snapshot }, verified: { read: 2, objects: 2 } });
  });

  it('restores one file to stdout or to a new file, by either name', async () => {
    const file = await readFile(join(directory, 'leitstand.yaml'), 'utf8');
    for (const name of ['config/leitstand.yaml', 'leitstand.yaml']) {
      const { stdout, exit } = await run('restore', '--snapshot', snapshot, '--path', name, '-');
      expect([stdout, exit]).toEqual([file, 0]);
    }
    const out = await run('restore', '--source', 'leitstand', '--path', 'leitstand.yaml', 'one.yaml');
    expect([out.exit, await readFile(join(directory, 'one.yaml'), 'utf8')]).toEqual([0, file]);
    expect((await run('restore', '--snapshot', snapshot, '--path', 'leitstand.yaml', 'one.yaml')).exit).toBe(
      6,
    );
    for (const wrong of [
      ['-'],
      ['x', '--path', 'a', '--include', 'b'],
      ['-', '--path', 'leitstand.yaml', '--json'],
      ['x', '--owner', 'root'],
      ['x', '--source', 'prometheus'],
      ['x', '--path', 'not-there'],
      ['x', '--include', 'not-there'],
    ])
      expect([wrong, (await run('restore', '--snapshot', snapshot, ...wrong)).exit]).toEqual([wrong, 2]);
    expect(await readdir(directory)).not.toContain('x');
  });

  it('restores what patterns choose, as whose it is said', async () => {
    const { stdout, exit } = await run(
      'restore',
      '--snapshot',
      snapshot,
      '--include',
      '*.yaml',
      '--include',
      '.leitstand',
      '--exclude',
      '*.pem',
      '--owner',
      'me',
      'some',
    );
    expect([exit, stdout]).toEqual([0, expect.stringContaining('Every byte was checked.')]);
    const found = await readdir(join(directory, 'some'), { recursive: true });
    expect(found).toContain('leitstand.yaml');
    expect(found).toContain('.leitstand/leitstand.db');
    expect(found.some((name) => name.endsWith('.pem'))).toBe(false);
    expect((await stat(join(directory, 'some/leitstand.yaml'))).uid).toBe(process.getuid?.());
  });

  it('names damage with the files it hits, keeps naming it, and restores around it', async () => {
    const [pack = ''] = await packs();
    const bytes = await readFile(pack);
    bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20);
    await writeFile(pack, bytes);
    expect(createHash('sha256').update(bytes).digest('hex')).not.toBe(pack.slice(-64));
    const found = await run('backup', 'verify', '--level', 'stored');
    expect(found.exit).toBe(1);
    expect(found.stdout).toMatch(/^packs\/leitstand\/\S+ +was altered$/m);
    expect(found.stdout).toContain('hits config/leitstand.yaml');
    expect(found.stdout).toContain('leitstand restore --keep-going');
    expect((await run('backup', 'verify', '--rotate')).exit).toBe(1);
    const presence = await run('backup', 'verify', '--level', 'presence');
    expect(presence.stdout).toContain('known to be damaged since an earlier run');
    const status = await run('status');
    expect(status.stdout).toMatch(/verify +repository +REFUTED .* was altered/);
    expect(status.stdout).toContain('leitstand backup verify --rotate');
    expect((await run('backup', 'list')).stdout).toMatch(/ DAMAGED +not yet$/m);
    expect((await run('restore', '--snapshot', snapshot, 'broken')).exit).toBe(1);
    const around = await run('restore', '--snapshot', snapshot, '--keep-going', 'around');
    expect([around.exit, around.stdout]).toEqual([3, expect.stringMatching(/^LOST: \d+ files?$/m)]);
  });
});
