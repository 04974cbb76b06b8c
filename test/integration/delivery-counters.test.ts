import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAlertmanagerApi } from '../../src/components/alertmanager/api.ts';
import { stackAlerting } from '../../src/delivery/alerting.ts';
import { testDelivery } from '../../src/delivery/test-delivery.ts';
import { type History, openHistory } from '../../src/history/history.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { freePort } from '../fixtures/free-port.ts';
import type { Stack } from '../../src/stack/stack.ts';
import { alertingStack } from '../fixtures/alerting.ts';
import { type LiveAlertmanager, startAlertmanager } from './live-alertmanager.ts';
import { generations, requirePrograms } from './programs.ts';

/** Providers of which nothing is seen but their answers, so that only the shared counters and the log can tell. */
describe.each(generations)('providers that share the counters, with %s programs', (generation) => {
  const provider = createServer((request, response) => {
    request.resume();
    const path = request.url ?? '';
    if (path.startsWith('/good')) response.end('ok');
    else if (path.startsWith('/broken')) response.writeHead(500).end(`Cannot POST ${path}`);
    // Everything else hangs.
  });
  let directory = '';
  let history: History;
  let live: LiveAlertmanager;
  let stack: Stack;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'delivery-counters-'));
    history = openHistory(join(directory, 'leitstand.db'));
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
    const gone = `http://127.0.0.1:${await freePort()}`;
    const receivers = {
      good: { webhook: [{ url: `${base}/good/key7f3a-key7f3a` }] },
      hangs: { webhook: [{ url: `${base}/hangs/key7f3a-key7f3a` }] },
      broken: { webhook: [{ url: `${base}/broken/key7f3a-key7f3a` }] },
      gone: { webhook: [{ url: `${gone}/key7f3a-key7f3a` }] },
    };
    const severities = Object.fromEntries(Object.keys(receivers).map((name) => [name, name]));
    stack = alertingStack({ receivers, severities, default: 'good' });
    const program = (await requirePrograms(generation)).get('alertmanager');
    if (!program) throw new Error('no alertmanager');
    live = await startAlertmanager(program, stack, directory);
  });
  afterAll(async () => {
    await live?.stop();
    history?.close();
    provider.closeAllConnections();
    provider.close();
    await rm(directory, { recursive: true, force: true });
  });

  function ask(receivers: readonly string[], timeoutMs: number, onPosted: () => void = () => undefined) {
    return testDelivery({
      alertmanagers: [live.url],
      alerting: stackAlerting(stack),
      language: 'en',
      logTail: (lines) => live.logTail(lines),
      history,
      clock: systemClock,
      random: (bytes) => randomBytes(bytes),
      timeoutMs,
      aim: { kind: 'receivers', names: receivers },
      onProgress: (event) => {
        if (event.type === 'step' && event.text.startsWith('posted')) onPosted();
      },
    });
  }

  /** A real alert that Alertmanager sends at once. */
  function raiseAlert(alertname: string, severity: string): Promise<void> {
    const now = Date.now();
    return createAlertmanagerApi(live.url).post([
      {
        labels: { alertname, severity },
        annotations: {},
        startsAt: new Date(now - 3_600_000),
        endsAt: new Date(now + 60_000),
      },
    ]);
  }

  it("does not take a real alert's success for the test's", async () => {
    let raised: Promise<void> = Promise.resolve();
    const report = await ask(['hangs'], 2_500, () => {
      raised = raiseAlert('Real', 'good');
    });
    await raised;
    expect(report.integrations[0]?.verdict).toMatch(/^(FAILED|SENT-UNCONFIRMED)$/);
    expect(report.exit).toBe(1);
  });

  it('knows a success among real alerts that succeed as well', async () => {
    let raised: Promise<void> = Promise.resolve();
    const report = await ask(['good'], 10_000, () => {
      raised = raiseAlert('AlsoReal', 'good');
    });
    await raised;
    expect(report.integrations[0]).toMatchObject({ verdict: 'ACCEPTED' });
    expect(report.exit).toBe(0);
  });

  it('tells the failed from the good, and shows no secret that a provider quotes', async () => {
    const report = await ask(['good', 'broken', 'gone'], 10_000);
    expect(report.integrations).toMatchObject([
      { receiver: 'good', verdict: 'ACCEPTED' },
      { receiver: 'broken', verdict: 'FAILED', stage: 'receive', fix: expect.stringContaining('own') },
      { receiver: 'gone', verdict: 'FAILED', stage: 'send', reason: expect.stringContaining('refused') },
    ]);
    expect(report.integrations[1]?.reason).toContain('500');
    expect(report.elapsedMs).toBeLessThan(9_000);
    const recorded = [report, history.proofs.list({ limit: 99 }), history.deliveries.list({ limit: 99 })];
    expect(JSON.stringify(recorded)).not.toContain('key7f3a');
  });
});
