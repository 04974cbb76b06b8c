import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually } from '../runtimes/native/harness.ts';
import { leitstand } from './stack-under-test.ts';

const bin = fileURLToPath(new URL('../../bin/leitstand.mjs', import.meta.url));
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leitstand-logs-'));
  await mkdir(join(directory, '.leitstand', 'logs'), { recursive: true });
  await writeFile(
    join(directory, 'leitstand.yaml'),
    'schema: 1\nstack: logs\ncomponents:\n  prometheus: {}\n  pushgateway: {}\n',
  );
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const run = (...args: string[]) => leitstand(args, { cwd: directory });

function append(component: string, text: string): Promise<void> {
  return appendFile(join(directory, '.leitstand', 'logs', `${component}.log`), text);
}

function start(command: string, args: readonly string[]) {
  const child = spawn(command, args, {
    cwd: directory,
    env: { PATH: process.env['PATH'], HOME: directory, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  return { child, output };
}

it('shows one log as it is, several with their names, and lines of a time', async () => {
  const old = `ts=${new Date(Date.now() - 3_600_000).toISOString()} msg=old`;
  const young = `ts=${new Date(Date.now() - 1_000).toISOString()} msg=young`;
  expect((await run('logs', 'prometheus')).stdout).toBe('prometheus has written nothing yet.\n');
  await append('prometheus', `${old}\n`);
  await append('pushgateway', `${young}\n`);
  expect((await run('logs', 'prometheus')).stdout).toBe(`${old}\n`);
  expect((await run('logs', 'prometheus', 'pushgateway')).stdout).toBe(
    `prometheus  | ${old}\npushgateway | ${young}\n`,
  );
  expect((await run('logs', '--since', '10m')).stdout).toBe(`pushgateway | ${young}\n`);
  const { stdout } = await run('logs', 'pushgateway', '--json');
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    { type: 'leitstand', version: 1, command: 'logs' },
    { type: 'line', component: 'pushgateway', text: young, at: young.slice(3, 27) },
    { type: 'result', exit: 0, result: [young] },
  ]);
});

it('refuses what it does not know', async () => {
  for (const [args, text] of [
    [['logs', 'grafana'], 'its components are: prometheus, pushgateway'],
    [['logs', '--since', 'yesterday'], '--since takes a duration'],
    [['logs', '--lines', '0'], '--lines takes a whole number'],
  ] as const) {
    const { exit, stderr } = await run(...args);
    expect(exit).toBe(2);
    expect(stderr).toContain(text);
  }
});

it('follows without a daemon until Ctrl-C, which is no error', async () => {
  await append('prometheus', 'first\n');
  const { child, output } = start(process.execPath, [bin, 'logs', '-f']);
  await eventually(async () => output.stdout.includes('first'), 'the first line');
  await append('prometheus', 'second\n');
  await append('daemon', 'third\n');
  await eventually(async () => output.stdout.includes('third'), 'the third line');
  child.kill('SIGINT');
  const [exit] = (await once(child, 'close')) as [number | null];
  expect(exit).toBe(130);
  expect(output.stderr).toBe('');
  expect(output.stdout.split('\n').sort()).toEqual([
    '',
    'daemon      | third',
    'prometheus  | first',
    'prometheus  | second',
  ]);
});

it('ends quietly when nobody reads any more', async () => {
  await append('prometheus', 'first\n');
  const words = `"${process.execPath}" "${bin}" logs prometheus -f | head -n 1; echo "ended \${PIPESTATUS[0]}"`;
  const { child, output } = start('bash', ['-c', words]);
  const ended = once(child, 'close');
  await eventually(async () => output.stdout.includes('first'), 'the first line');
  const writing = setInterval(() => void append('prometheus', 'more\n'), 50);
  await ended;
  clearInterval(writing);
  expect(output).toEqual({ stdout: 'first\nended 0\n', stderr: '' });
});
