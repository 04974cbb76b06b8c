import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import PostalMime, { type Email } from 'postal-mime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAlertmanagerApi, type PostableAlert } from '../../src/components/alertmanager/api.ts';
import { type History, openHistory } from '../../src/history/history.ts';
import { type Inbox, startInbox } from '../../src/inbox/server.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { runProgram } from '../../src/platform/processes.ts';
import { email } from '../../src/receivers/email/index.ts';
import { TEST_LABEL } from '../../src/stack/delivery.ts';
import type { Language } from '../../src/stack/language.ts';
import type { InboxMessage } from '../../src/stack/sandbox.ts';
import { isAtLeast } from '../../src/stack/version.ts';
import { alertingStack } from '../fixtures/alerting.ts';
import { harmfulTags, hostileText } from '../fixtures/hostile.ts';
import { type LiveAlertmanager, renderAlerting, startAlertmanager } from './live-alertmanager.ts';
import { generations, requirePrograms } from './programs.ts';

const LOGIN = { username: 'alerts@example.org', password: 'hunter2-7f3a' };

let directory = '';
let history: History;
let inbox: Inbox;
let alertmanager: LiveAlertmanager | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'email-'));
  history = openHistory(join(directory, 'leitstand.db'));
  inbox = await startInbox({
    port: 0,
    host: '127.0.0.1',
    endpoints: email.sandbox ? [email.sandbox] : [],
    messages: history.messages,
    directory: join(directory, 'inbox'),
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

/** Towards the inbox, whose authority is named since it is not that of a stack. */
function stackFor(own: Readonly<Record<string, unknown>> = {}, language: Language = 'en') {
  const entry = {
    to: ['Ops <ops@example.org>', 'Jürgen Müßig <b@example.org>'],
    from: 'Leitstand <alerts@example.org>',
    smarthost: `127.0.0.1:${inbox.port}`,
    ...(own['tls'] === 'none' ? {} : { ca_file: join(directory, 'inbox', 'ca.pem') }),
    ...own,
  };
  return alertingStack({
    language,
    receivers: { ops: { email: [entry] } },
    default: 'ops',
    groupWaitMs: 1_000,
    groupIntervalMs: 1_000,
  });
}

async function start(generation: (typeof generations)[number], stack = stackFor()) {
  const program = (await requirePrograms(generation)).get('alertmanager');
  if (!program) throw new Error('incomplete');
  alertmanager = await startAlertmanager(program, stack, directory);
  return createAlertmanagerApi(alertmanager.url);
}

const startsAt = () => new Date(Date.now() - 3_600_000);
const later = () => new Date(Date.now() + 60_000);

function alert(
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>> = {},
): PostableAlert {
  return { labels, annotations, startsAt: startsAt(), endsAt: later() };
}

async function mails(enough: (all: readonly InboxMessage[]) => boolean): Promise<InboxMessage[]> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const all = history.messages.list({ limit: 1000 });
    if (enough(all)) return all;
    if (performance.now() > deadline)
      throw new Error(
        `${JSON.stringify(all, undefined, 1)}\n${(await alertmanager?.logTail(20))?.join('\n')}`,
      );
    await systemClock.sleep(50);
  }
}

async function parsed(message: InboxMessage | undefined): Promise<Email> {
  if (!message) throw new Error('no message');
  return PostalMime.parse(message.body);
}

