import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emailTemplates, TEMPLATE_NAMES } from '../../src/receivers/email/templates.ts';
import { TEST_LABEL } from '../../src/stack/delivery.ts';
import { LANGUAGES, type Language } from '../../src/stack/language.ts';
import { harmfulTags, hostileText, tagsOf } from '../fixtures/hostile.ts';
import { generations, requirePrograms } from './programs.ts';
import { type TemplateEngine, templateData, templateEngine } from './template-engine.ts';

/** `vitest run test/integration/email-texts.test.ts --update` writes them anew. */
const golden = fileURLToPath(new URL('../golden/email', import.meta.url));

const LABELS = { alertname: 'DiskFull', severity: 'critical', workspace_id: 'rathaus-nord' };
const generatorURL =
  'http://prometheus.example.org:9090/graph?g0.expr=node_filesystem_avail_bytes+%3C+1&g0.tab=1';
const web = (i: number) => ({
  labels: { ...LABELS, instance: `web-${i}:9100` },
  annotations: {
    summary: '/var on web-1 will be full within 4 hours',
    description: '9 % are free, and it fills fast.',
    impact: 'Nobody can upload applications.',
    runbook_url: 'https://runbooks.example.org/DiskFull',
    dashboard_url: 'https://grafana.example.org/d/disks?var-instance=web-1',
  },
  generatorURL,
});

const CASES = {
  firing: [web(1)],
  resolved: [{ ...web(1), status: 'resolved' as const }],
  'fifty-alerts': Array.from({ length: 50 }, (_, i) => web(i + 1)),
  'without-annotations': [{ labels: { ...LABELS, mountpoint: '/var' } }],
  'two-workspaces': [
    {
      labels: { ...LABELS, severity: 'warning' },
      annotations: { summary: 'a', runbook: 'leitstand explain DiskFull' },
    },
    { labels: { ...LABELS, severity: 'info', workspace_id: 'rathaus-süd' }, annotations: { summary: 'b' } },
  ],
  test: [
    {
      labels: { ...LABELS, alertname: 'LeitstandTest_7x0x', workspace_id: '7x0x', [TEST_LABEL]: '7x0x' },
      annotations: {
        summary: 'Test alert from Leitstand: nothing is wrong',
        seen_url: 'https://leitstand.example.org/seen/7',
      },
    },
  ],
};

function data(alerts: Parameters<typeof templateData>[0]) {
  const all = templateData(alerts, 'https://alerts.example.org');
  const grouping = Object.entries(all.commonLabels).filter(([name]) =>
    /^(?:alertname|workspace_id)$/.test(name),
  );
  return { ...all, groupLabels: Object.fromEntries(grouping) };
}

type Part = keyof typeof TEMPLATE_NAMES;

function use(part: Part): string {
  return `{{ template "${TEMPLATE_NAMES[part]}" . }}`;
}

