import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { slack } from '../../src/receivers/slack/index.ts';
import { TEST_LABEL } from '../../src/stack/delivery.ts';
import type { Language } from '../../src/stack/language.ts';
import { makeIntegration } from '../fixtures/alerting.ts';
import { httpSandbox } from '../receivers/conformance.ts';
import { generations, requirePrograms } from './programs.ts';
import { type TemplateAlert, type TemplateEngine, templateData, templateEngine } from './template-engine.ts';

interface Message {
  readonly title: string;
  readonly text: string;
  readonly fallback: string;
  readonly color: string;
  readonly fields: readonly string[];
  readonly buttons: readonly string[];
}

function rendered(language: Language) {
  const integration = makeIntegration(
    'slack',
    { webhook_url: 'http://127.0.0.1:1/slack' },
    'on-call',
    0,
    language,
  );
  return integration.render({ alertmanager: { major: 0, minor: 25, patch: 0 }, secretPath: (name) => name });
}

interface SlackConfig {
  readonly title: string;
  readonly text: string;
  readonly fallback: string;
  readonly color: string;
  readonly fields: readonly { readonly title: string; readonly value: string }[];
  readonly actions: readonly { readonly text: string; readonly url: string }[];
}

async function message(
  engine: TemplateEngine,
  language: Language,
  alerts: readonly TemplateAlert[],
): Promise<Message> {
  const { title, text, fallback, color, fields, actions } = rendered(language)
    .config as unknown as SlackConfig;
  const parts = [
    title,
    text,
    fallback,
    color,
    ...fields.map(({ value }) => value),
    ...actions.map(({ url }) => url),
  ];
  const all = await engine.render(parts, templateData(alerts));
  return {
    title: all[0] ?? '',
    text: all[1] ?? '',
    fallback: all[2] ?? '',
    color: all[3] ?? '',
    fields: fields.map((field, i) => `${field.title}: ${all[4 + i]}`),
    buttons: actions.flatMap((action, i) => {
      const url = all[4 + fields.length + i] ?? '';
      return URL.canParse(url) ? [`${action.text} ${url}`] : [];
    }),
  };
}

const diskFull: TemplateAlert = {
  labels: { alertname: 'DiskFull', severity: 'critical', workspace_id: 'rathaus-nord', instance: 'db1' },
  annotations: {
    summary: 'Disk of db1 is full',
    description: '99 % of /var are used',
    impact: 'Nobody can save',
    runbook: 'leitstand explain DiskFull',
    runbook_url: 'https://wiki.example.org/DiskFull?a=1&b=2',
    dashboard: 'https://grafana.example.org/d/disk',
  },
  generatorURL: 'http://prometheus:9090/graph?g0.expr=up',
};

