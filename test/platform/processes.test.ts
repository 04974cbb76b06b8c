import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { httpExchange } from '../../src/platform/http.ts';
import { tryLock } from '../../src/platform/lock.ts';
import { findFreePort, isPortFree } from '../../src/platform/ports.ts';
import { freePort } from '../fixtures/free-port.ts';
import {
  findByEnvironment,
  findPortHolder,
  identifyProcess,
  isAlive,
} from '../../src/platform/process-table.ts';
import { runProgram } from '../../src/platform/processes.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leitstand-processes-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error('still not so after 10 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('runProgram', () => {
  it('returns what happened instead of throwing', async () => {
    const lines: string[] = [];
    const result = await runProgram('sh', ['-c', 'echo out; echo err >&2; cat; exit 3'], {
      input: 'in',
      onLine: (line) => lines.push(line),
    });
    expect(result).toMatchObject({ exitCode: 3, stdout: 'out\nin', stderr: 'err\n', timedOut: false });
    expect(lines.sort((a, b) => (a < b ? -1 : 1))).toEqual(['err', 'out']);
  });

  it('kills on timeout and on abort', async () => {
    const late = await runProgram('sleep', ['60'], { timeoutMs: 50 });
    expect(late).toMatchObject({ exitCode: null, signal: 'SIGKILL', timedOut: true });
    const cancel = new AbortController();
    const cancelled = runProgram('sleep', ['60'], { signal: cancel.signal });
    cancel.abort(new Error('enough'));
    await expect(cancelled).rejects.toThrow('enough');
  });

  it('rejects when there is no such program', async () => {
    await expect(runProgram('/nowhere/program', [])).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('the process table', () => {
  it('knows a process by pid and start time', async () => {
    const self = await identifyProcess(process.pid);
    expect(self).toBeDefined();
    if (!self) return;
    expect(await isAlive(self)).toBe(true);
    expect(await isAlive({ ...self, startTime: '1' })).toBe(false);
  });

  it('a zombie is not alive', async () => {
    // The shell becomes `sleep`, which never reaps the child that the shell had started.
    const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const pid = await new Promise<number>((resolve) =>
        parent.stdout.once('data', (text: Buffer) => resolve(Number(text.toString()))),
      );
      await until(async () => {
        const { stdout } = await runProgram('cat', [`/proc/${pid}/stat`]);
        return / Z /.test(stdout);
      });
      expect(await identifyProcess(pid)).toBeUndefined();
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('finds processes by a mark in their environment', async () => {
    const mark = `mark-${process.pid}`;
    const child = spawn('sleep', ['60'], { env: { PATH: process.env['PATH'], LEITSTAND_TEST_MARK: mark } });
    try {
      await until(async () => (await findByEnvironment('LEITSTAND_TEST_MARK', [mark])).length === 1);
      expect((await findByEnvironment('LEITSTAND_TEST_MARK', [mark]))[0]?.pid).toBe(child.pid);
    } finally {
      child.kill('SIGKILL');
    }
  });
});

describe('ports', () => {
  it('names who holds one, and finds another', async () => {
    const server = createServer((_request, response) => response.end('hello'));
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    try {
      expect(await isPortFree(port)).toBe(false);
      expect(await findFreePort(port)).not.toBe(port);
      expect(await findPortHolder(port)).toContain(`(pid ${process.pid})`);
      expect(await httpExchange(`http://127.0.0.1:${port}/`)).toMatchObject({ status: 200, body: 'hello' });
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    // For a moment it may be the nearer end of somebody's connection.
    await until(() => isPortFree(port));
    expect(await findPortHolder(port)).toBeUndefined();
    await expect(httpExchange(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('an exchange ends when its time is over', async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    await expect(httpExchange(`http://127.0.0.1:${port}/`, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'ETIMEDOUT',
    });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('tryLock', () => {
  it('is held by one, names the holder, and falls with its process', async () => {
    const path = join(directory, 'lock');
    const module = join(import.meta.dirname, '../../src/platform/lock.ts');
    const script = `import { tryLock } from ${JSON.stringify(module)}; const lock = await tryLock(${JSON.stringify(path)}, 'test'); console.log(lock.held); setInterval(() => lock, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    expect(await tryLock(path, 'second')).toMatchObject({
      held: false,
      holder: { pid: child.pid, purpose: 'test' },
    });
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    const mine = await tryLock(path, 'third');
    expect(mine.held).toBe(true);
    expect(await tryLock(path, 'fourth')).toMatchObject({ held: false, holder: { purpose: 'third' } });
    if (mine.held) mine.release();
    const again = await tryLock(path, 'fifth');
    expect(again.held).toBe(true);
    if (again.held) again.release();
  });
});
