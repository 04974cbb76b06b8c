import { join } from 'node:path';
import type { JobEnd } from '../history/jobs.ts';
import type { Clock } from '../platform/clock.ts';
import { EXIT } from '../platform/exit-codes.ts';
import { type LockAttempt, type LockHolder, tryLock } from '../platform/lock.ts';

/** For how long a job waits for those that work on the same thing; the night is over then. */
export const LONGEST_WAIT_MS = 6 * 3_600_000;
const LOOK_AGAIN_MS = 15_000;

export interface TurnOptions {
  readonly stateDir: string;
  /** Name of the job, for those who wait for it. */
  readonly job: string;
  /** Absent: with nothing but itself. */
  readonly worksOn: string | undefined;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; 0: now or not at all. */
  readonly patienceMs: number;
  /** It has to wait, for what the text says. */
  readonly onWait: (reason: string) => void;
  /** Its turn has come. */
  readonly onTurn: () => void;
}

/**
 * Does the work while no other job works on the same thing, and waits until then. A command may find the thing locked by
 * somebody who is no job (exit 11): that is waited for as well. `skipped` when the patience ends. Rejects with the
 * signal's reason.
 */
export async function inTurn(options: TurnOptions, work: () => Promise<JobEnd>): Promise<JobEnd> {
  const { clock, patienceMs, signal, onWait, onTurn } = options;
  const deadline = clock.monotonic() + patienceMs;
  for (;;) {
    const lock = await lockOf(options);
    const end = lock?.held === false ? busy(options, lock.holder) : await holding(lock, onTurn, work);
    if (end.outcome !== 'skipped') return end;
    const reason = end.reason ?? '';
    if (clock.monotonic() >= deadline) return end;
    onWait(`waits: ${reason}`);
    await clock.sleep(LOOK_AGAIN_MS, signal);
  }
}

async function lockOf({ stateDir, worksOn, job }: TurnOptions): Promise<LockAttempt | undefined> {
  return worksOn === undefined ? undefined : tryLock(join(stateDir, 'run', `jobs-${worksOn}.lock`), job);
}

async function holding(
  lock: (LockAttempt & { held: true }) | undefined,
  onTurn: () => void,
  work: () => Promise<JobEnd>,
): Promise<JobEnd> {
  try {
    onTurn();
    const end = await work();
    return end.outcome === 'failed' && end.exit === EXIT.locked ? { ...end, outcome: 'skipped' } : end;
  } finally {
    lock?.release();
  }
}

function busy({ worksOn }: TurnOptions, holder: LockHolder | undefined): JobEnd {
  const who = holder ? `${holder.purpose} is at it (pid ${holder.pid}, since ${holder.since})` : 'in use';
  return { outcome: 'skipped', reason: `${worksOn}: ${who}` };
}
