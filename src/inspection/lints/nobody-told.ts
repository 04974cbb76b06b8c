import { isAlwaysMuted } from '../../routing/muting.ts';
import { isNobody, SEVERITY_FOR_NOBODY } from '../../routing/nobody.ts';
import { isAlwaysFiring } from '../always-firing.ts';
import { alertsOf, labelValue } from '../belonging.ts';
import type { Finding } from '../finding.ts';
import type { Lint } from '../lint.ts';
import type { AlertmanagerFile, Inspected, Rule } from '../model.ts';
import { type Destination, destinationsOf, receiverNamed, timingOf } from '../routes.ts';

export const nobodyTold: Lint = {
  code: 'LS-CHECK-024',
  title: 'every alert reaches somebody at some time',
  inspect: (model) =>
    model.alertmanagers.flatMap((alertmanager) => {
      const byPlace = Map.groupBy(
        alertsOf(model, alertmanager).filter((rule) => !isAlwaysFiring(rule)),
        (rule) => onlyPlace(model, alertmanager, rule),
      );
      return [...byPlace].flatMap(([place, rules]) =>
        place === undefined ? [] : [finding(alertmanager, place, rules)],
      );
    }),
};

/** One of the destinations of an alert that all tell nobody; undefined when one of them tells somebody. */
function onlyPlace(
  model: Inspected,
  alertmanager: AlertmanagerFile,
  rule: Rule,
): Destination['route'] | undefined {
  const { route: root } = alertmanager;
  const valueOf = (label: string) => labelValue(model, rule, label);
  if (root === undefined || valueOf('severity') === SEVERITY_FOR_NOBODY) return undefined;
  const places = destinationsOf(root, valueOf);
  // What falls to an empty default receiver is told severity by severity.
  if (places.every(({ isDefault }) => isDefault)) return undefined;
  return places.every((place) => tellsNobody(alertmanager, place))
    ? places.find(({ isDefault }) => !isDefault)?.route
    : undefined;
}

function tellsNobody(alertmanager: AlertmanagerFile, { route, receiver: name }: Destination): boolean {
  const receiver = receiverNamed(alertmanager, name);
  // One that is not there is told already; a name that says "to nobody" is meant so.
  if (receiver === undefined || isNobody(receiver.name)) return false;
  return receiver.integrations.length === 0 || isAlwaysMuted(...timingOf(alertmanager, route));
}

function finding(
  alertmanager: AlertmanagerFile,
  route: Destination['route'],
  [first, ...others]: readonly Rule[],
): Finding {
  const names = [first, ...others].slice(0, 3).map((rule) => rule?.name ?? '');
  const more = others.length - 2;
  const isMuted = isAlwaysMuted(...timingOf(alertmanager, route));
  const place = `${route.where.file}:${route.where.line ?? ''}`;
  return {
    code: 'LS-CHECK-024',
    severity: 'error',
    subject: first?.name ?? '',
    where: first?.where ?? route.where,
    what: `nobody is told about ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    why: isMuted
      ? `the route at ${place} takes ${others.length === 0 ? 'it' : 'them'}, and is active only in hours that never come`
      : `the route at ${place} takes ${others.length === 0 ? 'it' : 'them'}, and its receiver has no integrations`,
    fix: isMuted
      ? 'correct the time intervals of the route, or take them out'
      : 'give the receiver an integration, or route to another; for alerts that nobody shall get, call it `null`',
  };
}
