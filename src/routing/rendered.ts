import { formatDuration } from '../platform/units.ts';
import {
  ABOUT_RECEIVER_LABEL,
  ABOUT_TYPE_LABEL,
  ALERTS_ABOUT_RECEIVERS,
  ALERTS_ABOUT_TYPES,
  TEST_LABEL,
} from '../stack/delivery.ts';
import type { Hours, Route, Routing, Stack } from '../stack/stack.ts';
import { aboutReceivers, aboutTypes } from './about-receiver.ts';
import { type Configuration, configurationOf } from './configuration.ts';
import { escapeExpression, matcherText, type Matcher } from './matcher.ts';
import { NOBODY, SEVERITY_FOR_NOBODY } from './nobody.ts';

/** The alert that always fires; it is for a dead man's switch, never for people. */
const WATCHDOG = { alertname: 'Watchdog', severity: SEVERITY_FOR_NOBODY };

/**
 * Labels that the inhibition compares. A test alert carries marks of its own in them: a synthetic critical alert would
 * mute real warnings (seen on a real Alertmanager).
 */
export const COMPARED = ['workspace_id', 'component', 'instance'];

/**
 * A critical alert mutes the warnings about the same thing. `workspace_id` must be there on both sides: two
 * absent labels count as equal, and one critical alert would mute every warning. Nothing mutes a critical one.
 */
const INHIBITIONS = [
  {
    source_matchers: ['severity="critical"', 'workspace_id!=""'],
    target_matchers: ['severity=~"warning|info"', 'workspace_id!=""'],
    equal: COMPARED,
  },
];

type Routed = Pick<Stack, 'routing' | 'receivers' | 'integrations'>;

/** Who is told, as keys of Alertmanager's file: everything of it but what the receivers hold. */
export function renderRouting(stack: Routed) {
  const { routing, receivers } = stack;
  const intervals = renderHours(routing);
  return {
    route: {
      receiver: receivers.length === 0 ? NOBODY : routing.default,
      group_by: ['alertname', 'workspace_id'],
      group_wait: formatDuration(routing.groupWaitMs),
      group_interval: formatDuration(routing.groupIntervalMs),
      repeat_interval: formatDuration(routing.repeatIntervalMs),
      routes: [
        ...pings(routing),
        ...aboutOthers(stack),
        ...unwatched(routing, 'before'),
        ...routing.routes.map((route) => ({
          matchers: route.match.map((match) => matcherText(matcherOf(match))),
          receiver: route.receiver,
          ...muting(route),
          routes: [testRoute(route)],
        })),
        ...unwatched(routing, 'after'),
        ...forNobody(routing),
        ...(receivers.length === 0 ? [] : [testRoute({})]),
      ],
    },
    ...(intervals.length === 0 ? {} : { time_intervals: intervals }),
    inhibit_rules: INHIBITIONS,
  };
}

/** The names of the receivers that `renderRouting` speaks of, in the file's order. */
export function renderedReceivers({ routing, receivers }: Pick<Routed, 'routing' | 'receivers'>): string[] {
  return [...receivers, ...(routing.watchdog ? [routing.watchdog.receiver] : []), NOBODY];
}

/** What Alertmanager decides by, from what is rendered: the one truth about who is told. */
export function stackConfiguration(stack: Routed): Configuration {
  const { watchdog } = stack.routing;
  const integrations = [...stack.integrations, ...(watchdog ? [watchdog] : [])];
  return configurationOf({
    ...renderRouting(stack),
    receivers: renderedReceivers(stack).map((name) => ({
      name,
      ...Object.groupBy(
        integrations.filter(({ receiver }) => receiver === name).map(({ type }) => ({ type })),
        ({ type }) => `${type}_configs`,
      ),
    })),
  });
}

