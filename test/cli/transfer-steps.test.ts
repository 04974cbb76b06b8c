import { expect, it } from 'vitest';
import { transferSteps } from '../../src/cli/transfer-steps.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { Progress } from '../../src/stack/progress.ts';

const MIB = 1024 * 1024;

it('says how far and how fast, a line a second and a percent at most', () => {
  let now = 0;
  const said: Progress[] = [];
  const clock = { ...systemClock, monotonic: () => now };
  const step = transferSteps({ clock, onProgress: (event) => said.push(event) }, 'read');
  for (let done = 1; done <= 1_000; done += 1) {
    now += 100;
    step(done * MIB, 1_000 * MIB);
  }
  const texts = said.map((event) => ('text' in event ? event.text : ''));
  expect(texts.length).toBeGreaterThan(90);
  expect(texts.length).toBeLessThanOrEqual(101);
  expect(texts[1]).toBe('read 20.0 MiB of 1000.0 MiB (2 %), 10.0 MiB/s');
});
