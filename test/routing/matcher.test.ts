import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fullMatch } from '../../src/routing/expression.ts';
import { escapeExpression, holds, matcherText, parseMatchers } from '../../src/routing/matcher.ts';
import { workedMs } from '../fixtures/cpu-time.ts';

interface Expressions {
  readonly texts: readonly string[];
  readonly patterns: readonly {
    readonly pattern: string;
    readonly refused?: string;
    readonly matches?: readonly string[];
  }[];
}

const { texts, patterns } = JSON.parse(
  readFileSync(new URL('../fixtures/routing/expressions.json', import.meta.url), 'utf8'),
) as Expressions;

describe('regular expressions', () => {
  it.each(patterns)('$pattern means what it means to Go', ({ pattern, refused, matches }) => {
    const own = texts.filter((text) => fullMatch(pattern, text) === true);
    expect(refused === undefined ? own : undefined).toEqual(matches);
  });

  it.each(['(a+)+b', '(a|a)*b', '(a*)*b', '(?:a|aa)+$|b', '(.*a){20}', '([a-z]+)*1'])(
    '%s takes no more time with a text that defeats others',
    (pattern) => {
      const start = workedMs();
      fullMatch(pattern, `${'a'.repeat(20_000)}!`);
      // Exponential time would not end in this life; this is room for a slow machine.
      expect(workedMs() - start).toBeLessThan(5_000);
    },
  );

  it('whatever is written there, ends', () => {
    const piece = fc.constantFrom('a', '.', '\\w', '(', ')', '*', '+', '?', '|', '[ab]', '{2,9}', '(?:', '$');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), fc.nat({ max: 400 }), (pieces, length) => {
        const start = workedMs();
        fullMatch(pieces.join(''), `${'a'.repeat(length)}!`);
        expect(workedMs() - start).toBeLessThan(2_000);
      }),
      { numRuns: 500 },
    );
  });
});

describe('matchers', () => {
  const one = (label: string, operator: string, value: string) => [{ label, operator, value }];

  it.each([
    ['severity="critical"', one('severity', '=', 'critical')],
    ['severity = critical', one('severity', '=', 'critical')],
    [' team !~ "a|b" ', one('team', '!~', 'a|b')],
    ['"böse Ämter"!="x=y"', one('böse Ämter', '!=', 'x=y')],
    ['a="say \\"no\\"\\n"', one('a', '=', 'say "no"\n')],
    ['a=""', one('a', '=', '')],
    ['a=', one('a', '=', '')],
    ['a=b=c', one('a', '=', 'b=c')],
    ['a="\\d"', one('a', '=', '\\d')],
    ['{a="1",b!="2, 3"}', [...one('a', '=', '1'), ...one('b', '!=', '2, 3')]],
    ['a=1, b=2,', [...one('a', '=', '1'), ...one('b', '=', '2')]],
    ['{"ä.ö"="1", b=~"x"}', [...one('ä.ö', '=', '1'), ...one('b', '=~', 'x')]],
    ['"\\u00e4"=x', one('ä', '=', 'x')],
    ['{}', []],
  ])('%s', (text, expected) => {
    expect(parseMatchers(text)).toEqual(expected);
  });

  it.each(['severity is critical', 'a=~"("', 'a="b', '=b', 'a="b"c"', '{ä=1', '"\\q"=x', 'ä="1" b="2"'])(
    '%s is refused',
    (text) => {
      expect(parseMatchers(text)).toBeUndefined();
    },
  );

  it('are read back as they are written, whatever the value', () => {
    const value = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('\\', '"', '\n', 'a\\nb', '\\"', ','),
    );
    fc.assert(
      fc.property(fc.constantFrom('=', '!=') as fc.Arbitrary<'=' | '!='>, value, (operator, text) => {
        const matcher = { label: 'team', operator, value: text };
        expect(parseMatchers(matcherText(matcher))).toEqual([matcher]);
      }),
    );
  });

  it('take the literal text and nothing else when it is escaped', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (value, other) => {
        const matcher = { label: 'a', operator: '=~' as const, value: escapeExpression(value) };
        expect(holds(matcher, { a: value })).toBe(true);
        expect(holds(matcher, { a: other })).toBe(value === other);
      }),
    );
  });
});
