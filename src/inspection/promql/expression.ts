/** PromQL, as far as a lint looks into it. Offsets are characters of the expression's text. */
export type Expression =
  | Selector
  | Call
  | Aggregation
  | Binary
  | { readonly kind: 'number'; readonly value: number; readonly offset: number }
  | { readonly kind: 'string'; readonly value: string; readonly offset: number }
  | { readonly kind: 'negation'; readonly operand: Expression; readonly offset: number };

export interface Selector {
  readonly kind: 'selector';
  readonly metric: string | undefined;
  readonly matchers: readonly LabelMatcher[];
  /** Milliseconds of `[5m]`; undefined without a range, or where it is computed. */
  readonly rangeMs?: number;
  readonly offset: number;
}

export interface LabelMatcher {
  readonly label: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

export interface Call {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly Expression[];
  readonly offset: number;
}

export interface Aggregation {
  readonly kind: 'aggregation';
  readonly name: string;
  readonly modifier: 'by' | 'without' | undefined;
  readonly labels: readonly string[];
  readonly args: readonly Expression[];
  readonly offset: number;
}

export interface Binary {
  readonly kind: 'binary';
  readonly operator: string;
  readonly bool: boolean;
  readonly matching: Matching | undefined;
  readonly left: Expression;
  readonly right: Expression;
  readonly offset: number;
}

export interface Matching {
  readonly kind: 'on' | 'ignoring';
  readonly labels: readonly string[];
  readonly group: 'left' | 'right' | undefined;
  readonly include: readonly string[];
}

const COMPARISONS = new Set(['==', '!=', '>', '<', '>=', '<=']);

export function isComparison(expression: Expression): expression is Binary {
  return expression.kind === 'binary' && COMPARISONS.has(expression.operator);
}

function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'call':
    case 'aggregation':
      return expression.args;
    case 'binary':
      return [expression.left, expression.right];
    case 'negation':
      return [expression.operand];
    case 'selector':
    case 'number':
    case 'string':
      return [];
  }
}

/** The expression and all below it, outer ones first. */
export function walk(expression: Expression): readonly Expression[] {
  const known = walked.get(expression);
  if (known !== undefined) return known;
  const all = [expression, ...childrenOf(expression).flatMap(walk)];
  walked.set(expression, all);
  return all;
}

/** Every lint looks at every expression. */
const walked = new WeakMap<Expression, readonly Expression[]>();

export function selectorsOf(expression: Expression): Selector[] {
  return walk(expression).filter((each) => each.kind === 'selector');
}

/** The number that an expression without metrics comes to; undefined where it is none. */
export function constantOf(expression: Expression): number | undefined {
  if (expression.kind === 'number') return expression.value;
  if (expression.kind === 'negation') {
    const value = constantOf(expression.operand);
    return value === undefined ? undefined : -value;
  }
  if (expression.kind === 'call' && (expression.name === 'vector' || expression.name === 'scalar')) {
    const [argument] = expression.args;
    return argument === undefined ? undefined : constantOf(argument);
  }
  if (expression.kind !== 'binary') return undefined;
  const [left, right] = [constantOf(expression.left), constantOf(expression.right)];
  if (left === undefined || right === undefined) return undefined;
  switch (expression.operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '^':
      return left ** right;
    default:
      return undefined;
  }
}
