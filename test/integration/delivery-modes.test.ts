import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAlertmanagerApi } from '../../src/components/alertmanager/api.ts';
import { attachedAlerting } from '../../src/delivery/attached/alerting.ts';
import { testDirectly } from '../../src/delivery/direct.ts';
import { testDelivery } from '../../src/delivery/test-delivery.ts';
import { groupKey } from '../../src/delivery/group-key.ts';
import { recordingStore } from '../../src/inbox/notifications.ts';
import { readConfiguration } from '../../src/routing/configuration.ts';
import { destinationsOf } from '../../src/routing/walk.ts';
import type { Program } from '../../src/stack/program.ts';
import type { Hours } from '../../src/stack/stack.ts';
import type { AlertingOptions } from '../fixtures/alerting.ts';
import { localServer } from '../fixtures/local-server.ts';
import {
  type DeliveryWorld,
  firingTests,
  fourChannels,
  makeDeliveryWorld,
  reportOf,
  type Running,
  verdicts,
} from './delivery-world.ts';
import { generations, requirePrograms } from './programs.ts';

let world: DeliveryWorld;

beforeEach(async () => {
  world = await makeDeliveryWorld();
});

afterEach(() => world.end());

/** An interval that is not now. */
function neverNow(): Hours {
  const month = new Date(Date.now() + 40 * 86_400_000).getUTCMonth() + 1;
  return { times: [], weekdays: [], daysOfMonth: [], months: [String(month)], location: 'UTC' };
}

function byTeam(): AlertingOptions {
  const at = (path: string) => ({ webhook: [{ url: `${world.inboxUrl}/webhook/${path}` }] });
  return {
    receivers: { water: at('water'), 'on-call': at('on-call'), team: at('team') },
    routes: [
      { match: [{ label: 'team', values: ['water'] }], receiver: 'water' },
      {
        match: [
          { label: 'team', values: ['water'] },
          { label: 'severity', values: ['critical'] },
        ],
        receiver: 'on-call',
      },
    ],
    severities: { critical: 'on-call' },
    default: 'team',
  };
}

