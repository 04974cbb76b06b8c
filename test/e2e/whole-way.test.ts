import { copyFile, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generations } from '../integration/programs.ts';
import { eventually, makeStack, type StackUnderTest } from './stack-under-test.ts';

describe.each(generations)('the whole way with %s programs', (generation) => {
  let stack: StackUnderTest;

  beforeAll(async () => {
    stack = await makeStack(generation);
  });
  afterAll(() => stack?.destroy());

  it('plan touches nothing', async () => {
    const { exit, stdout } = await stack.run('plan');
    expect(exit).toBe(0);
    expect(stdout).toMatch(/prometheus +\S+ +start/);
    expect((await stack.run('status')).stdout).not.toMatch(/ready/);
  });

  it('up starts everything, and a second time changes nothing', async () => {
    const first = await stack.run('up');
    expect(first.stderr + first.stdout).toMatch(/pushgateway +\S+ +configured +started/);
    expect(first.exit).toBe(0);
    const second = await stack.run('up');
    expect(second.exit).toBe(0);
    expect(second.stdout).toMatch(/prometheus +\S+ +configured +unchanged/);
    expect(second.stdout).not.toMatch(/started|restarted|reloaded/);
  });

  it('no secret is where others can read it', async () => {
    const secrets = await readFile(join(stack.directory, '.env'), 'utf8');
    const [slack] = /https?:\S+services\S+/.exec(secrets) ?? [];
    const config = join(stack.directory, '.leitstand/rendered/alertmanager/alertmanager.yml');
    const text = await readFile(config, 'utf8');
    expect(text).not.toContain(slack);
    if (text.includes('/webhook')) expect((await stat(config)).mode & 0o077).toBe(0);
    expect((await stat(join(stack.directory, '.leitstand/secrets/alertmanager'))).mode & 0o777).toBe(0o700);
  });

  it('alert test proves every integration', async () => {
    const { exit, stdout, stderr } = await stack.run('alert', 'test');
    expect(stdout + stderr).toMatch(/on-call +slack\[0\] +CONFIRMED/);
    expect(stdout).toMatch(/team +webhook\[0\] +CONFIRMED/);
    expect(stdout).toContain('3 of 3 integrations proven');
    expect(exit).toBe(0);
    const list = await stack.run('inbox', 'list');
    expect(list.stdout).toMatch(/slack +200 +firing/);
  });

  it('drill without a backup says that there is none', async () => {
    const { exit, stderr } = await stack.run('drill');
    expect(stderr).toContain('leitstand backup');
    expect(exit).toBe(10);
  });

  it('backup and drill prove a restore', async () => {
    const backup = await eventually(
      () => stack.run('backup'),
      ({ exit }) => exit === 0,
    );
    expect(backup.stdout).toMatch(/prometheus +stored/);
    const drill = await stack.run('drill');
    expect(drill.stdout + drill.stderr).toContain('PROVEN: the backup restores.');
    expect(drill.stdout).toContain('rejected, as it must be');
    expect(drill.exit).toBe(0);
    expect((await stack.run('backup', 'verify')).stdout).toContain('Intact');
  });

  it('restores Leitstand itself, which is the same stack again once its secrets are back', async () => {
    const restore = await stack.run('restore', '--source', 'leitstand', 'again');
    expect(restore.stdout).toContain('put back what no backup holds');
    const status = () => stack.run('status', '--file', 'again/leitstand.yaml');
    expect((await status()).stderr).toContain('LS-CONFIG-013');
    await copyFile(join(stack.directory, '.env'), join(stack.directory, 'again/.env'));
    expect((await status()).stdout).toMatch(/backup +prometheus +proven/);
    await rm(join(stack.directory, 'again'), { recursive: true });
  });

  it('status is all well, and JSON says the same', async () => {
    const { exit, stdout } = await stack.run('status');
    expect(stdout).toContain('all ready, all proven');
    expect(exit).toBe(0);
    const lines = (await stack.run('status', '--json')).stdout.trim().split('\n');
    expect(JSON.parse(lines[0] ?? '')).toEqual({ type: 'leitstand', version: 1, command: 'status' });
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      type: 'result',
      exit: 0,
      result: { healthy: true },
    });
  });

  it('reloads for a changed file, restarts for a changed flag, and leaves the rest alone', async () => {
    const file = join(stack.directory, 'leitstand.yaml');
    const original = await readFile(file, 'utf8');
    await writeFile(file, original.replace('scrape_interval: 1s', 'scrape_interval: 2s'));
    expect((await stack.run('plan')).stdout).toMatch(/prometheus +\S+ +reload +1 file$/m);
    const reloaded = await stack.run('up');
    expect(reloaded.stdout).toMatch(/prometheus +\S+ +configured +reloaded/);
    expect(reloaded.stdout).toMatch(/alertmanager +\S+ +configured +unchanged/);
    await writeFile(file, original.replace('scrape_interval: 1s', 'scrape_interval: 2s, retention: 3d'));
    expect((await stack.run('up')).stdout).toMatch(/prometheus +\S+ +configured +restarted/);
    await writeFile(file, original.replace(/ {2}pushgateway: .*\n/, ''));
    expect((await stack.run('up')).stdout).toMatch(/pushgateway +stopped/);
    await writeFile(file, original);
    expect((await stack.run('up')).stdout).toMatch(/pushgateway +\S+ +configured +started/);
    expect((await stack.run('plan')).stdout).toContain('Nothing to change.');
  });

  it('is not taken down to an older version by accident', async () => {
    const fake = join(stack.directory, 'older');
    await writeFile(fake, '#!/bin/sh\necho "pushgateway, version 1.5.0 (branch: x, revision: x)"\n', {
      mode: 0o755,
    });
    await stack.configure({ paths: new Map([...stack.paths, ['pushgateway', fake]]) });
    const { exit, stderr } = await stack.run('up');
    expect(stderr).toContain('LS-RUNTIME-013');
    expect(exit).toBe(2);
    await stack.configure();
    expect((await stack.run('plan')).stdout).toContain('Nothing to change.');
  });

  it('down leaves nothing running and keeps the data', async () => {
    expect((await stack.run('down')).stdout).toMatch(/Stopped: .*prometheus/);
    expect((await stack.run('down')).stdout).toContain('Nothing was running.');
    const { exit, stdout } = await stack.run('status');
    expect(exit).toBe(1);
    expect(stdout).toContain('leitstand up');
    expect((await stat(join(stack.directory, '.leitstand/data/prometheus'))).isDirectory()).toBe(true);
  });
});