describe.each(generations)("mails in %s Alertmanager's own template engine", (generation) => {
  const engines = new Map<Language, TemplateEngine>();
  beforeAll(async () => {
    const amtool = (await requirePrograms(generation)).get('amtool');
    if (!amtool) throw new Error('incomplete');
    for (const language of LANGUAGES)
      engines.set(language, await templateEngine(amtool.path, [emailTemplates(language)]));
  });
  afterAll(async () => {
    for (const engine of engines.values()) await engine[Symbol.asyncDispose]();
  });

  async function render(alerts: Parameters<typeof templateData>[0], language: Language = 'en') {
    const engine = engines.get(language);
    const parts = ['subject', 'text', 'alert', 'thread'] as const;
    const [texts = [], html = []] = await Promise.all([
      engine?.render(parts.map(use), data(alerts)),
      engine?.render([use('html')], data(alerts), 'html'),
    ]);
    const [subject = '', text = '', alert = '', thread = ''] = texts;
    return { subject, text, alert, thread, html: html[0] ?? '' };
  }

  it.each(
    LANGUAGES.flatMap((language) =>
      Object.entries(CASES).map(([name, alerts]) => [language, name, alerts] as const),
    ),
  )('%s: %s', async (language, name, alerts) => {
    const { subject, text, html } = await render(alerts, language);
    await expect(`Subject: ${subject}\n\n${text}`).toMatchFileSnapshot(join(golden, language, `${name}.txt`));
    if (/firing|resolved|test/.test(name))
      await expect(`${html}\n`).toMatchFileSnapshot(join(golden, language, `${name}.html`));
    expect(harmfulTags(html)).toEqual([]);
    // Nothing is loaded from elsewhere, and Gmail shows all of it.
    expect(html).not.toMatch(/<(?:img|link|script|iframe)|\bsrc=|@import|url\(/i);
    expect(Buffer.byteLength(html)).toBeLessThan(102 * 1024);
  });

  it('says in a header which alert it is, and whose test, whatever the alert is called', async () => {
    expect((await render(CASES.firing)).alert).toBe('DiskFull');
    expect((await render(CASES.test)).alert).toBe('LeitstandTest_7x0x 7x0x');
    const named = { ...web(1), labels: { ...LABELS, alertname: 'x'.repeat(300), [TEST_LABEL]: '7x0x' } };
    expect((await render([named])).alert).toBe(`${'x'.repeat(60)}… 7x0x`);
  });

  it('makes a thread of what is about the same group, until it begins anew', async () => {
    const { thread } = await render(CASES.firing);
    expect(thread).toBe('<alert%2FDiskFull%2Frathaus-nord-2026-01-02@leitstand>');
    expect((await render(CASES.resolved)).thread).toBe(thread);
    expect((await render([{ ...web(1), startsAt: '2026-01-03T00:00:00Z' }])).thread).not.toBe(thread);
    // Two dots in a row are no message id.
    expect((await render([{ labels: { ...LABELS, workspace_id: 'b..c' } }])).thread).toContain(
      '%2Fb%2E%2Ec-',
    );
  });

  it('cuts what is too long to be read at night, and no link', async () => {
    const long = 'x'.repeat(1001);
    const url = `https://r.example.org/${long}`;
    const { text, html } = await render([
      { labels: LABELS, annotations: { summary: 'a', description: long, runbook_url: url } },
    ]);
    for (const part of [text, html]) {
      expect(part).toContain(`${'x'.repeat(1000)}…`);
      expect(part).toContain(url);
    }
  });

  it('keeps its lines and tags whatever the values are', async () => {
    const labels = ['alertname', 'severity', 'workspace_id', 'instance', 'probe', 'mountpoint'];
    const annotations = ['summary', 'description', 'impact', 'runbook', 'runbook_url', 'dashboard'];
    const filled = (names: readonly string[], values: readonly string[]) =>
      Object.fromEntries(names.map((name, i) => [name, values[i % values.length] ?? 'x']));
    const one = (values: readonly string[]) =>
      render([{ labels: filled(labels, values), annotations: filled(annotations, values) }]);
    const harmless = await one(['harmless']);
    const property = fc.asyncProperty(
      fc.array(hostileText, { minLength: 1, maxLength: 6 }),
      async (values) => {
        const { text, html, ...headers } = await one(values);
        expect(linesOf(text)).toHaveLength(linesOf(harmless.text).length);
        expect(harmfulTags(html)).toEqual([]);
        expect(tagsOf(html).map(nameOf)).toEqual(tagsOf(harmless.html).map(nameOf));
        for (const value of Object.values(headers)) {
          expect(value).not.toMatch(/[\p{Cc}\u202e\u2028]/u);
          // Encoded as Alertmanager does it, in one line, it stays below 998.
          expect(Buffer.byteLength(value)).toBeLessThanOrEqual(243);
        }
      },
    );
    await fc.assert(property, { numRuns: 12 });
  });
});

function linesOf(text: string): readonly string[] {
  return text.split(/\r\n|[\r\n\u2028\u2029]/);
}

function nameOf(tag: string): string {
  return /^<[!/]?[a-z0-9-]*/i.exec(tag)?.[0] ?? '';
}
