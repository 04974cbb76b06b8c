import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DeliveryReport } from '../../src/delivery/report.ts';
import type { DeliveryRequest } from '../../src/delivery/request.ts';
import { testDelivery } from '../../src/delivery/test-delivery.ts';
import { type History, openHistory } from '../../src/history/history.ts';
import { type Inbox, startInbox } from '../../src/inbox/server.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { httpExchange } from '../../src/platform/http.ts';
import { receiverPlugins } from '../../src/receivers/registry.ts';
import type { Program } from '../../src/stack/program.ts';
import type { Stack } from '../../src/stack/stack.ts';
import { randomBytes } from 'node:crypto';
import { type AlertingOptions, alertingStack } from '../fixtures/alerting.ts';
import { type LiveAlertmanager, startAlertmanager } from './live-alertmanager.ts';
import { generations, requirePrograms } from './programs.ts';

const cleanups: (() => Promise<unknown> | void)[] = [];
let directory = '';
let history: History;
let inbox: Inbox;
let inboxUrl = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'delivery-'));
  history = openHistory(join(directory, 'leitstand.db'));
  inbox = await startInbox({
    port: 0,
    host: '127.0.0.1',
    endpoints: receiverPlugins.flatMap(({ sandbox }) => sandbox ?? []),
    messages: history.messages,
    clock: systemClock,
  });
  inboxUrl = `http://127.0.0.1:${inbox.port}`;
  cleanups.push(
    () => rm(directory, { recursive: true, force: true }),
    () => history.close(),
    () => inbox.close(),
  );
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const slackAt = (path = '/slack/services/T0/B0/token7f3a') => ({ webhook_url: inboxUrl + path });

function usualStack(): AlertingOptions {
  return {
    receivers: {
      'on-call': { slack: [slackAt()], webhook: [{ url: `${inboxUrl}/webhook/on-call` }] },
      team: { webhook: [{ url: `${inboxUrl}/webhook` }] },
    },
    severities: { critical: 'on-call' },
    default: 'team',
  };
}

