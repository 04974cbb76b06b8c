import { describe, expect, it } from 'vitest';
import type { Following } from '../../src/delivery/follow.ts';
import { askProvider } from '../../src/delivery/read-back.ts';
import type { IntegrationReport } from '../../src/delivery/report.ts';
import { defineErrors } from '../../src/platform/errors.ts';
import { EXIT } from '../../src/platform/exit-codes.ts';
import { readConfiguration } from '../../src/routing/configuration.ts';
import { destinationsOf } from '../../src/routing/walk.ts';
import type { ReadBack, ReadBackSearch } from '../../src/stack/receiver.ts';
import { makeIntegration } from '../fixtures/alerting.ts';
import { handClock } from '../fixtures/hand-clock.ts';

const errors = defineErrors({
  'LS-TEST-001': { exit: EXIT.couldNotCheck, title: 'busy', explanation: 'It is busy.' },
  'LS-TEST-002': { exit: EXIT.authentication, title: 'refused', explanation: 'It refuses.' },
});
const START = '2026-01-02T03:04:05.000Z';
const { root } = readConfiguration(
  'route: {receiver: on-call, group_by: [alertname]}\nreceivers: [{name: on-call}]',
);
const accepted: IntegrationReport = {
  receiver: 'on-call',
  type: 'slack',
  index: 0,
  verdict: 'ACCEPTED',
  latencyMs: 40,
};

/** The outcome, and what was asked when; time passes by itself. */
async function ask(
  find: (look: number) => ReturnType<ReadBack['find']>,
  timeoutMs = 15_000,
  signal?: AbortSignal,
) {
  const clock = handClock(START);
  const asked: { readonly at: number; readonly search: ReadBackSearch }[] = [];
  const readBack: ReadBack = {
    from: 'the channel',
    find: (search) => {
      asked.push({ at: clock.monotonic(), search });
      return find(asked.length);
    },
  };
  const slack = makeIntegration('slack', { webhook_url: 'https://example.org/x' });
  const integration = { ...slack, readBack };
  const probe = {
    receiver: 'on-call',
    nonce: 'abc',
    integrations: [integration],
    routed: { labels: {}, own: [] },
  };
  const following = {
    request: { clock, signal },
    postedAt: new Date(START),
    preflight: { routes: new Map([[probe, destinationsOf(root, () => '')]]) },
  } as unknown as Following;
  let done = false;
  const outcome = askProvider(following, { probe, integration }, accepted, timeoutMs).finally(() => {
    done = true;
  });
  // Whoever waits for it sees a rejection; this loop only moves the clock.
  outcome.catch(() => undefined);
  for (let i = 0; i < 200 && !done; i++) await clock.pass(250);
  return { report: await outcome, asked };
}

describe('asking the provider', () => {
  it('makes what was accepted CONFIRMED, with the time at which the provider had it', async () => {
    const at = new Date('2026-01-02T03:04:05.500Z');
    const { report, asked } = await ask(async (look) =>
      look < 3 ? undefined : { evidence: 'message 7', at },
    );
    expect(report).toEqual({
      receiver: 'on-call',
      type: 'slack',
      index: 0,
      verdict: 'CONFIRMED',
      evidence: 'message 7 (the channel)',
      evidenceKind: 'provider',
      latencyMs: 500,
    });
    expect(asked.map(({ at: when }) => when)).toEqual([0, 1_000, 3_000]);
    expect(asked[0]?.search).toMatchObject({
      nonce: 'abc',
      since: new Date(START),
      groupKey: '{}:{alertname="LeitstandTest_abc"}',
    });
  });

  it('ends with the time, and leaves what was accepted accepted', async () => {
    const { report, asked } = await ask(async () => undefined);
    expect(report).toEqual({ ...accepted, notes: ['accepted, and not yet to be seen in the channel'] });
    expect(asked.map(({ at }) => at)).toEqual([0, 1_000, 3_000, 7_000, 12_000]);
  });

  it('looks for a moment also when no time is left', async () => {
    const { asked } = await ask(async () => undefined, 0);
    expect(asked.map(({ at }) => at)).toEqual([0, 1_000, 3_000]);
  });

  it('says why it could not, and has nothing against the verdict', async () => {
    const busy = errors.error('LS-TEST-001', { what: 'it is busy', why: '503', fix: 'wait' });
    const { report, asked } = await ask(() => Promise.reject(busy));
    expect(report).toEqual({
      ...accepted,
      notes: ['the channel could not be asked: it is busy: 503; wait'],
    });
    expect(asked.length).toBeGreaterThan(3);
  });

  it('does not ask again with credentials that are refused', async () => {
    const refused = errors.error('LS-TEST-002', { what: 'it refuses the token' });
    const { report, asked } = await ask(() => Promise.reject(refused));
    expect(report).toMatchObject({
      verdict: 'ACCEPTED',
      notes: [expect.stringContaining('refuses the token')],
    });
    expect(asked).toHaveLength(1);
  });

  it('ends with the test', async () => {
    const cancel = new AbortController();
    const asking = ask(
      async () => {
        cancel.abort(new Error('cancelled'));
        return undefined;
      },
      15_000,
      cancel.signal,
    );
    await expect(asking).rejects.toThrow('cancelled');
  });

  it('does not hide a bug', async () => {
    await expect(ask(() => Promise.reject(new TypeError('bug')))).rejects.toThrow('bug');
  });
});
