import type { ScheduledJob } from '../stack/job.ts';
import type { Stack } from '../stack/stack.ts';
import { cliErrors } from './errors.ts';
import { currentJobs } from './job-states.ts';
import { possibleJobs } from './scheduled-jobs.ts';

/** Throws LS-CLI-003 for a job that nobody does by schedule here. */
export async function findCurrentJob(stack: Stack, name: string): Promise<ScheduledJob> {
  return named(await currentJobs(stack), name);
}

/** The same for one that could be: by hand it may be done anyway. */
export function findJob(stack: Stack, name: string): ScheduledJob {
  return named(possibleJobs(stack), name);
}

function named(jobs: readonly ScheduledJob[], name: string): ScheduledJob {
  const job = jobs.find((one) => one.name === name);
  if (job) return job;
  throw cliErrors.error('LS-CLI-003', {
    what: `there is no job ${name}`,
    fix:
      jobs.length === 0
        ? 'nothing is done by schedule here; with `backup: {schedule: {enabled: true}}` it is'
        : `the jobs are: ${jobs.map((one) => one.name).join(', ')}`,
  });
}
