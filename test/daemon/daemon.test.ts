import { createServer } from 'node:net';
import { readFile, rm, stat } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { freePort } from '../fixtures/free-port.ts';
import { identifyProcess, isAlive } from '../../src/platform/process-table.ts';
import { runProgram } from '../../src/platform/processes.ts';
import { endKeepers, ensureDaemon } from '../../src/runtimes/native/control.ts';
import { connectDaemon } from '../../src/runtimes/native/daemon-client.ts';
import { eventually, kill, makeStack, portOf, type TestStack } from '../runtimes/native/harness.ts';

let stack: TestStack;
beforeEach(async () => {
  stack = await makeStack();
});
afterEach(() => stack[Symbol.asyncDispose]());

const ignore = () => undefined;

async function daemonPid(): Promise<number> {
  return (await (await stack.connect())?.status())?.daemon.pid ?? 0;
}

async function pidOf(component: string): Promise<number | undefined> {
  const status = await (await stack.connect())?.status();
  return status?.components.find((one) => one.component === component)?.pid;
}

async function listenOn(port: number) {
  const server = createServer().listen(port, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return () => new Promise((resolve) => server.close(resolve));
}

describe('the daemon', () => {
  it('starts once, however many ask, and listens for its owner only', async () => {
    const clients = await Promise.all([stack.ensure(), stack.ensure(), stack.ensure()]);
    const pids = await Promise.all(clients.map(async (client) => (await client.status()).daemon.pid));
    expect(new Set(pids).size).toBe(1);
    const { socket } = JSON.parse(await readFile(stack.layout.daemonAddress, 'utf8')) as { socket: string };
    expect((await stat(socket)).mode & 0o777).toBe(0o600);
    await eventually(async () => (await stack.keepers()).length === 2, 'one keeper and one daemon');
  });

  it('streams what an apply does and answers with the actions', async () => {
    const daemon = await stack.ensure();
    const phases: string[] = [];
    const alpha = await stack.fake('alpha');
    const actions = await daemon.apply(stack.desired([alpha]), ({ component, action, phase }) => {
      phases.push(`${component} ${action} ${phase}`);
    });
    expect(actions).toEqual({ alpha: 'start' });
    expect(phases).toEqual(['alpha start begin', 'alpha start done']);
  });

  it('hands errors over as they were thrown', async () => {
    const daemon = await stack.ensure();
    await expect(
      daemon.apply(stack.desired([await stack.fake('alpha', ['--exit-code', '7'])]), ignore),
    ).rejects.toMatchObject({
      code: 'LS-RUNTIME-002',
      exit: 6,
      details: { what: expect.stringContaining('code 7'), detail: { length: 10 }, fix: expect.any(String) },
    });
  });

  it('does one change at a time; a caller who leaves frees the way', async () => {
    const daemon = await stack.ensure();
    const slow = stack.desired([await stack.fake('alpha', ['--ready-after', '60000'])]);
    const leaving = new AbortController();
    const first = daemon.apply(slow, ignore, leaving.signal);
    await eventually(async () => (await pidOf('alpha')) !== undefined, 'under way');
    const locked = { code: 'LS-RUNTIME-006', exit: 11 };
    await expect(daemon.apply(slow, ignore)).rejects.toMatchObject(locked);
    await expect(daemon.stop()).rejects.toMatchObject(locked);
    leaving.abort();
    await expect(first).rejects.toThrow('abort');
    await eventually(
      () =>
        daemon.stop().then(
          () => true,
          () => false,
        ),
      'free again',
    );
  });

  it('stops everything and ends, its keeper with it; the next one starts nothing', async () => {
    const daemon = await stack.ensure();
    await daemon.apply(stack.desired([await stack.fake('alpha'), await stack.fake('beta')]), ignore);
    expect(await daemon.stop()).toEqual(['alpha', 'beta']);
    expect(await stack.programs()).toEqual([]);
    await eventually(async () => (await stack.keepers()).length === 0, 'no keeper');
    expect((await (await stack.ensure()).status()).components).toEqual([]);
  });

  it('ends at SIGTERM and leaves the programs running', async () => {
    const daemon = await stack.ensure();
    await daemon.apply(stack.desired([await stack.fake('alpha')]), ignore);
    const before = await pidOf('alpha');
    kill(await daemonPid(), 'SIGTERM');
    await eventually(async () => (await stack.keepers()).length === 0, 'no keeper');
    expect((await stack.programs()).map(({ pid }) => pid)).toEqual([before]);
    await stack.ensure();
    expect(await pidOf('alpha')).toBe(before);
  });

  it('is replaced when it is killed, and the next one adopts the same processes', async () => {
    const daemon = await stack.ensure();
    const alpha = await stack.fake('alpha');
    await daemon.apply(stack.desired([alpha]), ignore);
    const [before, program] = [await daemonPid(), await pidOf('alpha')];
    kill(before);
    await eventually(async () => ![0, before].includes(await daemonPid().catch(() => 0)), 'replaced');
    const next = await stack.ensure();
    expect((await next.status()).components).toMatchObject([
      { component: 'alpha', pid: program, state: 'ready', restarts: 0 },
    ]);
    expect(await next.apply(stack.desired([alpha]), ignore)).toEqual({ alpha: 'none' });
    kill(program ?? 0);
    await eventually(async () => ![undefined, program].includes(await pidOf('alpha')), 'restarted');
    await systemClock.sleep(500);
    expect(await stack.programs('alpha')).toHaveLength(1);
  });

  it('is started again by `ensureDaemon` after keeper and daemon were killed, and adopts', async () => {
    const daemon = await stack.ensure();
    await daemon.apply(stack.desired([await stack.fake('alpha')]), ignore);
    const program = await pidOf('alpha');
    for (const { pid } of await stack.keepers()) kill(pid);
    await eventually(async () => (await stack.keepers()).length === 0, 'all dead');
    await stack.ensure();
    expect(await pidOf('alpha')).toBe(program);
    expect(await stack.programs()).toHaveLength(1);
  });

  it('has no second one, who names the first', async () => {
    await stack.ensure();
    const [node = '', ...args] = stack.daemonCommand;
    const result = await runProgram(node, args, { env: stack.env });
    expect(result.exitCode).toBe(11);
    expect(result.stderr).toContain(`another daemon (pid ${await daemonPid()})`);
  });

  it('is found by callers in another environment, and opens a socket that vanished again', async () => {
    await stack.ensure();
    const { socket } = JSON.parse(await readFile(stack.layout.daemonAddress, 'utf8')) as { socket: string };
    const { layout, daemonCommand: command } = stack;
    const env = { PATH: stack.env['PATH'] };
    const uid = process.getuid?.() ?? 0;
    const other = await ensureDaemon({ layout, command, env, uid, clock: systemClock });
    expect((await other.status()).daemon.pid).toBe(await daemonPid());
    // Nor is a stranger's socket taken for ours.
    expect(await connectDaemon(layout, stack.env, uid + 4_321)).toBeUndefined();
    await rm(socket);
    await eventually(async () => (await stack.connect()) !== undefined, 'open again');
  });

  it('says why it does not start, and leaves no keeper behind', async () => {
    const { layout, env } = stack;
    const uid = process.getuid?.() ?? 0;
    const command = [process.execPath, '-e', 'console.error("no such module"); process.exit(2)'];
    await expect(ensureDaemon({ layout, command, env, uid, clock: systemClock })).rejects.toMatchObject({
      code: 'LS-RUNTIME-020',
      details: { what: 'the daemon does not start: it exited with code 2', detail: ['no such module'] },
    });
    const crashing = [process.execPath, '-e', 'process.exit(70)'];
    await expect(
      ensureDaemon({ layout, command: crashing, env, uid, clock: systemClock }),
    ).rejects.toMatchObject({ details: { what: expect.stringContaining('code 70, again and again') } });
    const hanging = ['sleep', '60'];
    // Its ten seconds are over in a half.
    const clock = { ...systemClock, monotonic: () => systemClock.monotonic() * 20 };
    await expect(ensureDaemon({ layout, command: hanging, env, uid, clock })).rejects.toMatchObject({
      details: { what: expect.stringContaining('within 10 s') },
    });
    await eventually(async () => (await stack.keepers()).length === 0, 'no keeper');
  });

  it('does not come back from a keeper that was waiting', async () => {
    const daemon = await stack.ensure();
    const identity = await identifyProcess((await daemon.status()).daemon.pid);
    kill(identity?.pid ?? 0);
    await eventually(async () => !(identity && (await isAlive(identity))), 'dead');
    await endKeepers(stack.layout, systemClock);
    await systemClock.sleep(1_500);
    expect(await stack.keepers()).toEqual([]);
  });
});

describe('the inbox', () => {
  it('opens, moves and closes with the desired state, also after a restart of the daemon', async () => {
    const daemon = await stack.ensure();
    expect((await daemon.status()).inbox).toBeUndefined();
    for (const port of [await freePort(), await freePort()]) {
      await daemon.apply(stack.desired([], port), ignore);
      expect((await daemon.status()).inbox).toEqual({ state: 'ready', port });
    }
    const before = await daemonPid();
    kill(before);
    await eventually(async () => ![0, before].includes(await daemonPid().catch(() => 0)), 'replaced');
    const next = await stack.ensure();
    await eventually(async () => (await next.status()).inbox?.state === 'ready', 'open again');
    await next.apply(stack.desired([]), ignore);
    expect((await next.status()).inbox).toBeUndefined();
  });

  it('names who holds its port, lets the components start, and opens once the port is free', async () => {
    const daemon = await stack.ensure();
    const alpha = await stack.fake('alpha');
    const port = await freePort();
    const free = await listenOn(port);
    await expect(daemon.apply(stack.desired([alpha], port), ignore)).rejects.toMatchObject({
      code: 'LS-DAEMON-002',
      details: { why: expect.stringContaining(`(pid ${process.pid})`) },
    });
    const status = await daemon.status();
    expect(status.inbox).toMatchObject({
      state: 'failing',
      reason: expect.stringContaining(`${process.pid}`),
    });
    expect(status.components).toMatchObject([{ state: 'ready' }]);
    await free();
    await eventually(async () => (await daemon.status()).inbox?.state === 'ready', 'open');
  });

  it('stays where it is when a component cannot have its port', async () => {
    const daemon = await stack.ensure();
    const [before, after] = [await freePort(), await freePort()];
    await daemon.apply(stack.desired([], before), ignore);
    const alpha = await stack.fake('alpha');
    const free = await listenOn(portOf(alpha));
    await expect(daemon.apply(stack.desired([alpha], after), ignore)).rejects.toMatchObject({
      code: 'LS-RUNTIME-001',
    });
    expect((await daemon.status()).inbox).toEqual({ state: 'ready', port: before });
    await free();
  });
});
