import { allMatch } from './matchers.ts';
import type { AlertmanagerFile, Receiver, Route } from './model.ts';

export interface Destination {
  readonly route: Route;
  readonly receiver: string | undefined;
  /** Nothing but the root took it. */
  readonly isDefault: boolean;
}

/** Every place an alert may go to, after Alertmanager's own walk; where a matcher is undecided, both ways. */
export function destinationsOf(root: Route, valueOf: (label: string) => string | undefined): Destination[] {
  return walkRoute(root, root.receiver, valueOf, true);
}

function walkRoute(
  route: Route,
  receiver: string | undefined,
  valueOf: (label: string) => string | undefined,
  isRoot: boolean,
): Destination[] {
  const found: Destination[] = [];
  let isTaken = false;
  for (const child of route.routes) {
    const certainty = child.isVague ? undefined : allMatch(child.matchers, valueOf);
    if (certainty === false) continue;
    found.push(...walkRoute(child, child.receiver ?? receiver, valueOf, false));
    if (certainty !== true) continue;
    isTaken = true;
    if (!child.continues) return found;
  }
  if (!isTaken) found.push({ route, receiver, isDefault: isRoot });
  return found;
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

/** A name that says "to nobody" on purpose. */
export function isNobody(name: string): boolean {
  return /^\W*(?:null|none|nobody|no-?one|blackhole|black-hole|dev-?null|drop|discard|ignore|silent|noop|sink|void|mute|muted)\W*$/i.test(
    name,
  );
}
