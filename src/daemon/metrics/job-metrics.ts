import { type JobRecord, readJobRecords } from '../../history/jobs.ts';
import type { Clock } from '../../platform/clock.ts';
import type { FamilySample, MetricFamily } from '../../platform/metrics-text.ts';
import type { JobState, ScheduledJob } from '../../stack/job.ts';
import { family, seconds } from './family.ts';

interface Sources {
  readonly database: string;
  readonly clock: Clock;
}

/** What is run by schedule. Loaded only where something is: the library of calendars is not small. */
export async function jobMetrics(jobs: readonly ScheduledJob[], sources: Sources): Promise<MetricFamily[]> {
  if (jobs.length === 0) return [];
  const { jobState, scheduleText } = await import('../../schedule/job-state.ts');
  const now = sources.clock.now();
  const texts = jobs.map((job) => ({ name: job.name, schedule: scheduleText(job) }));
  const records = readAll(texts, sources.database);
  const states = jobs.map((job, i) => jobState(job, records[i] ?? NOTHING, now));
  const each: Each = (value) =>
    states.flatMap((state) => {
      const number = value(state);
      return number === undefined ? [] : [{ labels: { job_name: state.name }, value: number }];
    });
  return [
    ...lastRunMetrics(each),
    family(
      'leitstand_job_last_success_timestamp_seconds',
      'gauge',
      'When the last run that succeeded began; 0: never.',
      each(({ lastSuccess }) => seconds(lastSuccess?.startedAt)),
    ),
    family(
      'leitstand_job_last_skipped_timestamp_seconds',
      'gauge',
      'When a run was last passed over, since another one was at it; 0: never.',
      each(({ lastSkipped }) => seconds(lastSkipped?.startedAt)),
    ),
    family(
      'leitstand_job_next_run_timestamp_seconds',
      'gauge',
      'When it should run next; 0: never again.',
      each(({ next }) => seconds(next)),
    ),
    family(
      'leitstand_job_overdue_seconds',
      'gauge',
      'For how long a run should have begun that did not; 0: none.',
      each(({ overdueSince }) => (overdueSince === undefined ? 0 : seconds(now) - seconds(overdueSince))),
    ),
    family(
      'leitstand_job_paused_until_timestamp_seconds',
      'gauge',
      'Until when nobody shall run it; 0: it is not paused.',
      each(({ pausedUntil }) => seconds(pausedUntil)),
    ),
  ];
}

type Each = (value: (state: JobState) => number | undefined) => FamilySample[];

function lastRunMetrics(each: Each): MetricFamily[] {
  return [
    family(
      'leitstand_job_last_run_timestamp_seconds',
      'gauge',
      'When the last run began; 0: never.',
      each(({ last }) => seconds(last?.startedAt)),
    ),
    family(
      'leitstand_job_last_run_succeeded',
      'gauge',
      '1 when the last run that ended did what it should; absent before the first one.',
      each(({ last, lastEnded = last }) =>
        lastEnded?.outcome === undefined ? undefined : lastEnded.outcome === 'succeeded' ? 1 : 0,
      ),
    ),
    family(
      'leitstand_job_last_run_duration_seconds',
      'gauge',
      'How long the last run took; absent while it runs.',
      each(({ last }) =>
        last?.endedAt === undefined
          ? undefined
          : (Date.parse(last.endedAt) - Date.parse(last.startedAt)) / 1000,
      ),
    ),
    family(
      'leitstand_job_last_run_late_seconds',
      'gauge',
      'How much later than it should the last run began; absent when somebody started it by hand.',
      each(({ last }) =>
        last?.dueAt === undefined ? undefined : Math.max(0, seconds(last.startedAt) - seconds(last.dueAt)),
      ),
    ),
  ];
}

const NOTHING: JobRecord = { since: undefined, runs: [] };

function readAll(
  jobs: readonly { readonly name: string; readonly schedule: string }[],
  database: string,
): JobRecord[] {
  try {
    return readJobRecords(database, jobs);
  } catch {
    // A damaged or locked file: `status` says which.
    return [];
  }
}
