import type { Rule } from './model.ts';
import { constantOf, isComparison, type Expression } from './promql/expression.ts';

/** `vector(1)`: true whatever happens, the signal of a dead man's switch. */
export function isAlwaysFiring(rule: Rule): boolean {
  if (rule.kind !== 'alert' || rule.parsed?.state !== 'parsed') return false;
  return isAlwaysTrue(rule.parsed.expression);
}

function isAlwaysTrue(expression: Expression): boolean {
  if (isComparison(expression)) {
    const [left, right] = [constantOf(expression.left), constantOf(expression.right)];
    return left !== undefined && right !== undefined && compare(expression.operator, left, right);
  }
  return constantOf(expression) !== undefined;
}

function compare(operator: string, left: number, right: number): boolean {
  switch (operator) {
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '>':
      return left > right;
    case '<':
      return left < right;
    case '>=':
      return left >= right;
    default:
      return left <= right;
  }
}
