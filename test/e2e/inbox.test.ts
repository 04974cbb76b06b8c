import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { httpExchange } from '../../src/platform/http.ts';
import { freePort } from '../fixtures/free-port.ts';
import { leitstand } from './stack-under-test.ts';

const bin = fileURLToPath(new URL('../../bin/leitstand.mjs', import.meta.url));
let directory = '';
let child: ChildProcess | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'inbox-e2e-'));
});
afterEach(async () => {
  child?.kill('SIGKILL');
  child = undefined;
  await rm(directory, { recursive: true, force: true });
});

/** Runs in the foreground, as somebody would at a terminal. */
function serve(...args: readonly string[]) {
  const started = spawn(process.execPath, [bin, 'inbox', 'serve', ...args], {
    cwd: directory,
    env: { PATH: process.env['PATH'], HOME: directory, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  const output = { out: '', err: '' };
  started.stdout.setEncoding('utf8').on('data', (text: string) => (output.out += text));
  started.stderr.setEncoding('utf8').on('data', (text: string) => (output.err += text));
  const ended = new Promise<number | null>((resolve) => started.on('close', resolve));
  return { output, ended, interrupt: () => started.kill('SIGINT') };
}

const patience = { timeout: 30_000 };

it('shows a fake alert as it comes, without a leitstand.yaml', async () => {
  const port = await freePort();
  const { output, ended, interrupt } = serve('--port', String(port));
  await expect.poll(() => output.err, patience).toContain(`listens on 127.0.0.1:${port}`);
  const { status } = await httpExchange(`http://127.0.0.1:${port}/slack/services/T000/B000/anything`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"text":"TestAlert"}',
  });
  expect(status).toBe(200);
  await expect
    .poll(() => output.out, patience)
    .toMatch(/^\d\d:\d\d:\d\d {2}#1 {4}slack {6}200 .*TestAlert\n$/);
  interrupt();
  expect(await ended).toBe(0);
});

it('keeps what comes with the records of the stack, where there is one', async () => {
  const port = await freePort();
  await writeFile(
    join(directory, 'leitstand.yaml'),
    `schema: 1\nstack: town\ncomponents: {prometheus: {}}\ninbox: {port: ${port}}\n`,
  );
  const { output, ended, interrupt } = serve();
  await expect.poll(() => output.err, patience).toContain(`listens on 127.0.0.1:${port}`);
  const drop = await leitstand(['inbox', 'misbehave', 'webhook', '503', '--times', '1'], { cwd: directory });
  expect(drop).toMatchObject({ exit: 0, stdout: expect.stringContaining('for the next request') });
  expect((await httpExchange(`http://127.0.0.1:${port}/webhook`, { method: 'POST' })).status).toBe(503);
  const listed = await leitstand(['inbox', 'list'], { cwd: directory });
  expect(listed.stdout).toMatch(/webhook +503 REFUSED +unknown +told to misbehave: status 503/);
  interrupt();
  expect(await ended).toBe(0);
  expect(output.err).not.toContain('--state');
});
