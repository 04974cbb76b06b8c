import type { LeitstandError, Where } from '../platform/errors.ts';
import { nearest } from '../platform/nearest.ts';
import type { AlertSettings, RuleSettings } from '../stack/stack.ts';
import { ruleErrors } from './errors.ts';
import type { Pack, PackAlert, Parameter } from './pack.ts';
import { alertsOf } from './pack.ts';

/** Where a key of the configuration stands: `['rules', 'alerts', 'TargetDown']`. */
export type Locate = (path: readonly string[]) => Where;

/**
 * Everything in `rules.alerts` that the shipped rules cannot take. `packs` are all that Leitstand has, of components that
 * the stack lacks as well: environments share their settings, and a name is right or wrong in all of them.
 */
export function settingMistakes(
  alerts: RuleSettings['alerts'],
  packs: readonly Pack[],
  locate: Locate,
): LeitstandError[] {
  const known = new Map(alertsOf(packs).map((alert) => [alert.name, alert]));
  return Object.entries(alerts).flatMap(([name, settings]) => {
    const alert = known.get(name);
    return alert ? parameterMistakes(alert, settings, locate) : [unknownAlert(name, known.keys(), locate)];
  });
}

function unknownAlert(name: string, known: Iterable<string>, locate: Locate): LeitstandError {
  const near = nearest(name, known);
  return ruleErrors.error('LS-RULES-001', {
    what: `rules.alerts.${name}: no shipped alert has this name`,
    where: locate(['rules', 'alerts', name]),
    fix: near === undefined ? 'leitstand explain lists them' : `did you mean \`${near}\`?`,
  });
}

function parameterMistakes(alert: PackAlert, settings: AlertSettings, locate: Locate): LeitstandError[] {
  return Object.entries(settings.parameters ?? {}).flatMap(([key, value]) => {
    const at = {
      what: `rules.alerts.${alert.name}.parameters.${key}`,
      where: locate(['rules', 'alerts', alert.name, 'parameters', key]),
    };
    const parameter = Object.hasOwn(alert.parameters, key) ? alert.parameters[key] : undefined;
    if (!parameter) return [unknownParameter(alert, key, at)];
    const problem = objectTo(value, parameter);
    if (problem === undefined) return [];
    return [
      ruleErrors.error('LS-RULES-003', {
        what: `${at.what}: ${value} ${problem}`,
        why: parameter.description,
        where: at.where,
        fix: `write ${rangeText(parameter)}, or take the line out for the default of ${parameter.default}`,
      }),
    ];
  });
}

function unknownParameter(
  alert: PackAlert,
  key: string,
  at: { readonly what: string; readonly where: Where },
): LeitstandError {
  const names = Object.keys(alert.parameters);
  const near = nearest(key, names);
  return ruleErrors.error('LS-RULES-002', {
    what: `${at.what}: the alert has no such parameter`,
    where: at.where,
    fix:
      near === undefined
        ? names.length === 0
          ? `${alert.name} has none; \`for\`, \`severity\` and \`enabled\` can be changed`
          : `its parameters: ${names.join(', ')}`
        : `did you mean \`${near}\`?`,
  });
}

function objectTo(value: number, { min, max, integer }: Parameter): string | undefined {
  if (value < min || value > max) return `is outside of ${min} to ${max}`;
  return integer && !Number.isInteger(value) ? 'is no whole number' : undefined;
}

function rangeText({ min, max, integer, unit }: Parameter): string {
  return `${integer ? 'a whole number' : 'a number'} from ${min} to ${max}${unit === '' ? '' : ` (${unit})`}`;
}
