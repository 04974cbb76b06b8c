import { RE2JS } from 're2js';

/** Enough for any configuration; what runs for months does not collect those of configurations that are gone. */
const KEPT = 10_000;

const compiled = new Map<string, RE2JS | undefined>();

/**
 * Whether Go's regular expression matches the whole text, as Alertmanager and Prometheus mean it; undefined: it is none
 * that Go accepts. Takes linear time whatever the expression is: it may come from somebody else's configuration, and one
 * that Go reads in no time (`(a+)+b`) could keep JavaScript's own engine busy for years.
 */
export function fullMatch(source: string, text: string): boolean | undefined {
  return expressionOf(source)?.matcher(text).find();
}

export function isExpression(source: string): boolean {
  return expressionOf(source) !== undefined;
}

function expressionOf(source: string): RE2JS | undefined {
  if (compiled.has(source)) return compiled.get(source);
  if (compiled.size >= KEPT) compiled.clear();
  const expression = compile(source);
  compiled.set(source, expression);
  return expression;
}

function compile(source: string): RE2JS | undefined {
  try {
    // Composed as Alertmanager composes it: pkg/labels/matcher.go, `NewMatcher`.
    return RE2JS.compile(`^(?:${source})$`);
  } catch {
    return undefined;
  }
}
