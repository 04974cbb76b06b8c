import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { catalog } from '../../src/catalog.ts';
import { commandHelp } from '../../src/cli/help.ts';
import { parseInput } from '../../src/cli/parse.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const kinds = await catalog.errorKinds();

function sources(folder: string): { readonly path: string; readonly text: string }[] {
  return (
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      // The layer tests plant files of their own beside these, and take them away again.
      .filter((path) => /\.(?:ts|md)$/.test(path) && !path.includes('planted-'))
      .map((path) => ({ path: join(folder, path), text: readFileSync(join(root, folder, path), 'utf8') }))
  );
}

describe('what people read', () => {
  it('never names a command that does not exist', () => {
    const firstWords = new Set([
      ...catalog.commands.map(({ name }) => name.split(' ')[0]),
      'COMMAND',
      'help',
    ]);
    const unknown = [
      ...sources('src'),
      ...sources('docs'),
      { path: 'README.md', text: readFileSync(join(root, 'README.md'), 'utf8') },
    ].flatMap(({ path, text }) =>
      [...text.matchAll(/(?:`|fix: '|fix: `|\n {2,})leitstand ([a-zA-Z]+)/g)]
        .filter(([, word]) => !firstWords.has(word ?? ''))
        .map(([match]) => `${path}: ${match.trim()}`),
    );
    expect(unknown).toEqual([]);
  });

  it('every error code that is thrown is declared, and every declared one is used', () => {
    const used = new Set<string>();
    const declared = new Set(kinds.keys());
    for (const { text } of sources('src')) {
      for (const [code] of text.matchAll(/LS-[A-Z]+-\d{3}(?!': \{)/g)) used.add(code);
    }
    expect([...used].filter((code) => !declared.has(code))).toEqual([]);
    expect([...declared].filter((code) => !used.has(code))).toEqual([]);
  });

  it.each([...kinds])('%s is explained in sentences', (_code, kind) => {
    expect(kind.title).toMatch(/^[a-z"'`A-Z].*[^.]$/);
    expect(kind.explanation.length).toBeGreaterThan(60);
    expect(kind.explanation.trim()).toMatch(/[.)`"]$/);
  });
});

describe.each(catalog.commands.map((entry) => [entry.name, entry] as const))(
  'leitstand %s',
  (name, entry) => {
    it('has a summary, examples that parse, and help', async () => {
      const command = await entry.load();
      expect(entry.summary).toMatch(/^[a-z`].*[^.]$/);
      expect(command.examples.length).toBeGreaterThan(0);
      const help = commandHelp(entry, command);
      expect(help).toContain(`Usage: leitstand ${name}`);
      expect(help.split('\n').filter((line) => line.length > 132)).toEqual([]);
      for (const { command: line } of command.examples) {
        const [words = ''] = line.split(/ [|>]/);
        if (!words.startsWith(`leitstand ${name}`)) continue;
        const rest = words.slice(`leitstand ${name}`.length).trim();
        expect(() => parseInput(entry, command, rest === '' ? [] : rest.split(/\s+/))).not.toThrow();
      }
    });

    it('refuses an option that it does not have', async () => {
      const command = await entry.load();
      expect(() => parseInput(entry, command, ['--no-such-option'])).toThrow('LS-CLI-001');
    });
  },
);