describe.each(generations)('mail of Alertmanager, %s', (generation) => {
  it('is configured as amtool takes it, in every way there is', async () => {
    const programs = await requirePrograms(generation);
    const [program, amtool] = [programs.get('alertmanager'), programs.get('amtool')];
    if (!program || !amtool) throw new Error('incomplete');
    for (const own of [
      LOGIN,
      { smarthost: 'smtp.example.org:465' },
      { smarthost: 'mailhog:1025', tls: 'none' },
      {
        hello: 'monitor.example.org',
        subject: 's',
        html: 'h',
        text: 't',
        headers: { 'X-A': 'b' },
        send_resolved: false,
      },
      ...(isAtLeast(program.version, '0.31')
        ? [{ smarthost: 'smtp.example.org:2465', tls: 'implicit' }]
        : []),
    ]) {
      const { configFile, rendered } = await renderAlerting(stackFor(own), program, directory);
      const checked = await runProgram(amtool.path, ['check-config', configFile]);
      expect(checked.stdout + checked.stderr).toContain('SUCCESS');
      expect(rendered.content).not.toContain(LOGIN.password);
    }
  });

  it('arrives by STARTTLS and login: firing, and resolved in the same shape', async () => {
    const api = await start(generation, stackFor(LOGIN));
    const labels = { alertname: 'DiskFull', workspace_id: 'rathaus-nord', severity: 'critical' };
    const annotations = {
      summary: '/var is full',
      impact: 'Nobody can upload.',
      runbook_url: 'https://r.example/?a&b',
    };
    const one = [1, 2].map((i) => alert({ ...labels, instance: `web-${i}` }, annotations));
    await api.post(one);
    const [firing] = await mails((all) => all.some(({ title }) => title.includes('(2)')));
    await api.post(one.map((each) => ({ ...each, endsAt: new Date() })));
    const all = await mails((some) => some.some(({ status }) => status === 'resolved'));
    const resolved = all.find(({ status }) => status === 'resolved');
    expect(all.filter(({ problems }) => problems.length > 0)).toEqual([]);
    expect(firing).toMatchObject({
      type: 'email',
      path: 'smtp',
      status: 'firing',
      accepted: true,
      recipient: 'b@example.org, ops@example.org',
      title: '[CRITICAL][rathaus-nord] DiskFull (2)',
    });
    expect(firing?.headers).toMatchObject({ to: 'Ops <ops@example.org>, Jürgen Müßig <b@example.org>' });
    expect(firing?.text).toMatch(
      /^🚨 CRITICAL: DiskFull in rathaus-nord \(2 alerts\)\nSince: .* UTC\n\n\* \/var is full\n/,
    );
    expect(firing?.text).toContain('  Impact: Nobody can upload.\n');
    expect(resolved?.title).toBe('[RESOLVED][rathaus-nord] DiskFull (2)');
    expect(resolved?.text).toMatch(
      /^✅ CRITICAL resolved: DiskFull in rathaus-nord \(2 alerts\)\nSince: .* UTC, lasted 1h0m\d+s\n/,
    );
    const { html = '', headers } = await parsed(firing);
    expect(html).toContain('href="https://r.example/?a&amp;b"');
    const value = (name: string) => headers.find(({ key }) => key === name)?.value;
    expect(value('auto-submitted')).toBe('auto-generated');
    // Firing and resolved are one thread.
    const thread = value('references');
    expect(thread).toMatch(/^<alert\S+@\S+>$/);
    expect((await parsed(resolved)).headers).toContainEqual(
      expect.objectContaining({ key: 'references', value: thread }),
    );
  });

  it('arrives in clear where that is wanted, in German, and a test is one', async () => {
    const api = await start(generation, stackFor({ tls: 'none' }, 'de'));
    await api.post([alert({ alertname: 'LeitstandTest_7x0x', [TEST_LABEL]: '7x0x', severity: 'warning' })]);
    const [message] = await mails((all) => all.length > 0);
    expect(message).toMatchObject({ accepted: true, title: '[TEST][WARNING] LeitstandTest_7x0x' });
    expect(message?.text).toContain('Dies ist ein Test: es ist nichts passiert. (7x0x)');
    expect((await parsed(message)).html).toContain('(7x0x)');
  });

  it('still tells which test it is when all texts are others', async () => {
    const own = { subject: 'a', html: 'b', text: 'c' };
    const api = await start(generation, stackFor(own));
    await api.post([alert({ alertname: 'LeitstandTest_7x0x', [TEST_LABEL]: '7x0x' })]);
    await mails((all) => all.length > 0);
    expect(history.messages.findByText('7x0x', 0)).toHaveLength(1);
  });

  it('shows what an own subject does that is not cut', async () => {
    const own = { subject: '{{ .CommonLabels.alertname }}' };
    const api = await start(generation, stackFor(own));
    await api.post([alert({ alertname: '🚨'.repeat(90) })]);
    const [message] = await mails((all) => all.length > 0);
    expect(message).toMatchObject({ accepted: false, replyStatus: 554 });
    expect(message?.problems.join()).toContain('longer than 998 characters');
  });

  it('speaks TLS from the first byte on where Alertmanager can', async () => {
    const program = (await requirePrograms(generation)).get('alertmanager');
    if (!program || !isAtLeast(program.version, '0.31')) return;
    const api = await start(generation, stackFor({ ...LOGIN, tls: 'implicit' }));
    await api.post([alert({ alertname: 'DiskFull' })]);
    expect(await mails((all) => all.length > 0)).toMatchObject([
      { accepted: true, title: '[ALERT] DiskFull' },
    ]);
  });

  it('is in order whatever labels and annotations hold', async () => {
    const api = await start(generation);
    const values = fc.sample(hostileText, { numRuns: 60, seed: 20_261_127 });
    const alerts = values.map((text, i) => {
      const other = values[(i + 1) % values.length] ?? '';
      return alert(
        {
          alertname: `${text}#${i}`,
          workspace_id: other,
          severity: i % 3 === 0 ? 'critical' : text,
          instance: text,
        },
        {
          summary: other,
          description: text,
          impact: other,
          runbook: text,
          runbook_url: i % 2 === 0 ? text : 'https://r.example/',
          dashboard_url: `https://d.example/${other}`,
        },
      );
    });
    await api.post(alerts);
    const all = await mails((some) => some.length >= alerts.length);
    expect(all).toHaveLength(alerts.length);
    for (const message of all) {
      expect(message).toMatchObject({ accepted: true, recipient: 'b@example.org, ops@example.org' });
      const mail = await parsed(message);
      expect(mail.headers.map(({ key }) => key)).not.toContain('bcc');
      expect(message.title).not.toMatch(/[\p{Cc}\u202e]/u);
      expect(harmfulTags(mail.html ?? '')).toEqual([]);
    }
  });
});
