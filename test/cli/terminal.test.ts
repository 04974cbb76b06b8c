import { describe, expect, it } from 'vitest';
import { formatAge, table, terminalFacts } from '../../src/cli/terminal.ts';

describe('terminalFacts', () => {
  it.each([
    [{ isTTY: true }, {}, { tty: true, colour: true, animated: true }],
    [{ isTTY: true }, { NO_COLOR: '1' }, { tty: true, colour: false, animated: true }],
    [{ isTTY: true }, { TERM: 'dumb' }, { tty: true, colour: false, animated: false }],
    [{ isTTY: true }, { ACCESSIBLE: '1' }, { tty: true, colour: true, animated: false }],
    [{ isTTY: true }, { CI: 'true' }, { tty: true, colour: true, animated: false }],
    [{}, {}, { tty: false, colour: false, animated: false }],
    [{}, { CLICOLOR_FORCE: '1' }, { tty: false, colour: true, animated: false }],
  ])('%j with %j', (stream, env, facts) => {
    expect(terminalFacts(stream, env)).toEqual(facts);
  });
});

describe('table', () => {
  it('pads columns and leaves no trailing spaces', () => {
    expect(
      table([
        ['a', 'bb', ''],
        ['ccc', 'd', 'e'],
      ]),
    ).toBe('a    bb\nccc  d   e');
  });
});

describe('a cell with line breaks', () => {
  it('stays one line', () => {
    expect(table([['a\nb', 'c \r\n d']])).toBe('a b  c d');
  });
});

describe('formatAge', () => {
  it.each([
    [-5, '0 s'],
    [119_400, '119 s'],
    [125_000, '2 min'],
    [7_200_000, '2 h'],
    [86_400_000 * 9, '9 d'],
  ])('%i ms is %s', (ms, text) => {
    expect(formatAge(ms)).toBe(text);
  });
});
