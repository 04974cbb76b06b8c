import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/platform/clock.ts';
import { identifyProcess, isAlive } from '../../../src/platform/process-table.ts';
import { KEEPER_MARKER } from '../../../src/runtimes/native/control.ts';
import { readDaemonAddress, writeDaemonAddress } from '../../../src/runtimes/native/daemon-address.ts';
import type { DesiredComponent } from '../../../src/runtimes/native/desired.ts';
import { launch } from '../../../src/runtimes/native/launch.ts';
import { makeLayout, nativeLayout, stackScope, stackScopes } from '../../../src/runtimes/native/layout.ts';
import { readRecord } from '../../../src/runtimes/native/process-record.ts';
import type { SupervisionTimes } from '../../../src/runtimes/native/supervision.ts';
import { Supervisor } from '../../../src/runtimes/native/supervisor.ts';
import { livingRecord, stopWithoutDaemon } from '../../../src/runtimes/native/without-daemon.ts';
import { eventually, kill, makeStack, portOf, type TestStack } from './harness.ts';

const FAST: Partial<SupervisionTimes> = {
  grace: 1_000,
  firstBackoff: 50,
  probeInterval: 200,
  startingProbeInterval: 50,
  watchInterval: 100,
};

let stack: TestStack;
let closing: AbortController;
beforeEach(async () => {
  stack = await makeStack();
  closing = new AbortController();
});
afterEach(async () => {
  closing.abort();
  await stack[Symbol.asyncDispose]();
});

/** A second call is a second daemon: the first one's supervision ends, its programs stay. */
async function open(times: Partial<SupervisionTimes> = {}): Promise<Supervisor> {
  closing.abort();
  closing = new AbortController();
  const { layout } = stack;
  return Supervisor.open({
    layout,
    clock: systemClock,
    closing: closing.signal,
    times: { ...FAST, ...times },
  });
}

const quiet = { onEvent: () => undefined };

function apply(supervisor: Supervisor, ...components: DesiredComponent[]) {
  return supervisor.apply(stack.desired(components), quiet);
}

async function statusOf(supervisor: Supervisor, component: string) {
  return (await supervisor.status()).find((status) => status.component === component);
}

async function pidsOf(component: string): Promise<number[]> {
  return (await stack.programs(component)).map(({ pid }) => pid);
}

