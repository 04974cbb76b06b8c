import { nearest } from '../platform/nearest.ts';
import { readInterval } from '../routing/configuration.ts';
import { comesEver } from '../routing/time-interval.ts';
import { choices, type Finding, pathText } from './finding.ts';
import { quote } from './objections.ts';
import type { Places } from './places.ts';
import type { Path } from './schema-tree.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What no field below `routing` can tell by itself: hours that are not there, routes that nothing reaches. */
export function routingFindings({ routing }: Fields, places: Places): readonly Finding[] {
  if (!isFields(routing)) return [];
  const severities = severityEntries(routing);
  return [
    ...severities.flatMap((entry) => hoursFindings(entry, routing['hours'], places)),
    ...neverFindings(routing['hours'], places),
    ...routeEntries(routing).flatMap(([path, route]) => matchFindings(path, route, places)),
    ...unreachable(routing, places),
  ];
}

interface SeverityEntry {
  readonly path: Path;
  readonly severity: string;
  readonly wanted: unknown;
}

function routeEntries(routing: Fields): (readonly [Path, Fields])[] {
  const routes: readonly unknown[] = Array.isArray(routing['routes']) ? routing['routes'] : [];
  return routes.flatMap((route, index): (readonly [Path, Fields])[] =>
    isFields(route) ? [[['routing', 'routes', index], route]] : [],
  );
}

function severityEntries(routing: Fields): SeverityEntry[] {
  return [
    ...routeEntries(routing).flatMap(([path, { severity }]) => entriesBelow(severity, [...path, 'severity'])),
    ...entriesBelow(routing['severity'], ['routing', 'severity']),
  ];
}

function entriesBelow(severities: unknown, path: Path): SeverityEntry[] {
  if (!isFields(severities)) return [];
  return Object.entries(severities).map(([severity, wanted]) => ({
    path: [...path, severity],
    severity,
    wanted,
  }));
}

function hoursFindings({ path, severity, wanted }: SeverityEntry, hours: unknown, places: Places): Finding[] {
  if (!isFields(wanted) || typeof wanted['hours'] !== 'string') return [];
  const own = [...path, 'hours'];
  if (places.isSpoilt(own)) return [];
  const findings: Finding[] = [];
  const names = isFields(hours) ? Object.keys(hours) : [];
  const removal = places.removal(['routing', 'hours', wanted['hours']]);
  if (!names.includes(wanted['hours']))
    findings.push({
      code: 'LS-CONFIG-022',
      what: `${pathText(own)} names the hours ${quote(wanted['hours'])}, which do not exist`,
      why: removal && `${removal.by} takes them out`,
      fix: removal
        ? 'remove this line, or take the hours out of the route too'
        : (choices(nearest(wanted['hours'], names), 'hours are', names) ??
          `define them below \`routing:\`: \`hours: {${wanted['hours']}: {times: ['08:00-17:00'], weekdays: ['monday:friday'], location: Europe/Berlin}}\``),
      span: removal?.span ?? places.valueSpan(own),
    });
  if (severity.toLowerCase() === 'critical')
    findings.push({
      code: 'LS-CONFIG-023',
      what: `${pathText(path)} has hours: critical alerts would be held back outside of them`,
      why: 'critical means that somebody is woken; nobody would be told before the hours begin, and nothing of what is over by then',
      fix: 'take `hours` out; what may wait until then is a `warning`',
      span: places.keySpan(own),
    });
  return findings;
}

/** The 30th of February; the last of March in a zone that puts the clock forward in it. */
function neverFindings(hours: unknown, places: Places): Finding[] {
  if (!isFields(hours)) return [];
  return Object.entries(hours).flatMap(([name, fields]) => {
    const path = ['routing', 'hours', name];
    if (!isFields(fields) || places.isSpoilt(path)) return [];
    const interval = readInterval({
      weekdays: textsOf(fields['weekdays']),
      days_of_month: textsOf(fields['days_of_month']),
      months: textsOf(fields['months']),
      location: typeof fields['location'] === 'string' ? fields['location'] : undefined,
    });
    if ('problem' in interval || comesEver(interval)) return [];
    return [
      {
        code: 'LS-CONFIG-026',
        what: `${pathText(path)} never comes: there is no such day`,
        why: 'all of its keys must hold at once; and where the clock is put forward, Alertmanager counts a day too few in that month',
        fix: 'widen `days_of_month` or `months`',
        span: places.keySpan(path),
      } satisfies Finding,
    ];
  });
}

/** An empty list says nothing, as in the rendered file. */
function textsOf(list: unknown): string[] | undefined {
  return Array.isArray(list) && list.length > 0 ? list.map(String) : undefined;
}

