import { describe, expect, it } from 'vitest';
import { stackAlerting } from '../../../src/delivery/alerting.ts';
import { alertsOf, cast, type Casting, type Script } from '../../../src/delivery/preview/alerts.ts';
import { builtInExample } from '../../../src/delivery/preview/example.ts';
import { PREVIEW_CASES } from '../../../src/delivery/preview/report.ts';
import { alertingStack } from '../../fixtures/alerting.ts';

const receiver = { webhook: [{ url: 'https://example.org/hook' }] };
const stack = alertingStack({
  receivers: { 'on-call': receiver, mail: receiver, water: receiver, unrouted: receiver },
  routes: [{ match: [{ label: 'team', values: ['water'] }], receiver: 'water' }],
  severities: { critical: 'on-call' },
  default: 'mail',
});
const example = builtInExample('en', {});
const script: Script = {
  example,
  isRule: false,
  asked: {},
  routing: stack.routing,
  alerting: stackAlerting(stack),
};
const rule = { ...example, labels: { ...example.labels, severity: 'critical' } };

function casting(name: string, changes: Partial<Script> = {}): Casting {
  const found = cast(name, { ...script, ...changes });
  if ('why' in found) throw new Error(found.why);
  return found;
}

const labelsOf = (name: string, changes: Partial<Script> = {}) => casting(name, changes).example.labels;
const why = (name: string, changes: Partial<Script> = {}) => cast(name, { ...script, ...changes });

describe('the alert that a receiver is shown', () => {
  it('has the labels that lead there, and a severity that does not lead elsewhere', () => {
    expect(labelsOf('on-call')).toMatchObject({ severity: 'critical', alertname: 'DiskNearlyFull' });
    expect(labelsOf('mail')).toMatchObject({ severity: 'warning' });
    expect(labelsOf('water')).toMatchObject({ team: 'water', severity: 'warning' });
  });

  it('is that of the rule where one is named, which leads where it leads', () => {
    expect(labelsOf('on-call', { example: rule, isRule: true })).toMatchObject({ severity: 'critical' });
    expect(labelsOf('water', { example: rule, isRule: true })).toMatchObject({
      team: 'water',
      severity: 'critical',
    });
    expect(why('mail', { example: rule, isRule: true })).toEqual({
      why: 'severity="critical" leads to on-call',
    });
  });

  it('has the labels that are asked for, wherever they lead', () => {
    expect(labelsOf('on-call', { asked: { workspace_id: 'x' } })).toMatchObject({ workspace_id: 'x' });
    expect(why('on-call', { asked: { team: 'water' } })).toEqual({
      why: 'severity="critical", team="water" leads to water',
    });
    expect(labelsOf('mail', { asked: { instance: '' } })).not.toHaveProperty('instance');
  });

  it('is none where the rule is for nobody', () => {
    const watchdog = { ...example, labels: { alertname: 'Watchdog', severity: 'none' } };
    expect(why('mail', { example: watchdog, isRule: true })).toEqual({
      why: 'severity="none" leads to (nobody)',
    });
  });

  it('is none where no route leads', () => {
    expect(why('unrouted')).toEqual({ why: 'no route leads to this receiver' });
  });
});

describe.each(['on-call', 'mail', 'water'])('the cases of %s', (name) => {
  const now = new Date('2026-11-27T09:00:00Z');
  const alerts = (which: (typeof PREVIEW_CASES)[number], changes: Partial<Script> = {}) =>
    alertsOf(which, casting(name, changes), { language: 'en', now });

  it.each(PREVIEW_CASES)('%s: leads to the receiver', (which) => {
    for (const { labels } of alerts(which))
      expect(script.alerting.takers(labels, '').receivers).toEqual([name]);
  });

  it('many: fifty different alerts of one group, each told by its text', () => {
    const many = alerts('many');
    expect(new Set(many.map(({ labels }) => JSON.stringify(labels))).size).toBe(50);
    expect(new Set(many.map(({ labels }) => `${labels['alertname']} ${labels['workspace_id']}`)).size).toBe(
      1,
    );
    expect(many[6]).toMatchObject({
      labels: { instance: 'db-1-07:9100' },
      annotations: { summary: 'The disk of db-1-07 is nearly full: 4 % are free' },
    });
  });

  it('many: differ also where the instance must stay', () => {
    const many = alerts('many', { asked: { instance: 'db-9:9100' } });
    expect(new Set(many.map(({ labels }) => labels['instance']))).toEqual(new Set(['db-9:9100']));
    expect(new Set(many.map(({ labels }) => JSON.stringify(labels))).size).toBe(50);
  });

  it('bare: says nothing but its name', () => {
    const [bare] = alerts('bare');
    expect(bare?.annotations).toEqual({});
    expect(Object.keys(bare?.labels ?? {})).toEqual(expect.arrayContaining(['alertname', 'severity']));
    expect(bare?.labels).not.toHaveProperty('workspace_id');
  });

  it('test: is marked as `alert test` marks it', () => {
    const [test] = alerts('test');
    expect(test?.labels['leitstand_test']).toMatch(/^[0-9a-f]{12}$/);
    expect(test?.labels['alertname']).toBe(`LeitstandTest_${test?.labels['leitstand_test']}`);
  });
});
