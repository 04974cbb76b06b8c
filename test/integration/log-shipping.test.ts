import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../fixtures/free-port.ts';
import type { DesiredComponent, DesiredState } from '../../src/runtimes/native/desired.ts';
import { eventually, kill, makeStack, portOf, type TestStack } from '../runtimes/native/harness.ts';
import { findProgram } from './programs.ts';

const COUNTING = new URL('../fixtures/counting-program.mjs', import.meta.url).pathname;
const program = await findProgram('victoria-logs', 'current');

describe.runIf(program)('logs in a real VictoriaLogs', () => {
  let stack: TestStack;
  let store: DesiredComponent;
  beforeEach(async () => {
    stack = await makeStack();
    store = await victoriaLogs();
  });
  afterEach(() => stack[Symbol.asyncDispose]());

  async function victoriaLogs(): Promise<DesiredComponent> {
    const port = await freePort();
    const dataDir = stack.layout.data('store');
    return {
      component: 'store',
      programPath: program?.path ?? '',
      programVersion: '1.52.1',
      args: [`-storageDataPath=${dataDir}`, `-httpListenAddr=127.0.0.1:${port}`, '-retentionPeriod=90d'],
      env: {},
      dataDir,
      ready: { url: `http://127.0.0.1:${port}/health` },
      filesHash: '',
    };
  }

  async function counting(): Promise<DesiredComponent> {
    const port = await freePort();
    return {
      ...(await stack.fake('alpha', [], port)),
      args: [COUNTING, '--port', String(port)],
    };
  }

  async function desired(...components: DesiredComponent[]): Promise<DesiredState> {
    const logPush = `http://127.0.0.1:${portOf(store)}/insert/loki/api/v1/push`;
    return {
      ...stack.desired(components),
      daemon: { port: await freePort(), environment: 'local', logPush, expected: [] },
    };
  }

  async function stored(component: string): Promise<string[]> {
    const answer = await fetch(`http://127.0.0.1:${portOf(store)}/select/logsql/query`, {
      method: 'POST',
      body: new URLSearchParams({ query: `{component="${component}",stack="test",job="leitstand"}` }),
    }).catch(() => undefined);
    const lines = ((await answer?.text()) ?? '').split('\n').filter((line) => line !== '');
    return lines.map((line) => String((JSON.parse(line) as { _msg: unknown })._msg));
  }

  async function written(): Promise<string[]> {
    return (await readFile(stack.layout.log('alpha'), 'utf8')).trimEnd().split('\n');
  }

  async function daemonPid(): Promise<number> {
    return (await (await stack.ensure()).status()).daemon.pid;
  }

  const pidOf = async (component: string) => (await stack.programs(component))[0]?.pid ?? 0;

  it('are all there after the store and the daemon were killed', { timeout: 90_000 }, async () => {
    const daemon = await stack.ensure();
    const state = await desired(store, await counting());
    await daemon.apply(state, () => undefined);
    await eventually(async () => (await stored('alpha')).length > 1_500, 'some lines');
    kill(await pidOf('store'));
    await eventually(async () => (await stored('alpha')).length > 3_000, 'lines of before and after', 30_000);
    const before = await daemonPid();
    kill(before);
    await eventually(async () => ![0, before].includes(await daemonPid().catch(() => 0)), 'replaced');
    const count = (await written()).length;
    await eventually(async () => (await written()).length > count + 1_000, 'more written');
    kill(await pidOf('store'));
    await (await stack.ensure()).apply({ ...state, components: [store] }, () => undefined);
    const all = await written();
    await eventually(
      async () => {
        const there = new Set(await stored('alpha'));
        return all.every((line) => there.has(line));
      },
      'every line',
      40_000,
    );
    const page = await (await fetch(`http://127.0.0.1:${state.daemon?.port}/metrics`)).text();
    expect(page).toContain('leitstand_log_lines_dropped_total{reason="flood"} 0');
  });

  it('include the store’s own, which says nothing of being sent to', { timeout: 60_000 }, async () => {
    const daemon = await stack.ensure();
    await daemon.apply(await desired(store, await counting()), () => undefined);
    await eventually(
      async () => (await stored('store')).some((line) => line.includes('started')),
      'its own log',
    );
    await eventually(async () => (await stored('alpha')).length > 5_000, 'many pushes');
    expect((await stored('store')).length).toBeLessThan(50);
  });
});
