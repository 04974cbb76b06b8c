import type { Configuration, Route } from './configuration.ts';
import { comesEver, contains } from './time-interval.ts';

/** Why a route tells nobody at an instant. */
export interface Muting {
  /** Names of the time intervals. */
  readonly by: readonly string[];
  /** It is outside of them, rather than in one. */
  readonly isOutside: boolean;
}

type Timed = Pick<Route, 'mutedIn' | 'activeIn'>;
type Intervals = Pick<Configuration, 'intervals'>;

const MINUTE_MS = 60_000;
/** A holiday comes once a year. */
const HORIZON_MS = 400 * 24 * 3_600_000;

/** After Alertmanager's TimeMuteStage and TimeActiveStage (notify/notify.go). Undefined: it tells. */
export function mutingAt({ intervals }: Intervals, route: Timed, instantMs: number): Muting | undefined {
  const isNow = (name: string) => (intervals.get(name) ?? []).some((one) => contains(one, instantMs));
  const muting = route.mutedIn.filter(isNow);
  if (muting.length > 0) return { by: muting, isOutside: false };
  return route.activeIn.length > 0 && !route.activeIn.some(isNow)
    ? { by: route.activeIn, isOutside: true }
    : undefined;
}

/** When a route that is muted at `fromMs` tells again; undefined: not within a year. To the minute. */
export function tellsAgain(configuration: Intervals, route: Timed, fromMs: number): number | undefined {
  if (isAlwaysMuted(configuration, route)) return undefined;
  const first = Math.floor(fromMs / MINUTE_MS) * MINUTE_MS;
  for (let at = first; at < first + HORIZON_MS; at += MINUTE_MS)
    if (at > fromMs && !mutingAt(configuration, route, at)) return at;
  return undefined;
}

/** Whether it never tells: active only in intervals that never come. A mute interval that is always is not looked for. */
export function isAlwaysMuted({ intervals }: Intervals, { activeIn, mutedIn }: Timed): boolean {
  const comes = (name: string) => (intervals.get(name) ?? []).some(comesEver);
  const isAlways = (name: string) =>
    (intervals.get(name) ?? []).some(
      ({ times, weekdays, daysOfMonth, months, years }) =>
        times === undefined &&
        weekdays === undefined &&
        daysOfMonth === undefined &&
        months === undefined &&
        years === undefined,
    );
  return (activeIn.length > 0 && !activeIn.some(comes)) || mutedIn.some(isAlways);
}