describe.each(generations)('Slack messages, rendered by %s amtool', (generation) => {
  const engines = new Map<Language, TemplateEngine>();
  beforeAll(async () => {
    const amtool = (await requirePrograms(generation)).get('amtool')?.path ?? '';
    for (const language of ['en', 'de'] as const)
      engines.set(language, await templateEngine(amtool, rendered(language).templates ?? []));
  });
  afterAll(async () => {
    for (const engine of engines.values()) await engine[Symbol.asyncDispose]();
  });
  const render = (alerts: readonly TemplateAlert[], language: Language = 'en') => {
    const engine = engines.get(language);
    if (!engine) throw new Error('no engine');
    return message(engine, language, alerts);
  };

  it('one alert: what, where, since when, and where to look', async () => {
    expect(await render([diskFull])).toEqual({
      title: '🚨 CRITICAL: DiskFull in rathaus-nord',
      text: '*Summary:* Disk of db1 is full\n*Description:* 99 % of /var are used\n*Impact:* Nobody can save\n',
      fallback: '🚨 CRITICAL: DiskFull in rathaus-nord: Disk of db1 is full',
      color: 'danger',
      fields: ['Workspace: rathaus-nord', 'Instance: db1', 'Since: 2026-01-02 03:04 UTC'],
      buttons: [
        'Runbook https://wiki.example.org/DiskFull?a=1&b=2',
        'Dashboard https://grafana.example.org/d/disk',
        'Query http://prometheus:9090/graph?g0.expr=up',
        'Silence http://alertmanager:9093/#/silences/new?filter=%7Balertname%3D%22DiskFull%22%2C%20instance%3D%22db1%22%2C%20severity%3D%22critical%22%2C%20workspace_id%3D%22rathaus-nord%22%7D',
      ],
    });
  });

  it('resolved: the same in green, with how long it lasted, and nothing to silence', async () => {
    const over = await render([{ ...diskFull, status: 'resolved' }], 'de');
    expect(over).toMatchObject({
      title: '✅ CRITICAL behoben: DiskFull in rathaus-nord',
      color: 'good',
      fields: ['Workspace: rathaus-nord', 'Instanz: db1', 'Seit: 2026-01-02 03:04 UTC, Dauer 1h4m5s'],
    });
    expect(over.buttons.map((button) => button.split(' ')[0])).toEqual(['Anleitung', 'Dashboard', 'Abfrage']);
  });

  it('fifty: five and the number of the others, short enough not to be folded much', async () => {
    const many = Array.from({ length: 50 }, (_, i) => ({
      labels: { alertname: 'Down', severity: 'warning', instance: `host-${i}` },
      annotations: { summary: `host-${i} is down`, impact: 'Half the town' },
    }));
    const over = {
      ...many[0],
      status: 'resolved' as const,
      labels: { alertname: 'Down', severity: 'warning' },
    };
    const shown = await render([...many, over], 'de');
    expect(shown.title).toBe('⚠️ WARNING: Down (50 Alarme, 1 behoben)');
    expect(shown.color).toBe('warning');
    expect(shown.fields).toEqual(['Workspace: mehrere', 'Instanz: mehrere', 'Seit: 2026-01-02 03:04 UTC']);
    expect(shown.text.split('\n').slice(0, 3)).toEqual([
      '*Auswirkung:* Half the town',
      '• host-0: host-0 is down',
      '• host-1: host-1 is down',
    ]);
    expect(shown.text.match(/•/g)).toHaveLength(5);
    expect(shown.text).toMatch(/\n\+45 weitere\n$/);
  });

  it('several that are over: how long each lasted', async () => {
    const alerts = ['a', 'b'].map((instance) => ({
      status: 'resolved' as const,
      labels: { alertname: 'Down', instance },
    }));
    const shown = await render(alerts, 'en');
    expect(shown.title).toBe('✅ ALERT resolved: Down (2 alerts)');
    expect(shown.text).toBe('• a (lasted 1h4m5s)\n• b (lasted 1h4m5s)\n');
  });

  it('long texts are cut, and what stands in one line stays in it', async () => {
    const label = `nord\nBcc: x\u202E${'ü'.repeat(500)}`;
    const shown = await render([
      {
        labels: { alertname: 'Long', workspace_id: label },
        annotations: { summary: 'a\nb', description: '&'.repeat(401) },
      },
    ]);
    expect(shown.title).toBe(`⚠️ ALERT: Long in nord Bcc: x ${'ü'.repeat(200 - 'nord\nBcc: xx'.length)}…`);
    expect(shown.fields[0]).toBe(`Workspace: nord Bcc: x ${'ü'.repeat(400 - 'nord\nBcc: xx'.length)}…`);
    expect(shown.text).toBe(`*Summary:* a\nb\n*Description:* ${'&amp;'.repeat(400)}…\n`);
    expect(shown.fallback).toMatch(/: a b$/);
  });

  it('names everything right: one alert among others, one without a name', async () => {
    const down = (instance: string, status: 'firing' | 'resolved') => ({
      status,
      labels: { alertname: 'Down', instance },
    });
    const both = [down('a', 'firing'), down('b', 'resolved'), down('c', 'resolved')];
    expect((await render(both)).title).toBe('⚠️ ALERT: Down (1 alert, 2 resolved)');
    expect((await render(both, 'de')).title).toBe('⚠️ ALARM: Down (1 Alarm, 2 behoben)');
    const nameless = [{ labels: { severity: 'critical', workspace_id: 'nord' } }];
    expect((await render(nameless)).title).toBe('🚨 CRITICAL: alert without a name in nord');
    expect((await render(nameless, 'de')).title).toBe('🚨 CRITICAL: Alarm ohne Namen in nord');
  });

  it('links are left out where no button takes them, and a silence takes the beginning of a long label', async () => {
    const long = `https://example.org/${'a'.repeat(3_000)}`;
    const { buttons } = await render([
      {
        labels: { alertname: 'Long', note: `${'ü'.repeat(199)}"${'x'.repeat(5_000)}` },
        annotations: { runbook_url: long, dashboard_url: long, dashboard: 'https://example.org/d' },
        generatorURL: long,
      },
    ]);
    expect(buttons).toHaveLength(2);
    expect(buttons[0]).toBe('Dashboard https://example.org/d');
    const filter = decodeURIComponent(new URL((buttons[1] ?? '').replace('Silence ', '')).hash);
    expect(filter).toBe(`#/silences/new?filter={alertname="Long", note=~"(?s)${'ü'.repeat(199)}..*"}`);
  });

  it('says nothing of what is not there', async () => {
    const bare = await render([{ labels: { alertname: 'Bare' } }]);
    expect(bare).toMatchObject({ title: '⚠️ ALERT: Bare', text: '', fallback: '⚠️ ALERT: Bare' });
    expect(bare.fields).toEqual(['Workspace: –', 'Instance: –', 'Since: 2026-01-02 03:04 UTC']);
    expect(bare.buttons).toEqual([expect.stringMatching(/^Silence /)]);
  });

  it('shows a command where there is no page, and the link of a test', async () => {
    const { runbook_url: _, ...annotations } = diskFull.annotations ?? {};
    const test = {
      ...diskFull,
      labels: { ...diskFull.labels, [TEST_LABEL]: 'abc', workspace_id: 'abc', instance: 'abc' },
      annotations: { ...annotations, seen_url: 'https://leitstand.example.org/seen/1' },
    };
    const shown = await render([test]);
    expect(shown.title).toBe('🧪 TEST CRITICAL: DiskFull');
    expect(shown.color).toBe('#439fe0');
    expect(shown.text).toMatch(
      /\n\*Runbook:\* `leitstand explain DiskFull`\n<https:\/\/leitstand\.example\.org\/seen\/1\|[^<>|]+>\n$/,
    );
    expect(shown.fields).toEqual(['Workspace: –', 'Instance: –', 'Since: 2026-01-02 03:04 UTC']);
    expect(shown.buttons.map((button) => button.split(' ')[0])).toEqual(['Dashboard', 'Query']);
  });

  it('no label or annotation can call anybody, nor make a link of its own', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(hostileAlert, { minLength: 1, maxLength: 7 }), async (alerts) => {
        const shown = await render(alerts);
        for (const text of [shown.title, shown.text, shown.fallback, ...shown.fields])
          expect(foreign(text)).toEqual([]);
        for (const button of shown.buttons) expect(button).toMatch(/^[A-Z][a-z]+ https?:\/\/[^\s<>"]+$/);
        const body = { attachments: [{ ...shown, fields: [] }] };
        const headers = { 'content-type': 'application/json' };
        const reply = httpSandbox(slack.sandbox).receive({
          method: 'POST',
          path: '/slack/services/T0/B0/x',
          headers,
          body: JSON.stringify(body),
        });
        expect(reply.accepted).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it("marks a test in front of a title of the user's own", async () => {
    const texts = ['{{ template "leitstand.slack.mark" . }}Own title'];
    const titleOf = async (labels: Record<string, string>) =>
      (await engines.get('de')?.render(texts, templateData([{ labels }])))?.[0];
    expect(await titleOf({ alertname: 'A' })).toBe('Own title');
    expect(await titleOf({ alertname: 'A', [TEST_LABEL]: 'x' })).toBe('🧪 TEST Own title');
  });

  it('would be found calling if it were not escaped', async () => {
    const alert = { labels: { alertname: '<!channel> & <@U1>' } };
    const raw = await engines.get('en')?.render(['{{ .CommonLabels.alertname }}'], templateData([alert]));
    expect(foreign(raw?.[0] ?? '')).toEqual(['<', '>', '&', '<', '>']);
  });

  it('the silence it offers is about this alert: quotes, backslashes and line breaks become any character', async () => {
    const { buttons } = await render([
      { labels: { alertname: 'a+b c', odd: 'say "x\\y"\n(z).*', uml: 'Büro & <b>' } },
    ]);
    const url = (buttons[0] ?? '').replace('Silence ', '');
    const filter = decodeURIComponent(new URL(url).hash.replace('#/silences/new?filter=', ''));
    expect(filter).toBe('{alertname="a+b c", odd=~"(?s)say .x.y...z...", uml="Büro & <b>"}');
  });

  it('a silence is read alike by the forms of all versions, and matches the labels', async () => {
    const values = fc.array(hostileText, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(values, async (texts) => {
        const labels = Object.fromEntries(texts.map((text, i) => [`label_${i}`, text]));
        const { buttons } = await render([{ labels }]);
        const url = buttons.find((button) => button.startsWith('Silence '))?.replace('Silence ', '') ?? '';
        const filter = decodeURIComponent(new URL(url).hash.replace('#/silences/new?filter=', ''));
        const read = [...filter.matchAll(/(\w+)(=~?)"([^"]*)"(?:, |\}$)/g)];
        expect(read.map(([, name]) => name)).toEqual(Object.keys(labels).sort());
        for (const [, name = '', operator, text = ''] of read) {
          // Up to 0.31 the text between the quotes counts, from 0.32 on it is a JSON string (ui/app/src/Utils/Filter.elm).
          expect(JSON.parse(`"${text}"`)).toBe(text);
          const label = labels[name] ?? '';
          if (operator === '=') expect(text).toBe(label);
          else expect(label).toMatch(new RegExp(`^${text.replace('(?s)', '')}$`, 'su'));
        }
      }),
      { numRuns: 25 },
    );
  });
});

/**
 * What Slack would read as more than text. Calls, channels and links stand between `<` and `>`, where only our own link
 * may be.
 */
function foreign(text: string): string[] {
  const rest = text.replaceAll(/<https?:\/\/[^\s<>|"]+\|I saw this>/g, '');
  return [...rest.matchAll(/[<>]|&(?!amp;|lt;|gt;)/g)].map(([found]) => found);
}

const hostileText = fc.oneof(
  fc.constantFrom(
    '<!channel>',
    '<!here|x>',
    '<@U012AB3CD>',
    '<#C012AB3CD>',
    '<!subteam^S1>',
    '@here @everyone',
    '<https://evil.example.org|Runbook>',
    '&lt;!channel&gt;',
    '{{ template "slack.default.title" . }}',
    '{{ .Labels }}',
    '"\\\n\r\t',
    '`*_~>',
    'https://ok.example.org/?a=1&b=<2>',
    'https://ok.example.org/a|b',
    '!channel',
    'javascript:alert(1)',
  ),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.webUrl(),
);

const hostileAlert: fc.Arbitrary<TemplateAlert> = fc.record({
  status: fc.constantFrom('firing', 'resolved'),
  labels: fc.record(
    {
      alertname: hostileText,
      severity: hostileText,
      workspace_id: hostileText,
      instance: hostileText,
      probe: hostileText,
      [TEST_LABEL]: hostileText,
    },
    { requiredKeys: ['alertname'] },
  ) as fc.Arbitrary<Record<string, string>>,
  annotations: fc.record(
    {
      summary: hostileText,
      description: hostileText,
      impact: hostileText,
      runbook: hostileText,
      runbook_url: hostileText,
      dashboard: hostileText,
      dashboard_url: hostileText,
      seen_url: hostileText,
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Record<string, string>>,
  generatorURL: hostileText,
});
