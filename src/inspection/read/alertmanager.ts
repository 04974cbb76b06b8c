import { readInterval } from '../../routing/configuration.ts';
import { parseMatchers } from '../../routing/matcher.ts';
import type { AlertmanagerFile, Inhibition, NamedInterval, NamedPlace, Receiver, Route } from '../model.ts';
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
    intervals: ['time_intervals', 'mute_time_intervals'].flatMap((key) =>
      itemsOf(at(tree, key)).map(readNamedInterval),
    ),
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
    mutedIn: namedPlaces(at(tree, 'mute_time_intervals')),
    activeIn: namedPlaces(at(tree, 'active_time_intervals')),
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
    const parsed = parseMatchers(text);
    if (parsed) matchers.push(...parsed);
    else isVague = true;
  }
  return { matchers, isVague };
}

function namedPlaces(tree: Tree | undefined): NamedPlace[] {
  return itemsOf(tree).flatMap((item) => {
    const name = textOf(item);
    return name === undefined ? [] : [{ name, where: item.where }];
  });
}

function readNamedInterval(tree: Tree): NamedInterval {
  const name = at(tree, 'name');
  return {
    name: textOf(name) ?? '',
    where: (name ?? tree).where,
    parts: itemsOf(at(tree, 'time_intervals')).map((part) => ({
      interval: readInterval({
        times: listAt(part, 'times', (item) => ({
          start_time: textOf(at(item, 'start_time')) ?? '',
          end_time: textOf(at(item, 'end_time')) ?? '',
        })),
        weekdays: listAt(part, 'weekdays', textIn),
        days_of_month: listAt(part, 'days_of_month', textIn),
        months: listAt(part, 'months', textIn),
        years: listAt(part, 'years', textIn),
        location: textOf(at(part, 'location')),
      }),
      where: part.where,
    })),
  };
}

function textIn(tree: Tree): string {
  return textOf(tree) ?? '';
}

/** An empty list is another thing than none: see `TimeInterval`. */
function listAt<T>(tree: Tree, key: string, read: (item: Tree) => T): T[] | undefined {
  const list = at(tree, key);
  return list?.kind === 'list' ? list.items.map(read) : undefined;
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
