import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exists, findExecutable, readTextIfExists, writeFileAtomic } from '../../src/platform/files.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leitstand-files-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('writeFileAtomic', () => {
  it('replaces the whole file with the wanted mode, whatever the umask', async () => {
    const path = join(directory, 'secret');
    await writeFile(path, 'a longer text than the new one', { mode: 0o644 });
    await writeFileAtomic(path, 'new', { mode: 0o400 });
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await stat(path)).mode & 0o777).toBe(0o400);
    expect(await readdir(directory)).toEqual(['secret']);
  });

  it('leaves the old content and no remains when it cannot finish', async () => {
    const path = join(directory, 'not-a-directory', 'file');
    await writeFile(join(directory, 'not-a-directory'), 'old');
    await expect(writeFileAtomic(path, 'new')).rejects.toMatchObject({ code: 'ENOTDIR' });
    expect(await readdir(directory)).toEqual(['not-a-directory']);
  });
});

describe('reading', () => {
  it('tells absence from failure', async () => {
    expect(await readTextIfExists(join(directory, 'absent'))).toBeUndefined();
    expect(await exists(join(directory, 'absent'))).toBe(false);
    await expect(readTextIfExists(directory)).rejects.toMatchObject({ code: 'EISDIR' });
  });
});

describe('findExecutable', () => {
  it('passes over what is not executable, not a file, or not there', async () => {
    await writeFile(join(directory, 'tool'), '#!/bin/sh\n');
    const pathList = `/nowhere:${directory}`;
    expect(await findExecutable('tool', pathList)).toBeUndefined();
    await chmod(join(directory, 'tool'), 0o755);
    expect(await findExecutable('tool', pathList)).toBe(join(directory, 'tool'));
    expect(await findExecutable('.', pathList)).toBeUndefined();
  });
});
