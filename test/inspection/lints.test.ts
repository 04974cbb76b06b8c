import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/inspection/finding.ts';
import { inspect } from '../../src/inspection/inspect.ts';
import { lints } from '../../src/inspection/lints.ts';
import { fileLookup } from '../../src/inspection/read/file-lookup.ts';
import { readModel } from '../../src/inspection/read/read-model.ts';

/**
 * One file a lint and side, all its files as the documents of one stream. `# LS-CHECK-002 error` at the end of a line is
 * what is expected there; a good file expects nothing of its lint.
 */
const directory = fileURLToPath(new URL('fixtures', import.meta.url));
const fixtures = readdirSync(directory).sort();

function findingsIn(name: string): readonly Finding[] {
  const text = readFileSync(`${directory}/${name}`, 'utf8');
  const model = readModel({
    origin: 'files',
    files: [{ file: name, text }],
    fileExists: fileLookup(fixtures, ['.']),
  });
  return inspect({ model, waivers: [], today: '2026-11-24' }).findings;
}

function expectedIn(name: string): string[] {
  const lines = readFileSync(`${directory}/${name}`, 'utf8').split('\n');
  return lines.flatMap((line, index) =>
    [...line.matchAll(/# (LS-CHECK-\d{3} (?:error|warning))$/g)].map(([, what]) => `${index + 1}: ${what}`),
  );
}

const shown = ({ where, code, severity }: Finding) => `${where.line}: ${code} ${severity}`;

describe.each(fixtures.filter((name) => name.endsWith('.bad.yml')))('%s', (name) => {
  const expected = expectedIn(name);
  const codes = new Set(expected.map((line) => line.split(' ')[1]));

  it('finds what is marked, where it is marked', () => {
    const found = findingsIn(name).filter(({ code }) => codes.has(code));
    expect(found.map(shown).sort()).toEqual([...expected].sort());
  });

  it('says what, why and how to mend it', () => {
    for (const { what, why, fix, subject, where } of findingsIn(name)) {
      expect(what).toMatch(/[^.]$/);
      expect(why).toMatch(/[^.]$/);
      expect(fix.length).toBeGreaterThan(5);
      expect(subject).not.toBe('');
      expect(where.file).toBe(name);
      expect(where.column).toBeGreaterThan(0);
    }
  });
});

describe.each(fixtures.filter((name) => name.endsWith('.good.yml')))('%s', (name) => {
  it('is nothing to complain about', () => {
    const codes = new Set(expectedIn(name.replace('.good.', '.bad.')).map((line) => line.split(' ')[1]));
    expect(findingsIn(name).filter(({ code }) => codes.has(code))).toEqual([]);
  });
});

it('every lint has a bad file and a good one', () => {
  const covered = new Set(fixtures.flatMap((name) => expectedIn(name)).map((line) => line.split(' ')[1]));
  expect(lints.map(({ code }) => code).filter((code) => !covered.has(code))).toEqual([]);
  for (const name of fixtures)
    expect(fixtures).toContain(name.replace(/\.(?:bad|good)\./, name.includes('.bad.') ? '.good.' : '.bad.'));
});

it('every code of a lint is its own', () => {
  expect(new Set(lints.map(({ code }) => code)).size).toBe(lints.length);
});
