import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAlertmanagerApi } from '../../src/components/alertmanager/api.ts';
import type { DeliveryReport } from '../../src/delivery/report.ts';
import type { DeliveryRequest } from '../../src/delivery/request.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { freePort } from '../fixtures/free-port.ts';
import type { Program } from '../../src/stack/program.ts';
import type { AlertingOptions } from '../fixtures/alerting.ts';
import {
  type DeliveryWorld,
  firingTests,
  fourChannels,
  makeDeliveryWorld,
  type Running,
  verdicts,
} from './delivery-world.ts';
import { generations, requirePrograms } from './programs.ts';

/** In place of 15 s; long enough for a busy machine to tell and gossip before the second one thinks it is its turn. */
const PEER_TIMEOUT_MS = 3_000;

let world: DeliveryWorld;

beforeEach(async () => {
  world = await makeDeliveryWorld();
});

afterEach(() => world.end());

describe.each(generations)('alert test on a cluster of %s Alertmanagers', (generation) => {
  let program: Program;
  beforeEach(async () => {
    const found = (await requirePrograms(generation)).get('alertmanager');
    if (!found) throw new Error('no alertmanager');
    program = found;
  });

  async function member(name: string, options: AlertingOptions, joins?: number) {
    const gossip = await freePort();
    const args = [
      `--cluster.listen-address=127.0.0.1:${gossip}`,
      `--cluster.advertise-address=127.0.0.1:${gossip}`,
      `--cluster.peer-timeout=${PEER_TIMEOUT_MS / 1000}s`,
      '--cluster.gossip-interval=50ms',
      '--cluster.pushpull-interval=1s',
      '--cluster.settle-timeout=500ms',
      ...(joins === undefined ? [] : [`--cluster.peer=127.0.0.1:${joins}`]),
    ];
    return { gossip, ...(await world.start(program, options, { name, args })) };
  }

  async function pair(options: AlertingOptions): Promise<[Running, Running]> {
    const first = await member('one', options);
    const second = await member('two', options, first.gossip);
    for (const { live } of [first, second]) await seesPeers(live.url, 2);
    return [first, second];
  }

  const through = (
    [first, ...others]: readonly Running[],
    more: Partial<DeliveryRequest> = {},
  ): Promise<DeliveryReport> => {
    if (!first) throw new Error('nobody');
    return world.test(first, {
      alertmanagers: [first, ...others].map(({ live }) => live.url),
      peerTimeoutMs: PEER_TIMEOUT_MS,
      ...more,
    });
  };

  it('posts to each member, and each integration is told once', async () => {
    const members = await pair({ receivers: { 'on-call': fourChannels(world) }, default: 'on-call' });
    const report = await through(members);
    expect(verdicts(report).every((line) => line.endsWith('CONFIRMED'))).toBe(true);
    expect(report).toMatchObject({ exit: 0, notes: [], resolved: true });
    expect(report.integrations.map(({ copies }) => copies)).toEqual(report.integrations.map(() => undefined));
    expect(report.elapsedMs).toBeGreaterThan(PEER_TIMEOUT_MS);
    for (const { live } of members) expect(await firingTests(live)).toBe(0);
    const firing = world.history.messages.list({ limit: 99 }).filter(({ status }) => status === 'firing');
    expect(firing).toHaveLength(4);
  });

  it('sums the counters where nothing is seen but an answer', async () => {
    const base = await world.elsewhere(() => ({ status: 200 }));
    const members = await pair({ receivers: { team: { webhook: [{ url: base }] } }, default: 'team' });
    // Whichever member is first in the cluster tells it.
    for (const order of [members, [...members].reverse()]) {
      const report = await through(order);
      expect(verdicts(report)).toEqual(['team webhook[0] ACCEPTED']);
    }
  });

  it('delivers with a member down, and says so', async () => {
    const members = await pair({ receivers: { 'on-call': fourChannels(world) }, default: 'on-call' });
    await members[1].live.stop();
    const report = await through(members, { timeoutMs: 30_000 });
    expect(report.exit).toBe(0);
    expect(report.notes.join('\n')).toContain(
      `Alertmanager at ${members[1].live.url} does not answer (connection refused`,
    );
  });

  it('waits for the member that can, when the first one cannot', async () => {
    const members = await pair({
      receivers: { 'on-call': { slack: fourChannels(world).slack } },
      default: 'on-call',
    });
    const names = await Promise.all(members.map(({ live }) => createAlertmanagerApi(live.url).status()));
    // The first by name tells at once, the second after the peer timeout (cluster/cluster.go, `Position`).
    const first = (names[0]?.peerName ?? '') < (names[1]?.peerName ?? '') ? members[0] : members[1];
    await rm(first.live.secretPath('on-call-slack-0'), { force: true });
    const report = await through(members);
    expect(verdicts(report)).toEqual(['on-call slack[0] CONFIRMED']);
    expect(report.integrations[0]?.latencyMs).toBeGreaterThanOrEqual(PEER_TIMEOUT_MS - 100);
  });

  it('tells two copies of a cluster that is split', async () => {
    const options: AlertingOptions = {
      receivers: { team: { webhook: [{ url: `${world.inboxUrl}/webhook` }] } },
      default: 'team',
    };
    // Each believes to be alone: what a blocked gossip port leads to.
    const members = [await member('one', options), await member('two', options)];
    for (const { live } of members) await seesPeers(live.url, 1);
    const report = await through(members);
    expect(report.integrations[0]).toMatchObject({
      verdict: 'CONFIRMED',
      copies: 2,
      notes: [expect.stringMatching(/^DUPLICATE: 2 copies .*gossip port/)],
    });
    expect(report.notes.join()).toContain('do not see each other');
    expect(report.exit).toBe(0);
  });

  it('names members that nobody told it of', async () => {
    const members = await pair({ receivers: { 'on-call': fourChannels(world) }, default: 'on-call' });
    const report = await through(members.slice(0, 1));
    expect(report.notes.join()).toContain('the cluster has 1 more Alertmanager (gossip at 127.0.0.1:');
    expect(report.exit).toBe(0);
  });

  it('could not check when none of them answers', async () => {
    const members = await pair({ receivers: { 'on-call': fourChannels(world) }, default: 'on-call' });
    for (const { live } of members) await live.stop();
    await expect(through(members)).rejects.toMatchObject({ code: 'LS-ALERTMANAGER-001', exit: 5 });
    expect(world.history.deliveries.list({ limit: 9 })).toEqual([]);
  });
});

async function seesPeers(url: string, count: number): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const { peers } = await createAlertmanagerApi(url).status();
    if (peers.length === count) return;
    if (performance.now() > deadline) throw new Error(`${url} sees ${peers.length} peers`);
    await systemClock.sleep(100);
  }
}