/** Another provider, of which nothing is seen but its answers. */
async function elsewhere(answer: (path: string) => number | undefined): Promise<string> {
  const server: Server = createServer((request, response) => {
    request.resume();
    const status = answer(request.url ?? '');
    if (status !== undefined) response.writeHead(status, { 'content-type': 'text/html' }).end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe.each(generations)('alert test with %s programs', (generation) => {
  let program: Program;
  beforeEach(async () => {
    const found = (await requirePrograms(generation)).get('alertmanager');
    if (!found) throw new Error('no alertmanager');
    program = found;
  });

  async function start(options: AlertingOptions): Promise<{ stack: Stack; live: LiveAlertmanager }> {
    const stack = alertingStack(options);
    const live = await startAlertmanager(program, stack, directory);
    cleanups.push(() => live.stop());
    return { stack, live };
  }

  function requestFor(
    { stack, live }: { stack: Stack; live: LiveAlertmanager },
    more: Partial<DeliveryRequest> = {},
  ): DeliveryRequest {
    return {
      alertmanagerUrl: live.url,
      stack,
      inbox: { baseUrl: inboxUrl, messages: history.messages },
      logTail: (lines) => live.logTail(lines),
      history,
      clock: systemClock,
      random: (bytes) => randomBytes(bytes),
      timeoutMs: 15_000,
      onProgress: () => undefined,
      ...more,
    };
  }

  const verdicts = ({ integrations }: DeliveryReport) =>
    integrations.map(({ receiver, type, index, verdict }) => `${receiver} ${type}[${index}] ${verdict}`);

  async function firingTests(live: LiveAlertmanager): Promise<number> {
    const { body } = await httpExchange(`${live.url}/api/v2/alerts?filter=leitstand_test!=""`);
    return (JSON.parse(body) as unknown[]).length;
  }

  it('confirms every integration within a second, in spite of a group wait of 30 s', async () => {
    const world = await start(usualStack());
    const report = await testDelivery(requestFor(world));
    expect(verdicts(report)).toEqual([
      'on-call slack[0] CONFIRMED',
      'on-call webhook[0] CONFIRMED',
      'team webhook[0] CONFIRMED',
    ]);
    for (const { latencyMs } of report.integrations) expect(latencyMs).toBeLessThanOrEqual(1_000);
    process.stderr.write(
      `${generation}: POST to arrival ${report.integrations.map(({ latencyMs }) => latencyMs).join(', ')} ms; whole test ${Math.round(report.elapsedMs)} ms\n`,
    );
    const [shown] = history.messages.list({ limit: 1, type: 'slack' });
    expect(shown?.title).toBe(`🧪 TEST CRITICAL: LeitstandTest_${report.nonce}x0x`);
    expect(shown?.text).toContain('nothing is wrong');
    expect(report).toMatchObject({ exit: 0, resolved: true });
    expect(await firingTests(world.live)).toBe(0);
    expect(history.deliveries.list({ limit: 9, nonce: report.nonce })).toHaveLength(3);
    for (const receiver of ['on-call', 'team'])
      expect(history.proofs.latest('alert-delivery', receiver)).toMatchObject({ verdict: 'proven' });
    const again = await testDelivery(requestFor(world, { receivers: ['team'] }));
    expect(verdicts(again)).toEqual(['team webhook[0] CONFIRMED']);
  });

  it('names integration, stage and reason when the inbox is stopped', async () => {
    const world = await start(usualStack());
    await inbox.close();
    const report = await testDelivery(requestFor(world, { timeoutMs: 8_000 }));
    expect(report).toMatchObject({ exit: 1, resolved: true });
    for (const integration of report.integrations)
      expect(integration).toMatchObject({
        verdict: 'FAILED',
        stage: 'send',
        reason: expect.stringContaining('connection refused'),
        fix: expect.stringContaining(`nothing listens at 127.0.0.1:${inbox.port}`),
      });
    expect(report.integrations).toHaveLength(3);
    expect(history.proofs.latest('alert-delivery', 'team')).toMatchObject({ verdict: 'refuted' });
    const shown = JSON.stringify([report, history.proofs.list({ limit: 9 })]);
    expect(shown).not.toContain('token7f3a');
    expect(shown).not.toContain('/webhook/on-call');
    expect(await firingTests(world.live)).toBe(0);
  });

  it('fails what the provider refuses, quickly', async () => {
    const options = usualStack();
    const world = await start({
      ...options,
      receivers: {
        ...options.receivers,
        'on-call': { slack: [slackAt('/slack/services/T0/B0/no-token'), slackAt('/slack/hook'), slackAt()] },
        team: { webhook: [{ url: `${inboxUrl}/nowhere` }] },
      },
    });
    const report = await testDelivery(requestFor(world));
    expect(verdicts(report)).toEqual([
      'on-call slack[0] FAILED',
      'on-call slack[1] FAILED',
      'on-call slack[2] CONFIRMED',
      'team webhook[0] FAILED',
    ]);
    expect(report.integrations[0]?.reason).toContain('403 invalid_token');
    expect(report.integrations[1]?.reason).toContain('404 no_service');
    expect(report.integrations[3]?.reason).toContain('404');
    expect(report.elapsedMs).toBeLessThan(5_000);
    expect(report.exit).toBe(1);
  });

  it('names a secret file that is not there', async () => {
    const world = await start(usualStack());
    await rm(world.live.secretPath('on-call-slack-0'), { force: true });
    const report = await testDelivery(requestFor(world));
    expect(report.integrations[0]).toMatchObject({
      verdict: 'FAILED',
      stage: 'send',
      reason: expect.stringContaining('no such file'),
      fix: expect.stringContaining('secret file'),
    });
    expect(verdicts(report).slice(1)).toEqual(['on-call webhook[0] CONFIRMED', 'team webhook[0] CONFIRMED']);
  });

  it('tells muted from lost', async () => {
    const world = await start(usualStack());
    const silence = {
      matchers: [{ name: 'severity', value: 'critical', isRegex: false, isEqual: true }],
      startsAt: new Date(Date.now() - 1000),
      endsAt: new Date(Date.now() + 600_000),
      createdBy: 'test',
      comment: 'test',
    };
    const made = await httpExchange(`${world.live.url}/api/v2/silences`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(silence),
    });
    const { silenceID } = JSON.parse(made.body) as { readonly silenceID: string };
    const report = await testDelivery(requestFor(world));
    expect(verdicts(report)).toEqual([
      'on-call slack[0] MUTED',
      'on-call webhook[0] MUTED',
      'team webhook[0] CONFIRMED',
    ]);
    expect(report.integrations[0]?.reason).toContain(silenceID);
    expect(report.exit).toBe(1);
    expect(report.elapsedMs).toBeLessThan(5_000);
  });

  it('names a receiver that no route leads to, and routes that are not those of the file', async () => {
    const options = usualStack();
    const world = await start({
      ...options,
      receivers: { ...options.receivers, forgotten: { webhook: [{ url: `${inboxUrl}/webhook/f` }] } },
    });
    const report = await testDelivery(requestFor(world));
    expect(report.integrations.at(-1)).toMatchObject({ receiver: 'forgotten', verdict: 'NOT-ROUTED' });
    expect(report.exit).toBe(1);
    const changed = alertingStack({ ...options, severities: { warning: 'on-call' } });
    const stale = await testDelivery(requestFor({ ...world, stack: changed }, { receivers: ['on-call'] }));
    expect(stale.integrations[0]).toMatchObject({
      verdict: 'NOT-ROUTED',
      reason: expect.stringContaining('to team instead'),
    });
  });

  it('claims no more of a provider than its answer', async () => {
    const base = await elsewhere((path) => (path === '/good' ? 200 : 404));
    const world = await start({
      receivers: {
        'on-call': { slack: [{ webhook_url: `${base}/good` }], webhook: [{ url: `${base}/bad` }] },
      },
      default: 'on-call',
    });
    const report = await testDelivery(requestFor(world));
    expect(verdicts(report)).toEqual(['on-call slack[0] ACCEPTED', 'on-call webhook[0] FAILED']);
    expect(report.integrations[0]?.evidence).toContain('not seen there');
    const { notProven = [] } = history.proofs.latest('alert-delivery', 'on-call') ?? {};
    expect(notProven.join()).toContain('slack[0]');
  });

  it('does not take a hanging provider for a good one', async () => {
    const base = await elsewhere(() => undefined);
    const world = await start({
      receivers: { 'on-call': { webhook: [{ url: `${base}/hang` }, { url: `${inboxUrl}/webhook` }] } },
      default: 'on-call',
    });
    const report = await testDelivery(requestFor(world, { timeoutMs: 2_500 }));
    expect(verdicts(report)).toEqual(['on-call webhook[0] FAILED', 'on-call webhook[1] CONFIRMED']);
  });

  it('wants a message for each integration that shares a URL', async () => {
    const twice = { webhook: [{ url: `${inboxUrl}/webhook` }, { url: `${inboxUrl}/webhook` }] };
    const world = await start({ receivers: { 'on-call': twice }, default: 'on-call' });
    const report = await testDelivery(requestFor(world));
    expect(verdicts(report)).toEqual(['on-call webhook[0] CONFIRMED', 'on-call webhook[1] CONFIRMED']);
    expect(new Set(report.integrations.map(({ evidence }) => evidence)).size).toBe(2);
    const one = alertingStack({
      receivers: { 'on-call': { webhook: twice.webhook.slice(1) } },
      default: 'on-call',
    });
    await world.live.stop();
    const live = await startAlertmanager(program, one, directory);
    cleanups.push(() => live.stop());
    const short = await testDelivery(requestFor({ stack: world.stack, live }, { timeoutMs: 2_000 }));
    expect(verdicts(short)).toEqual([
      'on-call webhook[0] SENT-UNCONFIRMED',
      'on-call webhook[1] SENT-UNCONFIRMED',
    ]);
  });

  it('could not check when Alertmanager is down, and records nothing', async () => {
    const world = await start(usualStack());
    await world.live.stop();
    await expect(testDelivery(requestFor(world))).rejects.toMatchObject({
      code: 'LS-ALERTMANAGER-001',
      exit: 5,
    });
    expect(history.deliveries.list({ limit: 9 })).toEqual([]);
    expect(history.proofs.list({ limit: 9 })).toEqual([]);
  });

  it('resolves its alerts when it is cancelled', async () => {
    const base = await elsewhere(() => undefined);
    const world = await start({
      receivers: { 'on-call': { webhook: [{ url: `${base}/hang` }] } },
      default: 'on-call',
    });
    const cancel = new AbortController();
    const testing = testDelivery(
      requestFor(world, {
        signal: cancel.signal,
        onProgress: () => setTimeout(() => cancel.abort(new Error('cancelled')), 300),
      }),
    );
    await expect(testing).rejects.toThrow();
    expect(await firingTests(world.live)).toBe(0);
    expect(history.proofs.list({ limit: 9 })).toEqual([]);
  });
});
