import type { Binary, Call, Expression } from './expression.ts';

/** Which labels a result can carry: only these, or all but these. */
export interface LabelSet {
  readonly kind: 'only' | 'all-but';
  readonly labels: ReadonlySet<string>;
}

const NONE: LabelSet = { kind: 'only', labels: new Set() };
const ALL: LabelSet = { kind: 'all-but', labels: new Set() };

export function canHave(set: LabelSet, label: string): boolean {
  return set.labels.has(label) === (set.kind === 'only');
}

/** Labels of an expression's result, after Prometheus' own rules (promql/engine.go, `resultMetric`). */
export function labelsOf(expression: Expression): LabelSet {
  const known = answers.get(expression);
  if (known !== undefined) return known;
  const labels = findLabels(expression);
  answers.set(expression, labels);
  return labels;
}

/** Asked for every pair of alerts that an inhibition could be about. */
const answers = new WeakMap<Expression, LabelSet>();

function findLabels(expression: Expression): LabelSet {
  switch (expression.kind) {
    case 'selector':
      return ALL;
    case 'number':
    case 'string':
      return NONE;
    case 'negation':
      return labelsOf(expression.operand);
    case 'call':
      return callLabels(expression);
    case 'aggregation': {
      const [argument] = expression.args.slice(-1);
      const inner = argument === undefined ? ALL : labelsOf(argument);
      // These pick series; the others make new ones.
      if (['topk', 'bottomk', 'limitk', 'limit_ratio'].includes(expression.name.toLowerCase())) return inner;
      const grouped =
        expression.modifier === 'without'
          ? without(inner, expression.labels)
          : intersect(inner, expression.labels);
      const [counted] = expression.args;
      return expression.name.toLowerCase() === 'count_values' && counted?.kind === 'string'
        ? withLabels(grouped, [counted.value])
        : grouped;
    }
    case 'binary':
      return binaryLabels(expression);
  }
}

function callLabels({ name, args }: Call): LabelSet {
  const [first] = args;
  switch (name) {
    case 'absent':
    case 'absent_over_time': {
      if (first?.kind !== 'selector') return NONE;
      const equal = first.matchers.filter(({ operator }) => operator === '=').map(({ label }) => label);
      return { kind: 'only', labels: new Set(equal.filter((label) => label !== '__name__')) };
    }
    case 'vector':
    case 'scalar':
    case 'time':
    case 'pi':
      return NONE;
    case 'label_replace':
    case 'label_join': {
      const target = args[1];
      const inner = first === undefined ? ALL : labelsOf(first);
      return target?.kind === 'string' ? withLabels(inner, [target.value]) : ALL;
    }
    case 'histogram_quantile': {
      const vector = args[1];
      return vector === undefined ? ALL : without(labelsOf(vector), ['le']);
    }
    case 'info':
    case 'histogram_quantiles':
      return ALL;
    case 'quantile_over_time':
    case 'histogram_fraction': {
      const last = args.at(-1);
      return last === undefined ? ALL : labelsOf(last);
    }
    default:
      // `hour()` and its like take the vector of the time itself.
      return first === undefined ? NONE : labelsOf(first);
  }
}

function binaryLabels({ operator, matching, left, right }: Binary): LabelSet {
  const [a, b] = [labelsOf(left), labelsOf(right)];
  if (operator === 'or') return union(a, b);
  if (operator === 'and' || operator === 'unless') return a;
  if (isScalar(left)) return b;
  if (isScalar(right)) return a;
  if (matching?.group === 'left') return withLabels(a, matching.include);
  if (matching?.group === 'right') return withLabels(b, matching.include);
  if (matching?.kind === 'on') return intersect(a, matching.labels);
  // Without `on`, both sides agree in all labels but the ignored ones.
  const ignored = matching?.labels ?? [];
  return without(a, ignored);
}

function isScalar(expression: Expression): boolean {
  if (expression.kind === 'number') return true;
  if (expression.kind === 'negation') return isScalar(expression.operand);
  if (expression.kind === 'call') return ['scalar', 'time', 'pi'].includes(expression.name);
  return expression.kind === 'binary' && isScalar(expression.left) && isScalar(expression.right);
}

function without(set: LabelSet, labels: readonly string[]): LabelSet {
  const next = new Set(set.labels);
  for (const label of labels) {
    if (set.kind === 'only') next.delete(label);
    else next.add(label);
  }
  return { kind: set.kind, labels: next };
}

function withLabels(set: LabelSet, labels: readonly string[]): LabelSet {
  const next = new Set(set.labels);
  for (const label of labels) {
    if (set.kind === 'only') next.add(label);
    else next.delete(label);
  }
  return { kind: set.kind, labels: next };
}

function intersect(set: LabelSet, labels: readonly string[]): LabelSet {
  return { kind: 'only', labels: new Set(labels.filter((label) => canHave(set, label))) };
}

function union(a: LabelSet, b: LabelSet): LabelSet {
  if (a.kind === 'only' && b.kind === 'only')
    return { kind: 'only', labels: new Set([...a.labels, ...b.labels]) };
  const missing = (a.kind === 'all-but' ? a : b).labels;
  return { kind: 'all-but', labels: new Set([...missing].filter((x) => !canHave(a, x) && !canHave(b, x))) };
}
