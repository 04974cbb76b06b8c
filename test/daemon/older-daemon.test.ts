import { spawn } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { ensureDaemon } from '../../src/runtimes/native/control.ts';
import { createNativeRuntime } from '../../src/runtimes/native/index.ts';
import type { ApplyRequest } from '../../src/stack/runtime.ts';
import { eventually, kill, makeStack, type TestStack } from '../runtimes/native/harness.ts';

const OLD = new URL('../fixtures/old-daemon.ts', import.meta.url).pathname;

let stack: TestStack;
beforeEach(async () => {
  stack = await makeStack();
});
afterEach(() => stack[Symbol.asyncDispose]());

function oldCommand(): string[] {
  return [process.execPath, OLD, '--state-dir', stack.layout.stateDir];
}

function runtime() {
  const { env, daemonCommand } = stack;
  return createNativeRuntime({ stateDir: stack.layout.stateDir, env, clock: systemClock, daemonCommand });
}

async function request(): Promise<ApplyRequest> {
  return {
    stack: 'test',
    inbox: { enabled: false, port: 0 },
    daemon: undefined,
    allowDowngrade: false,
    applications: [{ plan: await stack.plan('alpha'), filesHash: 'files-1' }],
    signal: undefined,
  };
}

describe('a daemon of an older version', () => {
  it('is replaced when it does not understand what is wanted', async () => {
    const { layout, env } = stack;
    const uid = process.getuid?.() ?? 0;
    await ensureDaemon({ layout, command: oldCommand(), env, uid, clock: systemClock });
    const steps: string[] = [];
    expect(await runtime().apply(await request(), (step) => steps.push(step))).toEqual({ alpha: 'start' });
    expect(steps[0]).toContain('another version');
    await eventually(async () => (await stack.keepers()).length === 2, 'one keeper and one daemon');
  });

  it('is left to the service that keeps it, with words about what to do', async () => {
    const [node = '', ...args] = oldCommand();
    const daemon = spawn(node, args, { env: stack.env, stdio: 'ignore' });
    try {
      await eventually(
        async () => (await stack.connect().catch(() => undefined)) !== undefined,
        'the old daemon answers',
      );
      await expect(runtime().apply(await request(), () => undefined)).rejects.toMatchObject({
        code: 'LS-DAEMON-003',
        exit: 6,
        details: {
          what: expect.stringContaining(`pid ${daemon.pid}`),
          fix: expect.stringContaining('systemctl restart'),
        },
      });
      expect(daemon.exitCode).toBeNull();
    } finally {
      kill(daemon.pid ?? 0);
    }
  });
});