function matchFindings(path: Path, { match, severity, receiver }: Fields, places: Places): Finding[] {
  const findings: Finding[] = [];
  const severities = isFields(severity) ? Object.keys(severity) : [];
  if (isFields(match) && Object.keys(match).length === 0 && !places.isSpoilt([...path, 'match']))
    findings.push({
      code: 'LS-CONFIG-024',
      what: `${pathText(path)}.match is empty: the route would take every alert`,
      fix: 'name a label, e.g. `match: {team: water}`; for every alert there are `routing.severity` and `routing.default`',
      span: places.keySpan([...path, 'match']),
    });
  if (isFields(match) && match['severity'] !== undefined && severities.length > 0)
    findings.push({
      code: 'LS-CONFIG-024',
      what: `${pathText(path)} asks for the label severity twice: in \`match\` and as \`severity:\``,
      why: 'an alert has one severity',
      fix: 'take it out of `match`',
      span: places.keySpan([...path, 'match', 'severity']),
    });
  const isSpoilt = ['severity', 'receiver'].some((key) => places.isSpoilt([...path, key]));
  if (severities.length === 0 && receiver === undefined && !isSpoilt)
    findings.push({
      code: 'LS-CONFIG-007',
      what: `${pathText(path)} has neither \`severity\` nor \`receiver\`: it leads nowhere`,
      fix: 'add `receiver: NAME`, or `severity: {critical: NAME}`',
      span: places.keySpan(path),
    });
  return findings;
}

/** Label → values, one of which it must have. */
type Wanted = ReadonlyMap<string, readonly string[]>;

interface Rule {
  readonly path: Path;
  readonly wanted: Wanted;
}

/** More choices of values than this are not looked through. */
const MOST_CHOICES = 10_000;

function unreachable(routing: Fields, places: Places): Finding[] {
  const rules = rulesOf(routing);
  return rules.flatMap(({ path, wanted }, index) => {
    const earlier = rules.slice(0, index);
    const choicesOfValues = product(wanted);
    if (choicesOfValues === undefined || places.isSpoilt(path)) return [];
    const takers = choicesOfValues.map((labels) => earlier.find((rule) => isTakenBy(rule.wanted, labels)));
    const [first] = takers;
    if (!first || takers.includes(undefined)) return [];
    const all = [...new Set(takers.map((rule) => pathText(rule?.path ?? [])))];
    return [
      {
        code: 'LS-CONFIG-025',
        what: `${pathText(path)} is never reached`,
        why: `${all.join(' and ')} ${all.length === 1 ? 'comes' : 'come'} first and ${all.length === 1 ? 'takes' : 'take'} all of its alerts`,
        fix: takers.every((rule) => rule?.wanted === WATCHDOG)
          ? 'delete one of the two'
          : 'put the narrower route first, or delete this one',
        span: places.keySpan(path),
      } satisfies Finding,
    ];
  });
}

/** As they are rendered: each severity of a route is a route, then the route's own receiver. */
function rulesOf(routing: Fields): Rule[] {
  const watchdog =
    routing['watchdog'] === undefined ? [] : [{ path: ['routing', 'watchdog'], wanted: WATCHDOG }];
  return [
    ...watchdog,
    ...routeEntries(routing).flatMap(([path, route]) => rulesOfRoute(path, route)),
    ...entriesBelow(routing['severity'], ['routing', 'severity']).map(({ path, severity }) => ({
      path,
      wanted: new Map([['severity', [severity]]]),
    })),
  ];
}

const WATCHDOG: Wanted = new Map([['alertname', ['Watchdog']]]);

function rulesOfRoute(path: Path, { match, severity, receiver }: Fields): Rule[] {
  const wanted = wantedOf(match);
  if (wanted === undefined) return [];
  return [
    // Both at once is a finding of its own.
    ...(wanted.has('severity') ? [] : entriesBelow(severity, [...path, 'severity'])).map((entry) => ({
      path: entry.path,
      wanted: new Map([...wanted, ['severity', [entry.severity]] as const]),
    })),
    ...(receiver === undefined ? [] : [{ path, wanted }]),
  ];
}

/** Undefined when it is not as it should be, or takes everything: both are findings of their own. */
function wantedOf(match: unknown): Wanted | undefined {
  if (!isFields(match) || Object.keys(match).length === 0) return undefined;
  const wanted = new Map<string, readonly string[]>();
  for (const [label, value] of Object.entries(match)) {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (!values.every((one) => typeof one === 'string')) return undefined;
    wanted.set(label, values);
  }
  return wanted;
}

function product(wanted: Wanted): ReadonlyMap<string, string>[] | undefined {
  let all: ReadonlyMap<string, string>[] = [new Map()];
  for (const [label, values] of wanted) {
    all = all.flatMap((labels) => values.map((value) => new Map([...labels, [label, value] as const])));
    if (all.length > MOST_CHOICES) return undefined;
  }
  return all;
}

/** Whatever other labels the alert has. */
function isTakenBy(wanted: Wanted, labels: ReadonlyMap<string, string>): boolean {
  return [...wanted].every(([label, values]) => {
    const value = labels.get(label);
    return value !== undefined && values.includes(value);
  });
}

function isFields(value: unknown): value is Fields {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
