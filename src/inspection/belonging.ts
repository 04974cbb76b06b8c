import { dirname } from 'node:path';
import { TEST_LABEL } from '../stack/delivery.ts';
import type { AlertmanagerFile, Inspected, PrometheusFile, Rule, RuleFile } from './model.ts';
import { canHave, labelsOf } from './promql/labels.ts';

/** Rule files and the Prometheus that loads them: a directory may hold several installations. */
export function prometheusesOf(model: Inspected, { file }: RuleFile): readonly PrometheusFile[] {
  const loading = model.prometheuses.filter(({ ruleGlobs }) =>
    ruleGlobs.some(({ pattern }) => fitsGlob(file, pattern)),
  );
  return nearest(file, loading.length > 0 ? loading : model.prometheuses);
}

/** The alerts that an Alertmanager gets: those of the rule files that lie nearest to it. */
export function alertsOf(model: Inspected, alertmanager: AlertmanagerFile): readonly Rule[] {
  return model.ruleFiles
    .filter(({ file }) => nearest(file, model.alertmanagers).includes(alertmanager))
    .flatMap(({ groups }) => groups.flatMap(({ rules }) => rules))
    .filter(({ kind }) => kind === 'alert');
}

export function allRules(model: Inspected): readonly Rule[] {
  return model.ruleFiles.flatMap(({ groups }) => groups.flatMap(({ rules }) => rules));
}

/**
 * A label's value on the alerts of a rule: a text, '' when they cannot have the label, undefined when it depends on the
 * series.
 */
export function labelValue(model: Inspected, rule: Rule, label: string): string | undefined {
  if (label === 'alertname') return rule.name;
  // No real alert has it.
  if (label === TEST_LABEL) return '';
  const own = rule.labels.get(label);
  if (own !== undefined) return own.text.includes('{{') ? undefined : own.text;
  const isAdded = model.prometheuses.some(
    ({ externalLabels, relabelsAlerts }) => relabelsAlerts || externalLabels.includes(label),
  );
  if (isAdded || rule.parsed?.state !== 'parsed') return undefined;
  return canHave(labelsOf(rule.parsed.expression), label) ? undefined : '';
}

/** The last parts of a pattern decide: the program sees another path than we do. */
function fitsGlob(file: string, pattern: string): boolean {
  const parts = pattern.split('/').filter((part) => part !== '' && part !== '.');
  const own = file.split('/');
  const depth = pattern.startsWith('/') ? 1 : Math.min(parts.length, own.length);
  return parts
    .slice(-depth)
    .every((part, index) => globExpression(part).test(own[own.length - depth + index] ?? ''));
}

export function globExpression(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.+^${}()|\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '[^/]*').replaceAll('?', '[^/]')}$`);
}

function nearest<T extends { readonly file: string }>(file: string, candidates: readonly T[]): readonly T[] {
  if (candidates.length < 2) return candidates;
  const own = dirname(file).split('/');
  const shared = candidates.map((candidate) => {
    const other = dirname(candidate.file).split('/');
    const differing = own.findIndex((part, index) => part !== other[index]);
    return differing === -1 ? own.length : differing;
  });
  const most = Math.max(...shared);
  return candidates.filter((_, index) => shared[index] === most);
}
