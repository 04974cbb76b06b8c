import { parseMatcher, parseMatchers } from '../matchers.ts';
import type { AlertmanagerFile, Inhibition, Receiver, Route } from '../model.ts';
import type { LabelMatcher } from '../promql/expression.ts';
import { at, entriesOf, itemsOf, textOf, textsOf, type Tree } from '../yaml-tree.ts';

export function readAlertmanagerFile(file: string, tree: Tree): AlertmanagerFile {
  const route = at(tree, 'route');
  const oldMatchers: { key: string; where: Tree['where'] }[] = [];
  const inhibitions = itemsOf(at(tree, 'inhibit_rules')).map((rule) => readInhibition(rule, oldMatchers));
  return {
    file,
    where: tree.where,
    route: route === undefined ? undefined : readRoute(route, oldMatchers),
    receivers: itemsOf(at(tree, 'receivers')).map(readReceiver),
    inhibitions,
    templates: itemsOf(at(tree, 'templates')).flatMap((each) => {
      const pattern = textOf(each);
      return pattern === undefined ? [] : [{ pattern, where: each.where }];
    }),
    global: at(tree, 'global'),
    oldMatchers: oldMatchers.sort((a, b) => (a.where.line ?? 0) - (b.where.line ?? 0)),
  };
}

type OldMatchers = { key: string; where: Tree['where'] }[];

function readRoute(tree: Tree, old: OldMatchers): Route {
  const receiver = at(tree, 'receiver');
  const { matchers, isVague } = readMatchers(tree, '', old);
  return {
    where: tree.where,
    receiver: textOf(receiver),
    receiverWhere: (receiver ?? tree).where,
    matchers,
    isVague,
    continues: textOf(at(tree, 'continue')) === 'true',
    routes: itemsOf(at(tree, 'routes')).map((child) => readRoute(child, old)),
  };
}

function readInhibition(tree: Tree, old: OldMatchers): Inhibition {
  const source = readMatchers(tree, 'source_', old);
  const target = readMatchers(tree, 'target_', old);
  return {
    where: tree.where,
    source: source.matchers,
    target: target.matchers,
    isVague: source.isVague || target.isVague,
    equal: textsOf(at(tree, 'equal')),
  };
}

/** `matchers`, and the older `match` and `match_re`, which Alertmanager still reads. */
function readMatchers(
  tree: Tree,
  prefix: '' | 'source_' | 'target_',
  old: OldMatchers,
): { matchers: LabelMatcher[]; isVague: boolean } {
  const matchers: LabelMatcher[] = [];
  for (const [key, operator] of [
    [`${prefix}match`, '='],
    [`${prefix}match_re`, '=~'],
  ] as const) {
    const entry = tree.kind === 'mapping' ? tree.entries.get(key) : undefined;
    if (entry === undefined) continue;
    old.push({ key, where: entry.where });
    for (const [label, { value }] of entriesOf(entry.value))
      matchers.push({ label, operator, value: textOf(value) ?? '' });
  }
  const list = at(tree, `${prefix}matchers`);
  const texts = list?.kind === 'scalar' ? [textOf(list) ?? ''] : textsOf(list);
  let isVague = list?.kind === 'mapping';
  for (const text of texts) {
    const parsed =
      text.includes(',') || text.trim().startsWith('{') ? parseMatchers(text) : [parseMatcher(text)];
    for (const matcher of parsed ?? [undefined]) {
      if (matcher === undefined) isVague = true;
      else matchers.push(matcher);
    }
  }
  return { matchers, isVague };
}

function readReceiver(tree: Tree): Receiver {
  const name = at(tree, 'name');
  return {
    name: textOf(name) ?? '',
    where: (name ?? tree).where,
    integrations: entriesOf(tree).flatMap(([key, { value }]) => {
      const type = /^(.+)_configs$/.exec(key)?.[1];
      if (type === undefined) return [];
      return itemsOf(value).map((item, index) => ({ type, index, tree: item, where: item.where }));
    }),
  };
}
