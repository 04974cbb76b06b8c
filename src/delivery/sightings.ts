import type { Sighting, Sightings } from '../history/sightings.ts';
import type { Clock } from '../platform/clock.ts';

/** How people say that they saw a test: they press a button on a page that the message links to. */
export interface SeenPage {
  /** Where people reach the daemon's page, without a `/` at its end: `https://alerts.example.org`. */
  readonly publicUrl: string;
  readonly sightings: Sightings;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
}

/** The link for each alert of a test, for `DeliveryRequest.seenUrl`; the same alert gets the same one. */
export function seenLinks({ publicUrl, sightings, clock, random }: SeenPage) {
  const known = new Map<string, string>();
  return ({ nonce, receiver }: { readonly nonce: string; readonly receiver: string }): string => {
    const url = known.get(nonce);
    if (url !== undefined) return url;
    // 128 bits: whoever has the link got the message.
    const token = Buffer.from(random(16)).toString('hex');
    sightings.ask({ token, nonce, receiver, at: clock.now() });
    const made = `${publicUrl}/seen/${token}`;
    known.set(nonce, made);
    return made;
  };
}

/** A receiver of a test of which a person said so. */
export interface SeenReport {
  readonly receiver: string;
  /** Milliseconds from the sending to the press of the button. */
  readonly afterMs: number;
}

/** Who has seen the test so far; `nonce` is what the marks of its alerts begin with. */
export function seenSoFar(sightings: Pick<Sightings, 'ofTest'>, nonce: string): SeenReport[] {
  return sightings.ofTest(nonce).flatMap(seenReport);
}

const POLL_MS = 500;

/** Returns once every receiver that was asked has seen it, or the time is over. Rejects with the signal's reason. */
export async function awaitSightings(options: {
  readonly sightings: Pick<Sightings, 'ofTest'>;
  readonly nonce: string;
  readonly clock: Clock;
  /** Milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}): Promise<SeenReport[]> {
  const { sightings, nonce, clock, timeoutMs, signal } = options;
  const started = clock.monotonic();
  for (;;) {
    const asked = sightings.ofTest(nonce);
    const seen = asked.flatMap(seenReport);
    if (seen.length === asked.length || clock.monotonic() - started >= timeoutMs) return seen;
    await clock.sleep(POLL_MS, signal);
  }
}

function seenReport({ receiver, askedAt, seenAt }: Sighting): SeenReport[] {
  if (seenAt === undefined) return [];
  return [{ receiver, afterMs: Math.max(0, Date.parse(seenAt) - Date.parse(askedAt)) }];
}
