import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { catalog } from '../../src/catalog.ts';
import { finalOffers, stackPacks } from '../../src/deployment/offers.ts';
import { LeitstandErrors } from '../../src/platform/errors.ts';
import type { Stack } from '../../src/stack/stack.ts';
import { alertingStack } from '../fixtures/alerting.ts';

const registry = await catalog.components();
const directory = mkdtempSync(join(tmpdir(), 'leitstand-offers-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function stackWith(change: Partial<Stack>): Stack {
  return {
    ...alertingStack({ receivers: {}, default: '' }),
    components: [
      { name: 'prometheus', config: registry.get('prometheus')?.schema.parse({}) },
      { name: 'alertmanager', config: registry.get('alertmanager')?.schema.parse({}) },
    ],
    daemon: { port: 9470 },
    ...change,
  };
}

function fileNames(stack: Stack): string[] {
  return finalOffers(stack, registry).flatMap(({ ruleFiles }) => ruleFiles.map(({ name }) => name));
}

describe('final offers', () => {
  it('have the rules of the components that the stack has, and Leitstand’s own', () => {
    expect(fileNames(stackWith({}))).toEqual([
      'watchdog.rules.yml',
      'targets.rules.yml',
      'prometheus.rules.yml',
      'alertmanager.rules.yml',
      'leitstand.rules.yml',
      'backups.rules.yml',
      // No pack: it is for `alert test --from-prometheus`, and nobody's to change.
      'leitstand-test.rules.yml',
    ]);
    const own = finalOffers(stackWith({}), registry).find(({ component }) => component === 'leitstand');
    expect(own).toMatchObject({
      endpoints: [{ kind: 'leitstand', port: 9470, path: '/metrics' }],
      scrapeJobs: [{ job: 'leitstand', honorLabels: true }],
    });
  });

  it.each([
    ['without a port for the daemon', { daemon: { port: 0 } }],
    ['of a stack that somebody else runs', { runtime: 'external' as const }],
  ])('%s have none of Leitstand’s own', (_, change) => {
    expect(fileNames(stackWith(change))).not.toContain('leitstand.rules.yml');
  });

  it('hold no placeholder, and the texts of the stack’s language', () => {
    const contents = finalOffers(stackWith({ language: 'de' }), registry).flatMap(({ ruleFiles }) =>
      ruleFiles.map(({ content }) => content),
    );
    for (const content of contents) expect(content).not.toMatch(/<<|>>|parameters:/);
    expect(contents.join('')).toContain('summary: Der Alarmweg lebt');
  });

  it('take settings of an alert whose component the stack lacks', () => {
    const rules = { files: [], alerts: { NodeRAIDDegraded: { enabled: false } } };
    expect(fileNames(stackWith({ rules }))).not.toContain('disks.rules.yml');
  });

  it('take the user’s files in', () => {
    const file = join(directory, 'mine.yml');
    writeFileSync(file, 'groups: []\n');
    expect(fileNames(stackWith({ rules: { files: [file], alerts: {} } })).at(-1)).toBe('user-mine.rules.yml');
  });

  it('name every mistake at once, in settings and in files', () => {
    const rules = {
      files: [join(directory, 'missing.yml')],
      alerts: { TargetDwn: {}, TargetDown: { parameters: { percent: 200 } } },
    };
    let caught: unknown;
    try {
      finalOffers(stackWith({ rules }), registry);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(LeitstandErrors);
    expect((caught as LeitstandErrors).errors.map(({ code, exit }) => [code, exit])).toEqual([
      ['LS-RULES-001', 2],
      ['LS-RULES-003', 2],
      ['LS-RULES-004', 2],
    ]);
  });

  it('and packs to test are of the same alerts', () => {
    const stack = stackWith({});
    expect([
      ...stackPacks(stack, registry).map(({ name }) => `${name}.rules.yml`),
      'leitstand-test.rules.yml',
    ]).toEqual(fileNames(stack));
  });

  it('of every component hold no file that it does not declare', () => {
    for (const plugin of registry.values()) {
      const declared = (plugin.rules?.() ?? []).map(({ name }) => name);
      const parsed = plugin.schema.safeParse({});
      if (!parsed.success) continue;
      const offered = plugin.offers(parsed.data, stackWith({})).ruleFiles.map(({ name }) => name);
      expect(declared).toEqual(expect.arrayContaining(offered));
    }
  });
});
