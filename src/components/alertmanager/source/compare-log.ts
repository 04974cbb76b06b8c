import { plural } from '../../../platform/units.ts';
import type { CompareContext, Comparison } from '../../../stack/source.ts';
import { LOG, type LogFacts } from './facts.ts';
import { readState, type State } from './read-state.ts';

/** The twin writes its state every second. */
const LONGEST_WAIT_MS = 15_000;
const POLL_MS = 50;
/** An entry that expires while the twin is asked may be there or not. */
const EXPIRING_MS = 10_000;

/**
 * Alertmanager has no call for its notification log. The twin writes back what it has loaded; that is compared, so
 * that a log which lies there and was not loaded does not pass.
 */
export async function compareLog(context: CompareContext, facts: LogFacts): Promise<Comparison[]> {
  const written = await writtenBack(context);
  if (!written)
    return [result('unknown', 'as sealed at the backup', 'the twin did not write its state back')];
  const now = context.clock.now().getTime();
  const expected = facts.entries.filter(([, expiresAt]) => expiresAt > now + EXPIRING_MS);
  const sealed = new Set(facts.entries.map(([digest]) => digest));
  const loaded = (written.log?.content ?? []).map(({ digest }) => digest.slice(0, 16));
  const missing = expected.filter(([digest]) => !loaded.includes(digest)).length;
  const foreign = loaded.filter((digest) => !sealed.has(digest)).length;
  const text = `${plural(expected.length, 'unexpired group')}`;
  if (missing === 0 && foreign === 0) return [result('match', text, text)];
  return [result('mismatch', text, `${missing} of them not loaded, ${foreign} that were not there`)];
}

/** Restored files carry the time of their writing, which is before the cut-off; the twin's carry today's. */
async function writtenBack({ dataDir, cutoff, clock, signal }: CompareContext): Promise<State | undefined> {
  const deadline = clock.monotonic() + LONGEST_WAIT_MS;
  while (clock.monotonic() < deadline) {
    const state = await readState(dataDir);
    const writtenAt = state.log?.original.modifiedAt.getTime();
    if (writtenAt !== undefined && writtenAt > Date.parse(cutoff)) return state;
    await clock.sleep(POLL_MS, signal);
  }
  return undefined;
}

function result(verdict: Comparison['verdict'], expected: string, found: string): Comparison {
  return { kind: LOG, subject: 'entries', verdict, expected, found };
}
