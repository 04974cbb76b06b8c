import { parser } from '@prometheus-io/lezer-promql';
import type { SyntaxNode } from '@lezer/common';
import { parseDuration } from '../../platform/units.ts';
import type { Aggregation, Binary, Expression, LabelMatcher, Matching, Selector } from './expression.ts';

export type ParsedExpression =
  | { readonly state: 'parsed'; readonly expression: Expression }
  | { readonly state: 'refused'; readonly offset: number };

/** Nesting beyond this is no rule that somebody wrote, and would exhaust the stack. */
const MAX_DEPTH = 200;

/** Prometheus' own grammar. It checks no types: `rate(up)` passes here and not in Prometheus. */
export function parsePromql(text: string): ParsedExpression {
  const tree = parser.parse(text);
  let error: number | undefined;
  tree.iterate({
    enter: (node) => {
      if (node.type.isError && error === undefined) error = node.from;
      return error === undefined;
    },
  });
  const first = tree.topNode.getChild('Expr');
  if (error !== undefined || first === null) return { state: 'refused', offset: error ?? 0 };
  try {
    return { state: 'parsed', expression: new Translator(text).expression(first, 0) };
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    return { state: 'refused', offset: 0 };
  }
}

class Translator {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  expression(node: SyntaxNode, depth: number): Expression {
    if (depth > MAX_DEPTH) throw new RangeError('nested too deeply');
    const offset = node.from;
    const inner = () => this.#first(node, depth);
    switch (node.name) {
      case 'VectorSelector':
        return this.#selector(node);
      case 'MatrixSelector':
      case 'SubqueryExpr':
        return this.#ranged(node, inner());
      case 'FunctionCall': {
        const name = this.#slice(node.getChild('FunctionIdentifier'));
        return { kind: 'call', name, args: this.#arguments(node, depth), offset };
      }
      case 'AggregateExpr':
        return this.#aggregation(node, depth);
      case 'BinaryExpr':
        return this.#binary(node, depth);
      case 'NumberDurationLiteral':
        return { kind: 'number', value: numberOf(this.#slice(node)), offset };
      case 'StringLiteral':
        return { kind: 'string', value: unquote(this.#slice(node)), offset };
      case 'UnaryExpr': {
        const negative = this.#slice(node.getChild('UnaryOp')) === '-';
        return negative ? { kind: 'negation', operand: inner(), offset } : inner();
      }
      default:
        // Parentheses, `offset`, `@` and their like change neither labels nor names.
        return inner();
    }
  }

  /** The first child that is an expression of its own. */
  #first(node: SyntaxNode, depth: number): Expression {
    const child = node.getChild('Expr');
    if (child === null) throw new RangeError('an expression without content');
    return this.expression(child, depth + 1);
  }

  #ranged(node: SyntaxNode, inner: Expression): Expression {
    const range = node.getChild('DurationExpr');
    const text = this.#slice(range);
    const rangeMs = range === null ? undefined : durationOf(text);
    // A range over a subquery tells how many samples there are only together with its step.
    if (node.name !== 'MatrixSelector' || rangeMs === undefined) return inner;
    return withRange(inner, rangeMs);
  }

  #selector(node: SyntaxNode): Selector {
    const matchers: LabelMatcher[] = [];
    const identifier = node.getChild('Identifier');
    let metric = identifier === null ? undefined : this.#slice(identifier);
    const list = node.getChild('LabelMatchers');
    for (let child = list?.firstChild ?? null; child !== null; child = child.nextSibling) {
      if (child.name === 'QuotedLabelName') metric = unquote(this.#slice(child));
      const name = child.getChild('LabelName') ?? child.getChild('QuotedLabelName');
      const operator = child.getChild('MatchOp');
      const value = child.getChild('StringLiteral');
      if (name === null || operator === null || value === null) continue;
      matchers.push({
        label: unquote(this.#slice(name)),
        operator: this.#slice(operator) as LabelMatcher['operator'],
        value: unquote(this.#slice(value)),
      });
    }
    metric ??= matchers.find(({ label, operator }) => label === '__name__' && operator === '=')?.value;
    return { kind: 'selector', metric, matchers, offset: node.from };
  }

  #arguments(node: SyntaxNode, depth: number): Expression[] {
    return (node.getChild('FunctionCallBody')?.getChildren('Expr') ?? []).map((child) =>
      this.expression(child, depth + 1),
    );
  }

  #aggregation(node: SyntaxNode, depth: number): Aggregation {
    const modifier = node.getChild('AggregateModifier');
    return {
      kind: 'aggregation',
      name: this.#slice(node.getChild('AggregateOp')),
      modifier: modifier === null ? undefined : modifier.getChild('By') ? 'by' : 'without',
      labels: this.#labels(modifier?.getChild('GroupingLabels') ?? null),
      args: this.#arguments(node, depth),
      offset: node.from,
    };
  }

  #binary(node: SyntaxNode, depth: number): Binary {
    const [left, right] = node.getChildren('Expr');
    if (left === undefined || right === undefined) throw new RangeError('an operator without operands');
    let operator = left.nextSibling;
    while (operator?.name === 'LineComment') operator = operator.nextSibling;
    return {
      kind: 'binary',
      operator: this.#slice(operator).toLowerCase(),
      bool: node.getChild('BoolModifier') !== null,
      matching: this.#matching(node.getChild('MatchingModifierClause')),
      left: this.expression(left, depth + 1),
      right: this.expression(right, depth + 1),
      offset: node.from,
    };
  }

  #matching(clause: SyntaxNode | null): Matching | undefined {
    if (clause === null) return undefined;
    const [labels, include] = clause.getChildren('GroupingLabels');
    return {
      kind: clause.getChild('On') ? 'on' : 'ignoring',
      labels: this.#labels(labels ?? null),
      group: clause.getChild('GroupLeft') ? 'left' : clause.getChild('GroupRight') ? 'right' : undefined,
      include: this.#labels(include ?? null),
    };
  }

