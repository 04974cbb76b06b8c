import type { Misreading, TimeInterval } from '../routing/time-interval.ts';
import { destinationsOf as placesOf } from '../routing/walk.ts';
import type { AlertmanagerFile, Receiver, Route } from './model.ts';

export interface Destination {
  readonly route: Route;
  readonly receiver: string | undefined;
  /** Nothing but the root took it. */
  readonly isDefault: boolean;
}

/** Every place an alert may go to, after Alertmanager's own walk; where a matcher is undecided, both ways. */
export function destinationsOf(root: Route, valueOf: (label: string) => string | undefined): Destination[] {
  return placesOf(root, valueOf).map(({ route, path }) => ({
    route,
    receiver: path.findLast(({ receiver }) => receiver !== undefined)?.receiver,
    isDefault: path.length === 1,
  }));
}

/** All routes, the root first, with the receiver that each has or inherits. */
export function allRoutes(
  root: Route | undefined,
  inherited?: string,
): { readonly route: Route; readonly receiver: string | undefined }[] {
  if (root === undefined) return [];
  const receiver = root.receiver ?? inherited;
  return [{ route: root, receiver }, ...root.routes.flatMap((route) => allRoutes(route, receiver))];
}

export function receiverNamed(file: AlertmanagerFile, name: string | undefined): Receiver | undefined {
  return file.receivers.find((receiver) => receiver.name === name);
}

/** What decides when a route tells somebody: for `routing/muting.ts`. What is not understood is any time. */
export function timingOf({ intervals }: AlertmanagerFile, { mutedIn, activeIn }: Route) {
  return [
    {
      intervals: new Map(
        intervals.map(({ name, parts }) => [name, parts.map(({ interval }) => understood(interval))]),
      ),
    },
    { mutedIn: mutedIn.map(({ name }) => name), activeIn: activeIn.map(({ name }) => name) },
  ] as const;
}

function understood(interval: TimeInterval | Misreading): TimeInterval {
  return 'problem' in interval ? { weekdays: [{ begin: 0, end: 6 }], location: 'UTC' } : interval;
}
