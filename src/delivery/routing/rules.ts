import type { RoutingSource } from './source.ts';
import { type Telling, tellerOf } from './told.ts';

/** An alerting rule, as far as routing needs it. */
export interface RoutedRule {
  readonly alert: string;
  readonly file: string;
  readonly line: number | undefined;
  /** A label of its alerts: '' when they cannot have it, undefined when it depends on the series. */
  readonly valueOf: (label: string) => string | undefined;
  /** Fires always: the signal of a dead man's switch. */
  readonly isSignal: boolean;
}

export interface RuleAnswer {
  readonly rule: RoutedRule;
  /** One for each time, in their order. */
  readonly at: readonly (readonly Telling[])[];
  /** None of the places it may go to ever tells anybody, and that is not meant. */
  readonly reachesNobody: boolean;
}

/** Every rule at every time. */
export function answerRules(
  source: RoutingSource,
  rules: readonly RoutedRule[],
  times: readonly Date[],
): RuleAnswer[] {
  const teller = tellerOf(source);
  return rules.map((rule) => {
    const at = times.map((time) => teller.told(rule.valueOf, time));
    const all = at.flat();
    return {
      rule,
      at,
      reachesNobody:
        !rule.isSignal && all.every(({ state }) => state === 'nobody') && !all.some(({ isMeant }) => isMeant),
    };
  });
}
