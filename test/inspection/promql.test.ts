import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { constantOf, type Expression, selectorsOf } from '../../src/inspection/promql/expression.ts';
import { canHave, labelsOf } from '../../src/inspection/promql/labels.ts';
import { parsePromql } from '../../src/inspection/promql/parse.ts';

function parsed(text: string): Expression {
  const result = parsePromql(text);
  if (result.state === 'refused') throw new Error(`refused at ${result.offset}: ${text}`);
  return result.expression;
}

/** Fully bracketed, in one spelling: what two expressions must have in common to be the same. */
function spelled(expression: Expression): string {
  switch (expression.kind) {
    case 'number':
      return String(expression.value);
    case 'string':
      return JSON.stringify(expression.value);
    case 'negation':
      return `-(${spelled(expression.operand)})`;
    case 'selector': {
      const matchers = expression.matchers.map(
        ({ label, operator, value }) => `${label}${operator}${JSON.stringify(value)}`,
      );
      const range = expression.rangeMs === undefined ? '' : `[${expression.rangeMs}ms]`;
      return `${expression.metric ?? ''}{${matchers.join(',')}}${range}`;
    }
    case 'call':
      return `${expression.name}(${expression.args.map(spelled).join(', ')})`;
    case 'aggregation': {
      const modifier = expression.modifier ? ` ${expression.modifier} (${expression.labels.join(', ')})` : '';
      return `${expression.name}${modifier} (${expression.args.map(spelled).join(', ')})`;
    }
    case 'binary': {
      const { matching: m } = expression;
      const matching = m
        ? ` ${m.kind} (${m.labels.join(', ')})${m.group ? ` group_${m.group} (${m.include.join(', ')})` : ''}`
        : '';
      return `(${spelled(expression.left)}) ${expression.operator}${expression.bool ? ' bool' : ''}${matching} (${spelled(expression.right)})`;
    }
  }
}

const label = fc.constantFrom('job', 'instance', 'name', 'on_call', 'le');
const metric = fc.constantFrom(
  'up',
  'errors_total',
  'job:errors:rate5m',
  'sum_of_things',
  'container_memory_rss',
);
const matcher = fc.record({
  label,
  operator: fc.constantFrom('=' as const, '!=' as const, '=~' as const, '!~' as const),
  value: fc.string({
    unit: fc.constantFrom('a', '|', '.', '*', '"', '\\', ' ', '}', '#', 'ä'),
    maxLength: 6,
  }),
});
const { expression } = fc.letrec<{ expression: Expression; selector: Expression }>((tie) => ({
  selector: fc.record({
    kind: fc.constant('selector' as const),
    metric,
    matchers: fc.array(matcher, { maxLength: 2 }),
    offset: fc.constant(0),
  }),
  expression: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    tie('selector'),
    fc.record({
      kind: fc.constant('number' as const),
      value: fc.constantFrom(0, 1, 0.5, 100),
      offset: fc.constant(0),
    }),
    fc.record({ kind: fc.constant('negation' as const), operand: tie('expression'), offset: fc.constant(0) }),
    fc.record({
      kind: fc.constant('call' as const),
      name: fc.constantFrom('abs', 'ceil', 'absent'),
      args: fc.tuple(tie('expression')),
      offset: fc.constant(0),
    }),
    fc.record({
      kind: fc.constant('aggregation' as const),
      name: fc.constantFrom('sum', 'count', 'max'),
      modifier: fc.constantFrom('by' as const, 'without' as const),
      labels: fc.uniqueArray(label, { maxLength: 3 }),
      args: fc.tuple(tie('expression')),
      offset: fc.constant(0),
    }),
    fc.record({
      kind: fc.constant('binary' as const),
      operator: fc.constantFrom(
        '+',
        '-',
        '*',
        '/',
        '%',
        '^',
        '>',
        '<',
        '==',
        '!=',
        '>=',
        '<=',
        'and',
        'or',
        'unless',
      ),
      bool: fc.constant(false),
      matching: fc.option(
        fc.record({
          kind: fc.constantFrom('on' as const, 'ignoring' as const),
          labels: fc.uniqueArray(label, { maxLength: 2 }),
          group: fc.constant(undefined),
          include: fc.constant([]),
        }),
        { nil: undefined },
      ),
      left: tie('expression'),
      right: tie('expression'),
      offset: fc.constant(0),
    }),
  ),
}));

