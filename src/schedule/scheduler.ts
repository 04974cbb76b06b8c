import type { JobEnd, Jobs } from '../history/jobs.ts';
import type { Clock } from '../platform/clock.ts';
import type { JobOwner, ScheduledJob } from '../stack/job.ts';
import { firstDue, pauseAt, scheduleText } from './job-state.ts';
import { recurrenceOf } from './recurrence.ts';
import { loseUnfinished, runJob } from './run-job.ts';

/** A clock may be set, a machine may sleep: nobody trusts a timer for longer than this. */
const LONGEST_SLEEP_MS = 60_000;
/** After a start everything else may be starting too. */
const SETTLE_MS = 60_000;

export interface SchedulerOptions {
  readonly stateDir: string;
  readonly clock: Clock;
  /** Opens the records for as long as `use` takes. */
  readonly withJobs: <Result>(use: (jobs: Jobs) => Promise<Result> | Result) => Promise<Result>;
  readonly run: (job: ScheduledJob, signal: AbortSignal) => Promise<JobEnd>;
  /** Who runs it in our place, as of now; absent: nobody does. */
  readonly ownerOf?: (job: string) => Promise<JobOwner | undefined>;
  /** One line for the log of whoever hosts it. */
  readonly say: (text: string) => void;
  /** Milliseconds that nothing is begun after the start. */
  readonly settleMs?: number;
}

/**
 * Runs jobs when they are due, each by itself, never twice at once, and in turn where they work on the same thing. What
 * was due while nobody was there, or in a pause, is made up for once, however often it was; so is what was ended on its
 * way. A job that fails is tried again at its next time. What somebody else runs is only watched.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #keepers = new Map<string, Keeper>();
  readonly #startedAt: number;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#startedAt = options.clock.monotonic();
  }

  /** Jobs that are not named any more end; those that are the same go on. */
  async converge(jobs: readonly ScheduledJob[]): Promise<void> {
    const wanted = new Map(jobs.map((job) => [JSON.stringify(job), job]));
    const gone = [...this.#keepers].filter(([key]) => !wanted.has(key));
    for (const [key, keeper] of gone) {
      this.#keepers.delete(key);
      keeper.closing.abort(new Error('it was ended: the daemon ends, or the job is another one now'));
    }
    await Promise.all(gone.map(([, keeper]) => keeper.ended));
    for (const [key, job] of wanted) if (!this.#keepers.has(key)) this.#keepers.set(key, this.#keep(job));
  }

  /** A run under way is told to end, and waited for. */
  close(): Promise<void> {
    return this.converge([]);
  }

  #keep(job: ScheduledJob): Keeper {
    const closing = new AbortController();
    const ended = this.#loop(job, closing.signal).catch((error: unknown) => {
      if (!closing.signal.aborted)
        this.#options.say(`the job ${job.name} is not run any more: ${String(error)}`);
    });
    return { closing, ended };
  }

  async #loop(job: ScheduledJob, signal: AbortSignal): Promise<void> {
    const { clock, settleMs = SETTLE_MS } = this.#options;
    const settled = this.#startedAt + settleMs - clock.monotonic();
    await this.#note(job);
    if (settled > 0) await clock.sleep(settled, signal);
    const recurrence = recurrenceOf(job);
    // At first everything may be due; later only what this loop saw coming.
    let lookAt: Date | undefined = clock.now();
    while (lookAt) {
      const now = clock.now();
      if (now >= lookAt) {
        const isPaused = await this.#runWhenDue(job, signal);
        const soon = new Date(clock.now().getTime() + LONGEST_SLEEP_MS);
        const coming = recurrence.next(clock.now());
        // A pause may be ended at any time.
        lookAt = isPaused && coming && coming > soon ? soon : coming;
        continue;
      }
      // A clock that was set back brings the next time nearer.
      const next: Date | undefined = recurrence.next(now);
      if (next && next < lookAt) lookAt = next;
      await clock.sleep(Math.min(LONGEST_SLEEP_MS, lookAt.getTime() - now.getTime()), signal);
    }
  }

  /** From now on it can be missed. */
  async #note(job: ScheduledJob): Promise<void> {
    const { clock, withJobs, say } = this.#options;
    await withJobs((jobs) => jobs.note(job.name, scheduleText(job), clock.now())).catch((error: unknown) =>
      say(`the job ${job.name} cannot be noted: ${String(error)}`),
    );
  }

  /** Whether it is paused. */
  async #runWhenDue(job: ScheduledJob, signal: AbortSignal): Promise<boolean> {
    const { stateDir, clock, withJobs, run, ownerOf, say } = this.#options;
    try {
      if (await ownerOf?.(job.name)) return false;
      const { isPaused, end } = await withJobs(async (jobs) => {
        await loseUnfinished(job, { stateDir, jobs, clock });
        const record = jobs.record(job.name, scheduleText(job));
        const dueAt = firstDue(job, record, clock.now());
        return {
          isPaused: pauseAt(record, clock.now()) !== undefined,
          end:
            dueAt &&
            (await runJob(job, { stateDir, jobs, clock, signal, dueAt, work: () => run(job, signal) })),
        };
      });
      if (end && end.outcome !== 'succeeded')
        say(`the job ${job.name} ${end.outcome}: ${end.reason ?? `exit ${end.exit ?? 'unknown'}`}`);
      return isPaused;
    } catch (error) {
      signal.throwIfAborted();
      say(`the job ${job.name} could not be run: ${String(error)}`);
      return false;
    }
  }
}

interface Keeper {
  readonly closing: AbortController;
  readonly ended: Promise<void>;
}
