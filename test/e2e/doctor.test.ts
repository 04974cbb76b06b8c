import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generations } from '../integration/programs.ts';
import { leitstand, makeStack, type StackUnderTest } from './stack-under-test.ts';

interface Finding {
  readonly check: string;
  readonly verdict: string;
  readonly subject: string;
  readonly found: string;
}

function findings(stdout: string): readonly Finding[] {
  const { result } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
    readonly result: { readonly findings: readonly Finding[] };
  };
  return result.findings;
}

describe('doctor', () => {
  let stack: StackUnderTest;
  beforeAll(async () => {
    stack = await makeStack(generations[0] ?? 'debian');
  });
  afterAll(() => stack?.destroy());
  const look = async () => findings((await stack.run('doctor', '--json')).stdout);

  it('before the first `up`: ports are free, programs are known, the inbox is to come', async () => {
    const found = await look();
    expect(found.filter(({ check }) => check === 'ports').map((line) => line.found)).toEqual(
      Array.from({ length: 5 }, () => 'free'),
    );
    expect(found.find(({ subject }) => subject === 'prometheus')).toMatchObject({
      check: 'versions',
      verdict: 'ok',
      found: expect.stringContaining('configured'),
    });
    expect(found.find(({ check }) => check === 'egress')).toMatchObject({ verdict: 'unknown' });
    expect(found.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
  });

  it('while it runs: the ports are its own, and the inbox answers', async () => {
    const { exit, stderr } = await stack.run('up');
    if (exit !== 0) throw new Error(stderr);
    const found = await look();
    const strange = found.filter(
      ({ check, found: what }) => check === 'ports' && !what.startsWith('held by this stack'),
    );
    expect(strange).toEqual([]);
    for (const line of found.filter(({ check }) => check === 'egress'))
      expect(line).toMatchObject({ verdict: 'ok', found: expect.stringMatching(/^connection \d+ ms$/) });
    const { stdout } = await stack.run('doctor', '--all');
    expect(stdout).toMatch(
      /^ok {7}ports: prometheus, port \d+: held by this stack: prometheus\S* \(pid \d+\)$/m,
    );
  });

  it('after a mistake in the file: names it, looks at the rest, and calls nothing fit', async () => {
    await stack.configure({ extra: 'routng: {}\n' });
    const { exit, stdout } = await stack.run('doctor');
    expect(exit).toBe(1);
    expect(stdout).toMatch(/FAIL {5}configuration: leitstand.yaml:\d+:1\n +found +unknown key `routng`/);
    expect(stdout).toMatch(/unknown {2}ports: ports\n +found +the file has mistakes/);
    expect(stdout).toContain('NOT FIT');
    await stack.configure();
  });

  it('finds rights that are too wide', async () => {
    await chmod(join(stack.directory, '.leitstand'), 0o755);
    const { stdout, exit } = await stack.run('doctor');
    expect(exit).toBe(1);
    expect(stdout).toContain(`fix     chmod go-rwx ${join(stack.directory, '.leitstand')}`);
    await chmod(join(stack.directory, '.leitstand'), 0o700);
  });

  it('never shows a secret', async () => {
    const secrets = await readFile(join(stack.directory, '.env'), 'utf8');
    const token = /services\/(\S+)/.exec(secrets)?.[1] ?? 'none';
    const { stdout, stderr } = await stack.run('doctor', '--all', '--json');
    expect(stdout + stderr).not.toContain(token);
  });

  it('without a file it looks at the machine; with one that is named and not there it refuses', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'leitstand-no-file-'));
    const { stdout, exit } = await leitstand(['doctor'], { cwd: empty });
    expect(stdout).toContain('there is no leitstand.yaml');
    expect(exit).toBe(0);
    expect((await leitstand(['doctor', '--file', 'nowhere.yaml'], { cwd: empty })).exit).toBe(2);
    await rm(empty, { recursive: true });
  });

  it('an attached stack: connects to what is attached, and wants no ports', async () => {
    const attached = await mkdtemp(join(tmpdir(), 'leitstand-attached-'));
    const { prometheus } = stack.ports;
    await writeFile(
      join(attached, 'leitstand.yaml'),
      `schema: 1\nstack: other\nattach:\n  prometheus: {url: 'http://127.0.0.1:${prometheus}'}\n`,
    );
    const { stdout } = await leitstand(['doctor', '--json'], { cwd: attached });
    const found = findings(stdout);
    expect(found.filter(({ check }) => check === 'egress')).toMatchObject([
      { verdict: 'ok', subject: `127.0.0.1:${prometheus}, for prometheus` },
    ]);
    expect(found.filter(({ check }) => ['ports', 'boot', 'memory'].includes(check))).toEqual([]);
    await rm(attached, { recursive: true });
  });
});
