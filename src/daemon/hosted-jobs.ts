import { appendFileSync } from 'node:fs';
import { openHistory } from '../history/history.ts';
import { ALLOCATOR } from '../platform/allocator.mjs';
import type { Clock } from '../platform/clock.ts';
import { runProgram } from '../platform/processes.ts';
import { KEEPER_MARKER } from '../runtimes/native/control.ts';
import type { NativeLayout } from '../runtimes/native/layout.ts';
import type { Scheduler } from '../schedule/scheduler.ts';
import type { ScheduledJob } from '../stack/job.ts';

export interface HostedJobsOptions {
  readonly layout: NativeLayout;
  readonly clock: Clock;
  /** What starts Leitstand: `[node, …/bin/leitstand.mjs]`; absent: nothing is run. */
  readonly leitstand?: readonly string[] | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly say: (text: string) => void;
}

/** What the daemon runs by schedule, as processes of their own. Nothing is loaded before there is a job. */
export class HostedJobs {
  readonly #options: HostedJobsOptions;
  #scheduler: Scheduler | undefined;

  constructor(options: HostedJobsOptions) {
    this.#options = options;
  }

  async converge(jobs: readonly ScheduledJob[]): Promise<void> {
    const { leitstand } = this.#options;
    if (!leitstand || (jobs.length === 0 && !this.#scheduler)) return;
    this.#scheduler ??= await this.#open(leitstand);
    await this.#scheduler.converge(jobs);
  }

  async close(): Promise<void> {
    await this.#scheduler?.close();
  }

  async #open(leitstand: readonly string[]): Promise<Scheduler> {
    const { layout, clock, say } = this.#options;
    const [{ Scheduler: Opened }, { runCommand }, { ownerOf }] = await Promise.all([
      import('../schedule/scheduler.ts'),
      import('../schedule/command.ts'),
      import('../schedule/owners.ts'),
    ]);
    // By this mark a daemon is found: what it runs is none.
    const { [KEEPER_MARKER]: _, ...inherited } = this.#options.env;
    const env = { ...ALLOCATOR, ...inherited };
    return new Opened({
      stateDir: layout.stateDir,
      clock,
      say,
      ownerOf: (job) => ownerOf(layout.stateDir, job),
      withJobs: async (use) => {
        const history = openHistory(layout.database);
        try {
          return await use(history.jobs);
        } finally {
          history.close();
        }
      },
      run: (job, signal) =>
        runCommand(job, {
          run: runProgram,
          leitstand,
          env,
          cwd: layout.stateDir,
          signal,
          onLine: (line) => this.#write(job, line),
        }),
    });
  }

  /** A log that cannot be written is no reason to end a backup. */
  #write({ name }: ScheduledJob, line: string): void {
    const { layout, clock } = this.#options;
    if (line.trim() === '') return;
    try {
      appendFileSync(layout.jobLog, `${clock.now().toISOString()} ${name}: ${line}\n`, { mode: 0o600 });
    } catch {
      return;
    }
  }
}
