import { mkdir, readdir, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UNFINISHED_MARK } from '../../../src/platform/files.ts';
import { openDirectoryStore } from '../../../src/repository/stores/directory/index.ts';
import { objectNames, scratch } from '../fixture.ts';
import { describeStore } from '../store-conformance.ts';

describeStore('the directory store', async () => openDirectoryStore(join(scratch(), 'new', 'place')));

describe('the directory store', () => {
  it('never shows what is half written', async () => {
    const root = scratch();
    await writeFile(join(root, `a${UNFINISHED_MARK}123`), 'half');
    const store = openDirectoryStore(root);
    await store.put('b', Buffer.from('x'));
    expect(await objectNames(store)).toEqual(['b']);
    await expect(store.get(`a${UNFINISHED_MARK}123`)).rejects.toThrow(TypeError);
  });

  it('sweeps what was left half written an hour ago, and nothing younger', async () => {
    const root = scratch();
    await mkdir(join(root, 'packs'));
    const [old, young] = [join(root, 'packs', `a${UNFINISHED_MARK}1`), join(root, `b${UNFINISHED_MARK}2`)];
    await writeFile(old, 'half');
    await writeFile(young, 'half');
    const twoHoursAgo = Date.now() / 1000 - 7200;
    await utimes(old, twoHoursAgo, twoHoursAgo);
    await openDirectoryStore(root).put('c', Buffer.from('x'));
    expect(await readdir(join(root, 'packs'))).toEqual([]);
    expect(await readdir(root)).toContain(`b${UNFINISHED_MARK}2`);
  });

  it('leaves nothing behind when a put fails, and says why in the system’s words', async () => {
    const root = scratch();
    await mkdir(join(root, 'taken'));
    await expect(openDirectoryStore(root).put('taken', Buffer.from('x'))).rejects.toMatchObject({
      code: 'EISDIR',
    });
    expect(await readdir(root)).toEqual(['taken']);
  });

  it('keeps objects from other users', async () => {
    const root = join(scratch(), 'store');
    await openDirectoryStore(root).put('packs/a', Buffer.from('x'));
    expect((await stat(join(root, 'packs/a'))).mode & 0o077).toBe(0);
    expect((await stat(root)).mode & 0o077).toBe(0);
  });

  it('does not list through symbolic links', async () => {
    const root = scratch();
    await symlink('/etc', join(root, 'etc'));
    expect(await objectNames(openDirectoryStore(root))).toEqual([]);
  });
});
