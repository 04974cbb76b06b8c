import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { takeTurns } from '../../../src/delivery/preview/turns.ts';

it('does all, some at a time, and gives the results in order', async () => {
  let running = 0;
  let most = 0;
  const results = await takeTurns([30, 1, 20, 5], 2, undefined, async (ms) => {
    most = Math.max(most, ++running);
    await sleep(ms);
    running -= 1;
    return ms;
  });
  expect(results).toEqual([30, 1, 20, 5]);
  expect(most).toBe(2);
});

it('ends the others when one fails, waits for them, and rejects with that failure', async () => {
  const ended: string[] = [];
  const all = takeTurns(['fails', 'hangs', 'waits'], 2, undefined, async (name, signal) => {
    if (name === 'fails') throw new Error('the failure');
    await sleep(60_000, undefined, { signal }).catch(() => ended.push(name));
    signal.throwIfAborted();
  });
  await expect(all).rejects.toThrow('the failure');
  expect(ended).toEqual(['hangs']);
});

it("ends with the caller's reason", async () => {
  const cancel = new AbortController();
  const all = takeTurns([1, 2, 3], 2, cancel.signal, (_, signal) => sleep(60_000, undefined, { signal }));
  cancel.abort(new DOMException('cancelled', 'AbortError'));
  await expect(all).rejects.toThrow('cancelled');
});
