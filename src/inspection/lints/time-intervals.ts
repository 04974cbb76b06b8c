import { comesEver, lostDays } from '../../routing/time-interval.ts';
import type { Finding } from '../finding.ts';
import type { Lint } from '../lint.ts';
import type { AlertmanagerFile, NamedInterval, NamedPlace, Route } from '../model.ts';
import { allRoutes } from '../routes.ts';

export const timeIntervals: Lint = {
  code: 'LS-CHECK-028',
  title: 'time intervals are what they seem',
  inspect: (model, today) =>
    model.alertmanagers.flatMap((alertmanager) => [
      ...unknownNames(alertmanager),
      ...alertmanager.intervals.flatMap((interval) => [
        ...misread(interval),
        ...never(interval, alertmanager),
        ...withoutTheLast(interval, Number(today.slice(0, 4))),
      ]),
    ]),
};

function finding(where: NamedPlace, rest: Pick<Finding, 'severity' | 'what' | 'why' | 'fix'>): Finding {
  return { code: 'LS-CHECK-028', subject: where.name, where: where.where, ...rest };
}

function uses({ route }: AlertmanagerFile, key: 'mutedIn' | 'activeIn'): readonly NamedPlace[] {
  return allRoutes(route).flatMap(({ route: one }: { readonly route: Route }) => one[key]);
}

function unknownNames(alertmanager: AlertmanagerFile): Finding[] {
  const known = new Set(alertmanager.intervals.map(({ name }) => name));
  return [...uses(alertmanager, 'mutedIn'), ...uses(alertmanager, 'activeIn')]
    .filter(({ name }) => !known.has(name))
    .map((use) =>
      finding(use, {
        severity: 'error',
        what: `a route names the time interval ${use.name}, and there is none`,
        why: 'Alertmanager refuses the file',
        fix: `define ${use.name} under \`time_intervals\`, or correct the name`,
      }),
    );
}

function misread({ name, parts }: NamedInterval): Finding[] {
  return parts.flatMap(({ interval, where }) =>
    'problem' in interval
      ? [
          finding(
            { name, where },
            {
              severity: 'error',
              what: `a part of the time interval ${name} ${interval.problem}`,
              why: 'Alertmanager refuses the file',
              fix:
                interval.fix ??
                'write it as times: [{start_time: "08:00", end_time: "17:00"}], weekdays: ["monday:friday"]',
            },
          ),
        ]
      : [],
  );
}

function never({ name, parts, where }: NamedInterval, alertmanager: AlertmanagerFile): Finding[] {
  if (parts.some(({ interval }) => 'problem' in interval || comesEver(interval))) return [];
  const isNamed = (key: 'mutedIn' | 'activeIn') => uses(alertmanager, key).some((use) => use.name === name);
  const isActive = isNamed('activeIn');
  if (!isActive && !isNamed('mutedIn')) return [];
  return [
    finding(
      { name, where },
      {
        severity: isActive ? 'error' : 'warning',
        what: `the time interval ${name} never comes`,
        why: isActive
          ? 'a route that is active only then tells nobody, ever'
          : 'a route that it is to mute is never muted',
        fix: 'everything in a part must hold at once, an empty list never does: widen it, or make parts of it',
      },
    ),
  ];
}

/** Where the clock is put forward Alertmanager counts a day too few in that month. */
function withoutTheLast({ name, parts }: NamedInterval, year: number): Finding[] {
  return parts.flatMap(({ interval, where }) => {
    const [day] = 'problem' in interval ? [] : lostDays(interval, year);
    if (day === undefined || 'problem' in interval) return [];
    return [
      finding(
        { name, where },
        {
          severity: 'warning',
          what: `the time interval ${name} leaves out ${day}`,
          why: `Alertmanager divides the hours of the month by 24, and in ${interval.location} this month lacks one: its last day is none for \`days_of_month\``,
          fix: 'make another part for that month, without `days_of_month` or with `location: UTC`',
        },
      ),
    ];
  });
}
