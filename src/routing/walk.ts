import { allMatch, type Matcher, matches } from './matcher.ts';

/** A node of a tree of routes, whatever else is known of it. */
export interface RouteNode<Node> {
  readonly matchers: readonly Matcher[];
  /** Has matchers that were not understood: whether they hold is not known. */
  readonly isVague?: boolean;
  readonly continues: boolean;
  readonly routes: readonly Node[];
}

/** A place where an alert may end. */
export interface Destination<Node> {
  readonly route: Node;
  /** From the root to `route`. */
  readonly path: readonly Node[];
  /** Matchers on the way that hold if it ends here, and of which it is not known whether they do. */
  readonly when: readonly Matcher[];
  /** It ends here, whatever is not known. */
  readonly isCertain: boolean;
}

type ValueOf = (label: string) => string | undefined;

/**
 * Every place an alert may go to, after Alertmanager's own walk (dispatch/route.go, `Match`): the deepest routes that
 * match, the first of its siblings unless it goes on. Where a matcher is undecided, both ways are taken.
 */
export function destinationsOf<Node extends RouteNode<Node>>(
  root: Node,
  valueOf: ValueOf,
): Destination<Node>[] {
  return walk({ route: root, path: [root], when: [], isCertain: true }, valueOf);
}

function walk<Node extends RouteNode<Node>>(here: Destination<Node>, valueOf: ValueOf): Destination<Node>[] {
  const found: Destination<Node>[] = [];
  const undecided: (readonly Matcher[])[] = [];
  let [isTaken, mayBeTaken] = [false, false];
  for (const child of here.route.routes) {
    const certainty = child.isVague === true ? undefined : allMatch(child.matchers, valueOf);
    if (certainty === false) continue;
    const open = certainty === true ? NONE : openIn(child.matchers, valueOf);
    // If these hold, then those of a route before it do too.
    if (undecided.some((earlier) => earlier.every((matcher) => follows(matcher, open)))) continue;
    const below = {
      route: child,
      path: [...here.path, child],
      when: open.length === 0 ? here.when : [...here.when, ...open],
      isCertain: here.isCertain && certainty === true && undecided.length === 0,
    };
    found.push(...walk(below, open.length === 0 ? valueOf : assuming(open, valueOf)));
    if (certainty === true && !child.continues) return found;
    isTaken ||= certainty === true;
    mayBeTaken ||= certainty === undefined;
    if (certainty === undefined && !child.continues && child.isVague !== true) undecided.push(open);
  }
  if (!isTaken) found.push({ ...here, isCertain: here.isCertain && !mayBeTaken });
  return found;
}

const NONE: readonly Matcher[] = [];

function openIn(matchers: readonly Matcher[], valueOf: ValueOf): readonly Matcher[] {
  return matchers.filter((matcher) => matches(matcher, valueOf(matcher.label)) === undefined);
}

/** Below a route its matchers hold. */
function assuming(open: readonly Matcher[], valueOf: ValueOf): ValueOf {
  const values = new Map(
    open.filter(({ operator }) => operator === '=').map(({ label, value }) => [label, value]),
  );
  return (label) => values.get(label) ?? valueOf(label);
}

/** Whether the matcher holds wherever all of these do; false also where that is not easily seen. */
function follows(matcher: Matcher, from: readonly Matcher[]): boolean {
  return from.some(
    ({ label, operator, value }) =>
      label === matcher.label &&
      ((operator === matcher.operator && value === matcher.value) ||
        (operator === '=' && matches(matcher, value) === true)),
  );
}

/** The routes that an alert takes whose labels are all known. */
export function routesFor<Node extends RouteNode<Node>>(
  root: Node,
  labels: Readonly<Record<string, string>>,
): Node[] {
  return destinationsOf(root, (label) => labels[label] ?? '').map(({ route }) => route);
}
