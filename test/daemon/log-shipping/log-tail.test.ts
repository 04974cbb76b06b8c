import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogTail } from '../../../src/daemon/log-shipping/log-tail.ts';
import { systemClock } from '../../../src/platform/clock.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'leitstand-tail-'));
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('a log that somebody else took away', () => {
  // File systems give a number that has become free to the next file: neither it nor the size tells them apart.
  it('is read from its begin when it is there again, with as many bytes and the same number', async () => {
    const path = join(root, 'alpha.log');
    const tail = await LogTail.open({ path, clock: systemClock, patienceMs: 60_000 }, undefined);
    const read = async () => (await tail.read(1024)).lines.map(({ text }) => text);
    await writeFile(path, 'one\n');
    expect(await read()).toEqual(['one']);
    await rm(path);
    expect(await read()).toEqual([]);
    await writeFile(path, 'two\n');
    expect(await read()).toEqual(['two']);
    expect(await read()).toEqual([]);
  });
});
