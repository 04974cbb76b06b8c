import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../src/platform/clock.ts';
import { isPortFree } from '../../../src/platform/ports.ts';
import { startTwin } from '../../../src/runtimes/native/twin.ts';
import { eventually, kill, makeStack, type TestStack } from './harness.ts';

const DRILL = new URL('../../fixtures/drill.ts', import.meta.url).pathname;

let stack: TestStack;
let directory: string;
beforeEach(async () => {
  stack = await makeStack();
  directory = join(dirname(stack.layout.stateDir), 'twin');
  await mkdir(directory);
});
afterEach(() => stack[Symbol.asyncDispose]());

it('dies with the drill that started it, even when that is killed', async () => {
  const plan = await stack.plan('alpha', ['--with-child', '--ignore-sigterm']);
  const drill = spawn(process.execPath, [DRILL, directory, JSON.stringify(plan)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => drill.stdout.once('data', resolve));
  const pid = Number(/started (\d+)/.exec(await readFile(join(directory, 'log.txt'), 'utf8'))?.[1]);
  await eventually(async () => (await groupOf(pid)).length === 3, 'program, child and watcher');
  try {
    drill.kill('SIGKILL');
    await eventually(async () => (await groupOf(pid)).length === 0, 'the whole group gone');
    expect(await isPortFree(plan.ready.port)).toBe(true);
  } finally {
    kill(-pid);
  }
});

it('leaves no watcher behind when it is stopped', async () => {
  const plan = await stack.plan('alpha');
  const twin = await startTwin({ plan, directory }, systemClock);
  const pid = Number(/started (\d+)/.exec(await readFile(join(directory, 'log.txt'), 'utf8'))?.[1]);
  await eventually(async () => (await groupOf(pid)).length === 2, 'program and watcher');
  await twin.stop();
  await eventually(async () => (await groupOf(pid)).length === 0, 'the whole group gone');
});

it('tells how the program ended by itself, with what it wrote last', async () => {
  const plan = await stack.plan('alpha');
  const twin = await startTwin({ plan, directory }, systemClock);
  const pid = Number(/started (\d+)/.exec(await readFile(join(directory, 'log.txt'), 'utf8'))?.[1]);
  expect(await twin.logTail(5)).toEqual([expect.stringContaining(`started ${pid}`)]);
  kill(pid);
  await eventually(async () => (await twin.ended()) !== undefined, 'the end is known');
  expect(await twin.ended()).toMatch(/SIGKILL.*; it wrote: started/);
  await twin.stop();
});

/** Live pids of a process group. */
async function groupOf(group: number): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (/^\d+$/.test(name) && Number(pgrp) === group && state !== 'Z') found.push(Number(name));
  }
  return found;
}
