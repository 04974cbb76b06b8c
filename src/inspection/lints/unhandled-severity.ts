import { nearest } from '../../platform/nearest.ts';
import { alertsOf, labelValue } from '../belonging.ts';
import type { Finding } from '../finding.ts';
import type { Lint } from '../lint.ts';
import type { AlertmanagerFile, Inspected, Rule } from '../model.ts';
import { isAlwaysFiring } from '../always-firing.ts';
import { allRoutes, destinationsOf, receiverNamed } from '../routes.ts';

export const unhandledSeverity: Lint = {
  code: 'LS-CHECK-004',
  title: 'every severity reaches somebody',
  inspect: (model) =>
    model.alertmanagers.flatMap((alertmanager) => {
      const bySeverity = Map.groupBy(
        alertsOf(model, alertmanager).filter((rule) => !isAlwaysFiring(rule)),
        (rule) => labelValue(model, rule, 'severity'),
      );
      return [...bySeverity].flatMap(([severity, rules]) =>
        severity === undefined ? [] : inspectSeverity(model, alertmanager, severity, rules),
      );
    }),
};

function inspectSeverity(
  model: Inspected,
  alertmanager: AlertmanagerFile,
  severity: string,
  rules: readonly Rule[],
): Finding[] {
  const root = alertmanager.route;
  if (root === undefined || severity === 'none') return [];
  const fallen = rules.filter((rule) =>
    destinationsOf(root, (label) => labelValue(model, rule, label)).every(({ isDefault }) => isDefault),
  );
  const [first] = fallen;
  if (first === undefined) return [];
  const severityText = severity === '' ? 'no severity' : `severity="${severity}"`;
  const names = fallen.slice(0, 3).map(({ name }) => name);
  const who = `${names.join(', ')}${fallen.length > 3 ? ` and ${fallen.length - 3} more` : ''}`;
  const common = {
    code: 'LS-CHECK-004',
    subject: severity === '' ? '(none)' : severity,
    where: first.labels.get('severity')?.where ?? first.where,
  } as const;
  const meant = meantSeverity(severity, routedSeverities(alertmanager));
  if (meant !== undefined)
    return [
      {
        ...common,
        severity: meant.toLowerCase() === severity.toLowerCase() ? 'error' : 'warning',
        what: `${who}: no route handles ${severityText}; there is one for "${meant}"`,
        why: `values are compared letter by letter, so that it goes to the default receiver ${root.receiver ?? ''}`,
        fix: `write severity: ${meant} in the rule, or add a route for "${severity}"`,
      },
    ];
  const receiver = receiverNamed(alertmanager, root.receiver);
  if (receiver === undefined || receiver.integrations.length > 0) return [];
  return [
    {
      ...common,
      severity: 'error',
      what: `nobody is told about alerts with ${severityText}: ${who}`,
      why: `no route handles them, and the default receiver ${receiver.name} has no integrations`,
      fix: `add a route for them in ${alertmanager.file}, or give ${receiver.name} an integration`,
    },
  ];
}

/** One that is spelled nearly so, or the long form of a short one: `warn` and `warning`. */
function meantSeverity(severity: string, routed: readonly string[]): string | undefined {
  if (severity.length < 3 || routed.includes(severity)) return undefined;
  const lower = severity.toLowerCase();
  const longer = routed.find(
    (one) => one.toLowerCase().startsWith(lower) || lower.startsWith(one.toLowerCase()),
  );
  return nearest(severity, routed) ?? longer;
}

/** The values that routes name one by one. */
function routedSeverities({ route }: AlertmanagerFile): string[] {
  return allRoutes(route).flatMap(({ route: { matchers } }) =>
    matchers
      .filter(({ label, operator }) => label === 'severity' && (operator === '=' || operator === '=~'))
      .flatMap(({ operator, value }) => (operator === '=' ? [value] : value.split('|')))
      .filter((value) => /^\w{3,}$/.test(value)),
  );
}
