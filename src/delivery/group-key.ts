import type { Route } from '../routing/configuration.ts';
import type { Labels, Matcher } from '../routing/matcher.ts';

/**
 * Alertmanager's key of the group that such an alert joins at the end of that path; providers tell one incident from
 * another by its hash. Source: prometheus/alertmanager dispatch/route.go `Key`, dispatch/dispatch.go `GroupKey`; the same
 * from 0.25 to 0.34.
 */
export function groupKey(path: readonly Route[], labels: Labels): string {
  const keys = path.map(({ matchers }) => `{${[...matchers].sort(byName).map(matcherText).join(',')}}`);
  return `${keys.join('/')}:${groupLabels(path.at(-1)?.groupBy ?? [], labels)}`;
}

const OPERATORS = ['=', '!=', '=~', '!~'];

function byName(a: Matcher, b: Matcher): number {
  return (
    compare(a.label, b.label) ||
    compare(valueOf(a), valueOf(b)) ||
    OPERATORS.indexOf(a.operator) - OPERATORS.indexOf(b.operator)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function valueOf({ value, keyValue }: Matcher): string {
  return keyValue ?? value;
}

function matcherText(matcher: Matcher): string {
  const { label, operator } = matcher;
  return /[\s{}!=~,\\"'`]/.test(label)
    ? `${JSON.stringify(label)}${operator}${JSON.stringify(valueOf(matcher))}`
    : `${label}${operator}"${valueOf(matcher).replaceAll(/[\\\n"]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`))}"`;
}

function groupLabels(groupBy: readonly string[], labels: Labels): string {
  const own = Object.keys(labels).filter((label) => groupBy.includes('...') || groupBy.includes(label));
  return `{${own
    .sort()
    .map((label) => `${label}=${JSON.stringify(labels[label])}`)
    .join(', ')}}`;
}
