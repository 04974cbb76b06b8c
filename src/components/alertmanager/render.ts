import { stringify } from 'yaml';
import { formatDuration } from '../../platform/units.ts';
import type { SecretFile } from '../../stack/plan.ts';
import { TEST_LABEL } from '../../stack/delivery.ts';
import type { IntegrationTarget, RenderedIntegration, TemplateFile } from '../../stack/receiver.ts';
import type { RouteMatch, Routing, Stack } from '../../stack/stack.ts';

const HEADER = '# Written by Leitstand from leitstand.yaml: changes made here are lost.\n';
/** A receiver without integrations: Alertmanager's way to say "to nobody". No receiver of a user can be named so. */
const NOBODY = '(nobody)';
/** Of the alert that always fires. */
const WATCHDOG_SEVERITY = 'none';
const WATCHDOG = ['alertname="Watchdog"'];

export interface RenderedAlertmanagerFile {
  readonly content: string;
  readonly templates: readonly TemplateFile[];
  readonly secrets: readonly SecretFile[];
  /** True when a secret had to go into the file itself, so that only its owner may read it. */
  readonly private: boolean;
}

export function renderAlertmanagerFile(stack: Stack, target: IntegrationTarget): RenderedAlertmanagerFile {
  const { watchdog } = stack.routing;
  const rendered = [...stack.integrations, ...(watchdog ? [watchdog] : [])].map((integration) => ({
    receiver: integration.receiver,
    ...integration.render(target),
  }));
  const templates = new Map(
    rendered.flatMap((integration) => (integration.templates ?? []).map((file) => [file.name, file])),
  );
  const intervals = renderHours(stack.routing);
  const file = {
    ...(templates.size === 0 ? {} : { templates: ['templates/*.tmpl'] }),
    route: renderRoute(stack),
    ...(intervals.length === 0 ? {} : { time_intervals: intervals }),
    inhibit_rules: INHIBITIONS,
    receivers: [
      ...[...stack.receivers, ...(watchdog ? [watchdog.receiver] : [])].map((name) => ({
        name,
        ...groupByKey(rendered.filter((integration) => integration.receiver === name)),
      })),
      { name: NOBODY },
    ],
  };
  return {
    content: HEADER + stringify(file, { lineWidth: 0, aliasDuplicateObjects: false }),
    templates: [...templates.values()],
    secrets: rendered.flatMap((integration) => integration.secrets),
    private: rendered.some((integration) => integration.inlineSecrets.length > 0),
  };
}

function renderRoute({ routing, receivers }: Stack) {
  return {
    receiver: receivers.length === 0 ? NOBODY : routing.default,
    group_by: ['alertname', 'workspace_id'],
    group_wait: formatDuration(routing.groupWaitMs),
    group_interval: formatDuration(routing.groupIntervalMs),
    repeat_interval: formatDuration(routing.repeatIntervalMs),
    routes: [
      ...watchdogRoutes(routing),
      ...routing.routes.map((route) => ({
        matchers: route.match.map(matcherText),
        receiver: route.receiver,
        ...muting(route.hours),
        routes: [testRoute(route.hours)],
      })),
      ...(receivers.length === 0 ? [] : [testRoute(undefined)]),
    ],
  };
}

/** It always fires and is for a dead man's switch, never for people; who routes its severity has one. */
function watchdogRoutes({ routes, watchdog }: Routing) {
  if (watchdog)
    return [
      {
        matchers: WATCHDOG,
        receiver: watchdog.receiver,
        group_wait: '0s',
        group_interval: '1m',
        // Shorter than the interval: equal ones send every second time only (prometheus/alertmanager#676; seen).
        repeat_interval: '50s',
      },
    ];
  const isRouted = routes.some(({ match }) =>
    match.some(({ label, values }) => label === 'severity' && values.includes(WATCHDOG_SEVERITY)),
  );
  return isRouted ? [] : [{ matchers: WATCHDOG, receiver: NOBODY }];
}

/**
 * Below each route, for test alerts only: same receiver, and the end of the test is told within a second rather than
 * at the next group_interval. Time intervals are not inherited (seen on 0.31).
 */
function testRoute(hours: string | undefined) {
  return {
    matchers: [`${TEST_LABEL}!=""`],
    group_wait: '0s',
    group_interval: '1s',
    ...muting(hours),
  };
}

function muting(hours: string | undefined) {
  return hours === undefined ? {} : { active_time_intervals: [hours] };
}

function matcherText({ label, values }: RouteMatch): string {
  const [first = ''] = values;
  return values.length === 1
    ? `${label}=${JSON.stringify(first)}`
    : `${label}=~${JSON.stringify(values.map(escaped).join('|'))}`;
}

/** For RE2. */
function escaped(value: string): string {
  return value.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function renderHours({ hours, routes }: Routing) {
  return Object.entries(hours)
    .filter(([name]) => routes.some((route) => route.hours === name))
    .map(([name, { times, weekdays, daysOfMonth, months, location }]) => ({
      name,
      time_intervals: [
        {
          ...(times.length === 0
            ? {}
            : { times: times.map(({ from, to }) => ({ start_time: from, end_time: to })) }),
          ...(weekdays.length === 0 ? {} : { weekdays }),
          ...(daysOfMonth.length === 0 ? {} : { days_of_month: daysOfMonth }),
          ...(months.length === 0 ? {} : { months }),
          location,
        },
      ],
    }));
}

/**
 * A critical alert mutes the warnings about the same thing. `workspace_id` must be there on both sides: two
 * absent labels count as equal, and one critical alert would mute every warning.
 */
const INHIBITIONS = [
  {
    source_matchers: ['severity="critical"', 'workspace_id!=""'],
    target_matchers: ['severity=~"warning|info"', 'workspace_id!=""'],
    equal: ['workspace_id', 'component', 'instance'],
  },
];

function groupByKey(integrations: readonly RenderedIntegration[]): Record<string, unknown[]> {
  const groups: Record<string, unknown[]> = {};
  for (const { key, config } of integrations) {
    groups[key] = [...(groups[key] ?? []), config];
  }
  return groups;
}