describe('apply', () => {
  it('starts, does nothing, reloads, restarts and stops, each only where it must', async () => {
    const supervisor = await open();
    const [alpha, beta] = [await stack.fake('alpha'), await stack.fake('beta')];
    expect(await apply(supervisor, alpha, beta)).toEqual({ alpha: 'start', beta: 'start' });
    const before = await pidsOf('alpha');
    expect(await apply(supervisor, alpha, beta)).toEqual({ alpha: 'none', beta: 'none' });
    const changed = { ...alpha, filesHash: 'files-2' };
    expect(await apply(supervisor, changed, beta)).toEqual({ alpha: 'reload', beta: 'none' });
    expect(await apply(supervisor, changed, beta)).toEqual({ alpha: 'none', beta: 'none' });
    expect(await pidsOf('alpha')).toEqual(before);
    expect(await stack.log('alpha')).toContain('reload');
    const other = { ...changed, memoryLimit: 1_000_000_000 };
    expect(await apply(supervisor, other)).toEqual({ alpha: 'restart', beta: 'stop' });
    expect(await stack.log('alpha')).toContain('limit 900000000B');
    expect(await pidsOf('alpha')).not.toEqual(before);
    expect(await pidsOf('beta')).toEqual([]);
    expect(await statusOf(supervisor, 'beta')).toBeUndefined();
  });

  it('gives the program what the plan says and nothing of the caller', async () => {
    const supervisor = await open();
    const alpha = { ...(await stack.fake('alpha')), env: { TZ: 'UTC' } };
    await apply(supervisor, alpha);
    const env = await (await fetch(`http://127.0.0.1:${portOf(alpha)}/env`)).json();
    const names = Object.keys(env as object).filter((name) => !['PWD', 'SHLVL', '_'].includes(name));
    expect(names.sort()).toEqual(['HOME', 'LEITSTAND_COMPONENT', 'PATH', 'TZ']);
  });

  it('takes two components that swap their ports', async () => {
    const supervisor = await open();
    const [alpha, beta] = [await stack.fake('alpha'), await stack.fake('beta')];
    await apply(supervisor, alpha, beta);
    const swapped = [
      await stack.fake('alpha', [], portOf(beta)),
      await stack.fake('beta', [], portOf(alpha)),
    ];
    expect(await apply(supervisor, ...swapped)).toEqual({ alpha: 'restart', beta: 'restart' });
  });

  it('refuses the whole when a port is taken, names the holder, and touches nothing', async () => {
    const supervisor = await open();
    const alpha = await stack.fake('alpha');
    await apply(supervisor, alpha);
    const beta = await stack.fake('beta');
    const holder = createServer().listen(portOf(beta), '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const before = await pidsOf('alpha');
    await expect(
      apply(supervisor, { ...alpha, args: [...alpha.args, '--with-child'] }, beta),
    ).rejects.toMatchObject({
      code: 'LS-RUNTIME-001',
      exit: 6,
      details: { what: expect.stringMatching(new RegExp(`port ${portOf(beta)}.*\\(pid ${process.pid}\\)`)) },
    });
    expect(await pidsOf('alpha')).toEqual(before);
    expect(supervisor.desired?.components).toEqual([alpha]);
    await new Promise((resolve) => holder.close(resolve));
    expect(await apply(supervisor, alpha, beta)).toMatchObject({ beta: 'start' });
  });

  it('shows the last log lines of this start of a program that ends', async () => {
    const supervisor = await open();
    const alpha = await stack.fake('alpha', ['--exit-code', '3']);
    const lines = Array.from({ length: 10 }, (_, i) => `complaint ${i + 3}`);
    await expect(apply(supervisor, alpha)).rejects.toMatchObject({
      code: 'LS-RUNTIME-002',
      exit: 6,
      details: { what: 'alpha does not start: it exited with code 3', detail: lines },
    });
    expect(await statusOf(supervisor, 'alpha')).toMatchObject({ state: 'failing' });
  });

  it('says so when a program is late, and leaves it running', async () => {
    const supervisor = await open({ readyTimeout: 2_000 });
    const alpha = await stack.fake('alpha', ['--ready-after', '4000']);
    await expect(apply(supervisor, alpha)).rejects.toMatchObject({
      code: 'LS-RUNTIME-003',
      details: { why: expect.stringContaining('503: still replaying') },
    });
    const before = await pidsOf('alpha');
    expect(await statusOf(supervisor, 'alpha')).toMatchObject({ state: 'starting' });
    await eventually(
      async () => (await statusOf(supervisor, 'alpha'))?.state === 'ready',
      'ready in the end',
    );
    expect(await pidsOf('alpha')).toEqual(before);
  });

  it('reports a refused reload with the answer, and tries it again next time', async () => {
    const supervisor = await open();
    const alpha = await stack.fake('alpha', ['--refuse-reload']);
    await apply(supervisor, alpha);
    for (let time = 0; time < 2; time += 1) {
      await expect(apply(supervisor, { ...alpha, filesHash: 'files-2' })).rejects.toMatchObject({
        code: 'LS-RUNTIME-004',
        details: { why: expect.stringContaining('failed to reload config: no such thing') },
      });
    }
    expect(await statusOf(supervisor, 'alpha')).toMatchObject({
      state: 'ready',
      reason: expect.stringContaining('former files'),
    });
  });

  it('names the file that cannot be executed', async () => {
    const supervisor = await open();
    const alpha = { ...(await stack.fake('alpha')), programPath: '/nowhere/prometheus' };
    await expect(apply(supervisor, alpha)).rejects.toMatchObject({
      code: 'LS-RUNTIME-005',
      details: { why: '/nowhere/prometheus: ENOENT' },
    });
  });

  it('reports every failing component', async () => {
    const supervisor = await open();
    const bad = [
      await stack.fake('alpha', ['--exit-code', '1']),
      await stack.fake('beta', ['--exit-code', '1']),
    ];
    await expect(apply(supervisor, ...bad)).rejects.toMatchObject({ errors: { length: 2 } });
  });

  it('refuses another stack in the same directory while the first is wanted, and takes it after the stop', async () => {
    const supervisor = await open();
    const alpha = await stack.fake('alpha');
    await apply(supervisor, alpha);
    const before = await pidsOf('alpha');
    const other = { ...stack.desired([]), stack: 'staging' };
    await expect(supervisor.apply(other, quiet)).rejects.toMatchObject({
      code: 'LS-RUNTIME-012',
      exit: 2,
      details: {
        what: expect.stringMatching(/stack test.*stack staging/),
        fix: expect.stringMatching(/state_dir:.*leitstand down/),
      },
    });
    expect(await pidsOf('alpha')).toEqual(before);
    await supervisor.stop();
    expect(await supervisor.apply({ ...other, components: [alpha] }, quiet)).toEqual({ alpha: 'start' });
  });

  it('ends the programs also when it cannot record that, and says so', async () => {
    const supervisor = await open();
    await apply(supervisor, await stack.fake('alpha'), await stack.fake('beta'));
    await rm(stack.layout.desired);
    await mkdir(join(stack.layout.desired, 'in-the-way'), { recursive: true });
    await expect(supervisor.stop()).rejects.toMatchObject({
      code: 'LS-RUNTIME-010',
      details: { what: expect.stringContaining('would start them again') },
    });
    expect(await stack.programs()).toEqual([]);
  });

  it('refuses a change that cannot be recorded, and changes nothing', async () => {
    const supervisor = await open();
    await mkdir(join(stack.layout.desired, 'in-the-way'), { recursive: true });
    await expect(apply(supervisor, await stack.fake('alpha'))).rejects.toMatchObject({
      code: 'LS-RUNTIME-010',
      exit: 6,
    });
    expect(await stack.programs()).toEqual([]);
  });

  it('ends by SIGKILL what ignores SIGTERM, with everything below it', async () => {
    const supervisor = await open({ grace: 200 });
    await apply(supervisor, await stack.fake('alpha', ['--ignore-sigterm', '--with-child']));
    expect(await pidsOf('alpha')).toHaveLength(2);
    expect(await supervisor.stop()).toEqual(['alpha']);
    expect(await pidsOf('alpha')).toEqual([]);
    expect(await stack.log('alpha')).toContain('ignores SIGTERM');
  });
});

describe('supervision', () => {
  it('restarts a killed program once, and never says ready in between', async () => {
    const supervisor = await open();
    await apply(supervisor, await stack.fake('alpha', ['--with-child']));
    const [pid = 0] = (await stack.programs('alpha'))
      .filter((one) => one.pid === one.group)
      .map((one) => one.pid);
    kill(pid);
    await eventually(async () => (await identifyProcess(pid)) === undefined, 'dead');
    expect((await statusOf(supervisor, 'alpha'))?.state).not.toBe('ready');
    await eventually(async () => (await statusOf(supervisor, 'alpha'))?.state === 'ready', 'ready again');
    await systemClock.sleep(300);
    expect(await statusOf(supervisor, 'alpha')).toMatchObject({ state: 'ready', restarts: 1 });
    expect((await stack.log('alpha')).match(/started/g)).toHaveLength(2);
    // The child that the killed one had left behind is gone as well.
    expect(await pidsOf('alpha')).toHaveLength(2);
  });

  it('notices every end, however soon after the start', async () => {
    const supervisor = await open({ longestBackoff: 10 });
    const alpha = { ...(await stack.fake('alpha')), programPath: '/bin/sleep', args: ['0.001'] };
    await expect(apply(supervisor, alpha)).rejects.toMatchObject({ code: 'LS-RUNTIME-002' });
    await eventually(async () => ((await statusOf(supervisor, 'alpha'))?.restarts ?? 0) >= 60, 'tried again');
  });

  it('makes up for a reload that was cancelled while it waited, without another apply', async () => {
    const supervisor = await open();
    const alpha = await stack.fake('alpha');
    await apply(supervisor, alpha);
    const [pid = 0] = await pidsOf('alpha');
    kill(pid, 'SIGSTOP');
    const changed = stack.desired([{ ...alpha, filesHash: 'files-2' }]);
    const cancelling = new AbortController();
    const waiting = supervisor.apply(changed, { ...quiet, signal: cancelling.signal });
    setTimeout(() => cancelling.abort(), 200);
    await expect(waiting).rejects.toThrow('abort');
    expect((await readRecord(stack.layout, 'alpha'))?.filesHash).toBe('files-1');
    kill(pid, 'SIGCONT');
    await eventually(
      async () => (await readRecord(stack.layout, 'alpha'))?.filesHash === 'files-2',
      'reloaded',
    );
    expect((await stack.log('alpha')).match(/reload/g)).toHaveLength(1);
    expect(await pidsOf('alpha')).toEqual([pid]);
  });

  it('tries a refused reload again, at growing intervals, and says that the former files are in force', async () => {
    const supervisor = await open({ firstBackoff: 100 });
    const alpha = await stack.fake('alpha', ['--refuse-reload']);
    await apply(supervisor, alpha);
    await apply(supervisor, { ...alpha, filesHash: 'files-2' }).catch(() => undefined);
    await eventually(
      async () => ((await stack.log('alpha')).match(/reload/g)?.length ?? 0) >= 3,
      'tried again',
    );
    expect((await statusOf(supervisor, 'alpha'))?.reason).toContain('former files');
    await apply(supervisor, alpha);
    expect((await statusOf(supervisor, 'alpha'))?.reason).toBeUndefined();
  });

  it('is failing, with the reason, while a program crashes again and again', async () => {
    const supervisor = await open();
    const alpha = await stack.fake('alpha', ['--exit-code', '3']);
    await expect(apply(supervisor, alpha)).rejects.toMatchObject({ code: 'LS-RUNTIME-002' });
    await eventually(async () => ((await statusOf(supervisor, 'alpha'))?.restarts ?? 0) >= 3, 'tried again');
    await eventually(
      async () =>
        /^crashed \d times in a row, last: .*exited with code 3; next try in \d s$/.test(
          (await statusOf(supervisor, 'alpha'))?.reason ?? '',
        ),
      'the reason',
    );
    expect(await statusOf(supervisor, 'alpha')).toMatchObject({
      state: 'failing',
      lastLines: Array.from({ length: 5 }, (_, i) => `complaint ${i + 8}`),
    });
    await apply(supervisor, await stack.fake('alpha'));
    expect(await statusOf(supervisor, 'alpha')).toMatchObject({ state: 'ready', restarts: 0 });
  });

  it('notices a program that lives and does not answer any more', async () => {
    const supervisor = await open();
    await apply(supervisor, await stack.fake('alpha'));
    const [pid = 0] = await pidsOf('alpha');
    kill(pid, 'SIGSTOP');
    await eventually(async () => (await statusOf(supervisor, 'alpha'))?.state === 'failing', 'failing');
    kill(pid, 'SIGCONT');
    await eventually(async () => (await statusOf(supervisor, 'alpha'))?.state === 'ready', 'ready again');
    expect(await pidsOf('alpha')).toEqual([pid]);
  });
});

describe('the next daemon', () => {
  it('adopts what runs, restarts it when it dies, and stops it', async () => {
    const alpha = await stack.fake('alpha');
    await apply(await open(), alpha);
    const before = await pidsOf('alpha');
    const next = await open();
    await next.resume();
    expect(await statusOf(next, 'alpha')).toMatchObject({ state: 'ready', pid: before[0], restarts: 0 });
    expect(await apply(next, alpha)).toEqual({ alpha: 'none' });
    for (const pid of before) kill(pid);
    await eventually(async () => (await statusOf(next, 'alpha'))?.restarts === 1, 'restarted');
    await next.stop();
    expect(await stack.programs()).toEqual([]);
    expect(await readRecord(stack.layout, 'alpha')).toBeUndefined();
  });

  it('finds a program without a record by its environment, and starts no second one', async () => {
    const alpha = await stack.fake('alpha');
    await apply(await open(), alpha);
    const before = await pidsOf('alpha');
    await rm(stack.layout.process('alpha'));
    const next = await open();
    expect(await statusOf(next, 'alpha')).toMatchObject({ state: 'ready', pid: before[0] });
    // Nobody knows with which arguments it was started.
    expect(await apply(next, alpha)).toEqual({ alpha: 'restart' });
    expect(await pidsOf('alpha')).toHaveLength(1);
  });

  it('of a copied state directory takes nothing of the original for its own', async () => {
    const alpha = await stack.fake('alpha');
    await apply(await open(), alpha);
    const before = await pidsOf('alpha');
    const copy = nativeLayout(`${stack.layout.stateDir}-copy`);
    await cp(stack.layout.stateDir, copy.stateDir, { recursive: true });
    const other = await Supervisor.open({
      layout: copy,
      clock: systemClock,
      closing: closing.signal,
      times: FAST,
    });
    expect(await other.stop()).toEqual([]);
    expect(await pidsOf('alpha')).toEqual(before);
  });

  it('ends the second of two processes of a component, and keeps the recorded one', async () => {
    const alpha = await stack.fake('alpha');
    await apply(await open(), alpha);
    const before = await pidsOf('alpha');
    const twin = await stack.fake('alpha');
    const marker = `${await stackScope(stack.layout.stateDir)}:alpha`;
    await launch(twin, marker, stack.layout.log('alpha'));
    await eventually(async () => (await pidsOf('alpha')).length === 2, 'two of them');
    await open();
    expect(await pidsOf('alpha')).toEqual(before);
  });

  it('takes a zombie for dead', async () => {
    const alpha = await stack.fake('alpha');
    await apply(await open(), alpha);
    const record = await readRecord(stack.layout, 'alpha');
    closing.abort();
    for (const pid of await pidsOf('alpha')) kill(pid);
    const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const pid = Number(await new Promise((resolve) => parent.stdout.once('data', resolve)));
      const identity = await identifyProcess(pid);
      await writeFile(stack.layout.process('alpha'), JSON.stringify({ ...record, ...identity }));
      await eventually(async () => !(identity && (await isAlive(identity))), 'a zombie');
      const next = await open();
      expect(await statusOf(next, 'alpha')).not.toMatchObject({ state: 'ready' });
      await next.resume();
      await eventually(async () => (await statusOf(next, 'alpha'))?.state === 'ready', 'started');
      expect(await statusOf(next, 'alpha')).toMatchObject({ restarts: 1 });
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('does not take another process with the same pid for its own', async () => {
    const alpha = await stack.fake('alpha');
    await apply(await open(), alpha);
    const record = await readRecord(stack.layout, 'alpha');
    closing.abort();
    for (const pid of await pidsOf('alpha')) kill(pid);
    const stranger = spawn('sleep', ['60']);
    try {
      await writeFile(stack.layout.process('alpha'), JSON.stringify({ ...record, pid: stranger.pid }));
      const next = await open();
      expect((await statusOf(next, 'alpha'))?.pid).toBeUndefined();
      await next.stop();
      expect(stranger.exitCode).toBeNull();
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  it('trusts no record of an earlier boot', async () => {
    const alpha = await stack.fake('alpha');
    await apply(await open(), alpha);
    const record = await readRecord(stack.layout, 'alpha');
    closing.abort();
    for (const pid of await pidsOf('alpha')) kill(pid);
    const stranger = spawn('sleep', ['60']);
    try {
      const identity = await identifyProcess(stranger.pid ?? 0);
      const stale = { ...record, ...identity, bootId: 'another' };
      await writeFile(stack.layout.process('alpha'), JSON.stringify(stale));
      const next = await open();
      await next.resume();
      await eventually(async () => (await statusOf(next, 'alpha'))?.state === 'ready', 'started');
      expect(await statusOf(next, 'alpha')).toMatchObject({ restarts: 0 });
      expect(stranger.exitCode).toBeNull();
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  it('finishes a change that the former one did not: what is no longer wanted is stopped', async () => {
    const [alpha, beta] = [await stack.fake('alpha'), await stack.fake('beta')];
    await apply(await open(), alpha, beta);
    closing.abort();
    await writeFile(
      stack.layout.desired,
      JSON.stringify(stack.desired([{ ...alpha, filesHash: 'files-2' }])),
    );
    const next = await open();
    await next.resume();
    expect(await pidsOf('beta')).toEqual([]);
    expect((await readRecord(stack.layout, 'alpha'))?.filesHash).toBe('files-2');
  });

  it('touches nothing when it does not know what is wanted', async () => {
    await apply(await open(), await stack.fake('alpha'));
    const before = await pidsOf('alpha');
    await rm(stack.layout.desired);
    const next = await open();
    await next.resume();
    expect(await statusOf(next, 'alpha')).toMatchObject({ state: 'unknown', pid: before[0] });
    expect(await next.stop()).toEqual(['alpha']);
  });
});

describe('what an older version started, under the scope that it gave the stack', () => {
  /** The scope, and the pid of alpha as an older daemon started it. */
  async function older(): Promise<{ readonly scope: string; readonly pid: number }> {
    const [, scope = ''] = await stackScopes(stack.layout.stateDir);
    expect(scope).toMatch(/^[0-9a-f]{12}$/);
    const alpha = await stack.fake('alpha');
    await apply(await open(), alpha);
    const record = await readRecord(stack.layout, 'alpha');
    closing.abort();
    for (const pid of await pidsOf('alpha')) kill(pid);
    await eventually(async () => (await pidsOf('alpha')).length === 0, 'none of now');
    const launched = await launch(alpha, `${scope}:alpha`, stack.layout.log('alpha'));
    const { pid = 0 } = launched?.identity ?? {};
    await writeFile(
      stack.layout.process('alpha'),
      JSON.stringify({ ...record, ...launched?.identity, scope }),
    );
    return { scope, pid };
  }

  it('is shown, taken over as it is, and stopped', async () => {
    const { pid } = await older();
    expect((await livingRecord(stack.layout, 'alpha'))?.pid).toBe(pid);
    const next = await open();
    await next.resume();
    await eventually(async () => (await statusOf(next, 'alpha'))?.state === 'ready', 'ready');
    expect(await statusOf(next, 'alpha')).toMatchObject({ pid, restarts: 0 });
    expect(await next.stop()).toEqual(['alpha']);
    expect(await stack.programs()).toEqual([]);
  });

  it('is found without a record as well, and no second one is started beside it', async () => {
    const { pid } = await older();
    await rm(stack.layout.process('alpha'));
    const next = await open();
    expect(await statusOf(next, 'alpha')).toMatchObject({ pid });
    expect(await next.stop()).toEqual(['alpha']);
    expect(await stack.programs()).toEqual([]);
  });

  it('is ended without a daemon, its keeper first', async () => {
    const { scope } = await older();
    const env = { ...stack.env, [KEEPER_MARKER]: scope };
    const keeper = spawn('sleep', ['60'], { detached: true, stdio: 'ignore', env });
    await eventually(async () => (await stack.keepers()).length === 1, 'the keeper waits');
    await stopWithoutDaemon(stack.layout, systemClock);
    expect([await stack.programs(), await stack.keepers()]).toEqual([[], []]);
    expect(keeper.signalCode).toBe('SIGTERM');
  });

  it('is where its address says', async () => {
    const [, scope = ''] = await stackScopes(stack.layout.stateDir);
    await makeLayout(stack.layout);
    await writeDaemonAddress(stack.layout, '/run/leitstand/old.sock');
    const address = await readDaemonAddress(stack.layout);
    await writeFile(stack.layout.daemonAddress, JSON.stringify({ ...address, scope }));
    expect(await readDaemonAddress(stack.layout)).toEqual({ ...address, scope });
    await writeFile(stack.layout.daemonAddress, JSON.stringify({ ...address, scope: 'f'.repeat(12) }));
    expect(await readDaemonAddress(stack.layout)).toBeUndefined();
  });
});
