import type { JobRecord } from '../history/jobs.ts';
import { parseCron } from '../platform/cron.ts';
import type { JobCondition, JobRun, JobState, ScheduledJob } from '../stack/job.ts';

/** The daemon may be starting, or the machine waking up. */
const MISSED_AFTER_MS = 5 * 60_000;
/** A clock that was wrong may have left runs of the future behind; they say nothing. */
const CLOCK_TOLERANCE_MS = 5_000;

/** `record`: of this job with this schedule. */
export function jobState(job: ScheduledJob, record: JobRecord, now: Date): JobState {
  const overdue = firstDue(job, record, now);
  // One that did not begin since another still ran is told by that one.
  const last = record.runs.find(({ outcome }) => outcome !== 'skipped');
  const lastSuccess = record.runs.find(({ outcome }) => outcome === 'succeeded');
  const next = parseCron(job.schedule, job.location).next(now);
  return {
    name: job.name,
    condition: conditionOf(job, { last, overdue, now }),
    schedule: job.schedule,
    location: job.location,
    ...(last ? { last } : {}),
    ...(lastSuccess ? { lastSuccess } : {}),
    ...(next ? { next: next.toISOString() } : {}),
    ...(overdue ? { overdueSince: overdue.toISOString() } : {}),
  };
}

/** What tells one schedule from another in the records. */
export function scheduleText({ schedule, location }: ScheduledJob): string {
  return `${schedule} ${location}`;
}

/** The first time at which it should have begun and did not; undefined: nothing is due. Any run counts, by hand too. */
export function firstDue(
  { schedule, location }: ScheduledJob,
  { since, runs }: JobRecord,
  now: Date,
): Date | undefined {
  if (!since) return undefined;
  const begun = runs
    .map(({ startedAt }) => Date.parse(startedAt))
    .filter((at) => at <= now.getTime() + CLOCK_TOLERANCE_MS);
  const due = parseCron(schedule, location).next(new Date(Math.max(since.getTime(), ...begun)));
  return due && due <= now ? due : undefined;
}

interface Seen {
  readonly last: JobRun | undefined;
  readonly overdue: Date | undefined;
  readonly now: Date;
}

function conditionOf({ timeoutMs }: ScheduledJob, { last, overdue, now }: Seen): JobCondition {
  const runsSinceMs = now.getTime() - Date.parse(last?.startedAt ?? '');
  // Whoever ran it died: nothing runs for longer than it may.
  const isRunning = last !== undefined && last.endedAt === undefined && runsSinceMs <= timeoutMs + 60_000;
  if (isRunning) return 'running';
  if (overdue && now.getTime() - overdue.getTime() > MISSED_AFTER_MS) return 'missed';
  if (!last) return 'waiting';
  return last.outcome === 'succeeded' ? 'succeeded' : 'failed';
}
