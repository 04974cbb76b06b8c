/** Something that is done by schedule: a command of Leitstand itself. */
export interface ScheduledJob {
  /** `alert-test` */
  readonly name: string;
  /** Five fields as of cron(5), in the time zone `location`. */
  readonly schedule: string;
  /** IANA time zone. */
  readonly location: string;
  /** Words of the command line: `alert`, `test`, `--file`, … */
  readonly command: readonly string[];
  /** Milliseconds after which it is ended. */
  readonly timeoutMs: number;
}

/**
 * `succeeded` and `failed` by what came out. `skipped`: the one before still ran. `lost`: whoever ran it died before it
 * ended.
 */
export type JobOutcome = 'succeeded' | 'failed' | 'skipped' | 'lost';

export interface JobRun {
  readonly id: number;
  readonly job: string;
  /** When it should have begun; absent when somebody started it by hand. UTC, ISO 8601. */
  readonly dueAt?: string;
  readonly startedAt: string;
  /** Absent while it runs. */
  readonly endedAt?: string;
  readonly outcome?: JobOutcome;
  /** Exit code of the command. */
  readonly exit?: number;
  /** Why it did not succeed, in one line. */
  readonly reason?: string;
}

/**
 * `waiting`: nothing was due since it has this schedule. `missed`: it should have begun and nobody began it. The others
 * by the last run; one that was skipped or lost counts as failed.
 */
export type JobCondition = 'waiting' | 'running' | 'succeeded' | 'failed' | 'missed';

export interface JobState {
  readonly name: string;
  readonly condition: JobCondition;
  readonly schedule: string;
  readonly location: string;
  /** The newest one. */
  readonly last?: JobRun;
  readonly lastSuccess?: JobRun;
  /** The first time after now; absent: never again. UTC, ISO 8601. */
  readonly next?: string;
  /** The first time that nobody has begun yet, where it has passed. */
  readonly overdueSince?: string;
}
