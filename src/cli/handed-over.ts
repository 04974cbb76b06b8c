import { scheduleErrors } from '../schedule/errors.ts';
import type { HandedOver, JobPlace } from '../schedule/systemd/job-units.ts';
import type { SystemdScope } from '../platform/systemd.ts';
import type { Stack } from '../stack/stack.ts';
import type { CommandContext } from './command.ts';
import { possibleJobs, scheduledJobs } from './scheduled-jobs.ts';
import { unitPlace } from './service-spec.ts';

/** As whom and with what systemd or cron runs the jobs of this stack. */
export async function jobPlace(
  context: CommandContext,
  stack: Stack,
  scope: SystemdScope,
): Promise<{ readonly place: JobPlace; readonly owner: number }> {
  const { place, owner } = await unitPlace(context, stack, scope);
  const { file, environment } = stack;
  return { owner, place: { ...place, leitstand: context.self, file, environment } };
}

/**
 * Those that are named, else what the daemon does; beside programs of others there is none, and it is everything. Throws
 * LS-SCHEDULE-005 when that is nothing, or there is no such job.
 */
export function jobsToHandOver(stack: Stack, names: readonly string[]): HandedOver[] {
  const possible = possibleJobs(stack);
  const unknown = names.find((name) => !possible.some((job) => job.name === name));
  if (unknown !== undefined)
    throw scheduleErrors.error('LS-SCHEDULE-005', {
      what: `there is no job ${unknown}`,
      fix: `the jobs are: ${possible.map(({ name }) => name).join(', ')}`,
    });
  const usual = stack.runtime === 'external' ? possible : scheduledJobs(stack);
  const jobs = names.length === 0 ? usual : possible.filter(({ name }) => names.includes(name));
  if (jobs.length === 0)
    throw scheduleErrors.error('LS-SCHEDULE-005', {
      what: 'nothing is done by schedule here',
      why:
        stack.runtime === 'external'
          ? undefined
          : `in ${stack.environment} it is not, unless the file says so`,
      fix:
        possible.length === 0
          ? 'a receiver, or a component that keeps data, would give it something to do'
          : `\`backup: {schedule: {enabled: true}}\` in leitstand.yaml; or name the jobs: leitstand schedule install … ${possible.map(({ name }) => name).join(' ')}`,
    });
  return jobs.map((job) => ({
    job,
    jitterMs: job.worksOn === undefined ? 0 : stack.backup.schedule.jitterMs,
  }));
}
