import { allRules } from '../belonging.ts';
import type { Finding } from '../finding.ts';
import type { Lint } from '../lint.ts';
import type { Rule } from '../model.ts';
import {
  constantOf,
  isComparison,
  selectorsOf,
  walk,
  type Binary,
  type Expression,
} from '../promql/expression.ts';

/** 0 where there is no limit, as their programs document or as it was measured. */
const ZERO_WHEN_UNLIMITED =
  /^(?:container_spec_memory_(?:limit|swap_limit|reservation_limit)_bytes|redis_memory_max_bytes|redis_config_maxmemory)$/;
/** By its name a limit that somebody may not have set. */
const PERHAPS_UNLIMITED = /_(?:limit|quota)(?:_bytes|_cores)?$/;
/** Limits that are absent rather than 0 when there is none. */
const NEVER_ZERO =
  /^(?:kube_|node_|process_|pg_|loki_|cortex_|thanos_|prometheus_|nvidia_|DCGM_|container_spec_cpu_)/;

export const zeroLimit: Lint = {
  code: 'LS-CHECK-008',
  title: 'no division by a limit that can be 0',
  inspect: (model) =>
    allRules(model).flatMap((rule) => {
      if (rule.parsed?.state !== 'parsed') return [];
      const found = riskyDivision(rule.parsed.expression, rule.parsed.expression);
      return found === undefined ? [] : [finding(rule, found)];
    }),
};

interface Division {
  readonly metric: string;
  readonly offset: number;
}

/** `belowIsFine`: the result is only compared downwards, where +Inf is no alarm. */
function riskyDivision(expression: Expression, whole: Expression, belowIsFine = false): Division | undefined {
  if (isComparison(expression) && !expression.bool) {
    const isBelow =
      (expression.operator === '<' || expression.operator === '<=') && isPlainDivision(expression.left);
    return riskyDivision(expression.left, whole, isBelow) ?? riskyDivision(expression.right, whole);
  }
  if (expression.kind === 'binary' && expression.operator === '/' && !belowIsFine) {
    const divisor = selectorsOf(expression.right).find(
      ({ metric }) => metric !== undefined && canBeZero(metric),
    );
    if (divisor?.metric !== undefined && !isGuarded(divisor.metric, expression.right, whole))
      return { metric: divisor.metric, offset: divisor.offset };
  }
  for (const child of operands(expression)) {
    const found = riskyDivision(child, whole, belowIsFine);
    if (found !== undefined) return found;
  }
  return undefined;
}

function operands(expression: Expression): readonly Expression[] {
  if (expression.kind === 'binary') return [expression.left, expression.right];
  if (expression.kind === 'negation') return [expression.operand];
  return expression.kind === 'call' || expression.kind === 'aggregation' ? expression.args : [];
}

/** `a / b * 100`: grows with a/b, without a minus before it. */
function isPlainDivision(expression: Expression): boolean {
  return !walk(expression).some(
    (each) => each.kind === 'negation' || (each.kind === 'binary' && each.operator === '-'),
  );
}

function canBeZero(metric: string): boolean {
  return ZERO_WHEN_UNLIMITED.test(metric) || (PERHAPS_UNLIMITED.test(metric) && !NEVER_ZERO.test(metric));
}

/** Somewhere the limit is required to be more than nothing, or made so. */
function isGuarded(metric: string, divisor: Expression, whole: Expression): boolean {
  const mentions = (expression: Expression) =>
    selectorsOf(expression).some((selector) => selector.metric === metric);
  const isClamped = walk(divisor).some((each) => each.kind === 'call' && /^clamp(?:_min)?$/.test(each.name));
  return isClamped || walk(whole).some((each) => isComparison(each) && guards(each, mentions));
}

function guards(comparison: Binary, mentions: (expression: Expression) => boolean): boolean {
  const { operator, left, right } = comparison;
  // `used / limit > 0.8` mentions the limit as well, and guards nothing.
  const isBare = (expression: Expression) =>
    mentions(expression) && !walk(expression).some((each) => each.kind === 'binary' && each.operator === '/');
  const [a, b] = [constantOf(left), constantOf(right)];
  if (b !== undefined && isBare(left))
    return (operator === '>' && b >= 0) || (operator === '>=' && b > 0) || (operator === '!=' && b === 0);
  if (a !== undefined && isBare(right))
    return (operator === '<' && a >= 0) || (operator === '<=' && a > 0) || (operator === '!=' && a === 0);
  return false;
}

function finding(rule: Rule, { metric, offset }: Division): Finding {
  return {
    code: 'LS-CHECK-008',
    severity: ZERO_WHEN_UNLIMITED.test(metric) ? 'error' : 'warning',
    subject: rule.name,
    where: rule.whereIn(offset),
    what: `${rule.name} divides by ${metric}, which can be 0`,
    why: '0 means "no limit" there: the ratio is +Inf, and above every threshold',
    fix: `divide by (${metric} > 0)`,
  };
}
