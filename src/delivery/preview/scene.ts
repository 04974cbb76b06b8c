import type { PostableAlert } from '../../components/alertmanager/api.ts';
import type { Integration } from '../../stack/receiver.ts';
import { alertsOf, type Casting } from './alerts.ts';
import type { PreviewCase } from './report.ts';
import type { PreviewRequest } from './request.ts';
import { type Arrival, type Arrivals, type Message, play, type Stage } from './run.ts';
import { openStandIn, type StandIn } from './stand-in.ts';
import { startThrowaway, type Throwaway } from './throwaway.ts';

/** What one Alertmanager plays: alerts that fire and, for `firing`, their end. */
export interface Scene {
  readonly fires: Exclude<PreviewCase, 'resolved'>;
  readonly ends: boolean;
}

/** Who plays it, and where. */
export interface Cast {
  readonly castings: readonly Casting[];
  /** Each of a receiver in the castings. */
  readonly integrations: readonly Integration[];
  /** Of this scene alone. */
  readonly directory: string;
  /** Where the stand-ins share their certificate. */
  readonly inboxDirectory: string;
}

export interface Played {
  readonly integration: Integration;
  readonly case: PreviewCase;
  /** `silent`: nothing is sent, which is right. */
  readonly outcome: Arrival | { readonly silent: string };
}

const NOT_TOLD = 'it is not told when an alert is over: `send_resolved` is off';

export function scenesOf(cases: readonly PreviewCase[]): Scene[] {
  const firing = new Set(cases.map((which) => (which === 'resolved' ? 'firing' : which)));
  return [...firing].map((fires) => ({ fires, ends: fires === 'firing' && cases.includes('resolved') }));
}

/** Starts the stand-ins and an Alertmanager before them, posts, and ends all of it whatever happens. */
export async function playScene(request: PreviewRequest, scene: Scene, cast: Cast): Promise<Played[]> {
  const standIns: StandIn[] = [];
  try {
    for (const integration of cast.integrations)
      standIns.push(await openStandIn(integration, { ...request, directory: cast.inboxDirectory }));
    const throwaway = await startThrowaway(request, standIns, cast.directory);
    try {
      return await perform({ ...request, throwaway }, scene, { castings: cast.castings, standIns });
    } finally {
      await throwaway.stop();
    }
  } finally {
    await Promise.all(standIns.map((standIn) => standIn.close()));
  }
}

async function perform(
  { throwaway, stack, clock, signal }: PreviewRequest & { readonly throwaway: Throwaway },
  { fires, ends }: Scene,
  { castings, standIns }: { readonly castings: readonly Casting[]; readonly standIns: readonly StandIn[] },
): Promise<Played[]> {
  const stage = { throwaway, clock, signal };
  const when = { language: stack.language, now: clock.now() };
  const groups = castings.map((casting) => alertsOf(fires, casting, when));
  const firing = await fire(stage, groups, standIns);
  const played = standIns.map(({ integration }) => playedAs(fires, integration, firing));
  if (!ends) return played;
  const told = standIns.filter(
    ({ integration }) => integration.sendsResolved && 'message' in outcomeOf(integration, firing),
  );
  const endsAt = clock.now();
  const over = groups.flat().map((alert) => ({ ...alert, endsAt }));
  const resolved = await play(stage, over, told, isAboutTheEnd);
  return [
    ...played,
    ...standIns.map(({ integration }): Played => {
      if (!integration.sendsResolved) return { integration, case: 'resolved', outcome: { silent: NOT_TOLD } };
      return playedAs('resolved', integration, resolved.has(integration) ? resolved : firing);
    }),
  ];
}

/**
 * A group of several goes out as soon as the first of them is there, and again with all of them a second later: that
 * message is the one.
 */
async function fire(
  stage: Stage,
  groups: readonly (readonly PostableAlert[])[],
  standIns: readonly StandIn[],
): Promise<Arrivals> {
  const first = await play(
    stage,
    groups.flatMap((alerts) => alerts.slice(0, 1)),
    standIns,
  );
  const others = groups.flatMap((alerts) => alerts.slice(1));
  if (others.length === 0) return first;
  const reached = standIns.filter(({ integration }) => 'message' in outcomeOf(integration, first));
  return new Map([...first, ...(await play(stage, others, reached))]);
}

/** Mail that was refused is tried again, and may come between. */
function isAboutTheEnd({ status }: Message): boolean {
  return status !== 'firing';
}

function playedAs(which: PreviewCase, integration: Integration, arrivals: Arrivals): Played {
  return { integration, case: which, outcome: outcomeOf(integration, arrivals) };
}

function outcomeOf(integration: Integration, arrivals: Arrivals): Arrival {
  const arrival = arrivals.get(integration);
  if (!arrival) throw new TypeError(`${integration.receiver} ${integration.type}: nobody waited for it`);
  return arrival;
}
