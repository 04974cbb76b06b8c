import type { LabelMatcher } from './promql/expression.ts';

/** Alertmanager's `severity=~"a|b"`; undefined when it is not understood. */
export function parseMatcher(text: string): LabelMatcher | undefined {
  const match = /^\s*"?([\p{L}_][\p{L}\p{N}_.:/-]*)"?\s*(=~|!~|!=|=)\s*(.*?)\s*$/su.exec(text);
  const [, label, operator, raw] = match ?? [];
  if (label === undefined || operator === undefined || raw === undefined) return undefined;
  return { label, operator: operator as LabelMatcher['operator'], value: unquote(raw) };
}

/** Several in one text: `{a="b", c=~"d"}`; undefined when one of them is not understood. */
export function parseMatchers(text: string): LabelMatcher[] | undefined {
  const body = text.trim().replace(/^\{|\}$/g, '');
  const parts = body.match(/(?:"(?:[^"\\]|\\.)*"|[^,"])+/g) ?? [];
  const matchers = parts.filter((part) => part.trim() !== '').map(parseMatcher);
  return matchers.includes(undefined) ? undefined : matchers.filter((one) => one !== undefined);
}

function unquote(text: string): string {
  return /^".*"$/s.test(text) ? text.slice(1, -1).replaceAll(/\\(.)/g, '$1') : text;
}

/** `true` and `false` are certain; undefined: it depends on what is not known. */
export type Certainty = boolean | undefined;

/** The matcher on a label's value; '' is an absent label, undefined one that is not known. */
export function matches(matcher: LabelMatcher, value: string | undefined): Certainty {
  if (value === undefined) return isAlwaysTrue(matcher) ? true : undefined;
  switch (matcher.operator) {
    case '=':
      return value === matcher.value;
    case '!=':
      return value !== matcher.value;
    case '=~':
      return fullMatch(matcher.value, value);
    case '!~': {
      const found = fullMatch(matcher.value, value);
      return found === undefined ? undefined : !found;
    }
  }
}

export function allMatch(
  matchers: readonly LabelMatcher[],
  valueOf: (label: string) => string | undefined,
): Certainty {
  let certainty: Certainty = true;
  for (const matcher of matchers) {
    const one = matches(matcher, valueOf(matcher.label));
    if (one === false) return false;
    if (one === undefined) certainty = undefined;
  }
  return certainty;
}

function isAlwaysTrue({ operator, value }: LabelMatcher): boolean {
  return operator === '=~' && value === '.*';
}

const expressions = new Map<string, RegExp | undefined>();

/** Anchored, as Prometheus and Alertmanager do it; undefined for what JavaScript's engine cannot read. */
function fullMatch(pattern: string, value: string): Certainty {
  if (!expressions.has(pattern)) expressions.set(pattern, compile(pattern));
  return expressions.get(pattern)?.test(value);
}

function compile(pattern: string): RegExp | undefined {
  const flags = /^\(\?([is]+)\)/.exec(pattern);
  // A pattern that could take exponential time here takes none in RE2; nobody's severity needs one.
  if (/[+*][^)]*\)[+*{]/.test(pattern)) return undefined;
  try {
    return new RegExp(
      `^(?:${pattern.slice(flags?.[0].length ?? 0)})$`,
      `${flags?.[1] ?? ''}s`.replace('ss', 's'),
    );
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