describe.each(generations)('the modes of alert test with %s programs', (generation) => {
  let program: Program;
  beforeEach(async () => {
    const found = (await requirePrograms(generation)).get('alertmanager');
    if (!found) throw new Error('no alertmanager');
    program = found;
  });

  it('--route: who takes an alert with these labels', async () => {
    const running = await world.start(program, byTeam());
    const labels = { team: 'water', severity: 'critical' };
    const report = await world.test(running, { aim: { kind: 'labels', labels } });
    expect(verdicts(report)).toEqual(['water webhook[0] CONFIRMED']);
    expect(report.integrations[0]).toMatchObject({ route: 'team="water", severity="critical"' });
    const other = await world.test(running, { aim: { kind: 'labels', labels: { alertname: 'DiskFull' } } });
    expect(verdicts(other)).toEqual(['team webhook[0] CONFIRMED']);
    const nobody = await world.test(running, { aim: { kind: 'labels', labels: { severity: 'none' } } });
    expect(nobody).toMatchObject({ exit: 1, integrations: [] });
    expect(nobody.notes).toEqual([
      'severity="none": the receiver (nobody) has no integration: it tells nobody',
    ]);
    expect(world.history.proofs.list({ limit: 9 }).map(({ subject }) => subject)).toEqual(['team', 'water']);
    expect(await firingTests(running.live)).toBe(0);
  });

  it('--every-route: each route once, and the one that is never reached', async () => {
    const running = await world.start(program, byTeam());
    const report = await world.test(running, { aim: { kind: 'routes' } });
    expect(report.integrations.map(({ route, verdict }) => [route, verdict])).toEqual([
      ['team="water"', 'CONFIRMED'],
      ['team="water", severity="critical"', 'NOT-ROUTED'],
      ['severity="critical"', 'CONFIRMED'],
      ['everything else', 'CONFIRMED'],
    ]);
    expect(report.integrations[1]).toMatchObject({
      reason: expect.stringContaining('an earlier route takes everything'),
      fix: expect.stringContaining('move it up'),
    });
    expect(report.exit).toBe(1);
    // A route that is never reached is a mistake, and the receiver is reached all the same.
    for (const receiver of ['on-call', 'water', 'team'])
      expect(world.history.proofs.latest('alert-delivery', receiver)).toMatchObject({ verdict: 'proven' });
  });

  it('--min-verdict decides the exit code, and not what is recorded', async () => {
    const base = await world.elsewhere(() => ({ status: 200 }));
    const running = await world.start(program, {
      receivers: { 'on-call': { webhook: [{ url: base }] } },
      default: 'on-call',
    });
    const strict = await world.test(running, { standard: 'confirmed' });
    expect(strict).toMatchObject({ exit: 1, integrations: [{ verdict: 'ACCEPTED' }] });
    expect((await world.test(running)).exit).toBe(0);
    expect(world.history.proofs.latest('alert-delivery', 'on-call')).toMatchObject({ verdict: 'proven' });
  });

  it('--direct: the credentials of all four types, and no proof', async () => {
    const running = await world.start(program, {
      receivers: { 'on-call': { ...fourChannels(world), webhook: [{ url: `${world.inboxUrl}/nowhere` }] } },
      default: 'on-call',
    });
    const report = await testDirectly({ ...world.request(running), receivers: ['on-call'] });
    expect(verdicts(report)).toEqual([
      'on-call slack[0] CONFIRMED',
      'on-call email[0] CONFIRMED',
      'on-call pagerduty[0] CONFIRMED',
      'on-call webhook[0] FAILED',
    ]);
    expect(report).toMatchObject({ mode: 'direct', exit: 1, notPossible: [] });
    expect(report.notes.join()).toContain('nothing about its routes');
    expect(world.history.proofs.list({ limit: 9 })).toEqual([]);
    expect(world.history.deliveries.list({ limit: 9, nonce: report.nonce }).map(({ mode }) => mode)).toEqual(
      Array.from({ length: 4 }, () => 'direct'),
    );
    // What the inbox got is known as a test's, so that no statistic takes it for real notifications.
    const kept = recordingStore(world.history);
    for (const message of world.history.messages.list({ limit: 9 })) kept.append(message);
    expect(world.history.deliveries.list({ limit: 99 })).toHaveLength(4);
    expect(await firingTests(running.live)).toBe(0);
  });

  it('--direct: says so where it is not possible', async () => {
    const running = await world.start(program, byTeam());
    const { config } = await createAlertmanagerApi(running.live.url).status();
    const request = { ...world.request(running), alerting: attachedAlerting(config), receivers: ['team'] };
    const report = await testDirectly(request);
    expect(report).toMatchObject({
      exit: 5,
      integrations: [],
      notPossible: [
        { receiver: 'team', type: 'webhook', index: 0, why: expect.stringContaining('attached') },
      ],
    });
  });

  it('after its own configuration, without a file and without records', async () => {
    const running = await world.start(program, byTeam());
    const { config } = await createAlertmanagerApi(running.live.url).status();
    const { history: _, ...request } = world.request(running, { alerting: attachedAlerting(config) });
    const report = await testDelivery(request);
    expect(verdicts(report)).toEqual([
      'water webhook[0] CONFIRMED',
      'on-call webhook[0] CONFIRMED',
      'team webhook[0] CONFIRMED',
    ]);
    expect(world.history.deliveries.list({ limit: 9 })).toEqual([]);
    expect(world.history.proofs.list({ limit: 9 })).toEqual([]);
  });

  it('names the hours that hold it back, also where Alertmanager does not', async () => {
    const running = await world.start(program, {
      receivers: { team: { webhook: [{ url: `${world.inboxUrl}/webhook` }] } },
      routes: [
        { match: [{ label: 'severity', values: ['warning'] }], receiver: 'team', hours: 'office' },
        { match: [{ label: 'severity', values: ['critical'] }], receiver: 'team' },
      ],
      hours: { office: neverNow() },
      default: 'team',
    });
    const report = await world.test(running, { aim: { kind: 'routes' } });
    expect(report.integrations.map(({ verdict }) => verdict)).toEqual(['MUTED', 'CONFIRMED', 'CONFIRMED']);
    expect(report.integrations[0]).toMatchObject({
      reason: expect.stringContaining('the time interval office (it is outside of it now) until 20'),
      fix: expect.stringContaining('on duty'),
    });
    expect(report.notes.join()).toContain('team: held back by the time interval office');
    expect(report.elapsedMs).toBeLessThan(12_000);
  });

  it('names a firing alert that inhibits it', async () => {
    const running = await world.start(program, byTeam());
    const { live } = running;
    const now = Date.now();
    const real = { alertname: 'RackDown', severity: 'critical', workspace_id: 'w1', team: 'x' };
    await createAlertmanagerApi(live.url).post([
      { labels: real, annotations: {}, startsAt: new Date(now - 3_600_000), endsAt: new Date(now + 60_000) },
    ]);
    const labels = { severity: 'warning', workspace_id: 'w1', component: '', instance: '' };
    const report = await world.test(running, { aim: { kind: 'labels', labels } });
    expect(report.integrations[0]).toMatchObject({
      verdict: 'MUTED',
      reason: expect.stringContaining(
        'the alert RackDown {severity="critical", team="x", workspace_id="w1"}',
      ),
      fix: expect.stringContaining('amtool alert query'),
    });
  });

  it('waits for what is tried again, and says how often it was refused', async () => {
    const running = await world.start(program, byTeam());
    world.misbehave('webhook', { kind: 'status', status: 503 }, 3);
    const report = await world.test(running, {
      aim: { kind: 'receivers', names: ['team'] },
      timeoutMs: 60_000,
    });
    expect(report.integrations[0]).toMatchObject({
      verdict: 'CONFIRMED',
      notes: ['refused 3 times before it was taken'],
    });
  });

  it('reckons the key of a group as Alertmanager does', async () => {
    const running = await world.start(program, byTeam());
    await world.test(running);
    const { config } = await createAlertmanagerApi(running.live.url).status();
    const { root } = readConfiguration(config);
    const bodies = world.history.messages
      .list({ limit: 9, type: 'webhook' })
      .map(({ body }) => JSON.parse(body) as WebhookBody);
    expect(bodies.length).toBeGreaterThanOrEqual(3);
    for (const { groupKey: key, receiver, alerts } of bodies) {
      const labels = alerts[0]?.labels ?? {};
      const [destination] = destinationsOf(root, (label) => labels[label] ?? '');
      expect(destination?.route.receiver).toBe(receiver);
      expect(groupKey(destination?.path ?? [], labels)).toBe(key);
    }
  });

  it('asks the provider, and says what it could not ask', async () => {
    let posted = '';
    let answer = (): object => ({
      ok: true,
      messages: [{ ts: String(Date.now() / 1000), bot_id: 'B0', text: posted }],
    });
    const slackThere = await localServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        if (request.method === 'GET') return response.end(JSON.stringify(answer()));
        posted = body;
        return response.end('ok');
      });
    });
    world.onEnd(() => slackThere[Symbol.asyncDispose]());
    const slack = {
      webhook_url: `${slackThere.url}/services/T0/B0/x`,
      api_url: `${slackThere.url}/api`,
      read_back: {
        token: 'xoxb-123456789012-1234567890123-abc7f3aabc7f3aabc7f3aabc',
        channel_id: 'C0123456789',
      },
    };
    const running = await world.start(program, {
      receivers: { 'on-call': { slack: [slack] } },
      default: 'on-call',
    });
    const seen = await world.test(running, { standard: 'confirmed' });
    expect(seen).toMatchObject({
      exit: 0,
      integrations: [
        {
          verdict: 'CONFIRMED',
          evidenceKind: 'provider',
          evidence: expect.stringContaining('in the Slack channel C0123456789'),
          latencyMs: expect.any(Number),
        },
      ],
    });
    answer = () => ({ ok: false, error: 'missing_scope' });
    const unseen = await world.test(running);
    expect(unseen).toMatchObject({
      exit: 0,
      integrations: [{ verdict: 'ACCEPTED', notes: [expect.stringContaining('channels:history')] }],
    });
    expect(JSON.stringify([seen, unseen])).not.toContain('7f3a');
  });

  it('closes at the provider what Alertmanager can end no more', async () => {
    const events: { readonly event_action: string; readonly dedup_key: string }[] = [];
    let running: Running | undefined;
    const provider = await localServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        events.push(JSON.parse(body) as (typeof events)[number]);
        const answer = () =>
          response.writeHead(202).end('{"status":"success","message":"Event processed","dedup_key":"x"}');
        // It dies with the incident open.
        if (events.length > 1) answer();
        else void running?.live.stop().then(answer);
      });
    });
    world.onEnd(() => provider[Symbol.asyncDispose]());
    const pagerduty = fourChannels(world).pagerduty.map((one) => ({
      ...one,
      url: `${provider.url}/v2/enqueue`,
    }));
    running = await world.start(program, { receivers: { 'on-call': { pagerduty } }, default: 'on-call' });
    await expect(world.test(running)).rejects.toMatchObject({ code: 'LS-ALERTMANAGER-001' });
    expect(events.map(({ event_action }) => event_action)).toEqual(['trigger', 'resolve']);
    expect(events[1]?.dedup_key).toBe(events[0]?.dedup_key);
  });

  it('refuses nothing and crashes nowhere when another configuration is loaded', async () => {
    const running = await world.start(program, byTeam());
    const other = await world.start(
      program,
      { receivers: { lone: { webhook: [{ url: `${world.inboxUrl}/webhook` }] } }, default: 'lone' },
      { name: 'other' },
    );
    const mixed: Running = { stack: running.stack, live: other.live };
    const report = await world.test(mixed);
    expect(reportOf(report, 'team webhook[0]')).toMatchObject({
      verdict: 'NOT-ROUTED',
      reason: 'Alertmanager has loaded a configuration without the receiver team',
      fix: expect.stringContaining('leitstand up'),
    });
    expect(report.integrations).toHaveLength(3);
    expect(world.history.messages.list({ limit: 9 })).toEqual([]);
    expect(report.elapsedMs).toBeLessThan(12_000);
  });
});

interface WebhookBody {
  readonly groupKey: string;
  readonly receiver: string;
  readonly alerts: readonly { readonly labels: Readonly<Record<string, string>> }[];
}
