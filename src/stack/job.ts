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
  /** Milliseconds after the schedule's times at which this machine begins: so that many do not begin at once. */
  readonly delayMs?: number | undefined;
  /** Of all jobs that work on the same thing, one runs at a time: `repository`. The others wait. */
  readonly worksOn?: string | undefined;
  /** Exit codes beside 0 with which all is well. */
  readonly goodExits?: readonly number[] | undefined;
}

/**
 * `succeeded` and `failed` by what came out. `skipped`: the one before still ran, or another that it could not wait for.
 * `lost`: whoever ran it died or was ended before it; it is made up for, once.
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
 * `waiting`: nothing was due since it has this schedule. `missed`: it should have begun and nobody began it. `paused`:
 * somebody wants it not to be run for a time. The others by the last run; one that was lost counts as failed.
 */
export type JobCondition = 'waiting' | 'running' | 'succeeded' | 'failed' | 'missed' | 'paused';

/** For a time, nobody runs it but by hand. UTC, ISO 8601. */
export interface JobPause {
  readonly since: string;
  readonly until: string;
}

/** Who runs it in the daemon's place; `user`: the service manager of the user. */
export type JobOwner = 'systemd' | 'systemd-user' | 'cron';

export interface JobState {
  readonly name: string;
  readonly condition: JobCondition;
  readonly schedule: string;
  readonly location: string;
  /** The newest one. */
  readonly last?: JobRun;
  readonly lastSuccess?: JobRun;
  /** The newest that has ended, while another one runs. */
  readonly lastEnded?: JobRun;
  /** The first time after now; absent: never again. UTC, ISO 8601. */
  readonly next?: string;
  /** The first time that nobody has begun yet, where it has passed. */
  readonly overdueSince?: string;
  /** When the last one was passed over. */
  readonly lastSkipped?: JobRun;
  /** Only while it holds. */
  readonly pausedUntil?: string;
  /** Absent: the daemon does. */
  readonly owner?: JobOwner;
  /** What is wrong with who runs it, in words. */
  readonly remark?: string;
}
