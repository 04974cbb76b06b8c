// A running stack: `up` with cached programs against the programs started by hand, post → all confirmed, memory.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { httpExchange } from '../src/platform/http.ts';
import { findFreePort } from '../src/platform/ports.ts';
import { residentBytes } from '../src/platform/process-table.ts';
import { makeStack, type StackUnderTest } from '../test/e2e/stack-under-test.ts';
import { generations } from '../test/integration/programs.ts';
import { median, report } from './measure.ts';

const ROUNDS = 5;

/** Milliseconds from spawn to ready of Prometheus alone, without Leitstand: the slowest of the three. */
async function bareStart(path: string): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'leitstand-bench-'));
  const port = await findFreePort(0);
  await writeFile(join(directory, 'p.yml'), 'scrape_configs: []\n');
  const start = performance.now();
  const child = spawn(
    path,
    [
      `--config.file=${directory}/p.yml`,
      `--storage.tsdb.path=${directory}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  try {
    for (;;) {
      const answer = await httpExchange(`http://127.0.0.1:${port}/-/ready`).catch(() => undefined);
      if (answer?.status === 200) return performance.now() - start;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  } finally {
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    await rm(directory, { recursive: true, force: true });
  }
}

async function measure(stack: StackUnderTest) {
  const up: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await bareStart(stack.paths.get('prometheus') ?? ''));
    const start = performance.now();
    const { exit, stderr } = await stack.run('up');
    if (exit !== 0) throw new Error(stderr);
    up.push(performance.now() - start);
    if (round < ROUNDS - 1) await stack.run('down');
  }
  const confirmed: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { stdout } = await stack.run('alert', 'test', '--json');
    const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as {
      result: { integrations: { latencyMs?: number }[] };
    };
    confirmed.push(Math.max(...last.result.integrations.map(({ latencyMs }) => latencyMs ?? Infinity)));
  }
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  const holder = await readFile(join(stack.directory, '.leitstand/run/daemon.lock.holder'), 'utf8');
  const daemonBytes = await residentBytes((JSON.parse(holder) as { pid: number }).pid);
  return {
    up: median(up),
    bare: median(bare),
    confirmed: median(confirmed),
    daemonMiB: (daemonBytes ?? Number.NaN) / 1024 ** 2,
  };
}

for (const generation of generations) {
  const stack = await makeStack(generation);
  try {
    const { up, bare, confirmed, daemonMiB } = await measure(stack);
    process.stdout.write(
      `${generation}: up ${up.toFixed(0)} ms = ${(up / bare).toFixed(2)} × Prometheus started by hand (${bare.toFixed(0)} ms)\n`,
    );
    report([
      { name: 'up, all ready', measured: up / 1000, goal: 5, unit: 's' },
      { name: 'post → all confirmed', measured: confirmed / 1000, goal: 1, unit: 's' },
      { name: 'daemon, idle for 10 s', measured: daemonMiB, goal: 120, unit: 'MiB' },
    ]);
  } finally {
    await stack.destroy();
  }
}