describe('reading PromQL', () => {
  it('reads what was written', () => {
    fc.assert(
      fc.property(expression, (one) => {
        expect(spelled(parsed(spelled(one)))).toBe(spelled(one));
      }),
      { numRuns: 300 },
    );
  });

  it('never throws, whatever it gets', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom(
            'a',
            '{',
            '}',
            '(',
            ')',
            '[',
            ']',
            '"',
            '=',
            '5m',
            ' by ',
            ' on ',
            '/',
            '>',
            ',',
            ':',
          ),
        }),
        (text) => {
          expect(['parsed', 'refused']).toContain(parsePromql(text).state);
        },
      ),
    );
    expect(parsePromql('('.repeat(50_000)).state).toBe('refused');
    expect(parsePromql(`${'('.repeat(5000)}1${')'.repeat(5000)}`).state).toBe('refused');
  });

  it.each([
    ['a - b offset 1h > 5', '((a{}) - (b{})) > (5)'],
    ['sum(rate(a{x="y"}[5m])) by (job)', 'sum by (job) (rate(a{x="y"}[300000ms]))'],
    ['a > b[5m]', '(a{}) > (b{}[300000ms])'],
    ['max_over_time(rate(a[1m])[10m:1m])', 'max_over_time(rate(a{}[60000ms]))'],
    ["{'a.b', x='y'}", 'a.b{x="y"}'],
    ['{__name__="up"}', 'up{__name__="up"}'],
    ['a # one\n/ # two\nb', '(a{}) / (b{})'],
    ['a / on (x) group_left (y) b', '(a{}) / on (x) group_left (y) (b{})'],
    ['SUM(a) AND b', '(SUM (a{})) and (b{})'],
    ['a == bool 0x10', '(a{}) == bool (16)'],
    ['a > 1h', '(a{}) > (3600)'],
    ['a > 1_000', '(a{}) > (1000)'],
  ])('%s', (text, expected) => {
    expect(spelled(parsed(text))).toBe(expected);
  });

  it.each([
    ['5 * 1024 ^ 3', 5 * 1024 ** 3],
    ['5e9', 5e9],
    ['(2 + 3) * -1', -5],
    ['vector(1)', 1],
    ['up', undefined],
  ])('%s is the number %s', (text, expected) => {
    expect(constantOf(parsed(text))).toBe(expected);
  });

  it('says where a selector stands', () => {
    const text = 'sum(a) / sum by (x) (b)';
    expect(selectorsOf(parsed(text)).map(({ offset }) => text.slice(offset, offset + 1))).toEqual(['a', 'b']);
  });
});

describe('labels of a result', () => {
  it.each([
    ['up', ['job', 'instance'], []],
    ['sum(up)', [], ['job']],
    ['sum by (job) (up)', ['job'], ['instance']],
    ['sum without (job) (up)', ['instance'], ['job']],
    ['sum by (job) (up) * on (job) group_left (team) owner', ['job', 'team'], ['instance']],
    ['up * on (job) owner', ['job'], ['instance']],
    ['up * ignoring (pod) owner', ['job', 'instance'], ['pod']],
    ['up and on (job) sum by (job) (x)', ['instance', 'job'], []],
    ['sum by (a) (x) or sum by (b) (y)', ['a', 'b'], ['c']],
    ['up / scalar(sum(x))', ['job'], []],
    ['5 * sum by (job) (x)', ['job'], ['instance']],
    ['absent(up{job="x", env=~"y"})', ['job'], ['env', 'instance']],
    ['histogram_quantile(0.9, sum by (le, job) (rate(x[5m])))', ['job'], ['le']],
    ['label_replace(sum(x), "a", "$1", "b", ".*")', ['a'], ['b']],
    ['count_values("version", x)', ['version'], ['job']],
    ['topk(3, x)', ['job'], []],
    ['predict_linear(x[1h], 3600)', ['job'], []],
    ['vector(1)', [], ['job']],
    ['-sum by (job) (x)', ['job'], ['instance']],
  ])('%s', (text, kept, dropped) => {
    const labels = labelsOf(parsed(text));
    expect(kept.filter((each) => !canHave(labels, each))).toEqual([]);
    expect(dropped.filter((each) => canHave(labels, each))).toEqual([]);
  });
});
