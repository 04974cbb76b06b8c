import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAlertmanagerApi } from '../../src/components/alertmanager/api.ts';
import { stackAlerting } from '../../src/delivery/alerting.ts';
import { testDelivery } from '../../src/delivery/test-delivery.ts';
import { type History, openHistory } from '../../src/history/history.ts';
import { type Inbox, startInbox } from '../../src/inbox/server.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { runProgram } from '../../src/platform/processes.ts';
import { receiverPlugins } from '../../src/receivers/registry.ts';
import { TEST_LABEL } from '../../src/stack/delivery.ts';
import type { InboxMessage } from '../../src/stack/sandbox.ts';
import type { Language } from '../../src/stack/language.ts';
import type { Stack } from '../../src/stack/stack.ts';
import { alertingStack } from '../fixtures/alerting.ts';
import { startProvider } from '../fixtures/provider.ts';
import { type LiveAlertmanager, renderAlerting, startAlertmanager } from './live-alertmanager.ts';
import { generations, requirePrograms } from './programs.ts';

let directory = '';
let history: History;
let inbox: Inbox;
let alertmanager: LiveAlertmanager | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'receivers-'));
  history = openHistory(join(directory, 'leitstand.db'));
  inbox = await startInbox({
    port: 0,
    host: '127.0.0.1',
    endpoints: receiverPlugins.flatMap(({ sandbox }) => sandbox ?? []),
    messages: history.messages,
    clock: systemClock,
  });
});

afterEach(async () => {
  await alertmanager?.stop();
  alertmanager = undefined;
  await inbox.close();
  history.close();
  await rm(directory, { recursive: true, force: true });
});

function bothReceivers(base: string, language: Language = 'en'): Stack {
  return alertingStack({
    language,
    receivers: {
      'on-call': {
        slack: [{ webhook_url: `${base}/slack/services/T0/B0/secretToken`, channel: '#alerts' }],
        webhook: [{ url: `${base}/webhook/secretToken` }],
      },
    },
    default: 'on-call',
    groupWaitMs: 1_000,
    groupIntervalMs: 1_000,
  });
}

const hostile = {
  alertname: 'Hostile',
  workspace_id: '<!channel> & "quoted" {{ .Labels }} \\ \n ü€🚨',
  severity: 'critical',
};

