import type { PostableAlert } from '../../components/alertmanager/api.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Integration } from '../../stack/receiver.ts';
import type { InboxMessage } from '../../stack/sandbox.ts';
import { failedAttempts } from '../log-lines.ts';
import type { StandIn } from './stand-in.ts';
import type { Throwaway } from './throwaway.ts';

const POLL_MS = 10;
const LATEST_MS = 15_000;
/** A failure in the log counts after this: what Alertmanager tries again may still arrive. */
const PATIENCE_MS = 1_000;
const ASK_LOG_EVERY_MS = 250;
const LOG_LINES = 400;

export type Message = Omit<InboxMessage, 'id'>;

/** What came of it, or why nothing did. */
export type Arrival = { readonly message: Message } | { readonly why: string };
export type Arrivals = ReadonlyMap<Integration, Arrival>;

export interface Stage {
  readonly throwaway: Throwaway;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
}

/** Posts the alerts and waits for one message at each of the stand-ins; `isWanted` passes over those of before. */
export async function play(
  { throwaway, clock, signal }: Stage,
  alerts: readonly PostableAlert[],
  standIns: readonly StandIn[],
  isWanted: (message: Message) => boolean = () => true,
): Promise<Arrivals> {
  const seen = new Map(standIns.map((standIn) => [standIn, standIn.messages.length]));
  const arrivals = new Map<Integration, Arrival>();
  const [start, postedAt] = [clock.monotonic(), clock.now()];
  await throwaway.api.post(alerts);
  let askedLogAt = 0;
  for (;;) {
    for (const standIn of standIns) {
      const message = standIn.messages.slice(seen.get(standIn) ?? 0).find(isWanted);
      if (message && !arrivals.has(standIn.integration)) arrivals.set(standIn.integration, { message });
    }
    if (arrivals.size === standIns.length) return arrivals;
    const elapsedMs = clock.monotonic() - start;
    if (elapsedMs > PATIENCE_MS && elapsedMs - askedLogAt > ASK_LOG_EVERY_MS) {
      askedLogAt = elapsedMs;
      const reasons = await reasonsIn(throwaway, postedAt);
      for (const { integration } of standIns) {
        const why = reasons(integration) ?? (elapsedMs > LATEST_MS ? NOTHING : undefined);
        if (why !== undefined && !arrivals.has(integration)) arrivals.set(integration, { why });
      }
    }
    await clock.sleep(POLL_MS, signal);
  }
}

const NOTHING = `Alertmanager sent nothing within ${LATEST_MS / 1000} s`;

/** What Alertmanager's log says of the failures since then. */
async function reasonsIn(
  throwaway: Throwaway,
  since: Date,
): Promise<(integration: Integration) => string | undefined> {
  const failures = failedAttempts(await throwaway.logTail(LOG_LINES), since);
  return ({ receiver, type, index }) =>
    failures.find((one) => one.receiver === receiver && one.integration === `${type}[${index}]`)?.reason;
}
