import { alertsOf, labelValue } from '../belonging.ts';
import type { Finding } from '../finding.ts';
import type { Lint } from '../lint.ts';
import type { AlertmanagerFile, Inspected, NamedPlace, Route } from '../model.ts';
import { destinationsOf } from '../routes.ts';

/** Severities that wake people, in the words that are in use. */
const WAKES = /^(?:critical|page|emergency|fatal)$/i;

export const mutedCritical: Lint = {
  code: 'LS-CHECK-025',
  title: 'critical alerts are told at any time',
  inspect: (model) =>
    model.alertmanagers.flatMap((alertmanager) =>
      [...mutedRoutes(model, alertmanager)].map(([route, names]) => finding(route, names)),
    ),
};

/** Routes with time intervals that critical alerts take → names of such alerts. */
function mutedRoutes(model: Inspected, alertmanager: AlertmanagerFile): Map<Route, string[]> {
  const found = new Map<Route, string[]>();
  const { route: root } = alertmanager;
  if (root === undefined) return found;
  for (const rule of alertsOf(model, alertmanager)) {
    if (!WAKES.test(labelValue(model, rule, 'severity') ?? '')) continue;
    for (const { route } of destinationsOf(root, (label) => labelValue(model, rule, label)))
      if (intervalsOf(route).length > 0) found.set(route, [...(found.get(route) ?? []), rule.name]);
  }
  return found;
}

function intervalsOf({ mutedIn, activeIn }: Route): readonly NamedPlace[] {
  return [...mutedIn, ...activeIn];
}

function finding(route: Route, names: readonly string[]): Finding {
  const [interval] = intervalsOf(route);
  const isMute = route.mutedIn.length > 0;
  const shown = names.slice(0, 3).join(', ');
  return {
    code: 'LS-CHECK-025',
    severity: 'warning',
    subject: interval?.name ?? '',
    where: interval?.where ?? route.where,
    what: `critical alerts are held back ${isMute ? 'in' : 'outside of'} ${interval?.name ?? ''}: ${shown}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`,
    why: 'nobody is told at those times, and what is over when they end is never told',
    fix: 'give critical alerts a route of their own before this one, without time intervals',
  };
}
