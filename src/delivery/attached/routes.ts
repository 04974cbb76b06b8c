import type { Route } from '../../routing/configuration.ts';
import { holds, type Labels, type Matcher } from '../../routing/matcher.ts';
import { routesFor } from '../../routing/walk.ts';
import { TEST_LABEL } from '../../stack/delivery.ts';
import { valuesAgainst, valuesFor } from './matchers.ts';

/** Bounds the search in a large tree; each try walks the tree once. */
const TRIES = 4_000;

/** Labels that lead to a receiver. */
export interface Way {
  readonly labels: Labels;
  /** Of `labels`, those that the route asks for; an empty value says that the label must be absent. */
  readonly chosen: Labels;
  readonly route: Route;
  /** Other receivers that the same alert reaches. */
  readonly also: readonly string[];
}

/**
 * A way to the receiver for an alert that also carries the labels `given(route)`; those that the route asks for
 * otherwise are changed. The way that reaches nobody else, if one is found. Undefined: no route leads there, or none was
 * found.
 */
export function findWay(root: Route, receiver: string, given: (route: Route) => Labels): Way | undefined {
  const paths = pathsTo(root, (route) => route.receiver === receiver && !isForTests(route));
  // A test keeps its own name where it can: people know it by that.
  return firstWay(root, [...paths.filter((path) => !asksForName(path)), ...paths.filter(asksForName)], given);
}

function asksForName(path: readonly Route[]): boolean {
  return path.some(({ matchers }) => matchers.some(({ label }) => label === 'alertname'));
}

/** The same to this very route. */
export function findWayTo(root: Route, wanted: Route, given: (route: Route) => Labels): Way | undefined {
  return firstWay(
    root,
    pathsTo(root, (route) => route === wanted),
    given,
  );
}

/** Every route of the tree, in the file's order. */
export function allRoutes(root: Route): Route[] {
  return [root, ...root.routes.flatMap(allRoutes)];
}

function firstWay(
  root: Route,
  paths: readonly (readonly Route[])[],
  given: (route: Route) => Labels,
): Way | undefined {
  let second: Way | undefined;
  for (const path of paths) {
    const route = path.at(-1) ?? root;
    for (const chosen of choices(root, path)) {
      const labels = present({ ...given(route), ...chosen });
      const reached = routesFor(root, labels);
      if (!reached.some((one) => one === route || (isForTests(one) && route.routes.includes(one)))) continue;
      const also = [...new Set(reached.map((one) => one.receiver))].filter((name) => name !== route.receiver);
      const way = { labels, chosen, route, also };
      if (also.length === 0) return way;
      second ??= way;
    }
  }
  return second;
}

/** One that Leitstand rendered below each other, to tell test alerts at once: the one above it is meant. */
export function isForTests({ matchers }: Route): boolean {
  return matchers.some((matcher) => matcher.label === TEST_LABEL && holds(matcher, { [TEST_LABEL]: 'any' }));
}

function pathsTo(route: Route, isWanted: (route: Route) => boolean): Route[][] {
  return [
    ...(isWanted(route) ? [[route]] : []),
    ...route.routes.flatMap((below) => pathsTo(below, isWanted).map((path) => [route, ...path])),
  ];
}

function present(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
}

/** What the path asks for, then the same with further labels that keep other routes from taking the alert first. */
function* choices(root: Route, path: readonly Route[]): Generator<Labels> {
  // By its mark the alert is found again: that is kept whatever the routes make of it.
  const asked = path.flatMap(({ matchers }) => matchers).filter(({ label }) => label !== TEST_LABEL);
  const required = [...new Set(asked.map(({ label }) => label))].map((label) => ({
    label,
    values: agreed(asked.filter((matcher) => matcher.label === label)),
  }));
  const bases = product(required, 64);
  const free = allMatchers(root).filter(
    ({ label }) => label !== TEST_LABEL && !required.some((one) => one.label === label),
  );
  const evasions = free.flatMap((matcher) =>
    valuesAgainst(matcher).map((value) => ({ [matcher.label]: value }) as Labels),
  );
  let tries = 0;
  for (const extra of [{}, ...evasions, ...couples(evasions)]) {
    for (const base of bases) {
      if (tries >= TRIES) return;
      tries += 1;
      yield { ...extra, ...base };
    }
  }
}

/** Values for which all the matchers of one label hold. */
function agreed(matchers: readonly Matcher[]): string[] {
  const guesses = new Set(matchers.flatMap(valuesFor));
  return [...guesses].filter((value) =>
    matchers.every((matcher) => holds(matcher, { [matcher.label]: value })),
  );
}

function product(
  fields: readonly { readonly label: string; readonly values: readonly string[] }[],
  limit: number,
): Labels[] {
  let all: Labels[] = [{}];
  for (const { label, values } of fields)
    all = all.flatMap((labels) => values.map((value) => ({ ...labels, [label]: value }))).slice(0, limit);
  return all;
}

function* couples(labels: readonly Labels[]): Generator<Labels> {
  for (const [i, first] of labels.entries())
    for (const second of labels.slice(i + 1)) yield { ...first, ...second };
}

function allMatchers(route: Route): Matcher[] {
  return [...route.matchers, ...route.routes.flatMap(allMatchers)];
}
