import type { JobRecord } from '../history/jobs.ts';
import type { JobCondition, JobOwner, JobRun, JobState, ScheduledJob } from '../stack/job.ts';
import { recurrenceOf } from './recurrence.ts';
import { LONGEST_WAIT_MS } from './turn.ts';

/** The daemon may be starting, or the machine waking up. */
const MISSED_AFTER_MS = 5 * 60_000;
/** A clock that was wrong may have left runs of the future behind; they say nothing. */
const CLOCK_TOLERANCE_MS = 5_000;

/** Who runs the job in the daemon's place. */
export interface Ownership {
  readonly owner: JobOwner;
  /** What is wrong with it, in words. */
  readonly remark?: string | undefined;
}

/** `record`: of this job with this schedule. */
export function jobState(job: ScheduledJob, record: JobRecord, now: Date, ownership?: Ownership): JobState {
  const overdue = overdueSince(job, record, now);
  // One that did not begin since another still ran is told by that one.
  const last = record.runs.find(({ outcome }) => outcome !== 'skipped');
  const lastSuccess = record.runs.find(({ outcome }) => outcome === 'succeeded');
  const lastSkipped = record.runs.find(({ outcome }) => outcome === 'skipped');
  const lastEnded = record.runs.find(({ outcome }) => outcome !== undefined && outcome !== 'skipped');
  const next = recurrenceOf(job).next(now);
  const pausedUntil = pauseAt(record, now);
  return {
    name: job.name,
    condition: conditionOf(job, { last, overdue, now, isPaused: pausedUntil !== undefined }),
    schedule: job.schedule,
    location: job.location,
    ...(last ? { last } : {}),
    ...(lastSuccess ? { lastSuccess } : {}),
    ...(lastEnded && lastEnded !== last ? { lastEnded } : {}),
    ...(lastSkipped ? { lastSkipped } : {}),
    ...(next ? { next: next.toISOString() } : {}),
    ...(overdue ? { overdueSince: overdue.toISOString() } : {}),
    ...(pausedUntil ? { pausedUntil: pausedUntil.toISOString() } : {}),
    ...(ownership ? { owner: ownership.owner } : {}),
    ...(ownership?.remark === undefined ? {} : { remark: ownership.remark }),
  };
}

/** What tells one schedule from another in the records. */
export function scheduleText({ schedule, location }: Pick<ScheduledJob, 'schedule' | 'location'>): string {
  return `${schedule} ${location}`;
}

/** Until when it is paused, if it is. */
export function pauseAt({ pause }: Pick<JobRecord, 'pause'>, now: Date): Date | undefined {
  const until = pause && new Date(pause.until);
  return until && until > now ? until : undefined;
}

/**
 * The first time at which it should have begun and did not; undefined: nothing is due. Any run counts, by hand too, but
 * one that was lost, unless the one before was lost as well: what takes the machine down must not do so for ever.
 * Nothing is due in a pause.
 */
export function firstDue(
  job: Pick<ScheduledJob, 'schedule' | 'location' | 'delayMs'>,
  record: JobRecord,
  now: Date,
): Date | undefined {
  const { since } = record;
  if (!since || pauseAt(record, now)) return undefined;
  const begun = record.runs.filter(
    ({ startedAt }) => Date.parse(startedAt) <= now.getTime() + CLOCK_TOLERANCE_MS,
  );
  const [newest, before] = begun.filter(({ outcome }) => outcome !== 'skipped');
  if (newest?.outcome === 'lost' && before?.outcome !== 'lost' && new Date(newest.startedAt) >= since)
    return new Date(newest.dueAt ?? newest.startedAt);
  const times = begun.map(({ startedAt }) => Date.parse(startedAt));
  const due = recurrenceOf(job).next(new Date(Math.max(since.getTime(), ...times)));
  return due && due <= now ? due : undefined;
}

/** What was due in a pause is late only since its end. */
function overdueSince(job: ScheduledJob, record: JobRecord, now: Date): Date | undefined {
  const due = firstDue(job, record, now);
  const pauseEnd = record.pause && new Date(record.pause.until);
  return due && pauseEnd && due < pauseEnd ? pauseEnd : due;
}

interface Seen {
  readonly last: JobRun | undefined;
  readonly overdue: Date | undefined;
  readonly now: Date;
  readonly isPaused: boolean;
}

function conditionOf(job: ScheduledJob, { last, overdue, now, isPaused }: Seen): JobCondition {
  const runsSinceMs = now.getTime() - Date.parse(last?.startedAt ?? '');
  // Whoever ran it died: nothing waits and runs for longer than it may.
  const longestMs = job.timeoutMs + (job.worksOn === undefined ? 0 : LONGEST_WAIT_MS) + 60_000;
  if (last !== undefined && last.endedAt === undefined && runsSinceMs <= longestMs) return 'running';
  if (isPaused) return 'paused';
  if (overdue && now.getTime() - overdue.getTime() > MISSED_AFTER_MS) return 'missed';
  if (!last) return 'waiting';
  return last.outcome === 'succeeded' ? 'succeeded' : 'failed';
}
