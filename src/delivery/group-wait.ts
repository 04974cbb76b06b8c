import { LeitstandError } from '../platform/errors.ts';
import type { Route } from '../routing/configuration.ts';
import type { Labels } from '../routing/matcher.ts';
import type { Destination } from '../routing/walk.ts';
import { TEST_RULE } from '../stack/delivery.ts';
import type { Following } from './follow.ts';
import type { Member } from './members.ts';
import { type Expected, type Probe, probeLabels } from './probe.ts';

/** A group that is due is told within this time (measured: 41 to 176 ms). */
const AT_ONCE_MS = 200;

type Routes = ReadonlyMap<Probe, readonly Destination<Route>[]>;

/**
 * Milliseconds from the moment in which Alertmanager has a probe's alert until it has begun to tell the integration. A
 * new group waits for its group_wait, which an alert that was posted is long past; one that is there already for its
 * group_interval. Source: prometheus/alertmanager dispatch/dispatch.go (`insert`).
 */
export function beginsWithin({ preflight, request }: Following, expected: Expected): number {
  const route = routeOf(preflight.routes, expected);
  if (!route) return AT_ONCE_MS;
  const waitMs = request.rule ? route.groupWaitMs : 0;
  return AT_ONCE_MS + (preflight.crowded.has(expected) ? Math.max(waitMs, route.groupIntervalMs) : waitMs);
}

/** Those whose alerts join a group that is there already; also where nobody can tell. */
export async function crowdedOnes(
  { api }: Member,
  { all, routes }: { readonly all: readonly Expected[]; readonly routes: Routes },
): Promise<ReadonlySet<Expected>> {
  const crowded = new Set<Expected>();
  for (const expected of all) {
    const route = routeOf(routes, expected);
    if (!route) continue;
    const labels = groupLabels(route, probeLabels(expected.probe));
    if (isOwn(labels, expected.probe)) continue;
    const isThere = await api.groupsOf(route.receiver).then(
      (groups) => groups.some((group) => isSame(group, labels)),
      (error: unknown) => {
        if (!(error instanceof LeitstandError)) throw error;
        return true;
      },
    );
    if (isThere) crowded.add(expected);
  }
  return crowded;
}

function routeOf(routes: Routes, { probe, integration }: Expected): Route | undefined {
  const own = routes.get(probe)?.find(({ route }) => route.receiver === integration.receiver);
  return own?.route;
}

function groupLabels({ groupBy }: Route, labels: Labels): Labels {
  if (groupBy.includes('...')) return labels;
  return Object.fromEntries(Object.entries(labels).filter(([label]) => groupBy.includes(label)));
}

/** No real alert can be in it. */
function isOwn(group: Labels, { nonce }: Probe): boolean {
  return Object.values(group).some((value) => value.includes(nonce) || value === TEST_RULE);
}

function isSame(one: Labels, other: Labels): boolean {
  const labels = Object.keys(one);
  return labels.length === Object.keys(other).length && labels.every((label) => one[label] === other[label]);
}
