import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { keyLocator } from '../../src/rules/locate.ts';
import { settingMistakes } from '../../src/rules/settings.ts';
import { readUserRuleFiles } from '../../src/rules/user-files.ts';
import { examplePack } from './shipped.ts';

const directory = mkdtempSync(join(tmpdir(), 'leitstand-rules-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

describe('settings of shipped alerts', () => {
  const where = { file: 'leitstand.yaml' };
  const mistakes = (alerts: Parameters<typeof settingMistakes>[0]) =>
    settingMistakes(alerts, [examplePack()], () => where).map(({ code, details }) => ({
      code,
      what: details.what,
      fix: details.fix,
    }));

  it('that the rules can take are taken', () => {
    expect(
      mistakes({ QueueFull: { parameters: { percent: 99, minutes: 60 } }, QueueGone: { enabled: false } }),
    ).toEqual([]);
  });

  it('are all judged in one run', () => {
    expect(
      mistakes({
        QueueFul: {},
        Wholly: {},
        QueueFull: { parameters: { percnt: 1, percent: 120, minutes: 1.5 } },
        QueueGone: { parameters: { percent: 1 } },
      }),
    ).toEqual([
      {
        code: 'LS-RULES-001',
        what: 'rules.alerts.QueueFul: no shipped alert has this name',
        fix: 'did you mean `QueueFull`?',
      },
      {
        code: 'LS-RULES-001',
        what: 'rules.alerts.Wholly: no shipped alert has this name',
        fix: 'leitstand explain lists them',
      },
      {
        code: 'LS-RULES-002',
        what: 'rules.alerts.QueueFull.parameters.percnt: the alert has no such parameter',
        fix: 'did you mean `percent`?',
      },
      {
        code: 'LS-RULES-003',
        what: 'rules.alerts.QueueFull.parameters.percent: 120 is outside of 1 to 99',
        fix: 'write a number from 1 to 99 (%), or take the line out for the default of 80',
      },
      {
        code: 'LS-RULES-003',
        what: 'rules.alerts.QueueFull.parameters.minutes: 1.5 is no whole number',
        fix: 'write a whole number from 1 to 60 (minutes), or take the line out for the default of 5',
      },
      {
        code: 'LS-RULES-002',
        what: 'rules.alerts.QueueGone.parameters.percent: the alert has no such parameter',
        fix: 'QueueGone has none; `for`, `severity` and `enabled` can be changed',
      },
    ]);
  });

  it('names that every object has are unknown alerts', () => {
    expect(mistakes({ constructor: {} }).map(({ code }) => code)).toEqual(['LS-RULES-001']);
  });
});

describe('where a key stands', () => {
  const file = write(
    'leitstand.yaml',
    [
      'rules:',
      '  alerts:',
      '    QueueFull: { for: 1h }',
      'environments:',
      '  production:',
      '    rules:',
      '      alerts:',
      '        QueueFull:',
      '          parameters:',
      '            percent: 120',
    ].join('\n'),
  );

  it('is found, in the overlay first', () => {
    expect(keyLocator(file, 'local')(['rules', 'alerts', 'QueueFull'])).toEqual({ file, line: 3, column: 5 });
    expect(keyLocator(file, 'production')(['rules', 'alerts', 'QueueFull'])).toEqual({
      file,
      line: 8,
      column: 9,
    });
    expect(keyLocator(file, 'production')(['rules', 'alerts', 'QueueFull', 'parameters', 'percent'])).toEqual(
      { file, line: 10, column: 13 },
    );
  });

  it('is the file where it cannot be found', () => {
    expect(keyLocator(file, 'local')(['rules', 'alerts', 'Other'])).toEqual({ file });
    expect(keyLocator(join(directory, 'gone.yaml'), 'local')(['rules'])).toEqual({
      file: join(directory, 'gone.yaml'),
    });
  });
});

describe('rule files of the user', () => {
  const good = 'groups:\n  - name: mine\n    rules:\n      - { alert: Mine, expr: vector(1) }\n';

  it('are taken as they are, under names of their own', () => {
    const { files, mistakes } = readUserRuleFiles([
      write('mine.yml', good),
      write('targets.rules.yml', good),
      write('third.yaml', good),
    ]);
    expect(mistakes).toEqual([]);
    expect(files.map(({ name }) => name)).toEqual([
      'user-mine.rules.yml',
      'user-targets.rules.yml',
      'user-third.rules.yml',
    ]);
    expect(files.every(({ content }) => content === good)).toBe(true);
  });

  it('may share one anchor between hundreds of rules', () => {
    const rule = (i: number) => `      - { alert: A${i}, expr: vector(${i}), labels: *all }\n`;
    const shared = `groups:\n  - name: shared\n    rules:\n      - { alert: A, expr: vector(1), labels: &all { severity: info } }\n`;
    const path = write('anchors.yml', shared + Array.from({ length: 300 }, (_, i) => rule(i)).join(''));
    expect(readUserRuleFiles([path])).toMatchObject({ mistakes: [], files: [{}] });
  });

  it('that are wrong are all named in one run', () => {
    const paths = [
      join(directory, 'missing.yml'),
      directory,
      write('broken.yml', 'groups:\n  - name: a\n   rules: ]\n'),
      write('other.yml', 'scrape_configs: []\n'),
      write('empty.yml', ''),
      write('mine.rules.yml', good),
      join(directory, 'mine.yml'),
      join(directory, 'mine.yml'),
    ];
    const { files, mistakes } = readUserRuleFiles(paths);
    expect(files).toHaveLength(1);
    expect(mistakes.map(({ code }) => code)).toEqual([
      'LS-RULES-004',
      'LS-RULES-004',
      'LS-RULES-005',
      'LS-RULES-005',
      'LS-RULES-005',
      'LS-RULES-006',
      'LS-RULES-006',
    ]);
    for (const [index, { details }] of mistakes.slice(0, 5).entries())
      expect(details.what).toContain(paths[index]);
    expect(mistakes[2]?.details.where).toMatchObject({ line: 3 });
  });
});
