import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalog } from '../../../src/catalog.ts';
import { bashCompletion } from '../../../src/cli/completion/bash.ts';
import { fishCompletion } from '../../../src/cli/completion/fish.ts';
import { shellCommands } from '../../../src/cli/completion/tree.ts';
import { zshCompletion } from '../../../src/cli/completion/zsh.ts';

const commands = await shellCommands(catalog);
const scripts = {
  bash: bashCompletion(commands),
  zsh: zshCompletion(commands),
  fish: fishCompletion(commands),
};
const has = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leitstand-completion-'));
  for (const [shell, script] of Object.entries(scripts)) await writeFile(join(directory, shell), script);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function run(shell: string, program: string, ...args: readonly string[]): string[] {
  const flags = { bash: ['--norc'], zsh: ['-f'], fish: ['--no-config'] }[shell] ?? [];
  const { stdout, stderr } = spawnSync(shell, [...flags, '-c', program, ...args], {
    encoding: 'utf8',
    cwd: directory,
    env: { ...process.env, HOME: directory },
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

/** The last word is the one that is being completed. */
function inBash(...words: readonly string[]): string[] {
  const program = `source ${directory}/bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _leitstand; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return run('bash', program, 'bash', ...words);
}

function inFish(line: string): string[] {
  return run('fish', `source ${directory}/fish; complete -C ${JSON.stringify(line)}`).map(
    (row) => row.split('\t')[0] ?? '',
  );
}

/** What reaches zsh's own functions: they need a terminal to show it. */
function inZsh(...words: readonly string[]): string[] {
  const program = `
compdef() { : }
_describe() { print -l -- "\${(@P)4}" }
_arguments() { print -l -- "$CURRENT" "$@" }
source ${directory}/zsh
words=("$@"); CURRENT=$#; _leitstand`;
  return run('zsh', program, 'zsh', ...words);
}

describe.each(Object.entries(scripts))('for %s', (_shell, script) => {
  it('holds every command and every option', () => {
    for (const { name, options } of commands) {
      expect(script).toContain(`'${name}'`);
      for (const long of options.flatMap(({ names }) => names).filter((word) => word.startsWith('--')))
        expect(script).toContain(script === scripts.fish ? `-l ${long.slice(2)}` : long);
    }
  });
});

it('the records are all there, hidden ones aside', async () => {
  const shown = catalog.commands.filter(({ hidden }) => hidden !== true);
  expect(commands.map(({ name }) => name)).toEqual(shown.map(({ name }) => name));
  for (const entry of shown) {
    const { options = [] } = await entry.load();
    const completed = commands.find(({ name }) => name === entry.name)?.options.flatMap(({ names }) => names);
    for (const { flags } of options) expect(completed).toContain(/--[a-z-]+/.exec(flags)?.[0]);
  }
});

describe('bash', () => {
  it('completes commands, one word after the other', () => {
    expect(inBash('leitstand', 'al')).toEqual(['alert']);
    expect(inBash('leitstand', 'alert', '')).toContain('test');
    expect(inBash('leitstand', 'backup', 'v')).toEqual(['verify']);
    expect(inBash('leitstand', '--v')).toEqual(['--version']);
  });
  it('completes options and their values', () => {
    expect(inBash('leitstand', 'alert', 'test', '--ti')).toEqual(['--timeout']);
    expect(inBash('leitstand', 'status', '--progress', 'j')).toEqual(['json']);
    expect(inBash('leitstand', 'status', '--progress', '=', 'j')).toEqual(['json']);
    expect(inBash('leitstand', 'status', '--timeout', '')).not.toContain('json');
  });
  it('completes components, codes and files', () => {
    expect(inBash('leitstand', 'logs', 'prom')).toEqual(['prometheus']);
    expect(inBash('leitstand', 'explain', 'LS-CLI-00')).toContain('LS-CLI-001');
    expect(inBash('leitstand', 'plan', '--file', 'fi')).toEqual(['fish']);
  });
  it('does not offer a command where none may stand', () => {
    expect(inBash('leitstand', 'backup', '--json', 'v')).toEqual([]);
  });
  it('is registered', () => {
    expect(run('bash', `source ${directory}/bash; complete -p leitstand`)).toEqual([
      'complete -F _leitstand leitstand',
    ]);
  });
});

describe.runIf(has('fish'))('fish', () => {
  it('completes commands, options and values', () => {
    expect(inFish('leitstand al')).toEqual(['alert']);
    expect(inFish('leitstand alert ')).toContain('test');
    expect(inFish('leitstand alert test --ti')).toEqual(['--timeout']);
    expect(inFish('leitstand status --json --progress j')).toEqual(['json']);
    expect(inFish('leitstand logs prom')).toEqual(['prometheus']);
  });
});

describe.runIf(has('zsh'))('zsh', () => {
  it('completes commands, one word after the other', () => {
    expect(inZsh('leitstand', '')).toContain('alert:test');
    expect(inZsh('leitstand', 'alert', '').join('\n')).toContain('test:prove that');
  });
  it('hands the options of the command to zsh', () => {
    const given = inZsh('leitstand', 'alert', 'test', '--ti');
    expect(given[0]).toBe('2');
    expect(given.join('\n')).toMatch(/--timeout\[.*\]:value:/);
    expect(inZsh('leitstand', 'logs', '').join('\n')).toMatch(/\*:argument:\(.*prometheus.*\)/);
  });
});