describe.each(generations)('receivers with %s programs', (generation) => {
  it('amtool takes what is rendered, and no secret is in it where a file can be read', async () => {
    const programs = await requirePrograms(generation);
    const [program, amtool] = [programs.get('alertmanager'), programs.get('amtool')];
    if (!program || !amtool) throw new Error('incomplete');
    const stack = bothReceivers('https://example.org');
    const { configFile, rendered } = await renderAlerting(stack, program, directory);
    const checked = await runProgram(amtool.path, ['check-config', configFile]);
    expect(checked.stdout + checked.stderr).toContain('SUCCESS');
    expect(checked.exitCode).toBe(0);
    expect(rendered.private).toBe(generation === 'debian');
    expect(rendered.content.includes('secretToken')).toBe(rendered.private);
    expect(rendered.content).not.toContain('services/T0');
  });

  it('amtool takes proxies, authorities, credentials and what only newer ones know', async () => {
    const programs = await requirePrograms(generation);
    const [program, amtool] = [programs.get('alertmanager'), programs.get('amtool')];
    if (!program || !amtool) throw new Error('incomplete');
    const client = { proxy_url: 'http://proxy.example.org:3128', ca_file: '/etc/ssl/certs/ca.pem' };
    const url = 'https://example.org/hook';
    const newer = generation === 'current';
    const stack = alertingStack({
      receivers: {
        'on-call': {
          slack: [
            { webhook_url: 'https://hooks.slack.com/services/T0/B0/x', ...client },
            ...(newer ? [{ app_token: 'xoxb-1-2-abcdef', channel: '#a', ...client }] : []),
          ],
          webhook: [
            { url, ...client, bearer_token: 'x', ...(newer ? { timeout: '1m30s' } : {}) },
            { url, username: 'am', password: 'x', max_alerts: 5 },
          ],
        },
      },
      default: 'on-call',
    });
    const { configFile } = await renderAlerting(stack, program, directory);
    const checked = await runProgram(amtool.path, ['check-config', configFile]);
    expect(checked.stdout + checked.stderr).toContain('SUCCESS');
    expect(checked.stdout).toContain('1 templates');
  });

  it.runIf(generation === 'current')('the inbox takes what it posts with the token of an app', async () => {
    const program = (await requirePrograms(generation)).get('alertmanager');
    if (!program) throw new Error('incomplete');
    const api_url = `http://127.0.0.1:${inbox.port}/slack/api`;
    const stack = alertingStack({
      receivers: { 'on-call': { slack: [{ app_token: 'xoxb-1-2-abcdef', channel: '#alerts', api_url }] } },
      default: 'on-call',
      groupWaitMs: 0,
    });
    alertmanager = await startAlertmanager(program, stack, directory);
    await createAlertmanagerApi(alertmanager.url).post([
      {
        labels: { alertname: 'Token' },
        annotations: {},
        startsAt: new Date(),
        endsAt: new Date(Date.now() + 60_000),
      },
    ]);
    const [shown] = await messages((all) => all.length > 0);
    expect(shown).toMatchObject({ type: 'slack', recipient: '#alerts', accepted: true, status: 'firing' });
    expect(shown?.body).not.toContain('"username"');
    expect(JSON.stringify(shown)).not.toContain('xoxb');
  });

  it('the sandboxes take what it sends: firing, resolved, many at once, hostile', async () => {
    const program = (await requirePrograms(generation)).get('alertmanager');
    if (!program) throw new Error('incomplete');
    alertmanager = await startAlertmanager(
      program,
      bothReceivers(`http://127.0.0.1:${inbox.port}`),
      directory,
    );
    const api = createAlertmanagerApi(alertmanager.url);
    const now = new Date();
    const startsAt = new Date(now.getTime() - 3_600_000);
    const many = Array.from({ length: 50 }, (_, i) => ({ alertname: 'Many', instance: `host-${i}` }));
    const post = (endsAt: Date) =>
      api.post([
        {
          labels: hostile,
          annotations: { summary: '<!everyone> & co', description: 'a\nb', runbook_url: 'https://r/?a&b' },
          startsAt,
          endsAt,
        },
        // Not back-dated: a group that is overdue goes out before all of its alerts are in.
        ...many.map((labels) => ({ labels, annotations: {}, startsAt: now, endsAt })),
      ]);
    await post(new Date(Date.now() + 60_000));
    const firing = await messages((all) => all.filter(({ status }) => status === 'firing').length >= 4);
    await post(new Date());
    const all = await messages((some) => some.filter(({ status }) => status === 'resolved').length >= 4);
    expect(all.filter(({ accepted }) => !accepted)).toEqual([]);
    expect(new Set(all.map(({ type }) => type))).toEqual(new Set(['slack', 'webhook']));
    const shown = slackAttachment(firing, 'Hostile');
    expect(shown).toMatchObject({ color: 'danger' });
    expect(shown.title).toMatch(/^🚨 CRITICAL: Hostile in &lt;!channel&gt; &amp; "quoted"/);
    expect(shown.fallback).toMatch(/^🚨 CRITICAL: Hostile in .*: &lt;!everyone&gt; &amp; co$/s);
    expect(shown.text).toBe('*Summary:* &lt;!everyone&gt; &amp; co\n*Description:* a\nb\n');
    expect(shown.fields[0]).toMatchObject({ title: 'Workspace', short: true });
    expect(shown.fields[0]?.value).toMatch(/^&lt;!channel&gt; &amp; "quoted"/);
    expect(shown.actions.find(({ text }) => text === 'Runbook')?.url).toBe('https://r/?a&b');
    expect(message(firing, 'Hostile')?.body).not.toMatch(/\\u003c|"link_names":true/);
    const lot = slackAttachment(firing, 'Many');
    expect(lot.title).toBe('⚠️ ALERT: Many (50 alerts)');
    expect(lot.text.match(/•/g)).toHaveLength(5);
    expect(lot.text).toContain('+45 more');
    const over = slackAttachment(
      all.filter(({ status }) => status === 'resolved'),
      'Hostile',
    );
    expect(over.title).toMatch(/^✅ CRITICAL resolved: Hostile/);
    expect(over.fields[2]?.value).toMatch(/ UTC, lasted 1h0m\d+s$/);
  });

  it('a login page behind a redirect is no success, and is never asked', async () => {
    const program = (await requirePrograms(generation)).get('alertmanager');
    if (!program) throw new Error('incomplete');
    await using proxy = await startProvider(({ url }) =>
      url.pathname === '/login'
        ? { status: 200, body: '<html>Sign in</html>' }
        : { status: 302, headers: { location: '/login' }, body: '' },
    );
    const stack = alertingStack({
      receivers: {
        'on-call': {
          slack: [{ webhook_url: `${proxy.url}/services/T0/B0/x` }],
          pagerduty: [{ routing_key: 'e93facc04764012d7bfb002500d5d1a6', url: `${proxy.url}/v2/enqueue` }],
          webhook: [{ url: `${proxy.url}/webhook` }],
        },
      },
      default: 'on-call',
      groupIntervalMs: 1_000,
    });
    const running = await startAlertmanager(program, stack, directory);
    alertmanager = running;
    const report = await testDelivery({
      alertmanagers: [running.url],
      alerting: stackAlerting(stack),
      language: 'en',
      logTail: (lines) => running.logTail(lines),
      clock: systemClock,
      random: (bytes) => randomBytes(bytes),
      timeoutMs: 15_000,
      onProgress: () => undefined,
    });
    expect(report.integrations.map(({ type, verdict }) => `${type} ${verdict}`)).toEqual([
      'slack FAILED',
      'pagerduty FAILED',
      'webhook FAILED',
    ]);
    expect(new Set(proxy.asked.map(({ method, url }) => `${method} ${url.pathname}`))).toEqual(
      new Set(['POST /services/T0/B0/x', 'POST /v2/enqueue', 'POST /webhook']),
    );
  });

  it('speaks German, and a test stays a test', async () => {
    const program = (await requirePrograms(generation)).get('alertmanager');
    if (!program) throw new Error('incomplete');
    const stack = bothReceivers(`http://127.0.0.1:${inbox.port}`, 'de');
    alertmanager = await startAlertmanager(program, stack, directory);
    const startsAt = new Date(Date.now() - 3_600_000);
    const annotations = { summary: 'Platte voll', runbook: 'leitstand explain DiskFull' };
    const post = (endsAt: Date) =>
      createAlertmanagerApi(alertmanager?.url ?? '').post([
        { labels: { alertname: 'DiskFull', instance: 'n' }, annotations, startsAt, endsAt },
        { labels: { alertname: 'Probe', [TEST_LABEL]: 'x' }, annotations: {}, startsAt, endsAt },
      ]);
    await post(new Date(Date.now() + 60_000));
    const firing = await messages((all) => all.filter(({ type }) => type === 'slack').length >= 2);
    const shown = slackAttachment(firing, 'DiskFull');
    expect(shown.title).toBe('⚠️ ALARM: DiskFull');
    expect(shown.text).toBe('*Zusammenfassung:* Platte voll\n*Anleitung:* `leitstand explain DiskFull`\n');
    expect(shown.fields.map(({ title }) => title)).toEqual(['Workspace', 'Instanz', 'Seit']);
    expect(slackAttachment(firing, 'Probe').title).toBe('🧪 TEST ALARM: Probe');
    await post(new Date());
    const over = await messages((all) => all.filter(({ status }) => status === 'resolved').length >= 4);
    const resolved = over.filter(({ status }) => status === 'resolved');
    expect(slackAttachment(resolved, 'DiskFull').title).toBe('✅ ALARM behoben: DiskFull');
    expect(slackAttachment(resolved, 'Probe').title).toBe('✅ TEST ALARM behoben: Probe');
  });
});

async function messages(enough: (all: InboxMessage[]) => boolean): Promise<InboxMessage[]> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const all = history.messages.list({ limit: 1000 });
    if (enough(all)) return all;
    if (performance.now() > deadline) throw new Error(JSON.stringify(all, undefined, 1));
    await systemClock.sleep(50);
  }
}

interface Attachment {
  readonly title: string;
  readonly text: string;
  readonly fallback: string;
  readonly color: string;
  readonly fields: readonly { readonly title: string; readonly value: string; readonly short: boolean }[];
  readonly actions: readonly { readonly text: string; readonly url: string }[];
}

function message(all: readonly InboxMessage[], alertname: string): InboxMessage | undefined {
  return all.find(({ type, title }) => type === 'slack' && title.includes(alertname));
}

function slackAttachment(all: readonly InboxMessage[], alertname: string): Attachment {
  const body = JSON.parse(message(all, alertname)?.body ?? '{}') as {
    readonly attachments?: readonly Attachment[];
  };
  const [attachment] = body.attachments ?? [];
  if (!attachment) throw new Error(`no slack message about ${alertname}`);
  return attachment;
}
