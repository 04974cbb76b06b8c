import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAlertmanagerApi, type PostableAlert } from '../../src/components/alertmanager/api.ts';
import { type History, openHistory } from '../../src/history/history.ts';
import { type Inbox, startInbox } from '../../src/inbox/server.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { runProgram } from '../../src/platform/processes.ts';
import { pagerduty } from '../../src/receivers/pagerduty/index.ts';
import { TEST_LABEL } from '../../src/stack/delivery.ts';
import type { Language } from '../../src/stack/language.ts';
import type { Program } from '../../src/stack/program.ts';
import type { InboxMessage } from '../../src/stack/sandbox.ts';
import { alertingStack } from '../fixtures/alerting.ts';
import { type LiveAlertmanager, renderAlerting, startAlertmanager } from './live-alertmanager.ts';
import { generations, requirePrograms } from './programs.ts';

const KEY = 'e93facc04764012d7bfb002500d5d1a6';
const HOUR_MS = 3_600_000;
const SEVERITIES = ['critical', 'error', 'warning', 'info'];

interface Event {
  readonly dedup_key: string;
  readonly event_action: string;
  readonly payload: {
    readonly summary: string;
    readonly source: string;
    readonly severity: string;
    readonly class?: string;
    readonly group?: string;
    readonly component?: string;
    readonly custom_details: Readonly<Record<string, unknown>>;
  };
  readonly client: string;
  readonly client_url: string;
  readonly links: readonly { readonly href: string; readonly text: string }[];
}

/** What could end a string, a line, a tag or a template, call somebody, or be read as YAML, JSON or a template. */
const hostileText = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
  fc
    .array(
      fc.constantFrom(
        '"',
        "'",
        '`',
        '\\',
        '\n',
        '\r\n',
        '\t',
        ' ',
        '<!channel>',
        '<b>',
        '&amp;',
        '{{ .Labels }}',
        '{{',
        '}}',
        "{x: '{{ fail }}'}",
        '{"a":"{{ .NoSuch.Field }}"}',
        'a: b',
        '- a',
        '---',
        '...',
        '!!map',
        '&a *a',
        '%x',
        '@x',
        'null',
        'true',
        '42',
        '2026-01-02',
        '~',
        '[',
        ']',
        '#',
        '🚨',
        'ü',
        '\u2028',
        '\u0000',
        '\ufeff',
        ':',
      ),
      { minLength: 1, maxLength: 8 },
    )
    .map((parts) => parts.join('')),
);

function hostileAlert(index: number): fc.Arbitrary<PostableAlert> {
  const texts = (names: string[]) =>
    fc
      .subarray(names)
      .chain((some) =>
        fc
          .tuple(...some.map(() => hostileText))
          .map((values) => Object.fromEntries(some.map((name, at) => [name, values[at] ?? '']))),
      );
  return fc
    .tuple(
      texts(['workspace_id', 'instance', 'component', 'severity', 'probe']),
      texts(['summary', 'description', 'impact', 'runbook', 'runbook_url', 'dashboard_url']),
      hostileText,
    )
    .map(([labels, annotations, name]) => ({
      labels: { ...labels, alertname: `${index} ${name}` },
      annotations,
      startsAt: new Date(Date.now() - HOUR_MS),
      endsAt: new Date(Date.now() + HOUR_MS),
    }));
}

