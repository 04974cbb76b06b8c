import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Program } from '../../src/stack/program.ts';
import { type DeliveryWorld, fourChannels, makeDeliveryWorld, reportOf, verdicts } from './delivery-world.ts';
import { findNewer } from './programs.ts';

/** The first with an event recorder. */
const program = await findNewer('alertmanager', '0.33');
if (!program)
  process.stderr.write(
    'skipped: no Alertmanager >= 0.33 in LEITSTAND_TEST_PROGRAMS or on PATH: its event recorder is not tested\n',
  );
const RECORDS = ['--cluster.listen-address=', '--enable-feature=event-recorder'];

describe.skipIf(!program)('alert test with an Alertmanager that records events', () => {
  let world: DeliveryWorld;
  beforeEach(async () => {
    world = await makeDeliveryWorld();
  });
  afterEach(() => world.end());

  const start = (
    receivers: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>>,
    to: string,
  ) => world.start(program as Program, { receivers, default: to }, { args: RECORDS });

  it('confirms all four types', async () => {
    const running = await start({ 'on-call': fourChannels(world) }, 'on-call');
    const report = await world.test(running);
    expect(verdicts(report)).toEqual([
      'on-call slack[0] CONFIRMED',
      'on-call email[0] CONFIRMED',
      'on-call pagerduty[0] CONFIRMED',
      'on-call webhook[0] CONFIRMED',
    ]);
    const all = () => world.history.messages.list({ limit: 99, type: 'event-recorder' });
    // The event of the last end is on its way when the message is there.
    await expect.poll(() => all().length, { timeout: 10_000 }).toBe(8);
    const events = all();
    expect(events.filter(({ accepted }) => !accepted)).toEqual([]);
    // Each integration took the alert and its end; what else Alertmanager recorded was not kept.
    const told = events.map(({ recipient, status }) => `${recipient} ${status}`);
    for (const name of ['slack[0]', 'email[0]', 'pagerduty[0]', 'webhook[0]'])
      for (const status of ['firing', 'resolved']) expect(told).toContain(`on-call ${name} ${status}`);
  });

  it('tells integrations of one type apart whose counters are shared', async () => {
    const base = await world.elsewhere((path) => ({ status: path === '/good' ? 200 : 503 }));
    const webhook = [{ url: `${base}/good` }, { url: `${base}/bad` }, { url: `${base}/good` }];
    const running = await start({ team: { webhook } }, 'team');
    const report = await world.test(running);
    expect(verdicts(report)).toEqual([
      'team webhook[0] ACCEPTED',
      'team webhook[1] FAILED',
      'team webhook[2] ACCEPTED',
    ]);
    expect(reportOf(report, 'team webhook[2]')).toMatchObject({
      evidenceKind: 'events',
      evidence: expect.stringMatching(
        /event recorder: 127\.0\.0\.1:\d+ took it at \d\d:\d\d:\d\d\.\d\d\d UTC/,
      ),
      latencyMs: expect.any(Number),
    });
    expect(reportOf(report, 'team webhook[2]')?.latencyMs).toBeLessThan(3_000);
  });

  it('sees the end at a provider that is not ours', async () => {
    const base = await world.elsewhere(() => ({ status: 200 }));
    const running = await start({ team: { webhook: [{ url: base }] } }, 'team');
    const report = await world.test(running);
    expect(report.integrations[0]).toMatchObject({ verdict: 'ACCEPTED', end: { arrived: true } });
  });

  it('does not take an event for the message where the message should be', async () => {
    const running = await start({ team: { webhook: [{ url: `${world.inboxUrl}/webhook` }] } }, 'team');
    world.misbehave('webhook', { kind: 'html' });
    const report = await world.test(running);
    expect(verdicts(report)).toEqual(['team webhook[0] FAILED']);
    expect(report.integrations[0]?.reason).toContain('HTML page');
  });
});
