import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lastLines, logSize, openLog } from '../../../src/runtimes/native/log-file.ts';
import { rotateOnce } from '../../../src/runtimes/native/log-rotation.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leitstand-log-'));
  path = join(directory, 'alpha.log');
});
afterEach(() => rm(directory, { recursive: true }));

it('reads the last lines since an offset, oldest first', async () => {
  expect(await lastLines(path, 5)).toEqual([]);
  await writeFile(path, 'one\ntwo\r\n');
  const offset = await logSize(path);
  await appendFile(path, 'three\nfour\nhalf a li');
  expect(await lastLines(path, 2)).toEqual(['four', 'half a li']);
  expect(await lastLines(path, 10, offset)).toEqual(['three', 'four', 'half a li']);
  expect(await lastLines(path, 10)).toHaveLength(5);
  expect(await lastLines(path, 0)).toEqual([]);
});

it('reads only the end of a large log, in whole lines', async () => {
  await writeFile(path, `${'x'.repeat(99)}\n`.repeat(10_000));
  const lines = await lastLines(path, 10_000);
  expect(lines.length).toBeGreaterThan(2_000);
  expect(new Set(lines)).toEqual(new Set(['x'.repeat(99)]));
});

it('rotates a large log under a program that goes on writing to it', async () => {
  const program = await openLog(path);
  try {
    await program.write('before\n'.repeat(100));
    const offset = await logSize(path);
    await rotateOnce(directory, 1_000);
    expect(await logSize(path)).toBe(700);
    await rotateOnce(directory, 100);
    await program.write('after\n');
    expect(await readFile(path, 'utf8')).toBe('after\n');
    expect(await readFile(`${path}.1`, 'utf8')).toBe('before\n'.repeat(100));
    // An offset from before the cut does not hide what came after it.
    expect(await lastLines(path, 5, offset)).toEqual(['after']);
    await rotateOnce(directory, 100);
    expect(await readFile(`${path}.1`, 'utf8')).toContain('before');
  } finally {
    await program.close();
  }
});

it('goes on with the other logs when one cannot be rotated, and leaves no half copy', async () => {
  await mkdir(join(directory, 'aaa.log'));
  await mkdir(join(directory, 'bbb.log.1', 'full'), { recursive: true });
  for (const name of ['bbb', 'ccc']) await writeFile(join(directory, `${name}.log`), 'x'.repeat(200_000));
  expect(await rotateOnce(directory, 10)).toEqual(['aaa.log', 'bbb.log']);
  expect((await readFile(join(directory, 'ccc.log.1'), 'utf8')).length).toBe(200_000);
  expect((await readdir(directory)).filter((name) => name.includes('unfinished'))).toEqual([]);
});