describe.each(generations)('PagerDuty with %s programs', (generation) => {
  let directory = '';
  let place = '';
  let history: History;
  let inbox: Inbox;
  let program: Program;
  let amtool: Program;
  let live: LiveAlertmanager | undefined;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pagerduty-'));
    const programs = await requirePrograms(generation);
    const [one, other] = [programs.get('alertmanager'), programs.get('amtool')];
    if (!one || !other) throw new Error('incomplete');
    [program, amtool] = [one, other];
    history = openHistory(join(directory, 'leitstand.db'));
    inbox = await startInbox({
      port: 0,
      host: '127.0.0.1',
      endpoints: pagerduty.sandbox ? [pagerduty.sandbox] : [],
      messages: history.messages,
      clock: systemClock,
    });
  });
  // A language's templates are a file of their own: two of them in a directory say the same names.
  beforeEach(async () => {
    place = await mkdtemp(join(directory, 'alertmanager-'));
  });
  afterEach(async () => {
    await live?.stop();
    live = undefined;
  });
  afterAll(async () => {
    await inbox?.close();
    history?.close();
    await rm(directory, { recursive: true, force: true });
  });

  function stackOf(language: Language, more: Readonly<Record<string, unknown>> = {}) {
    const url = `http://127.0.0.1:${inbox.port}/pagerduty/v2/enqueue`;
    return alertingStack({
      language,
      receivers: { 'on-call': { pagerduty: [{ routing_key: KEY, url, ...more }] } },
      default: 'on-call',
      groupWaitMs: 1_000,
      groupIntervalMs: 1_000,
    });
  }

  /** Posts, and waits until so many messages have come since. */
  async function send(alerts: readonly PostableAlert[], count: number): Promise<InboxMessage[]> {
    const before = history.messages.lastId();
    await createAlertmanagerApi(live?.url ?? '').post(alerts);
    const deadline = performance.now() + 30_000;
    for (;;) {
      const all = history.messages.list({ limit: 1_000 }).filter(({ id }) => id > before);
      if (all.length >= count) return all;
      if (performance.now() > deadline)
        throw new Error(`${all.length} of ${count}: ${(await live?.logTail(5))?.join('\n') ?? ''}`);
      await systemClock.sleep(50);
    }
  }

  const eventOf = (message: InboxMessage | undefined) => JSON.parse(message?.body ?? '{}') as Event;
  const over = (alerts: readonly PostableAlert[]) =>
    alerts.map((alert) => ({ ...alert, endsAt: new Date() }));

  function alert(
    labels: Readonly<Record<string, string>>,
    annotations = {},
    sinceMs = HOUR_MS,
  ): PostableAlert {
    const now = Date.now();
    return { labels, annotations, startsAt: new Date(now - sinceMs), endsAt: new Date(now + HOUR_MS) };
  }

  it('amtool takes what is rendered, in both languages, and no key is in it', async () => {
    for (const language of ['en', 'de'] as const) {
      const stack = stackOf(language, { severity: { page: 'critical', 'a"b\n': 'info' }, summary: 'mine' });
      const { configFile, rendered } = await renderAlerting(stack, program, place);
      const checked = await runProgram(amtool.path, ['check-config', configFile]);
      expect(checked.stdout + checked.stderr).toContain('SUCCESS');
      expect(checked.exitCode).toBe(0);
      expect(rendered.private).toBe(false);
      expect(rendered.content).not.toContain(KEY);
    }
  });

  it('says in English what is wrong, and that it is over', async () => {
    live = await startAlertmanager(program, stackOf('en'), place);
    const alerts = [
      alert(
        { alertname: 'DiskFull', severity: 'critical', workspace_id: 'rathaus-nord', instance: 'db-1:9100' },
        {
          summary: 'The disk of db-1 is\nalmost full',
          description: '95 % used.',
          impact: 'No new files soon.',
          runbook: 'leitstand explain DiskFull',
          runbook_url: 'https://runbooks.example.org/DiskFull?a=1&b=2',
          dashboard_url: 'javascript:alert(1)',
        },
      ),
    ];
    const [firing] = await send(alerts, 1);
    expect(firing).toMatchObject({ accepted: true, replyStatus: 202, status: 'firing' });
    expect(firing?.title).toBe('CRITICAL: DiskFull in rathaus-nord: The disk of db-1 is almost full');
    expect(firing?.body).not.toContain(KEY);
    const event = eventOf(firing);
    expect(event).toMatchObject({ event_action: 'trigger', client: 'Leitstand' });
    expect(event.client_url).toMatch(/^http:.*\/#\/alerts$/);
    expect(event.dedup_key).toBe(
      createHash('sha256').update('{}:{alertname="DiskFull", workspace_id="rathaus-nord"}').digest('hex'),
    );
    const { custom_details: details, ...payload } = event.payload;
    expect(payload).toEqual({
      summary: firing?.title,
      source: 'db-1:9100',
      severity: 'critical',
      class: 'DiskFull',
      group: 'rathaus-nord',
    });
    expect(details).toMatchObject({
      impact: '\tNo new files soon.',
      workspace: '\trathaus-nord',
      resolved: '–',
    });
    expect(details['since']).toMatch(/^\t\d{4}-\d\d-\d\d \d\d:\d\d UTC$/);
    expect(details['firing']).toMatch(
      /^\tThe disk of db-1 is almost full\n95 % used\.\nInstance: db-1:9100\nSince: .* UTC\nRunbook: https:\/\/runbooks\.example\.org\/DiskFull\?a=1&b=2\n/,
    );
    expect(event.links).toEqual([
      { href: 'https://runbooks.example.org/DiskFull?a=1&b=2', text: 'Runbook' },
      { href: expect.stringContaining('/#/silences/new?filter='), text: 'Silence' },
    ]);
    const [resolved] = await send(over(alerts), 1);
    expect(resolved).toMatchObject({ accepted: true, status: 'resolved' });
    expect(resolved?.title).toBe(
      'CRITICAL resolved: DiskFull in rathaus-nord: The disk of db-1 is almost full',
    );
    const end = eventOf(resolved);
    expect(end).toMatchObject({ event_action: 'resolve', dedup_key: event.dedup_key });
    expect(end.payload.custom_details['since']).toMatch(/ UTC, lasted 1h0m\d+s$/);
    expect(end.payload.custom_details['firing']).toBe('–');
    expect(end.payload.custom_details['resolved']).toContain('The disk of db-1');
  });

  it('shows five of fifty, in German, with the worst severity that still fires', async () => {
    live = await startAlertmanager(program, stackOf('de', { severity: { notfall: 'critical' } }), place);
    const severities = ['info', 'warning', 'notfall', 'wichtig'];
    const many = Array.from({ length: 50 }, (_, i) =>
      alert(
        {
          alertname: 'Viele',
          instance: `host-${String(i).padStart(2, '0')}`,
          severity: severities[i % 4] ?? '',
        },
        { summary: `Platte ${i}` },
        0,
      ),
    );
    const [message] = await send(many, 1);
    expect(message?.title).toBe('ALARM: Viele (50 Alarme)');
    const { payload } = eventOf(message);
    expect(payload).toMatchObject({ severity: 'critical', source: 'host-00' });
    const firing = String(payload.custom_details['firing']);
    expect(firing.match(/^Instanz: /gm)).toHaveLength(5);
    expect(firing).toMatch(/\n\+45 weitere$/);
    // What fires no longer has no say.
    const fewer = many.map((one) =>
      one.labels['severity'] === 'notfall' ? { ...one, endsAt: new Date() } : one,
    );
    const [next] = await send(fewer, 1);
    expect(eventOf(next).payload.severity).toBe('error');
    expect(next?.title).toContain('Viele (38 Alarme, 12 behoben)');
  });

  it('marks a test, whose mark is in the event', async () => {
    live = await startAlertmanager(program, stackOf('de', { summary: 'mein Text' }), place);
    const nonce = '0123456789abx0x';
    const seen_url = 'https://leitstand.example.org/seen/abc';
    const [message] = await send(
      [
        alert(
          { alertname: `LeitstandTest_${nonce}`, [TEST_LABEL]: nonce, workspace_id: nonce, instance: nonce },
          { summary: 'Testalarm', seen_url },
        ),
      ],
      1,
    );
    expect(message?.title).toBe('TEST mein Text');
    expect(message?.body).toContain(`"class":"LeitstandTest_${nonce}"`);
    expect(message?.text).toContain('Dies ist ein Test: es ist nichts passiert.');
    expect(history.messages.findByText(nonce, 0).map(({ id }) => id)).toContain(message?.id);
    expect(eventOf(message).links[0]).toMatchObject({ href: seen_url });
  });

  it('gets every alert through, whatever is in its labels and annotations', async () => {
    live = await startAlertmanager(
      program,
      stackOf('en', { details: { team: '{{ .CommonLabels.component }}' } }),
      place,
    );
    const seed = Date.now() % 2 ** 31;
    const alerts = [
      // From 0.30 to 0.33 each of these kept Alertmanager from sending anything, but for the tab before the details.
      ...["{x: '{{ fail }}'}", '{"a":"{{ .NoSuch.Field }}"}', '- "{{ .Labels }}"'].map((text) =>
        alert({ alertname: `Hostile ${text}`, workspace_id: text }, { impact: text, summary: text }),
      ),
      ...Array.from({ length: 120 }, (_, index) => index).flatMap((index) =>
        fc.sample(hostileAlert(index), { numRuns: 1, seed: seed + index }),
      ),
    ];
    const messages = await send(alerts, alerts.length);
    const refused = messages.filter(({ accepted }) => !accepted);
    expect(refused, `seed ${seed}`).toEqual([]);
    for (const message of messages) {
      const { payload, links } = eventOf(message);
      expect(SEVERITIES, `seed ${seed}`).toContain(payload.severity);
      for (const line of [payload.summary, payload.source, payload.class, payload.group, payload.component])
        expect(line ?? '', `seed ${seed}`).not.toMatch(/[\n\r\t]/);
      const { num_firing, num_resolved, ...texts } = payload.custom_details;
      expect([String(num_firing), String(num_resolved)]).toEqual(['1', '0']);
      for (const text of Object.values(texts)) expect(text, `seed ${seed}`).toBeTypeOf('string');
      for (const { href } of links) expect(href, `seed ${seed}`).toMatch(/^https?:\/\/[^\s/?#][^\s<>|"]*$/);
    }
    // Each alert is its own group: none is missing, none came twice.
    expect(new Set(messages.map((message) => eventOf(message).dedup_key)).size).toBe(alerts.length);
  });

  it('is heard however long a label or an annotation is', async () => {
    live = await startAlertmanager(program, stackOf('de'), place);
    const long = 'ä<'.repeat(200_000);
    const labels = Object.fromEntries(
      ['severity', 'workspace_id', 'instance', 'component', 'probe', 'other'].map((name) => [name, long]),
    );
    const annotations = { summary: long, description: long, impact: long, runbook: long };
    const [message] = await send([alert({ alertname: `Long ${long}`, ...labels }, annotations)], 1);
    expect(message).toMatchObject({ accepted: true, status: 'firing' });
    // With half a megabyte Alertmanager leaves out the details, and PagerDuty refuses what is left.
    expect(message?.body.length).toBeLessThan(60_000);
    expect(eventOf(message).payload.custom_details['impact']).toBe(`\t${long.slice(0, 1_000)}…`);
    expect(message?.title).toMatch(/^(?:Ä<)+…: Long ä<.*… in ä<.*…: ä<.*…$/);
  });

  it("Alertmanager's template engine fails on no label, and the summary is a line", async () => {
    const { templates } = (await renderAlerting(stackOf('de'), program, place)).rendered;
    const names = [...(templates[0]?.content ?? '').matchAll(/define "([^"]+)"/g)].map(
      ([, name]) => name ?? '',
    );
    expect(names).toContain('leitstand.pagerduty.summary');
    const text = names.map((name) => `{{ template "${name}" . }}`).join('\u0001');
    await fc.assert(
      fc.asyncProperty(hostileAlert(0), fc.boolean(), async ({ labels, annotations }, isOver) => {
        const data = {
          receiver: 'on-call',
          status: isOver ? 'resolved' : 'firing',
          alerts: [
            {
              status: isOver ? 'resolved' : 'firing',
              labels,
              annotations,
              startsAt: '2026-01-02T03:04:05Z',
              endsAt: isOver ? '2026-01-02T04:04:05Z' : '0001-01-01T00:00:00Z',
              generatorURL: 'http://prometheus:9090/graph?g0.expr=up',
              fingerprint: 'a',
            },
          ],
          groupLabels: {},
          commonLabels: labels,
          commonAnnotations: annotations,
          externalURL: 'http://alertmanager:9093',
        };
        await writeFile(join(place, 'data.json'), JSON.stringify(data));
        const { stdout, stderr, exitCode } = await runProgram(amtool.path, [
          'template',
          'render',
          `--template.glob=${join(place, 'templates', '*.tmpl')}`,
          `--template.data=${join(place, 'data.json')}`,
          `--template.text=${text}`,
        ]);
        expect(`${exitCode} ${stderr}`).toBe('0 ');
        const rendered = stdout.split('\u0001');
        expect(rendered[names.indexOf('leitstand.pagerduty.summary')]).not.toMatch(/[\n\r\t]/);
        expect(SEVERITIES).toContain(rendered[names.indexOf('leitstand.pagerduty.severity')]);
        expect(rendered[names.indexOf('leitstand.pagerduty.source')]?.trim()).not.toBe('');
      }),
      { numRuns: 25 },
    );
  });
});
