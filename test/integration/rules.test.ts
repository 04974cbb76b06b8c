import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runProgram } from '../../src/platform/processes.ts';
import { alertsOf, type Pack } from '../../src/rules/pack.ts';
import type { PackSettings } from '../../src/rules/render.ts';
import { testPacks } from '../../src/rules/test-packs.ts';
import type { AlertSettings } from '../../src/stack/stack.ts';
import { examplePack, shippedPacks } from '../rules/shipped.ts';
import { generations, requirePrograms } from './programs.ts';

const packs = await shippedPacks();
const alerts = alertsOf(packs);
const directory = mkdtempSync(join(tmpdir(), 'leitstand-rule-tests-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The same change to every alert, with each parameter somewhere else in its range. */
function everywhere(change: AlertSettings, share: number): PackSettings['rules'] {
  const settings = alerts.map(({ name, parameters }) => {
    const values = Object.entries(parameters).map(([key, { min, max, integer, default: usual }]) => {
      const value = share < 0 ? min : Math.min(usual + (max - usual) * share, 1000 + usual);
      return [key, integer ? Math.round(value) : Math.round(value * 10) / 10] as const;
    });
    return [name, { ...change, parameters: Object.fromEntries(values) }] as const;
  });
  return { alerts: Object.fromEntries(settings), runbookBaseUrl: 'https://wiki.example.org/runbooks' };
}

const SETTINGS: Readonly<Record<string, PackSettings>> = {
  'as they are shipped': { rules: { alerts: {} }, language: 'en' },
  'as they are shipped, in German': { rules: { alerts: {} }, language: 'de' },
  'at once, at the lower ends of their ranges': { rules: everywhere({ for: '0s' }, -1), language: 'de' },
  'after 90 s, in the middle, another severity': {
    rules: everywhere({ for: '90s', severity: 'page' }, 0.4),
    language: 'en',
  },
  'after 100 min, at the upper ends': { rules: everywhere({ for: '1h40m' }, 1), language: 'en' },
};

describe.each(generations)('the unit tests of the rules with %s promtool', (generation) => {
  const test = async (tested: readonly Pack[], settings: PackSettings) => {
    const promtool = (await requirePrograms(generation)).get('promtool')?.path ?? '';
    const place = mkdtempSync(join(directory, 'run-'));
    return testPacks(tested, settings, { promtool, run: runProgram, directory: place });
  };

  it.each(Object.keys(SETTINGS))('pass %s', { timeout: 90_000 }, async (name) => {
    const settings = SETTINGS[name];
    expect(settings && (await test(packs, settings))).toEqual([]);
  });

  it('have nothing to say when every alert is switched off', async () => {
    const alertsOff = Object.fromEntries(alerts.map(({ name }) => [name, { enabled: false }]));
    expect(await test(packs, { rules: { alerts: alertsOff }, language: 'en' })).toEqual([]);
  });

  it.each([
    ['a limit that is never reached', (text: string) => text.replace('> <<percent>>', '> <<percent>> * 2')],
    [
      'a division by a limit of 0',
      (text: string) => text.replace('(queue_limit > 0)', '(queue_limit - 100)'),
    ],
    ['a rule that always fires', (text: string) => text.replace('expr: absent(', 'expr: count(')],
  ])('name the rule with %s', async (_, change) => {
    const settings = SETTINGS['as they are shipped'];
    const failures = settings && (await test([examplePack(change)], settings));
    expect(failures?.length).toBeGreaterThan(0);
    expect(failures?.[0]?.alert).toMatch(/^Queue/);
    expect(failures?.[0]?.detail.join('\n')).toContain('got:');
  });

  it('say so when promtool refuses a rule', async () => {
    const settings = SETTINGS['as they are shipped'];
    const broken = examplePack((text) => text.replace('expr: absent(', 'expr: absent(('));
    const failures = settings && (await test([broken], settings));
    expect(failures).toMatchObject([{ alert: undefined }]);
    expect(failures?.[0]?.detail.join('\n')).toContain('parse error');
  });

  it('the example passes as it is', async () => {
    const settings = SETTINGS['as they are shipped'];
    expect(settings && (await test([examplePack()], settings))).toEqual([]);
  });
});
