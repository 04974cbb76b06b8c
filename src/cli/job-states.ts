import type { History } from '../history/history.ts';
import { jobState, scheduleText } from '../schedule/job-state.ts';
import { formatElapsed } from '../platform/units.ts';
import type { JobState } from '../stack/job.ts';
import type { Stack } from '../stack/stack.ts';
import { scheduledJobs } from './scheduled-jobs.ts';
import { formatTime } from './terminal.ts';

/** What the stack's file wants done by schedule, and how that goes. */
export function jobStates(stack: Stack, { jobs }: Pick<History, 'jobs'>, now: Date): JobState[] {
  return scheduledJobs(stack).map((job) => jobState(job, jobs.record(job.name, scheduleText(job)), now));
}

export const JOB_HEADER = ['JOB', 'STATE', 'NEXT', 'LAST', ''];

/** A line of a table below `JOB_HEADER`. */
export function jobRow({ name, condition, next, last, overdueSince }: JobState): string[] {
  const isBad = condition === 'failed' || condition === 'missed';
  return [
    name,
    isBad ? condition.toUpperCase() : condition,
    next === undefined ? 'never' : formatTime(next),
    last === undefined ? 'never' : formatTime(last.startedAt),
    [
      condition === 'missed' && overdueSince !== undefined ? `due since ${formatTime(overdueSince)}` : '',
      last?.endedAt === undefined
        ? ''
        : `took ${formatElapsed(Date.parse(last.endedAt) - Date.parse(last.startedAt))}`,
      last?.outcome === 'lost' ? 'whoever ran it died' : (last?.reason ?? ''),
    ]
      .filter((part) => part !== '')
      .join('; '),
  ];
}
