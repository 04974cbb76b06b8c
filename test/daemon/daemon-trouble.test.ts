import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { identifyProcess } from '../../src/platform/process-table.ts';
import { connectDaemon } from '../../src/runtimes/native/daemon-client.ts';
import { createNativeRuntime } from '../../src/runtimes/native/index.ts';
import { nativeLayout } from '../../src/runtimes/native/layout.ts';
import type { ApplyRequest, Runtime } from '../../src/stack/runtime.ts';
import type { Plan } from '../../src/stack/plan.ts';
import { eventually, kill, makeStack, type TestStack } from '../runtimes/native/harness.ts';

let stack: TestStack;
let runtime: Runtime;
beforeEach(async () => {
  stack = await makeStack();
  runtime = runtimeAt(stack.layout.stateDir);
});
afterEach(() => stack[Symbol.asyncDispose]());

function runtimeAt(stateDir: string): Runtime {
  const { env, daemonCommand } = stack;
  const command = daemonCommand.map((word) => (word === stack.layout.stateDir ? stateDir : word));
  return createNativeRuntime({ stateDir, env, clock: systemClock, daemonCommand: command });
}

const silent = () => undefined;

function request(plans: readonly Plan[], name = 'test'): ApplyRequest {
  return {
    stack: name,
    applications: plans.map((plan) => ({ plan, filesHash: 'files-1' })),
    inbox: { enabled: false, port: 0 },
  };
}

async function daemonPid(): Promise<number> {
  return (await (await stack.connect())?.status())?.daemon.pid ?? 0;
}

async function programPids(): Promise<number[]> {
  return (await stack.programs()).map(({ pid }) => pid);
}

async function isGone(pid: number): Promise<boolean> {
  return (await identifyProcess(pid)) === undefined;
}

describe('a daemon that hangs', () => {
  it('is named by status, and replaced by an apply; the programs go on', async () => {
    const plan = await stack.plan('alpha');
    await runtime.apply(request([plan]), silent);
    expect(await runtime.supervision()).toMatchObject({ supervised: true });
    const [hung, programs] = [await daemonPid(), await programPids()];
    kill(hung, 'SIGSTOP');
    const reason = expect.stringContaining(`the daemon (pid ${hung}) does not answer`);
    const begun = performance.now();
    const connecting = stack.connect().catch((error: unknown) => error);
    expect(await runtime.status()).toMatchObject([{ component: 'alpha', pid: programs[0], reason }]);
    expect(await runtime.supervision()).toEqual({ supervised: false, reason });
    expect(await runtime.inboxStatus()).toBeUndefined();
    // One silence answers all three: two would take ten seconds.
    expect(performance.now() - begun).toBeLessThan(9_900);
    expect(await connecting).toMatchObject({ code: 'LS-RUNTIME-021', details: { what: reason } });
    expect(await runtime.apply(request([plan]), silent)).toEqual({ alpha: 'none' });
    expect(await isGone(hung)).toBe(true);
    expect(await programPids()).toEqual(programs);
  });

  it('hinders no stop', async () => {
    await runtime.apply(request([await stack.plan('alpha')]), silent);
    kill(await daemonPid(), 'SIGSTOP');
    expect(await runtime.stop()).toEqual(['alpha']);
    expect(await stack.programs()).toEqual([]);
    expect(await stack.keepers()).toEqual([]);
  });
});

