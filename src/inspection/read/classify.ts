import { at, entriesOf, itemsOf, type Tree } from '../yaml-tree.ts';

export type FileKind = 'prometheus' | 'rules' | 'alertmanager' | 'compose' | 'collector';

/** What a YAML document is, by its content: names of files say little. */
export function classify(tree: Tree): FileKind | undefined {
  if (tree.kind !== 'mapping') return undefined;
  const has = (key: string) => tree.entries.has(key);
  if (has('services') && at(tree, 'services')?.kind === 'mapping') return 'compose';
  if (at(tree, 'service', 'pipelines') !== undefined && at(tree, 'receivers')?.kind === 'mapping')
    return 'collector';
  if (hasRules(at(tree, 'groups')) || hasRules(at(tree, 'spec', 'groups'))) return 'rules';
  if (at(tree, 'route')?.kind === 'mapping' && !has('apiVersion')) return 'alertmanager';
  if (at(tree, 'receivers')?.kind === 'list' && !has('apiVersion')) return 'alertmanager';
  // promtool's tests have `rule_files` too; Promtail's file has `scrape_configs`.
  if (has('tests') || has('clients') || has('positions')) return undefined;
  const own = ['scrape_configs', 'rule_files', 'alerting', 'scrape_config_files'].some(has);
  return own && !has('apiVersion') ? 'prometheus' : undefined;
}

/** Grafana's alert rules have groups as well, and neither `alert` nor `record`. */
function hasRules(groups: Tree | undefined): boolean {
  return itemsOf(groups).some((group) =>
    itemsOf(at(group, 'rules')).some((rule) =>
      entriesOf(rule).some(([key]) => key === 'alert' || key === 'record'),
    ),
  );
}

/** Whether a text that cannot be parsed was meant to be one of ours: only then is it worth a finding. */
export function looksFamiliar(text: string): boolean {
  return (
    /^(?:scrape_configs|rule_files|alerting|route|receivers|inhibit_rules):/m.test(text) ||
    /^\s*- alert:/m.test(text)
  );
}