function matcherOf({ label, values }: Route['match'][number]): Matcher {
  const [first = ''] = values;
  return values.length === 1
    ? { label, operator: '=', value: first }
    : { label, operator: '=~', value: values.map(escapeExpression).join('|') };
}

/** Whether the route takes an alert with these labels; the first that does has it. */
export function takes({ match }: Route, labels: Readonly<Record<string, string>>): boolean {
  return match.every(({ label, values }) => values.includes(labels[label] ?? ''));
}

function pings({ watchdog }: Routing) {
  if (!watchdog) return [];
  return [
    {
      matchers: [alertNamed(WATCHDOG.alertname)],
      receiver: watchdog.receiver,
      group_wait: '0s',
      group_interval: '1m',
      // Shorter than the interval: equal ones send every second time only (prometheus/alertmanager#676; seen).
      repeat_interval: '50s',
    },
  ];
}

/** That alerts may not get through is told by another way, whatever the severity and the hour. */
function aboutOthers(stack: Routed) {
  return [
    { alerts: ALERTS_ABOUT_RECEIVERS, label: ABOUT_RECEIVER_LABEL, all: aboutReceivers(stack) },
    { alerts: ALERTS_ABOUT_TYPES, label: ABOUT_TYPE_LABEL, all: aboutTypes(stack) },
  ].flatMap(({ alerts, label, all }) =>
    all.map(({ told, about }) => ({
      matchers: [
        { label: 'alertname', values: alerts },
        { label, values: about },
      ].map((match) => matcherText(matcherOf(match))),
      receiver: told,
    })),
  );
}

/** Without a dead man's switch it is for nobody, whatever other labels it has; but who asks for it by name gets it. */
function unwatched(routing: Routing, where: 'before' | 'after') {
  const isAskedFor = routing.routes.some(({ match }) =>
    match.some(({ label, values }) => label === 'alertname' && values.includes(WATCHDOG.alertname)),
  );
  const isTaken = routing.watchdog !== undefined || routing.routes.some((route) => takes(route, WATCHDOG));
  if (isTaken || isAskedFor !== (where === 'after')) return [];
  return [{ matchers: [alertNamed(WATCHDOG.alertname)], receiver: NOBODY }];
}

function alertNamed(value: string): string {
  return matcherText({ label: 'alertname', operator: '=', value });
}

function forNobody({ routes }: Routing) {
  const isRouted = routes.some((route) => takes(route, { severity: WATCHDOG.severity }));
  return isRouted
    ? []
    : [
        {
          matchers: [matcherText({ label: 'severity', operator: '=', value: SEVERITY_FOR_NOBODY })],
          receiver: NOBODY,
        },
      ];
}

/**
 * Below each route, for test alerts only: same receiver, and the end of the test is told within a second rather than
 * at the next group_interval. Time intervals are not inherited (seen on 0.31).
 */
function testRoute(route: Pick<Route, 'hours'>) {
  return {
    matchers: [matcherText({ label: TEST_LABEL, operator: '!=', value: '' })],
    group_wait: '0s',
    group_interval: '1s',
    ...muting(route),
  };
}

function muting({ hours }: Pick<Route, 'hours'>) {
  return hours === undefined ? {} : { active_time_intervals: [hours] };
}

function renderHours({ hours, routes }: Routing) {
  return Object.entries(hours)
    .filter(([name]) => routes.some((route) => route.hours === name))
    .map(([name, one]) => ({ name, time_intervals: [intervalOf(one)] }));
}

/** In Alertmanager's own keys. */
function intervalOf({ times, weekdays, daysOfMonth, months, location }: Hours) {
  return {
    ...(times.length === 0
      ? {}
      : { times: times.map(({ from, to }) => ({ start_time: from, end_time: to })) }),
    ...(weekdays.length === 0 ? {} : { weekdays }),
    ...(daysOfMonth.length === 0 ? {} : { days_of_month: daysOfMonth }),
    ...(months.length === 0 ? {} : { months }),
    location,
  };
}
