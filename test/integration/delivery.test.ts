import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stackAlerting } from '../../src/delivery/alerting.ts';
import type { Program } from '../../src/stack/program.ts';
import { type AlertingOptions, alertingStack } from '../fixtures/alerting.ts';
import {
  type DeliveryWorld,
  firingTests,
  fourChannels,
  makeDeliveryWorld,
  silence,
  verdicts,
} from './delivery-world.ts';
import { generations, requirePrograms } from './programs.ts';

let world: DeliveryWorld;

beforeEach(async () => {
  world = await makeDeliveryWorld();
});

afterEach(() => world.end());

const slackAt = (path = '/slack/services/T0/B0/token7f3a') => ({ webhook_url: world.inboxUrl + path });

function usualStack(): AlertingOptions {
  return {
    receivers: {
      'on-call': { slack: [slackAt()], webhook: [{ url: `${world.inboxUrl}/webhook/on-call` }] },
      team: { webhook: [{ url: `${world.inboxUrl}/webhook` }] },
    },
    severities: { critical: 'on-call' },
    default: 'team',
  };
}

describe.each(generations)('alert test with %s programs', (generation) => {
  let program: Program;
  beforeEach(async () => {
    const found = (await requirePrograms(generation)).get('alertmanager');
    if (!found) throw new Error('no alertmanager');
    program = found;
  });

  const start = (options: AlertingOptions) => world.start(program, options);

  it('confirms every integration within a second, in spite of a group wait of 30 s', async () => {
    const running = await start(usualStack());
    const report = await world.test(running);
    expect(verdicts(report)).toEqual([
      'on-call slack[0] CONFIRMED',
      'on-call webhook[0] CONFIRMED',
      'team webhook[0] CONFIRMED',
    ]);
    for (const { latencyMs } of report.integrations) expect(latencyMs).toBeLessThanOrEqual(1_000);
    process.stderr.write(
      `${generation}: POST to arrival ${report.integrations.map(({ latencyMs }) => latencyMs).join(', ')} ms; whole test ${Math.round(report.elapsedMs)} ms\n`,
    );
    const slack = world.history.messages.list({ limit: 9, type: 'slack' });
    const shown = slack.find(({ status }) => status === 'firing');
    expect(shown?.title).toBe(`🧪 TEST CRITICAL: LeitstandTest_${report.nonce}x0x`);
    expect(shown?.text).toContain('nothing is wrong');
    expect(report).toMatchObject({ exit: 0, resolved: true });
    expect(await firingTests(running.live)).toBe(0);
    expect(world.history.deliveries.list({ limit: 9, nonce: report.nonce })).toHaveLength(3);
    for (const receiver of ['on-call', 'team'])
      expect(world.history.proofs.latest('alert-delivery', receiver)).toMatchObject({ verdict: 'proven' });
    const again = await world.test(running, { aim: { kind: 'receivers', names: ['team'] } });
    expect(verdicts(again)).toEqual(['team webhook[0] CONFIRMED']);
  });

  it('confirms all four types, and tells each that it is over', async () => {
    const running = await start({ receivers: { 'on-call': fourChannels(world) }, default: 'on-call' });
    const report = await world.test(running);
    expect(verdicts(report)).toEqual([
      'on-call slack[0] CONFIRMED',
      'on-call email[0] CONFIRMED',
      'on-call pagerduty[0] CONFIRMED',
      'on-call webhook[0] CONFIRMED',
    ]);
    expect(report).toMatchObject({ exit: 0, mode: 'alertmanager', notes: [] });
    for (const { evidenceKind, end, message, copies } of report.integrations) {
      expect({ evidenceKind, end, copies }).toEqual({
        evidenceKind: 'inbox',
        end: { arrived: true, latencyMs: expect.any(Number) },
        copies: undefined,
      });
      expect(world.history.messages.get(message ?? 0)?.accepted).toBe(true);
    }
    const [row] = world.history.deliveries.list({ limit: 1, nonce: report.nonce });
    expect(row).toMatchObject({ mode: 'alertmanager', evidence: 'inbox', message: expect.any(Number) });
  });

  it('tells integrations that share a place by whom they are for', async () => {
    const [mail] = fourChannels(world).email;
    const email = [mail, { ...mail, to: ['night@example.org', 'ops@example.org'] }];
    const running = await start({ receivers: { 'on-call': { email } }, default: 'on-call' });
    const report = await world.test(running);
    expect(verdicts(report)).toEqual(['on-call email[0] CONFIRMED', 'on-call email[1] CONFIRMED']);
    const recipients = report.integrations.map(
      ({ message }) => world.history.messages.get(message ?? 0)?.recipient,
    );
    expect(recipients).toEqual(running.stack.integrations.map(({ recipient }) => recipient));
    expect(new Set(recipients).size).toBe(2);
  });

  it('names integration, stage and reason when the inbox is stopped', async () => {
    const running = await start(usualStack());
    await world.inbox.close();
    const report = await world.test(running, { timeoutMs: 8_000 });
    expect(report).toMatchObject({ exit: 1, resolved: true });
    for (const integration of report.integrations)
      expect(integration).toMatchObject({
        verdict: 'FAILED',
        stage: 'send',
        reason: expect.stringContaining('connection refused'),
        fix: expect.stringMatching(/^the inbox does not run: .*leitstand up/),
      });
    expect(report.integrations).toHaveLength(3);
    expect(world.history.proofs.latest('alert-delivery', 'team')).toMatchObject({ verdict: 'refuted' });
    const shown = JSON.stringify([report, world.history.proofs.list({ limit: 9 })]);
    expect(shown).not.toContain('token7f3a');
    expect(shown).not.toContain('/webhook/on-call');
    expect(await firingTests(running.live)).toBe(0);
  });

  it('fails what the provider refuses, quickly', async () => {
    const options = usualStack();
    const running = await start({
      ...options,
      receivers: {
        ...options.receivers,
        'on-call': { slack: [slackAt('/slack/services/T0/B0/no-token'), slackAt('/slack/hook'), slackAt()] },
        team: { webhook: [{ url: `${world.inboxUrl}/nowhere` }] },
      },
    });
    const report = await world.test(running);
    expect(verdicts(report)).toEqual([
      'on-call slack[0] FAILED',
      'on-call slack[1] FAILED',
      'on-call slack[2] CONFIRMED',
      'team webhook[0] FAILED',
    ]);
    expect(report.integrations[0]?.reason).toContain('403 invalid_token');
    expect(report.integrations[1]?.reason).toContain('404 no_service');
    expect(report.integrations[3]?.reason).toContain('404');
    expect(report.elapsedMs).toBeLessThan(12_000);
    expect(report.exit).toBe(1);
  });

  it('names a secret file that is not there', async () => {
    const running = await start(usualStack());
    await rm(running.live.secretPath('on-call-slack-0'), { force: true });
    const report = await world.test(running);
    expect(report.integrations[0]).toMatchObject({
      verdict: 'FAILED',
      stage: 'send',
      reason: expect.stringContaining('no such file'),
      fix: expect.stringContaining('secret file'),
    });
    expect(verdicts(report).slice(1)).toEqual(['on-call webhook[0] CONFIRMED', 'team webhook[0] CONFIRMED']);
  });

  it('tells muted from lost', async () => {
    const running = await start(usualStack());
    const id = await silence(running.live, 'severity', 'critical');
    const report = await world.test(running);
    expect(verdicts(report)).toEqual([
      'on-call slack[0] MUTED',
      'on-call webhook[0] MUTED',
      'team webhook[0] CONFIRMED',
    ]);
    const { reason, fix } = report.integrations[0] ?? {};
    expect(reason).toContain(`held back by the silence ${id} by anna ("disk is being replaced") until 20`);
    expect(fix).toContain('amtool silence expire');
    expect(report.notes.join()).toContain(`on-call: held back by the silence ${id}`);
    expect(report.exit).toBe(1);
    expect(report.elapsedMs).toBeLessThan(12_000);
  });

  it('names a receiver that no route leads to, and routes that are not those of the file', async () => {
    const options = usualStack();
    const running = await start({
      ...options,
      receivers: { ...options.receivers, forgotten: { webhook: [{ url: `${world.inboxUrl}/webhook/f` }] } },
    });
    const report = await world.test(running);
    expect(report.integrations.at(-1)).toMatchObject({ receiver: 'forgotten', verdict: 'NOT-ROUTED' });
    expect(report.exit).toBe(1);
    const changed = alertingStack({ ...options, severities: { warning: 'on-call' } });
    const stale = await world.test(running, {
      alerting: stackAlerting(changed),
      aim: { kind: 'receivers', names: ['on-call'] },
    });
    expect(stale.integrations[0]).toMatchObject({
      verdict: 'NOT-ROUTED',
      reason: expect.stringContaining('to team instead'),
    });
  });

  it('claims no more of a provider than its answer', async () => {
    const base = await world.elsewhere((path) => ({ status: path === '/good' ? 200 : 404 }));
    const running = await start({
      receivers: {
        'on-call': { slack: [{ webhook_url: `${base}/good` }], webhook: [{ url: `${base}/bad` }] },
      },
      default: 'on-call',
    });
    const report = await world.test(running);
    expect(verdicts(report)).toEqual(['on-call slack[0] ACCEPTED', 'on-call webhook[0] FAILED']);
    expect(report.integrations[0]?.evidence).toContain('not seen there');
    const { notProven = [] } = world.history.proofs.latest('alert-delivery', 'on-call') ?? {};
    expect(notProven.join()).toContain('slack[0]');
  });

  it('does not take a hanging provider for a good one', async () => {
    const base = await world.elsewhere(() => undefined);
    const running = await start({
      receivers: { 'on-call': { webhook: [{ url: `${base}/hang` }, { url: `${world.inboxUrl}/webhook` }] } },
      default: 'on-call',
    });
    const report = await world.test(running, { timeoutMs: 2_500 });
    expect(verdicts(report)).toEqual(['on-call webhook[0] FAILED', 'on-call webhook[1] CONFIRMED']);
  });

  it('wants a message for each integration that shares a URL', async () => {
    const twice = { webhook: [{ url: `${world.inboxUrl}/webhook` }, { url: `${world.inboxUrl}/webhook` }] };
    const running = await start({ receivers: { 'on-call': twice }, default: 'on-call' });
    const report = await world.test(running);
    expect(verdicts(report)).toEqual(['on-call webhook[0] CONFIRMED', 'on-call webhook[1] CONFIRMED']);
    expect(new Set(report.integrations.map(({ evidence }) => evidence)).size).toBe(2);
    const one = { receivers: { 'on-call': { webhook: twice.webhook.slice(1) } }, default: 'on-call' };
    await running.live.stop();
    const { live } = await world.start(program, one, { name: 'second' });
    const short = await world.test({ stack: running.stack, live }, { timeoutMs: 2_000 });
    expect(verdicts(short)).toEqual(['on-call webhook[0] SENT-UNCONFIRMED', 'on-call webhook[1] NOT-ROUTED']);
  });

  it('could not check when Alertmanager is down, and records nothing', async () => {
    const running = await start(usualStack());
    await running.live.stop();
    await expect(world.test(running)).rejects.toMatchObject({
      code: 'LS-ALERTMANAGER-001',
      exit: 5,
    });
    expect(world.history.deliveries.list({ limit: 9 })).toEqual([]);
    expect(world.history.proofs.list({ limit: 9 })).toEqual([]);
  });

  it('resolves its alerts when it is cancelled', async () => {
    const base = await world.elsewhere(() => undefined);
    const running = await start({
      receivers: { 'on-call': { webhook: [{ url: `${base}/hang` }] } },
      default: 'on-call',
    });
    const cancel = new AbortController();
    const testing = world.test(running, {
      signal: cancel.signal,
      onProgress: ({ type }) => {
        if (type === 'step') setTimeout(() => cancel.abort(new Error('cancelled')), 300);
      },
    });
    await expect(testing).rejects.toThrow();
    expect(await firingTests(running.live)).toBe(0);
    expect(world.history.proofs.list({ limit: 9 })).toEqual([]);
  });
});
