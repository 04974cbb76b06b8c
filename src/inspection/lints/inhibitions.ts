import { nearest } from '../../platform/nearest.ts';
import { allMatch } from '../../routing/matcher.ts';
import { alertsOf, labelValue } from '../belonging.ts';
import type { Finding } from '../finding.ts';
import type { Lint } from '../lint.ts';
import type { AlertmanagerFile, Inhibition, Inspected, Rule } from '../model.ts';
import type { LabelMatcher } from '../promql/expression.ts';

export const impossibleInhibition: Lint = {
  code: 'LS-CHECK-006',
  title: 'every inhibition can match',
  inspect: (model) =>
    model.alertmanagers.flatMap((alertmanager) => {
      const alerts = alertsOf(model, alertmanager);
      if (alerts.length === 0) return [];
      return alertmanager.inhibitions.flatMap((inhibition, index) =>
        inhibition.isVague ? [] : inspectInhibition(model, alertmanager, inhibition, index, alerts),
      );
    }),
};

export const broadInhibition: Lint = {
  code: 'LS-CHECK-018',
  title: 'no inhibition mutes what has nothing to do with its source',
  inspect: (model) =>
    model.alertmanagers.flatMap(({ inhibitions }) =>
      inhibitions.flatMap((inhibition, index) => {
        const { equal, source, target, isVague, where } = inhibition;
        // A source that is one alert by name is meant for what it says.
        if (isVague || equal.length > 0 || [...source, ...target].some(({ label }) => label !== 'severity'))
          return [];
        return [
          {
            code: 'LS-CHECK-018',
            severity: 'warning',
            subject: `inhibition ${index + 1}`,
            where,
            what: `one alert with ${shown(source)} mutes every alert with ${shown(target)}`,
            why: 'there are no labels under `equal` that tie the two together',
            fix: 'name what both are about: equal: [instance], or another label that both carry',
          } satisfies Finding,
        ];
      }),
    ),
};

function inspectInhibition(
  model: Inspected,
  alertmanager: AlertmanagerFile,
  { source, target, equal, where }: Inhibition,
  index: number,
  alerts: readonly Rule[],
): Finding[] {
  const valueOf = (rule: Rule) => (label: string) => labelValue(model, rule, label);
  const sources = alerts.filter((rule) => allMatch(source, valueOf(rule)) !== false);
  const targets = alerts.filter((rule) => allMatch(target, valueOf(rule)) !== false);
  const common = {
    code: 'LS-CHECK-006',
    severity: 'error',
    subject: `inhibition ${index + 1}`,
    where,
  } as const;
  for (const [side, matchers, rules] of [
    ['source', source, sources],
    ['target', target, targets],
  ] as const) {
    if (rules.length > 0) continue;
    return [
      {
        ...common,
        // Alerts may come from elsewhere than these rules: Loki, Grafana, a script.
        severity: 'warning',
        what: `no rule makes an alert that could be the ${side}: ${shown(matchers)}`,
        why: `in ${alertmanager.file} this inhibition waits for alerts that do not come`,
        fix: meantValue(matchers, alerts) ?? 'change the matchers to labels that the rules set, or delete it',
      },
    ];
  }
  const canMeet = sources.some((one) =>
    targets.some((other) => equal.every((label) => mayBeEqual(model, one, other, label))),
  );
  if (canMeet) return [];
  const blocking = equal.filter((label) =>
    sources.every((one) => targets.every((other) => !mayBeEqual(model, one, other, label))),
  );
  const names = `${sources[0]?.name ?? ''} and ${targets[0]?.name ?? ''}`;
  return [
    {
      ...common,
      what: `${shown(source)} can never mute ${shown(target)}: no two alerts agree in ${(blocking.length > 0 ? blocking : equal).join(', ')}`,
      why: blocking.includes('alertname')
        ? `no alert of the source has the name of one of the target (${names})`
        : `the rules give these labels different values, as on ${names}`,
      fix: `take ${(blocking.length > 0 ? blocking : equal).join(', ')} out of \`equal\`, and name what both are about: instance, component`,
    },
  ];
}

function mayBeEqual(model: Inspected, one: Rule, other: Rule, label: string): boolean {
  const [a, b] = [labelValue(model, one, label), labelValue(model, other, label)];
  return a === undefined || b === undefined || a === b;
}

/** A severity that differs only by spelling from one that the rules have. */
function meantValue(matchers: readonly LabelMatcher[], alerts: readonly Rule[]): string | undefined {
  for (const { label, operator, value } of matchers) {
    if (operator !== '=') continue;
    const values = new Set(alerts.flatMap(({ labels }) => labels.get(label)?.text ?? []));
    const near = values.has(value) ? undefined : nearest(value, values);
    if (near !== undefined) return `the rules write ${label}: ${near}; write ${label}="${near}"`;
  }
  return undefined;
}

function shown(matchers: readonly LabelMatcher[]): string {
  if (matchers.length === 0) return 'any label';
  return matchers.map(({ label, operator, value }) => `${label}${operator}"${value}"`).join(', ');
}