  #labels(node: SyntaxNode | null): string[] {
    if (node === null) return [];
    return [...node.getChildren('LabelName'), ...node.getChildren('QuotedLabelName')].map((child) =>
      unquote(this.#slice(child)),
    );
  }

  #slice(node: SyntaxNode | null): string {
    return node === null ? '' : this.#text.slice(node.from, node.to);
  }
}

/** The grammar reads `a > b[5m]` as a range over all of it; the range belongs to the last selector. */
function withRange(expression: Expression, rangeMs: number): Expression {
  if (expression.kind === 'selector') return { ...expression, rangeMs };
  if (expression.kind === 'binary') return { ...expression, right: withRange(expression.right, rangeMs) };
  return expression;
}

function durationOf(text: string): number | undefined {
  const seconds = Number(text);
  return Number.isFinite(seconds) ? seconds * 1000 : parseDuration(text);
}

function numberOf(text: string): number {
  const plain = text.replaceAll('_', '').toLowerCase().replace(/^\+/, '');
  if (/^-?inf$/.test(plain)) return plain.startsWith('-') ? -Infinity : Infinity;
  const value = Number(plain);
  const duration = Number.isNaN(value) ? parseDuration(plain.replace(/^-/, '')) : undefined;
  return duration === undefined ? value : (duration / 1000) * (plain.startsWith('-') ? -1 : 1);
}

/** Go's escapes, as far as they occur in label values. */
function unquote(text: string): string {
  const quote = text[0];
  if (quote !== '"' && quote !== "'" && quote !== '`') return text;
  const body = text.slice(1, text.length > 1 && text.endsWith(quote) ? -1 : undefined);
  if (quote === '`') return body;
  return body.replaceAll(/\\(.)/g, (_, character: string) => ESCAPES[character] ?? character);
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\' };
