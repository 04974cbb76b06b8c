import { describe, expect, it } from 'vitest';
import { catalog } from '../../src/catalog.ts';
import { shippedPacks } from '../../src/cli/shipped-alerts.ts';
import { shippedExample, userAlerts, userExample } from '../../src/rules/example.ts';

const packs = await shippedPacks(catalog);
const shipped = packs.flatMap((pack) =>
  pack.groups.flatMap(({ alerts }) => alerts.map((alert) => [alert.name, pack, alert] as const)),
);

describe('the example of a shipped alert', () => {
  it.each(shipped)('%s: its texts are filled in, in both languages', (name, pack, alert) => {
    for (const language of ['en', 'de'] as const) {
      const example = shippedExample(pack, alert, { rules: { alerts: {} }, language }, {});
      expect(example.labels).toMatchObject({ alertname: name, severity: alert.severity });
      expect(example.annotations['runbook']).toBe(`leitstand explain ${name}`);
      for (const text of Object.values(example.annotations))
        expect(text).not.toMatch(/\{\{|<<|undefined|NaN/);
    }
  });

  it('has the settings of the stack, and labels that are given, in its texts too', () => {
    const [, pack, alert] = shipped.find(([name]) => name === 'NodeFilesystemAlmostOutOfSpace') ?? [];
    if (!pack || !alert) throw new Error('gone');
    const rules = {
      alerts: { [alert.name]: { severity: 'critical', parameters: { free_percent: 20 } } },
      runbookBaseUrl: 'https://runbooks.example.org',
    };
    const example = shippedExample(pack, alert, { rules, language: 'en' }, { mountpoint: '/srv' });
    expect(example.labels).toMatchObject({ severity: 'critical', mountpoint: '/srv', instance: 'db-1:9100' });
    expect(example.annotations['summary']).toContain('/srv');
    expect(example.annotations['runbook_url']).toBe(`https://runbooks.example.org/${alert.name}.md`);
    expect(example.expr).toContain('< 20');
  });
});

describe("the example of a user's alert", () => {
  const file = {
    name: 'user-a.rules.yml',
    content: `
groups:
  - name: a
    rules:
      - {record: a:b, expr: 1}
      - alert: QueueLong
        expr: queue_length > 5
        labels: {severity: warning, team: water}
        annotations:
          summary: 'Queue {{ $labels.queue }} on {{ .Labels.instance }} has {{ $value | humanize }} ({{- $value | humanizePercentage -}})'
          description: '{{ if gt $value 9.0 }}much{{ end }} {{ index $labels "team" }}'
`,
  };
  const [rule] = userAlerts(file);
  if (!rule) throw new Error('not read');

  it('fills in labels and the value, and says what it cannot know', () => {
    const example = userExample(rule, {});
    expect(example.annotations['summary']).toBe('Queue ‹queue› on db-1:9100 has 42 (42%)');
    expect(example.labels).toMatchObject({ alertname: 'QueueLong', severity: 'warning', queue: '‹queue›' });
    expect(example.notes).toEqual([
      'its texts show labels that only the query knows: --labels queue=…',
      'only Prometheus can fill in {{ if gt $value 9.0 }}',
      'only Prometheus can fill in {{ end }}',
    ]);
  });

  it('takes given labels', () => {
    const example = userExample(rule, { queue: 'mails', severity: 'critical' });
    expect(example.annotations['summary']).toContain('Queue mails');
    expect(example.labels).toMatchObject({ queue: 'mails', severity: 'critical', team: 'water' });
  });

  it('finds none in what is no rule file', () => {
    for (const content of ['', 'groups: 1', 'groups: [{rules: [{alert: 1}]}]', '[]'])
      expect(userAlerts({ name: 'x', content })).toEqual([]);
  });
});
