import { mkdtempSync, rmSync } from 'node:fs';
import { lstat, mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { copyForControl } from '../../src/drill/control-copy.ts';
import type { Source } from '../../src/stack/source.ts';

it('copies everything, and shares only what its program never writes into', async () => {
  const root = mkdtempSync(join(tmpdir(), 'leitstand-control-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const [from, to] = [join(root, 'from'), join(root, 'to')];
  await mkdir(join(from, 'blocks', 'empty'), { recursive: true });
  await writeFile(join(from, 'blocks', 'index'), 'fixed');
  await writeFile(join(from, 'state'), 'changes');
  await symlink('../state', join(from, 'blocks', 'current'));
  await copyForControl(
    { neverRewrites: (path: string) => path === 'blocks/index' } as unknown as Source,
    from,
    to,
  );
  expect(await readFile(join(to, 'blocks', 'index'), 'utf8')).toBe('fixed');
  expect(await readlink(join(to, 'blocks', 'current'))).toBe('../state');
  expect((await lstat(join(to, 'blocks', 'empty'))).isDirectory()).toBe(true);
  const inode = async (path: string) => (await lstat(path)).ino;
  expect(await inode(join(to, 'blocks', 'index'))).toBe(await inode(join(from, 'blocks', 'index')));
  expect(await inode(join(to, 'state'))).not.toBe(await inode(join(from, 'state')));
});
