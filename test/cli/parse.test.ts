import { describe, expect, it } from 'vitest';
import type { Command, CommandEntry } from '../../src/cli/command.ts';
import { findCommand, parseInput } from '../../src/cli/parse.ts';

const command: Command = {
  description: '',
  arguments: [{ name: 'receiver', description: '', required: false, variadic: true }],
  options: [{ flags: '--level <level>', description: '', default: 'a', choices: ['a', 'b'] }],
  examples: [],
  run: () => Promise.reject(new Error('not run here')),
};

function entry(name: string): CommandEntry {
  return { name, summary: '', load: () => Promise.resolve(command) };
}

const commands = [entry('backup'), entry('backup list'), entry('alert test'), entry('status')];

describe('findCommand', () => {
  it.each([
    [['backup'], 'backup', []],
    [['backup', 'list'], 'backup list', []],
    [['backup', '--json'], 'backup', ['--json']],
    [['alert', 'test', 'on-call'], 'alert test', ['on-call']],
  ])('%j', (argv, name, rest) => {
    expect(findCommand(commands, argv)).toMatchObject({ entry: { name }, rest });
  });

  it.each([[[]], [['alert']], [['nothing']]])('%j is no command', (argv) => {
    expect(findCommand(commands, argv)).toBeUndefined();
  });
});

describe('parseInput', () => {
  it('gives options with their defaults and arguments', () => {
    const input = parseInput(entry('x'), command, ['one', 'two', '--json']);
    expect(input.args).toEqual(['one', 'two']);
    expect(input.flag('json')).toBe(true);
    expect(input.text('level')).toBe('a');
    expect(input.text('progress')).toBe('auto');
  });

  it.each([
    [['--level', 'c'], "argument 'c' is invalid. Allowed choices are a, b"],
    [['--levle', 'a'], 'Did you mean --level?'],
    [['--level'], 'argument missing'],
    [['--progress', 'fancy'], 'Allowed choices are auto'],
  ])('refuses %j', (words, message) => {
    expect(() => parseInput(entry('x'), command, words)).toThrow(message);
  });
});
