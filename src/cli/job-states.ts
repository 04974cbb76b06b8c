import type { History } from '../history/history.ts';
import { jobState, scheduleText } from '../schedule/job-state.ts';
import { ownershipOf, readOwners } from '../schedule/owners.ts';
import { formatElapsed } from '../platform/units.ts';
import type { JobOwner, JobRun, JobState, ScheduledJob } from '../stack/job.ts';
import type { Stack } from '../stack/stack.ts';
import { possibleJobs, scheduledJobs } from './scheduled-jobs.ts';
import { formatTime } from './terminal.ts';

/** What is done by schedule: by the daemon where the file wants it, and by whom it was handed over to. */
export async function currentJobs(stack: Stack): Promise<ScheduledJob[]> {
  const owners = await readOwners(stack.stateDir);
  const own = new Set(scheduledJobs(stack).map(({ name }) => name));
  const owned = await Promise.all(
    possibleJobs(stack).map(async (job) => ({ job, ownership: await ownershipOf(owners, job) })),
  );
  return owned.flatMap(({ job, ownership }) => (own.has(job.name) || ownership ? [job] : []));
}

/** How that goes. */
export async function jobStates(
  stack: Stack,
  { jobs }: Pick<History, 'jobs'>,
  now: Date,
): Promise<JobState[]> {
  const owners = await readOwners(stack.stateDir);
  const current = await currentJobs(stack);
  return Promise.all(
    current.map(async (job) =>
      jobState(job, jobs.record(job.name, scheduleText(job)), now, await ownershipOf(owners, job)),
    ),
  );
}

const OWNER_WORDS: Readonly<Record<JobOwner, string>> = {
  systemd: 'systemd',
  'systemd-user': "systemd (the user's)",
  cron: 'cron',
};

export const JOB_HEADER = ['JOB', 'STATE', 'NEXT', 'LAST', ''];

/** A line of a table below `JOB_HEADER`. */
export function jobRow(state: JobState): string[] {
  const { name, condition, next, last } = state;
  const isBad = condition === 'failed' || condition === 'missed';
  return [
    name,
    isBad ? condition.toUpperCase() : condition,
    next === undefined ? 'never' : formatTime(next),
    last === undefined ? 'never' : formatTime(last.startedAt),
    notes(state)
      .filter((part) => part !== '')
      .join('; '),
  ];
}

/** Later than the minute that a start of the daemon takes. */
const LATE_MS = 5 * 60_000;

function notes(state: JobState): string[] {
  const { condition, last, overdueSince, pausedUntil, owner, remark } = state;
  return [
    pausedUntil === undefined ? '' : `paused until ${formatTime(pausedUntil)}`,
    condition === 'missed' && overdueSince !== undefined ? `due since ${formatTime(overdueSince)}` : '',
    last?.endedAt === undefined
      ? ''
      : `took ${formatElapsed(Date.parse(last.endedAt) - Date.parse(last.startedAt))}`,
    lateness(last),
    last?.reason ?? (last?.outcome === 'lost' ? 'whoever ran it died' : ''),
    passedOver(state),
    owner === undefined ? '' : `by ${OWNER_WORDS[owner]}`,
    remark ?? '',
  ];
}

function lateness(last: JobRun | undefined): string {
  const ms = Date.parse(last?.startedAt ?? '') - Date.parse(last?.dueAt ?? '');
  return ms > LATE_MS ? `began ${formatElapsed(ms)} late` : '';
}

/** Since the last run, if it was. */
function passedOver({ last, lastSkipped }: JobState): string {
  if (!lastSkipped || (last && last.startedAt > lastSkipped.startedAt)) return '';
  return `passed over ${formatTime(lastSkipped.startedAt)}: ${lastSkipped.reason ?? 'another was at it'}`;
}
