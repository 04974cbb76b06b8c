import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { alertsOf, parsePack } from '../../src/rules/pack.ts';
import { renderPack } from '../../src/rules/render.ts';
import { renderPackTests } from '../../src/rules/render-tests.ts';
import { examplePack, shippedFiles, shippedPacks } from './shipped.ts';

const files = await shippedFiles();
const packs = await shippedPacks();
const alerts = alertsOf(packs);

describe('the shipped packs', () => {
  it('are every rule file in the tree, and no other', () => {
    const root = fileURLToPath(new URL('../../src', import.meta.url));
    const inTree = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.rules.yml'))
      .map((path) => path.split('/').at(-1));
    expect(files.map(({ name }) => name).sort()).toEqual(inTree.map(String).sort());
  });

  it('name each alert, each file and each group once', () => {
    const names = [
      alerts.map(({ name }) => name),
      files.map(({ name }) => name),
      packs.flatMap(({ groups }) => groups.map(({ name }) => name)),
    ];
    for (const list of names) expect(new Set(list).size).toBe(list.length);
  });

  it.each(alerts.map((alert) => [alert.name, alert] as const))('%s is tested, firing and quiet', (name) => {
    const tests = packs.flatMap((pack) => pack.tests()).filter(({ alert }) => alert === name);
    const expectations = tests.flatMap(({ alert_rule_test }) => alert_rule_test);
    expect(expectations.some(({ exp_alerts }) => exp_alerts.length > 0)).toBe(true);
    if (name !== 'Watchdog') {
      expect(
        tests.some(
          ({ input_series, alert_rule_test }) =>
            input_series.length > 0 && alert_rule_test.every(({ exp_alerts }) => exp_alerts.length === 0),
        ),
      ).toBe(true);
    }
  });

  it('test no alert that they do not have', () => {
    const names = new Set(alerts.map(({ name }) => name));
    const tested = packs.flatMap((pack) => pack.tests().map(({ alert }) => alert));
    expect(tested.filter((name) => !names.has(name))).toEqual([]);
  });

  it('divide by nothing that can be 0', () => {
    const divisions = alerts.flatMap(({ name, expr }) =>
      [...expr.matchAll(/\/\s*(on \(\w+\) )?(\S+)/g)]
        .map(([, , divisor = '']) => `${name}: ${divisor}`)
        // A number, a filtered limit, or a count of what exists.
        .filter((text) => !/: (\d+$|\(|count$|count\()/.test(text)),
    );
    expect(divisions).toEqual([]);
  });

  it('speak German in German', () => {
    for (const { annotations } of alerts) {
      expect(annotations.de.summary).not.toBe(annotations.en.summary);
      expect(annotations.de.description).not.toBe(annotations.en.description);
    }
  });
});

describe('a pack', () => {
  const settings = { rules: { alerts: {} }, language: 'en' } as const;

  it('is rendered with its defaults', () => {
    expect(renderPack(examplePack(), settings)?.content).toContain(
      'expr: 100 * max_over_time(queue_length[5m]) / (queue_limit > 0) > 80',
    );
  });

  it('is rendered with what the stack wants otherwise, in its language', () => {
    const content = renderPack(examplePack(), {
      rules: {
        alerts: {
          QueueFull: { for: '1h', severity: 'page', parameters: { percent: 50.5 } },
          QueueGone: { enabled: false },
        },
        runbookBaseUrl: 'https://wiki.example.org/runbooks',
      },
      language: 'de',
    })?.content;
    expect(content).toContain('> 50.5\n        for: 1h\n        labels:\n          severity: page');
    expect(content).toContain('description: Sie darf zu 50.5 % voll sein.');
    expect(content).toContain('runbook: leitstand explain QueueFull');
    expect(content).toContain('runbook_url: https://wiki.example.org/runbooks/QueueFull.md');
    expect(content).not.toContain('QueueGone');
  });

  it('of which nothing is left is no file', () => {
    const off = { QueueFull: { enabled: false }, QueueGone: { enabled: false } };
    expect(renderPack(examplePack(), { rules: { alerts: off }, language: 'en' })).toBeUndefined();
  });

  it('has tests that follow the settings', () => {
    const text = renderPackTests(examplePack(), {
      rules: {
        alerts: {
          QueueFull: { for: '2m', severity: 'page', parameters: { percent: 50 } },
          QueueGone: { enabled: false },
        },
      },
      language: 'de',
    });
    expect(text).toContain('values: 0x9 51x82');
    expect(text).toContain('eval_time: 780s');
    expect(text).toContain('severity: page');
    expect(text).toContain('summary: Die Schlange q ist zu 51 % voll');
    expect(text).toContain('QueueFull: quiet without its series');
    expect(text).not.toContain('QueueGone');
  });

  it.each([
    ['a parameter that the rule does not use', (text: string) => text.replace('> <<percent>>', '> 80')],
    ['a placeholder without a parameter', (text: string) => text.replace('<<minutes>>', '<<hours>>')],
    ['a default beyond its range', (text: string) => text.replace('default: 80', 'default: 120')],
    ['a missing German text', (text: string) => text.replaceAll(/ {10}de:\n(?: {12}.*\n){2}/g, '')],
    ['a key that nobody reads', (text: string) => text.replace('for: 10m', 'fro: 10m')],
    [
      'a template that the tests cannot expect',
      (text: string) => text.replace('{{ $labels.queue }}', '{{ $x }}'),
    ],
  ])('with %s is a bug that names the file', (_, change) => {
    expect(() => examplePack(change)).toThrow(TypeError);
  });

  it('that is no pack names the file', () => {
    expect(() => parsePack({ name: 'x.rules.yml', content: 'groups: 1' })).toThrow(/^x\.rules\.yml/);
  });
});
