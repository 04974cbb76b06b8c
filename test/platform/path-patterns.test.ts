import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesPath } from '../../src/platform/path-patterns.ts';

describe('a pattern', () => {
  it.each([
    ['*.json', 'meta.json', true],
    ['*.json', 'blocks/01A/meta.json', true],
    ['meta.json', 'blocks/01A/meta.json', true],
    ['*.json', 'blocks/01A/meta.json.bak', false],
    ['wal', 'wal/00000001', true],
    ['wal', 'blocks/walnut/x', false],
    ['blocks/*', 'blocks/01A/chunks/000001', true],
    ['blocks/*/meta.json', 'blocks/01A/meta.json', true],
    ['blocks/*/meta.json', 'other/blocks/01A/meta.json', false],
    ['*/meta.json', 'blocks/01A/meta.json', false],
    ['**/meta.json', 'blocks/01A/meta.json', true],
    ['/blocks', 'blocks/x', true],
    ['blocks/', 'blocks/x', true],
    ['/x', 'blocks/x', false],
    ['blocks/01?', 'blocks/01A/index', true],
    ['blocks/{01A,01B}/index', 'blocks/01B/index', true],
    ['blocks/01[AB]/index', 'blocks/01C/index', false],
    ['*', '.hidden', true],
    ['**/x', '.leitstand/.deep/x', true],
    ['.leitstand/*.db', '.leitstand/leitstand.db', true],
    ['{.a,b}/x', '.a/x', true],
    ['a.b', 'a.b', true],
    ['A.JSON', 'a.json', false],
    ['mit Leerzeichen*', 'mit Leerzeichen ü/x', true],
    ['', 'x', false],
  ])('%j and %j: %j', (pattern, path, meant) => {
    expect(matchesPath(path, pattern)).toBe(meant);
  });

  it('that is the path itself means it, whatever is in it that no pattern knows', () => {
    const name = fc.stringMatching(/^[a-zA-Z0-9 ._äß-]{1,8}$/).filter((text) => !/^\.{1,2}$/.test(text));
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), name, (names, below) => {
        const path = names.join('/');
        expect(matchesPath(path, path)).toBe(true);
        expect(matchesPath(`${path}/${below}`, `/${path}`)).toBe(true);
        expect(matchesPath(path, '**')).toBe(true);
      }),
    );
  });
});
