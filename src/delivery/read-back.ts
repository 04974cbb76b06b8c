import { LeitstandError } from '../platform/errors.ts';
import { EXIT } from '../platform/exit-codes.ts';
import type { ReadBack, ReadBackFinding } from '../stack/receiver.ts';
import { groupKey } from './group-key.ts';
import type { Following } from './follow.ts';
import { type Expected, probeLabels } from './probe.ts';
import type { IntegrationReport } from './report.ts';
import { named } from './target.ts';

/** Providers limit how often they may be asked: 1, 2, 4 and then 5 seconds apart. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5_000;
/** However little time is left, what was accepted just now is given a moment to be stored. */
const LEAST_MS = 3_000;

/** Alertmanager's key of the group that the integration was told of; undefined when no route is known. */
export function groupKeyOf({ preflight }: Following, { probe, integration }: Expected): string | undefined {
  const destination = preflight.routes
    .get(probe)
    ?.find(({ route }) => route.receiver === integration.receiver);
  return destination && groupKey(destination.path, probeLabels(probe));
}

/**
 * Asks the provider whether the message is there, until it is or the time is over. A finding makes the verdict
 * CONFIRMED; anything else is a note, and what was accepted stays accepted. Rejects with the signal's reason.
 */
export async function askProvider(
  following: Following,
  expected: Expected,
  report: IntegrationReport,
  deadline: number,
): Promise<IntegrationReport> {
  const { readBack } = expected.integration;
  if (!readBack) return report;
  const { clock } = following.request;
  const until = Math.max(deadline, clock.monotonic() + LEAST_MS);
  const outcome = await poll(readBack, following, expected, until);
  if ('evidence' in outcome) return confirmed(following, report, outcome, readBack);
  return { ...report, notes: [...(report.notes ?? []), outcome.note] };
}

async function poll(
  readBack: ReadBack,
  following: Following,
  expected: Expected,
  until: number,
): Promise<ReadBackFinding | { readonly note: string }> {
  const { clock, signal } = following.request;
  const search = {
    nonce: expected.probe.nonce,
    groupKey: groupKeyOf(following, expected),
    since: following.postedAt,
    signal,
  };
  let problem: LeitstandError | undefined;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      const finding = await readBack.find(search);
      if (finding) return finding;
      problem = undefined;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof LeitstandError)) throw error;
      problem = error;
    }
    // Wrong credentials do not become right by asking again.
    const isHopeless = problem?.exit === EXIT.authentication || problem?.exit === EXIT.usage;
    if (isHopeless || clock.monotonic() + pauseMs > until) break;
    await clock.sleep(pauseMs, signal);
  }
  if (!problem) return { note: `accepted, and not yet to be seen in ${readBack.from}` };
  const { what, why, fix } = problem.details;
  return {
    note: `${readBack.from} could not be asked: ${[what, why].filter(Boolean).join(': ')}${fix === undefined ? '' : `; ${fix}`}`,
  };
}

function confirmed(
  { postedAt }: Following,
  report: IntegrationReport,
  { evidence, at }: ReadBackFinding,
  { from }: ReadBack,
): IntegrationReport {
  const { notes, latencyMs } = report;
  const known = at === undefined ? latencyMs : Math.max(0, at.getTime() - postedAt.getTime());
  return {
    ...named(report),
    verdict: 'CONFIRMED',
    evidence: `${evidence} (${from})`,
    evidenceKind: 'provider',
    ...(known === undefined ? {} : { latencyMs: known }),
    ...(notes === undefined ? {} : { notes }),
  };
}