describe('without supervision', () => {
  it('says so, whatever the programs say', async () => {
    expect(await runtime.supervision()).toMatchObject({ supervised: false });
    await runtime.apply(request([await stack.plan('alpha')]), silent);
    for (const { pid } of await stack.keepers()) kill(pid);
    await eventually(async () => (await stack.keepers()).length === 0, 'nobody supervises');
    expect(await runtime.status()).toMatchObject([{ state: 'ready' }]);
    expect(await runtime.supervision()).toEqual({
      supervised: false,
      reason: expect.stringMatching(/does not run.*`leitstand up`/),
    });
  });

  it('refuses from outside what could not be started, and takes own programs for no obstacle', async () => {
    const [alpha, beta] = [await stack.plan('alpha'), await stack.plan('beta')];
    await runtime.assertStartable(request([alpha, beta]));
    await runtime.apply(request([alpha]), silent);
    for (const { pid } of await stack.keepers()) kill(pid);
    await rm(stack.layout.process('alpha'));
    await runtime.assertStartable(request([{ ...alpha, args: [...alpha.args, '--with-child'] }, beta]));
    const holder = createServer().listen(beta.ready.port, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const before = await programPids();
    await expect(runtime.assertStartable(request([alpha, beta]))).rejects.toMatchObject({
      code: 'LS-RUNTIME-001',
      details: { what: expect.stringMatching(new RegExp(`${beta.ready.port}.*pid ${process.pid}`)) },
    });
    expect(await programPids()).toEqual(before);
    await new Promise((resolve) => holder.close(resolve));
  });

  it('refuses a stack of another name, and not after a stop', async () => {
    const alpha = await stack.plan('alpha');
    await runtime.apply(request([alpha]), silent);
    const other = request([], 'staging');
    for (const ask of [
      () => runtime.preview(other),
      () => runtime.assertStartable(other),
      () => runtime.apply(other, silent),
    ]) {
      await expect(ask()).rejects.toMatchObject({ code: 'LS-RUNTIME-012', exit: 2 });
    }
    await runtime.stop();
    expect(await runtime.preview(other)).toEqual({});
    await runtime.assertStartable(request([alpha], 'staging'));
  });
});

describe('the state directory', () => {
  it('that is copied has nobody of the original', async () => {
    await runtime.apply(request([await stack.plan('alpha')]), silent);
    const before = [await daemonPid(), ...(await programPids())];
    const copy = `${stack.layout.stateDir}-copy`;
    await cp(stack.layout.stateDir, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') });
    expect(await connectDaemon(nativeLayout(copy), stack.env, process.getuid?.() ?? 0)).toBeUndefined();
    expect(await runtimeAt(copy).stop()).toEqual([]);
    expect([await daemonPid(), ...(await programPids())]).toEqual(before);
  });

  it('that is removed takes its daemon and its programs with it, and leaves a successor alone', async () => {
    await runtime.apply(request([await stack.plan('alpha')]), silent);
    const [daemon, programs] = [await daemonPid(), await programPids()];
    await rm(stack.layout.stateDir, { recursive: true });
    await mkdir(stack.layout.stateDir);
    const beta = await stack.plan('beta');
    await runtime.apply(request([beta], 'successor'), silent);
    for (const pid of [daemon, ...programs]) await eventually(() => isGone(pid), `${pid} is gone`);
    expect(await runtime.status()).toMatchObject([{ component: 'beta', state: 'ready' }]);
    expect(await runtime.supervision()).toMatchObject({ supervised: true });
    await runtime.stop();
  });

  it('that is moved loses its daemon and keeps its programs, which the next one takes over', async () => {
    const alpha = await stack.plan('alpha');
    await runtime.apply(request([alpha]), silent);
    const [daemon, programs] = [await daemonPid(), await programPids()];
    const there = join(stack.layout.stateDir, '..', 'moved');
    await rename(stack.layout.stateDir, there);
    const moved = runtimeAt(there);
    await expect(moved.apply(request([alpha]), silent)).rejects.toMatchObject({ code: 'LS-DAEMON-005' });
    await eventually(() => isGone(daemon), 'the daemon has ended');
    expect((await identifyProcess(programs[0] ?? 0))?.pid).toBe(programs[0]);
    expect(await moved.status()).toMatchObject([{ component: 'alpha', pid: programs[0] }]);
    // Its data are elsewhere now.
    expect(await moved.apply(request([alpha]), silent)).toEqual({ alpha: 'restart' });
    expect(await moved.stop()).toEqual(['alpha']);
    expect(await isGone(programs[0] ?? 0)).toBe(true);
  });
});
