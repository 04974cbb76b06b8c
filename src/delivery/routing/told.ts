import type { Inhibition, Route } from '../../routing/configuration.ts';
import { allMatch, type Certainty, type Labels, matcherText } from '../../routing/matcher.ts';
import { isAlwaysMuted, type Muting, mutingAt, tellsAgain } from '../../routing/muting.ts';
import { isNobody, SEVERITY_FOR_NOBODY } from '../../routing/nobody.ts';
import { destinationsOf } from '../../routing/walk.ts';
import type { RoutingSource } from './source.ts';

/** What becomes of an alert at one receiver, at one time. */
export interface Telling {
  readonly receiver: string;
  readonly state: 'told' | 'muted' | 'nobody';
  /** Nobody is meant: the receiver is called so, or the alert has the severity `none`. */
  readonly isMeant: boolean;
  /** `slack #alerts` */
  readonly places: readonly string[];
  /** Matchers on the way that depend on what is not known of the alert: `team="water"`. */
  readonly when: readonly string[];
  /** False where it depends on such matchers, its own or those of a route before it. */
  readonly isCertain: boolean;
  readonly muting?: Muting;
  /** When a muted receiver is told, if the alert still fires; absent: not within a year. */
  readonly until?: Date;
  /** The route that takes it: `team="water", severity="critical"`; empty: the root. */
  readonly route: string;
}

type ValueOf = (label: string) => string | undefined;

/** Answers for one source: routes are walked once an alert, and each muting is looked for once a route and time. */
export interface Teller {
  /** Whom the alert may reach, in Alertmanager's order; for a receiver that is told twice, twice. */
  told(valueOf: ValueOf, at: Date): Telling[];
}

interface Timing {
  readonly isNever: boolean;
  /** While it is muted. */
  readonly muted: Pick<Telling, 'muting' | 'until'>;
}

export function tellerOf(source: RoutingSource): Teller {
  const { configuration } = source;
  const places = memo((receiver: string) => source.places(receiver));
  const routeTexts = memo((route: Route) => route.matchers.map(matcherText).join(', '));
  // What no time changes.
  const reached = memo((valueOf: ValueOf) => {
    const isForNobody = valueOf('severity') === SEVERITY_FOR_NOBODY;
    return destinationsOf(configuration.root, valueOf).map(({ route, path, when, isCertain }) => ({
      route,
      telling: {
        receiver: route.receiver,
        isMeant: isForNobody || isNobody(route.receiver),
        places: places(route.receiver),
        when: when.map(matcherText),
        isCertain,
        route: path
          .map(routeTexts)
          .filter((text) => text !== '')
          .join(', '),
      },
    }));
  });
  const timings = memo((at: number) => memo((route: Route) => timingAt(configuration, route, at)));
  return {
    told: (valueOf, at) =>
      reached(valueOf).map(({ route, telling }) => {
        const { isNever, muted } = timings(at.getTime())(route);
        const state = telling.places.length === 0 || isNever ? 'nobody' : muted.muting ? 'muted' : 'told';
        return { ...telling, ...muted, state };
      }),
  };
}

function memo<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const made = new Map<Key, Value>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const value = make(key);
    made.set(key, value);
    return value;
  };
}

function timingAt(configuration: RoutingSource['configuration'], route: Route, at: number): Timing {
  const muting = mutingAt(configuration, route, at);
  if (!muting) return { isNever: false, muted: {} };
  const isNever = isAlwaysMuted(configuration, route);
  const until = isNever ? undefined : tellsAgain(configuration, route, at);
  return { isNever, muted: { muting, ...(until === undefined ? {} : { until: new Date(until) }) } };
}

export interface PossibleInhibition {
  /** `severity="critical", workspace_id!=""` */
  readonly source: string;
  /** Labels that must have the same values on both. */
  readonly equal: readonly string[];
  /** Whether the alert fits for sure; else it depends on labels that are not known. */
  readonly isCertain: boolean;
}

/** Alerts that would mute one with these labels while they fire. */
export function possibleInhibitions(
  { configuration }: RoutingSource,
  valueOf: ValueOf,
): PossibleInhibition[] {
  return configuration.inhibitions.flatMap((inhibition) => {
    const fits = targets(inhibition, valueOf);
    if (fits === false) return [];
    return [
      {
        source: inhibition.source.map(matcherText).join(', '),
        equal: inhibition.equal,
        isCertain: fits === true,
      },
    ];
  });
}

function targets({ target }: Inhibition, valueOf: ValueOf): Certainty {
  return allMatch(target, valueOf);
}

/** Of an alert whose labels are all known. */
export function allKnown(labels: Labels): ValueOf {
  return (label) => labels[label] ?? '';
}
