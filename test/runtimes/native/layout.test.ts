import { chmod, cp, mkdir, mkdtemp, rename, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  nativeLayout,
  secureSocketDirectory,
  socketPath,
  stackScope,
  stackScopes,
} from '../../../src/runtimes/native/layout.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'leitstand-layout-'));
});
afterEach(() => rm(root, { recursive: true }));

describe('nativeLayout', () => {
  it('gives absolute paths that are apart for each component', () => {
    const layout = nativeLayout('some/state');
    const paths = [layout.rendered, layout.secrets, layout.data, layout.log, layout.process].flatMap(
      (path) => [path('prometheus'), path('alertmanager')],
    );
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths.every((path) => path.startsWith('/'))).toBe(true);
  });
});

describe('socketPath', () => {
  it('is short even for a long state directory and the same through a symbolic link', async () => {
    const long = join(root, 'x'.repeat(120));
    await mkdir(long);
    await symlink(long, join(root, 'link'));
    const path = await socketPath(long, {}, 1234);
    expect(path).toBe(`/tmp/leitstand-1234/${await stackScope(long)}.sock`);
    expect(await socketPath(join(root, 'link'), {}, 1234)).toBe(path);
  });

  it('prefers the runtime directory of the session, as long as it exists and is short', async () => {
    const name = `${await stackScope(root)}.sock`;
    const uid = process.getuid?.() ?? 0;
    expect(await socketPath(root, { XDG_RUNTIME_DIR: root }, uid)).toBe(join(root, 'leitstand', name));
    expect(await socketPath(root, { XDG_RUNTIME_DIR: join(root, 'gone') }, 0)).toBe(`/run/leitstand/${name}`);
    const deep = join(root, 'y'.repeat(90));
    await mkdir(deep);
    expect(await socketPath(root, { XDG_RUNTIME_DIR: deep }, 0)).toBe(`/run/leitstand/${name}`);
  });
});

it('passes over the runtime directory of another user, as `su` and `sudo -E` pass it on', async () => {
  const stranger = (process.getuid?.() ?? 0) + 4_321;
  expect(await socketPath(root, { XDG_RUNTIME_DIR: root }, stranger)).toBe(
    `/tmp/leitstand-${stranger}/${await stackScope(root)}.sock`,
  );
});

describe('stackScope', () => {
  it('stays when the directory is moved, and differs for a copy and for a successor at the same path', async () => {
    const [here, there, copy] = [join(root, 'here'), join(root, 'there'), join(root, 'copy')];
    await mkdir(here);
    const scope = await stackScope(here);
    await cp(here, copy, { recursive: true });
    expect(await stackScope(copy)).not.toBe(scope);
    await rename(here, there);
    expect(await stackScope(there)).toBe(scope);
    await mkdir(here);
    expect(await stackScope(here)).not.toBe(scope);
  });

  it('differs for a directory that gets the inode of a deleted one', async (test) => {
    const here = join(root, 'here');
    const seen = new Map<bigint, readonly string[]>();
    for (let tries = 0; tries < 200; tries++) {
      await mkdir(here);
      const { ino, birthtimeNs } = await stat(here, { bigint: true });
      if (birthtimeNs === 0n) test.skip('this file system keeps no birth');
      const scopes = await stackScopes(here);
      const former = seen.get(ino);
      if (former) {
        expect(scopes[0]).not.toBe(former[0]);
        expect(scopes[1]).toBe(former[1]);
        return;
      }
      seen.set(ino, scopes);
      await rm(here, { recursive: true });
    }
    test.skip('this file system gives no inode a second time');
  });

  it('stays when things in the directory change', async () => {
    const scopes = await stackScopes(root);
    await mkdir(join(root, 'new'));
    await chmod(root, 0o711);
    expect(await stackScopes(root)).toEqual(scopes);
  });

  it('is that of earlier versions where no birth is kept', async () => {
    expect((await stat('/proc', { bigint: true })).birthtimeNs).toBe(0n);
    expect(await stackScopes('/proc')).toHaveLength(1);
  });
});

describe('secureSocketDirectory', () => {
  it('makes it private, and an open one private again', async () => {
    const directory = join(root, 'sockets');
    await secureSocketDirectory(directory, process.getuid?.() ?? 0);
    await chmod(directory, 0o777);
    await secureSocketDirectory(directory, process.getuid?.() ?? 0);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it('refuses a directory of somebody else', async () => {
    await expect(secureSocketDirectory(root, 4321)).rejects.toMatchObject({ code: 'LS-RUNTIME-009' });
  });

  it('refuses a symbolic link, whoever made it', async () => {
    await symlink(root, join(root, 'elsewhere'));
    await expect(
      secureSocketDirectory(join(root, 'elsewhere'), process.getuid?.() ?? 0),
    ).rejects.toMatchObject({ code: 'LS-RUNTIME-009' });
  });
});
