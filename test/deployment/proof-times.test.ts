import { expect, it } from 'vitest';
import { readStatus } from '../../src/deployment/status.ts';
import type { Proof } from '../../src/stack/proof.ts';

const now = new Date('2026-11-24T12:00:00Z');
const DAY = 86_400_000;

async function rate(agoMs: number) {
  const proof: Proof = {
    id: 7,
    at: new Date(now.getTime() - agoMs).toISOString(),
    hash: '',
    previousHash: '',
    kind: 'backup',
    subject: 'alpha',
    verdict: 'proven',
    method: '',
    facts: {},
    ageLimitMs: 2 * DAY,
    notProven: [],
  };
  const status = await readStatus({
    runtime: {
      status: async () => [],
      inboxStatus: async () => undefined,
      supervision: async () => ({ supervised: true }),
    },
    stack: { components: [], inbox: { enabled: false, port: 0 } },
    expected: [{ kind: 'backup', subject: 'alpha' }],
    problems: [],
    latest: () => proof,
    now,
  });
  return { ...status.proofs[0], healthy: status.healthy };
}

it('a proof within its limit is proven, an older one is stale', async () => {
  expect(await rate(DAY)).toMatchObject({ state: 'proven', ageMs: DAY, healthy: true });
  expect(await rate(3 * DAY)).toMatchObject({ state: 'stale', ageMs: 3 * DAY, healthy: false });
});

it('a proof from the future proves nothing and has no age', async () => {
  const rated = await rate(-DAY);
  expect(rated).toMatchObject({ state: 'unknown', healthy: false });
  expect(rated.reason).toBe('its time (2026-11-25T12:00:00.000Z) lies in the future: the clock was changed');
  expect(rated.ageMs).toBeUndefined();
});

it('a clock that is set back by a moment takes nothing away', async () => {
  expect(await rate(-2_000)).toMatchObject({ state: 'proven', ageMs: 0 });
});

it('a daemon that cannot do its duties is not well', async () => {
  const status = await readStatus({
    runtime: {
      status: async () => [],
      inboxStatus: async () => undefined,
      supervision: async () => ({
        supervised: true,
        daemon: { state: 'failing', pid: 1, since: now.toISOString(), reason: 'port 9470 is taken' },
      }),
    },
    stack: { components: [], inbox: { enabled: false, port: 0 } },
    expected: [],
    problems: [],
    latest: () => undefined,
    now,
  });
  expect(status.healthy).toBe(false);
});
