import { matcherText, type Matcher } from '../../routing/matcher.ts';
import type { Finding } from '../finding.ts';
import type { Lint } from '../lint.ts';
import type { Route } from '../model.ts';

export const unreachableRoute: Lint = {
  code: 'LS-CHECK-027',
  title: 'every route is reached',
  inspect: (model) => model.alertmanagers.flatMap(({ route }) => (route === undefined ? [] : below(route))),
};

function below({ routes }: Route): Finding[] {
  return routes.flatMap((route, index) => {
    const taker = routes.slice(0, index).find((earlier) => takesAll(earlier, route));
    return taker === undefined ? below(route) : [finding(route, taker)];
  });
}

/** Asks for nothing that the other does not ask for too: certain, though there are other ways to take everything. */
function takesAll(earlier: Route, { matchers, isVague }: Route): boolean {
  if (earlier.continues || earlier.isVague || isVague) return false;
  return earlier.matchers.every((one) => matchers.some((other) => isSame(one, other)));
}

function isSame(one: Matcher, other: Matcher): boolean {
  return one.label === other.label && one.operator === other.operator && one.value === other.value;
}

function finding({ where, matchers, receiver }: Route, taker: Route): Finding {
  return {
    code: 'LS-CHECK-027',
    severity: 'error',
    subject: receiver ?? shown(matchers),
    where,
    what: `the route for ${shown(matchers)} is never reached`,
    why: `that of line ${taker.where.line ?? ''} for ${shown(taker.matchers)} comes first and takes all of its alerts`,
    fix: 'put the narrower route first, or write `continue: true` into the other',
  };
}

function shown(matchers: readonly Matcher[]): string {
  return matchers.length === 0 ? 'every alert' : matchers.map(matcherText).join(', ');
}
