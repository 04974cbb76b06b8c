import { chmod, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LeitstandError, systemErrorCode } from '../../src/platform/errors.ts';
import { tryLock } from '../../src/platform/lock.ts';
import { runProgram } from '../../src/platform/processes.ts';

const LOCK = new URL('../../src/platform/lock.ts', import.meta.url).href;

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leitstand-lock-'));
  path = join(directory, 'a.lock');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('tryLock', () => {
  it('needs no room: a process that may write no byte gets it, and loses it by its death', async () => {
    const script = `const { tryLock } = await import(${JSON.stringify(LOCK)});
      console.log((await tryLock(${JSON.stringify(path)}, 'test')).held); process.exit(0)`;
    const limited = [
      '-c',
      'ulimit -f 0; exec "$0" "$@"',
      process.execPath,
      '--input-type=module',
      '-e',
      script,
    ];
    expect(await runProgram('/bin/sh', limited)).toMatchObject({ stdout: 'true\n', exitCode: 0 });
    expect(await tryLock(path, 'next')).toMatchObject({ held: true });
  });

  it('holds also when nobody can be told who does', async () => {
    await mkdir(`${path}.holder`);
    const lock = await tryLock(path, 'first');
    expect(lock.held).toBe(true);
    expect(await tryLock(path, 'second')).toEqual({ held: false, holder: undefined });
    if (lock.held) lock.release();
  });

  it('is private, and looking at a held one does not let go of it', async () => {
    const lock = await tryLock(path, 'first');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    for (let time = 0; time < 3; time += 1)
      expect(await tryLock(path, 'again')).toMatchObject({ held: false });
    if (lock.held) lock.release();
  });

  it('rejects with the code of the system', async () => {
    await expect(tryLock(join(directory, 'none', 'a.lock'), 'x')).rejects.toMatchObject({ code: 'ENOENT' });
    await mkdir(path);
    await expect(tryLock(path, 'x')).rejects.toMatchObject({ code: 'EACCES' });
  });

  it.skipIf(process.getuid?.() === 0)('rejects with EACCES where it may not write', async () => {
    await chmod(directory, 0o500);
    await expect(tryLock(path, 'x')).rejects.toMatchObject({ code: 'EACCES' });
    await chmod(directory, 0o700);
  });
});

describe('systemErrorCode', () => {
  it('looks through causes, and takes no code of ours for one of the system', () => {
    const system = Object.assign(new Error('no'), { code: 'ENOSPC' });
    expect(systemErrorCode(new Error('outer', { cause: system }))).toBe('ENOSPC');
    const ours = new LeitstandError('LS-TEST-001', 6, { what: 'no', cause: system });
    expect(systemErrorCode(ours)).toBeUndefined();
    expect(systemErrorCode(new Error('outer', { cause: ours }))).toBeUndefined();
  });
});
