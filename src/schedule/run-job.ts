import { join } from 'node:path';
import type { JobEnd, Jobs } from '../history/jobs.ts';
import type { Clock } from '../platform/clock.ts';
import { tryLock } from '../platform/lock.ts';
import type { ScheduledJob } from '../stack/job.ts';
import { inTurn, LONGEST_WAIT_MS } from './turn.ts';

export interface RunJobOptions {
  readonly stateDir: string;
  readonly jobs: Pick<Jobs, 'begin' | 'hold' | 'proceed' | 'end' | 'lose'>;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** When it should have begun; absent: somebody wants it now, and does not wait for others. */
  readonly dueAt?: Date | undefined;
  /** Does the work. */
  readonly work: () => Promise<JobEnd>;
}

/**
 * One run, recorded from its beginning. Never two of one job at once, whoever starts them, nor of two that work on the
 * same thing: the second is `skipped`, and says who has the first; one that is due waits for its turn before. A run that
 * nobody could end before is recorded as lost.
 */
export async function runJob(job: ScheduledJob, options: RunJobOptions): Promise<JobEnd> {
  const { stateDir, jobs, clock, dueAt } = options;
  const lock = await tryLock(lockFile(stateDir, job), job.name);
  if (!lock.held) {
    const holder = lock.holder ? ` (pid ${lock.holder.pid}, since ${lock.holder.since})` : '';
    const end: JobEnd = { outcome: 'skipped', reason: `it still runs${holder}` };
    // Of the schedule only: somebody who asks for it is told, and the run that goes on is the one to be seen.
    if (dueAt) jobs.end(jobs.begin({ job: job.name, dueAt, now: clock.now() }), end, clock.now());
    return end;
  }
  try {
    jobs.lose(job.name, clock.now());
    return await recorded(job, options);
  } finally {
    lock.release();
  }
}

/** A run without an end that nobody is at any more is lost: whoever ran it died. */
export async function loseUnfinished(
  job: Pick<ScheduledJob, 'name'>,
  { stateDir, jobs, clock }: Pick<RunJobOptions, 'stateDir' | 'clock'> & { readonly jobs: Jobs },
): Promise<void> {
  if (jobs.runs({ job: job.name, limit: 1 })[0]?.endedAt !== undefined) return;
  const lock = await tryLock(lockFile(stateDir, job), job.name);
  if (!lock.held) return;
  jobs.lose(job.name, clock.now());
  lock.release();
}

async function recorded(job: ScheduledJob, options: RunJobOptions): Promise<JobEnd> {
  const { stateDir, jobs, clock, signal, dueAt, work } = options;
  let run: number | undefined;
  const begin = () => {
    run ??= jobs.begin({ job: job.name, dueAt, now: clock.now() });
    return run;
  };
  if (dueAt) begin();
  const end = await inTurn(
    {
      stateDir,
      job: job.name,
      worksOn: job.worksOn,
      clock,
      signal,
      patienceMs: dueAt ? LONGEST_WAIT_MS : 0,
      onWait: (reason) => jobs.hold(begin(), reason),
      onTurn: () => jobs.proceed(begin(), clock.now()),
    },
    work,
  ).catch((error: unknown): JobEnd => failure(error, signal));
  // Somebody asked for it, is told that another is at it, and nothing has begun.
  if (run !== undefined) jobs.end(run, end, clock.now());
  return end;
}

/** Who is told to end did not fail; the daemon makes up for it when it is back. */
function failure(error: unknown, signal: AbortSignal | undefined): JobEnd {
  const reason = error instanceof Error ? error.message : String(error);
  return { outcome: signal?.aborted === true ? 'lost' : 'failed', reason };
}

function lockFile(stateDir: string, { name }: Pick<ScheduledJob, 'name'>): string {
  return join(stateDir, 'run', `job-${name}.lock`);
}
