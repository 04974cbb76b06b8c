import { parseDuration } from '../../platform/units.ts';
import type { Rule, RuleFile, RuleGroup } from '../model.ts';
import { parsePromql } from '../promql/parse.ts';
import { at, entriesOf, itemsOf, placeIn, textOf, type Tree } from '../yaml-tree.ts';

/** Loki's ruler takes files of the same shape, with LogQL in them. */
const LOGQL =
  /\|[=~]\s*["`]|\}\s*(?:!=|!~)\s*["`]|\|\s*(?:json|logfmt|regexp|pattern|unpack|line_format|unwrap)\b/;
const LOG_RANGE = /^[^{]*\b(?:count_over_time|rate|bytes_rate|bytes_over_time)\s*\(\s*\{(?![^}]*__name__)/;

/** Prometheus' rule files, and the `PrometheusRule` objects of Kubernetes. */
export function readRuleFile(file: string, tree: Tree): RuleFile {
  const groups = at(tree, 'groups') ?? at(tree, 'spec', 'groups');
  const read = itemsOf(groups).map((group) => readGroup(file, group));
  const isForLoki = read.some(({ rules }) =>
    rules.some(({ parsed, expr }) => parsed === undefined && expr !== ''),
  );
  return {
    file,
    where: tree.where,
    groups: read,
    isPlain: at(tree, 'groups') !== undefined && !isForLoki,
  };
}

function readGroup(file: string, tree: Tree): RuleGroup {
  const interval = textOf(at(tree, 'interval'));
  return {
    name: textOf(at(tree, 'name')) ?? '',
    intervalMs: interval === undefined ? undefined : parseDuration(interval),
    rules: itemsOf(at(tree, 'rules')).flatMap((rule) => readRule(file, rule) ?? []),
  };
}

function readRule(file: string, tree: Tree): Rule | undefined {
  const alert = at(tree, 'alert');
  const name = textOf(alert) ?? textOf(at(tree, 'record'));
  const expression = at(tree, 'expr');
  if (name === undefined) return undefined;
  const expr = textOf(expression) ?? '';
  const isLogql = LOGQL.test(expr) || LOG_RANGE.test(expr);
  return {
    kind: alert === undefined ? 'record' : 'alert',
    name,
    where: (alert ?? at(tree, 'record') ?? tree).where,
    file,
    expr,
    parsed: isLogql || expression === undefined ? undefined : parsePromql(expr),
    whereIn: (offset) => placeIn(expression ?? tree, offset),
    labels: textMap(at(tree, 'labels')),
    annotations: textMap(at(tree, 'annotations')),
  };
}

function textMap(tree: Tree | undefined) {
  return new Map(
    entriesOf(tree).map(([key, { value }]) => [key, { text: textOf(value) ?? '', where: value.where }]),
  );
}
