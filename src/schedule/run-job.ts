import { join } from 'node:path';
import type { JobEnd, Jobs } from '../history/jobs.ts';
import type { Clock } from '../platform/clock.ts';
import { tryLock } from '../platform/lock.ts';
import type { ScheduledJob } from '../stack/job.ts';

export interface RunJobOptions {
  readonly stateDir: string;
  readonly jobs: Pick<Jobs, 'begin' | 'end' | 'lose'>;
  readonly clock: Clock;
  /** When it should have begun; absent: somebody wants it now. */
  readonly dueAt?: Date | undefined;
  /** Does the work. */
  readonly work: () => Promise<JobEnd>;
}

/**
 * One run, recorded from its beginning. Never two of one job at once, whoever starts them: the second is `skipped`, and
 * says who has the first. A run that nobody could end before is recorded as lost.
 */
export async function runJob(job: ScheduledJob, options: RunJobOptions): Promise<JobEnd> {
  const { stateDir, jobs, clock, dueAt, work } = options;
  const lock = await tryLock(join(stateDir, 'run', `job-${job.name}.lock`), job.name);
  if (!lock.held) {
    const holder = lock.holder ? ` (pid ${lock.holder.pid}, since ${lock.holder.since})` : '';
    const end: JobEnd = { outcome: 'skipped', reason: `it still runs${holder}` };
    // Of the schedule only: somebody who asks for it is told, and the run that goes on is the one to be seen.
    if (dueAt) jobs.end(jobs.begin({ job: job.name, dueAt, now: clock.now() }), end, clock.now());
    return end;
  }
  try {
    jobs.lose(job.name, clock.now());
    const run = jobs.begin({ job: job.name, dueAt, now: clock.now() });
    const end = await work().catch(
      (error: unknown): JobEnd => ({
        outcome: 'failed',
        reason: error instanceof Error ? error.message : String(error),
      }),
    );
    jobs.end(run, end, clock.now());
    return end;
  } finally {
    lock.release();
  }
}
