import type { RuleAnswer } from '../../delivery/routing/rules.ts';
import type { RoutingSource } from '../../delivery/routing/source.ts';
import type { PossibleInhibition, Telling } from '../../delivery/routing/told.ts';
import type { Route } from '../../routing/configuration.ts';
import { type Labels, matcherText } from '../../routing/matcher.ts';
import { mutingAt, tellsAgain } from '../../routing/muting.ts';
import { TEST_LABEL } from '../../stack/delivery.ts';
import { formatMoment } from '../human-time.ts';
import { plural, table } from '../terminal.ts';
import { type AskedTime, timeText } from './options.ts';

/** Every route in the order in which it is tried; those for test alerts are left out. */
export function routesText({ configuration, places }: RoutingSource, now: Date): string {
  const [root, ...rows] = rowsOf(configuration.root, 0);
  const lines = [...rows, ...(root ? [root] : [])].map(({ route, depth }) => {
    const isRoot = route === configuration.root;
    const own = places(route.receiver).join(', ');
    return [
      isRoot
        ? 'everything else'
        : `${'  '.repeat(depth - 1)}${route.matchers.map(matcherText).join(', ') || 'all'}`,
      `${route.receiver}${route.continues ? ', and on' : ''}`,
      own === '' ? 'nobody' : own,
      hoursText(configuration, route, now),
    ];
  });
  return [
    table([['alerts with', 'go to', 'which tells', 'when'], ...lines]),
    ...configuration.inhibitions.map(
      ({ source, target, equal }) =>
        `\n${source.map(matcherText).join(', ')} holds back ${target.map(matcherText).join(', ')}${equalText(equal)}`,
    ),
  ].join('\n');
}

interface Row {
  readonly route: Route;
  readonly depth: number;
}

/** Those of `rowsOf` that people have to know of. */
function rowsOf(route: Route, depth: number): Row[] {
  if (route.matchers.some(({ label }) => label === TEST_LABEL)) return [];
  return [{ route, depth }, ...route.routes.flatMap((below) => rowsOf(below, depth + 1))];
}

function hoursText(configuration: RoutingSource['configuration'], route: Route, now: Date): string {
  const { mutedIn, activeIn } = route;
  if (mutedIn.length + activeIn.length === 0) return 'always';
  const hours = [
    ...(activeIn.length === 0 ? [] : [`only in ${activeIn.join(', ')}`]),
    ...(mutedIn.length === 0 ? [] : [`not in ${mutedIn.join(', ')}`]),
  ].join(', ');
  if (!mutingAt(configuration, route, now.getTime())) return `${hours}: now`;
  const until = tellsAgain(configuration, route, now.getTime());
  return `${hours}: ${untilText(until === undefined ? undefined : new Date(until), now)}`;
}

function untilText(until: Date | undefined, now: Date): string {
  return until === undefined ? 'not within a year' : `again ${formatMoment(until, now)}`;
}

function equalText(equal: readonly string[]): string {
  return equal.length === 0 ? '' : ` with the same ${equal.join(', ')}`;
}

export interface LabelsAnswer {
  readonly labels: Labels;
  readonly times: readonly { readonly time: AskedTime; readonly told: readonly Telling[] }[];
  readonly inhibitions: readonly PossibleInhibition[];
}

export function labelsText({ labels, times, inhibitions }: LabelsAnswer, now: Date): string {
  const shown = Object.entries(labels).map(([label, value]) => matcherText({ label, operator: '=', value }));
  const rows = times.flatMap(({ time, told }) =>
    told.map((telling, i) => [
      i === 0 ? timeText(time, now) : '',
      verdictText(telling, now),
      telling.receiver,
      telling.places.join(', '),
      `by ${telling.route === '' ? 'the default' : telling.route}`,
    ]),
  );
  return [
    shown.join(', '),
    '',
    table(rows),
    ...(inhibitions.length === 0 ? ['', 'no inhibition can hold it back'] : ['']),
    ...inhibitions.map(
      ({ source, equal, isCertain }) =>
        `held back while an alert fires with ${source}${equal.length === 0 ? '' : ` and the same ${equal.join(', ')}`}${isCertain ? '' : ', perhaps'}`,
    ),
  ].join('\n');
}

function verdictText({ state, until }: Telling, now: Date): string {
  if (state === 'told') return 'told';
  return state === 'nobody'
    ? 'NOBODY'
    : `MUTED ${until ? `until ${formatMoment(until, now)}` : 'for a year'}`;
}

/** One line a rule; what reaches nobody stands at the end once more. */
export function rulesText(answers: readonly RuleAnswer[], times: readonly AskedTime[], now: Date): string {
  const lines = answers.map(({ rule, at }) => [
    rule.alert,
    rule.valueOf('severity') ?? '(by series)',
    ...at.map((told) => cellText(told, now)),
  ]);
  const lost = answers.filter(({ reachesNobody }) => reachesNobody);
  return [
    table([['alert', 'severity', ...times.map((time) => timeText(time, now))], ...lines]),
    ...bySeries(answers),
    '',
    `${plural(answers.length, 'rule')}, ${lost.length === 0 ? 'each reaches somebody' : `${lost.length} of them ${lost.length === 1 ? 'reaches' : 'reach'} nobody:`}`,
    ...lost.map(
      ({ rule }) => `  ${rule.alert} (${rule.file}${rule.line === undefined ? '' : `:${rule.line}`})`,
    ),
  ].join('\n');
}

/** Whom it reaches by what is known; a star where labels of the series may lead it elsewhere. */
function cellText(told: readonly Telling[], now: Date): string {
  const usual = told.filter(({ when }) => when.length === 0).map((telling) => whoText(telling, now));
  return `${unique(usual).join(', ')}${told.some(({ when }) => when.length > 0) ? ' *' : ''}`.trimStart();
}

function bySeries(answers: readonly RuleAnswer[]): string[] {
  const receivers = new Map<string, Set<string>>();
  for (const { receiver, when } of answers.flatMap(({ at }) => at.flat())) {
    if (when.length === 0) continue;
    const labels = when.join(', ');
    receivers.set(labels, (receivers.get(labels) ?? new Set()).add(receiver));
  }
  if (receivers.size === 0) return [];
  return [
    '',
    '* elsewhere, where the series have such labels:',
    ...[...receivers].map(([labels, own]) => `  ${labels}: ${[...own].join(' or ')}`),
  ];
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

function whoText({ receiver, state, until, isMeant }: Telling, now: Date): string {
  if (state === 'told') return receiver;
  if (state === 'nobody') return isMeant ? 'nobody, as is meant' : 'NOBODY';
  return `MUTED ${until ? `until ${formatMoment(until, now)}` : 'for a year'} (${receiver})`;
}
