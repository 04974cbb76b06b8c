import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../../src/platform/clock.ts';
import { Supervisor } from '../../../src/runtimes/native/supervisor.ts';
import { eventually, kill, makeStack, type TestStack } from './harness.ts';

const DAY = 86_400_000;
let stack: TestStack;
let closing: AbortController;
let jump: number;
beforeEach(async () => {
  stack = await makeStack();
  closing = new AbortController();
  jump = 0;
});
afterEach(async () => {
  closing.abort();
  await stack[Symbol.asyncDispose]();
});

/** The wall clock jumps, as a mistaken administrator or a bad time server makes it; durations go on. */
const clock: Clock = { ...systemClock, now: () => new Date(Date.now() + jump) };

it.each([DAY, -DAY])('a jump of the clock by %d ms restarts nothing, holds up nothing', async (by) => {
  const times = { grace: 1_000, firstBackoff: 50, probeInterval: 100, watchInterval: 50 };
  const supervisor = await Supervisor.open({ layout: stack.layout, clock, closing: closing.signal, times });
  const alpha = await stack.fake('alpha');
  await supervisor.apply(stack.desired([alpha]), { onEvent: () => undefined });
  const pid = (await stack.programs('alpha'))[0]?.pid;
  jump = by;
  await systemClock.sleep(500);
  expect(await supervisor.status()).toMatchObject([{ state: 'ready', restarts: 0, pid }]);
  kill(pid ?? 0);
  await eventually(async () => {
    const [status] = await supervisor.status();
    return status?.state === 'ready' && status.pid !== pid;
  }, 'restarted in seconds, not in a day');
  jump = 0;
  await systemClock.sleep(300);
  expect(await supervisor.status()).toMatchObject([{ state: 'ready', restarts: 1 }]);
  // The next daemon knows it by ticks since boot, not by the clock.
  closing.abort();
  closing = new AbortController();
  jump = by;
  const next = await Supervisor.open({ layout: stack.layout, clock, closing: closing.signal, times });
  await next.resume();
  expect(await next.status()).toMatchObject([{ state: 'ready', restarts: 1 }]);
});
