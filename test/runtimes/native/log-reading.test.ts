import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../src/platform/clock.ts';
import { makeLayout, type NativeLayout, nativeLayout } from '../../../src/runtimes/native/layout.ts';
import { readLogs } from '../../../src/runtimes/native/log-reading.ts';
import { rotateOnce } from '../../../src/runtimes/native/log-rotation.ts';
import type { LogLine, LogRequest } from '../../../src/stack/runtime.ts';
import { eventually } from './harness.ts';

let root: string;
let layout: NativeLayout;
let stopping: AbortController;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'leitstand-logs-'));
  layout = nativeLayout(root);
  await makeLayout(layout);
  stopping = new AbortController();
});
afterEach(async () => {
  stopping.abort();
  await rm(root, { recursive: true, force: true });
});

function line(minute: number, text: string): string {
  return `ts=2026-11-24T10:${String(minute).padStart(2, '0')}:00Z msg=${text}`;
}

function append(component: string, ...lines: readonly string[]): Promise<void> {
  return appendFile(layout.log(component), lines.map((text) => `${text}\n`).join(''));
}

async function read(request: Partial<LogRequest> & Pick<LogRequest, 'components'>): Promise<LogLine[]> {
  const found: LogLine[] = [];
  for await (const one of readLogs(layout, systemClock, { lines: 50, follow: false, ...request }))
    found.push(one);
  return found;
}

function follow(components: readonly string[], lines = 50): string[] {
  const found: string[] = [];
  const reading = async () => {
    const request = { components, lines, follow: true, signal: stopping.signal };
    for await (const { component, text } of readLogs(layout, systemClock, request))
      found.push(`${component}: ${text}`);
    found.push('end');
  };
  void reading();
  return found;
}

const texts = (lines: readonly LogLine[]) => lines.map(({ text }) => text);

it('shows the last lines of several logs by their times, each log in its own order', async () => {
  await append('alpha', 'before any time', line(1, 'a'), '  goes on', line(5, 'c'));
  await append('beta', line(3, 'b'), line(9, 'd'));
  const all = await read({ components: ['alpha', 'beta', 'nobody'] });
  expect(texts(all)).toEqual([
    'before any time',
    line(1, 'a'),
    '  goes on',
    line(3, 'b'),
    line(5, 'c'),
    line(9, 'd'),
  ]);
  expect(all[2]).toEqual({ component: 'alpha', text: '  goes on', at: '2026-11-24T10:01:00.000Z' });
  expect(texts(await read({ components: ['alpha', 'beta'], lines: 1 }))).toEqual([
    line(5, 'c'),
    line(9, 'd'),
  ]);
});

it('goes back into the rotated log for lines and for time', async () => {
  await append('alpha', ...Array.from({ length: 40 }, (_, i) => line(i, `n${i}`)));
  await rotateOnce(layout.logs, 0);
  await append('alpha', line(50, 'last'));
  expect(texts(await read({ components: ['alpha'], lines: 3 }))).toEqual([
    line(38, 'n38'),
    line(39, 'n39'),
    line(50, 'last'),
  ]);
  const since = new Date('2026-11-24T10:37:00Z');
  expect(texts(await read({ components: ['alpha'], lines: Infinity, since }))).toEqual([
    line(37, 'n37'),
    line(38, 'n38'),
    line(39, 'n39'),
    line(50, 'last'),
  ]);
});

it('finds a time far back in a large log', async () => {
  const padding = 'x'.repeat(1000);
  for (let minute = 0; minute < 40; minute += 1)
    await append('alpha', ...Array.from({ length: 100 }, () => line(minute, padding)));
  const found = await read({
    components: ['alpha'],
    lines: Infinity,
    since: new Date('2026-11-24T10:05:00Z'),
  });
  expect(found).toHaveLength(3_500);
});

it('follows several logs across rotations, from nothing, and ends without an error', async () => {
  const found = follow(['alpha', 'beta']);
  for (let round = 0; round < 4; round += 1) {
    await append('alpha', `a${round}`);
    await append('beta', `b${round}`);
    await eventually(
      async () => found.includes(`alpha: a${round}`) && found.includes(`beta: b${round}`),
      `round ${round}`,
    );
    await append('alpha', `late ${round}`);
    await rotateOnce(layout.logs, 0);
  }
  await append('alpha', 'last');
  await eventually(async () => found.includes('alpha: last'), 'the last');
  stopping.abort();
  await eventually(async () => found.includes('end'), 'the end');
  const alpha = ['a0', 'late 0', 'a1', 'late 1', 'a2', 'late 2', 'a3', 'late 3', 'last'];
  expect(found.filter((text) => text.startsWith('alpha'))).toEqual(alpha.map((text) => `alpha: ${text}`));
});

it('follows a log that is larger after its rotation than before', async () => {
  await append('alpha', 'one');
  const found = follow(['alpha']);
  await eventually(async () => found.length === 1, 'begun');
  await append('alpha', 'two');
  await rotateOnce(layout.logs, 0);
  await append('alpha', 'a much longer line than those before it', 'three');
  await eventually(async () => found.includes('alpha: three'), 'three');
  expect(found.slice(0, 4)).toEqual([
    'alpha: one',
    'alpha: two',
    'alpha: a much longer line than those before it',
    'alpha: three',
  ]);
});
