import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createAlertmanagerApi } from '../../src/components/alertmanager/api.ts';
import type { Alerting } from '../../src/delivery/alerting.ts';
import { attachedAlerting } from '../../src/delivery/attached/alerting.ts';
import { type Probe, probeLabels } from '../../src/delivery/probe.ts';
import type { RuleSource } from '../../src/delivery/prometheus/rule-source.ts';
import type { DeliveryRequest } from '../../src/delivery/request.ts';
import { testDelivery } from '../../src/delivery/test-delivery.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { writeFileAtomic } from '../../src/platform/files.ts';
import { httpExchange } from '../../src/platform/http.ts';
import { TEST_RULE } from '../../src/stack/delivery.ts';
import type { ReadBack } from '../../src/stack/receiver.ts';
import { alertingStack } from '../fixtures/alerting.ts';
import { type LiveAlertmanager, startAlertmanager } from './live-alertmanager.ts';
import { generations, requirePrograms } from './programs.ts';

/** Any text is a name. */
const SHARED = 'shared (für alle)+';

/** An Alertmanager without `group_by`: all alerts of a route are one group, and a test's waits with them. */
describe.each(generations)('a group that holds real alerts, with %s programs', (generation) => {
  const arrived: string[] = [];
  const provider = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      arrived.push(`${request.url} ${Buffer.concat(chunks).toString()}`);
      response.writeHead(request.url?.startsWith('/refuses') ? 400 : 200).end();
    });
  });
  let directory = '';
  let live: LiveAlertmanager;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'delivery-shared-group-'));
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
    const program = (await requirePrograms(generation)).get('alertmanager');
    if (!program) throw new Error('no alertmanager');
    live = await startAlertmanager(
      program,
      alertingStack({ receivers: { any: {} }, default: 'any' }),
      directory,
    );
    await writeFileAtomic(
      live.configFile,
      `
route:
  receiver: '${SHARED}'
  group_wait: 0s
  group_interval: 5m
  routes: [{receiver: fresh, matchers: [team="fresh"]}, {receiver: byName, matchers: [team="byName"], group_by: [alertname]}, {receiver: other, matchers: [team="other"]}, {receiver: refuses, matchers: [team="refuses"]}]
receivers:
  - {name: '${SHARED}', webhook_configs: [{url: "${base}/shared"}]}
  - {name: byName, webhook_configs: [{url: "${base}/byName"}]}
  - {name: fresh, webhook_configs: [{url: "${base}/fresh"}]}
  - {name: other, webhook_configs: [{url: "${base}/other"}]}
  - {name: refuses, webhook_configs: [{url: "${base}/refuses"}]}
`,
    );
    await httpExchange(`${live.url}/-/reload`, { method: 'POST' });
    await raise({ alertname: 'Real' });
    await vi.waitUntil(() => arrived.some((one) => one.startsWith('/shared')), 20_000);
  });
  afterAll(async () => {
    await live?.stop();
    provider.closeAllConnections();
    provider.close();
    await rm(directory, { recursive: true, force: true });
  });

  function raise(labels: Record<string, string>): Promise<void> {
    const now = Date.now();
    return createAlertmanagerApi(live.url).post([
      { labels, annotations: {}, startsAt: new Date(now - 3_600_000), endsAt: new Date(now + 60_000) },
    ]);
  }

  async function ask(
    receiver: string,
    onPosted: () => void = () => undefined,
    more: (alerting: Alerting) => Partial<DeliveryRequest> = () => ({}),
  ) {
    const { config } = await createAlertmanagerApi(live.url).status();
    return testDelivery({
      alertmanagers: [live.url],
      alerting: attachedAlerting(config),
      language: 'en',
      logTail: async () => [],
      clock: systemClock,
      random: (bytes) => randomBytes(bytes),
      timeoutMs: 4_000,
      aim: { kind: 'receivers', names: [receiver] },
      onProgress: (event) => {
        if (event.type === 'step' && event.text.startsWith('posted')) onPosted();
      },
      ...more(attachedAlerting(config)),
    });
  }

  it('asks the provider for the group that the alert of a rule has', async () => {
    const keys: (string | undefined)[] = [];
    const readBack: ReadBack = {
      from: 'there',
      find: async ({ groupKey }) => {
        keys.push(groupKey);
        return { evidence: 'it' };
      },
    };
    const show = (probes: readonly Probe[], endsAt: Date) =>
      createAlertmanagerApi(live.url).post(
        probes.map((probe) => ({
          labels: { ...probeLabels(probe), alertname: TEST_RULE },
          annotations: {},
          startsAt: new Date(endsAt.getTime() - 3_600_000),
          endsAt,
        })),
      );
    let shown: readonly Probe[] = [];
    const rule: RuleSource = {
      alertname: TEST_RULE,
      obstacle: async () => undefined,
      delayMs: async () => 0,
      raise: (probes, until) => show((shown = probes), until),
      lower: () => show(shown, new Date()),
      whereLost: async () => ({ reason: 'lost', fix: '' }),
    };
    const report = await ask('byName', undefined, (alerting) => ({
      rule,
      alerting: {
        ...alerting,
        targets: (name) => alerting.targets(name).map((target) => ({ ...target, readBack })),
      },
    }));
    expect(report.integrations).toMatchObject([{ verdict: 'CONFIRMED' }]);
    const sent = arrived.find((one) => one.startsWith('/byName') && one.includes(report.nonce)) ?? '';
    expect(keys).toEqual([(JSON.parse(sent.replace(/^\S+ /, '')) as { groupKey: string }).groupKey]);
  });

  it('knows a success of a group that is not there yet', async () => {
    const report = await ask('fresh');
    expect(report.integrations).toMatchObject([{ verdict: 'ACCEPTED' }]);
    expect(arrived.some((one) => one.startsWith('/fresh') && one.includes(report.nonce))).toBe(true);
  });

  it.each(['other', 'refuses'])("does not take what %s says to a real alert for the test's", async (team) => {
    let raised: Promise<void> = Promise.resolve();
    const report = await ask(SHARED, () => {
      raised = raise({ alertname: 'Else', team });
    });
    await raised;
    expect(arrived.filter((one) => one.includes(report.nonce))).toEqual([]);
    expect(report.integrations).toMatchObject([
      { verdict: 'SENT-UNCONFIRMED', reason: expect.stringContaining('group_interval') },
    ]);
    expect(report.exit).toBe(1);
  });
});
