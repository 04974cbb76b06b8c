import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { Duties } from '../../src/daemon/duties.ts';
import { daemonApi } from '../../src/daemon/server.ts';
import { StateGuard } from '../../src/daemon/state-guard.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { tryLock } from '../../src/platform/lock.ts';
import { makeLayout } from '../../src/runtimes/native/layout.ts';
import { Supervisor } from '../../src/runtimes/native/supervisor.ts';
import { makeStack } from '../runtimes/native/harness.ts';

it('an apply leaves nothing behind at the signal that lives as long as the daemon', async () => {
  await using stack = await makeStack();
  const { layout } = stack;
  await makeLayout(layout);
  const lock = await tryLock(layout.lock, 'test');
  const closing = new AbortController();
  const guard = await StateGuard.open(layout);
  const app = daemonApi({
    layout,
    supervisor: await Supervisor.open({ layout, clock: systemClock, closing: closing.signal }),
    duties: new Duties({
      layout,
      clock: systemClock,
      version: '0',
      since: '',
      env: {},
      say: () => undefined,
      status: async () => [],
    }),
    guard,
    version: '0',
    since: '',
    closing: closing.signal,
    onStopped: () => undefined,
  });
  const before = getEventListeners(closing.signal, 'abort').length;
  for (let time = 0; time < 5; time += 1) {
    const answer = await app.request('/v1/apply', {
      method: 'POST',
      body: JSON.stringify(stack.desired([])),
    });
    expect(await answer.text()).toBe('{"type":"result","actions":{}}\n');
  }
  expect(getEventListeners(closing.signal, 'abort')).toHaveLength(before);
  closing.abort();
  await guard.close();
  if (lock.held) lock.release();
});
