import type { JobEnd } from '../history/jobs.ts';
import type { RunProgram, RunResult } from '../platform/processes.ts';
import type { ScheduledJob } from '../stack/job.ts';

/** Time for it to clean up when it is told to end: a test takes its alerts back. */
const GRACE_MS = 10_000;
const LONGEST_REASON = 500;

export interface CommandOptions {
  readonly run: RunProgram;
  /** What starts Leitstand: `[node, …/bin/leitstand.mjs]`. */
  readonly leitstand: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly signal?: AbortSignal | undefined;
  readonly onLine?: ((line: string) => void) | undefined;
}

/**
 * The job as a process of its own: what it loads is gone afterwards, and its crash is nobody else's. Rejects with the
 * signal's reason.
 */
export async function runCommand(job: ScheduledJob, options: CommandOptions): Promise<JobEnd> {
  const [node = process.execPath, ...bin] = options.leitstand;
  const result = await options.run(node, [...bin, ...job.command], {
    cwd: options.cwd,
    env: { ...options.env, NO_COLOR: '1' },
    timeoutMs: job.timeoutMs,
    graceMs: GRACE_MS,
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.onLine ? { onLine: options.onLine } : {}),
  });
  const { exitCode, timedOut } = result;
  if (exitCode === 0 && !timedOut) return { outcome: 'succeeded', exit: 0 };
  const reason = reasonOf(result, job).slice(0, LONGEST_REASON);
  const isGood = exitCode !== null && !timedOut && job.goodExits?.includes(exitCode) === true;
  return {
    outcome: isGood ? 'succeeded' : 'failed',
    reason,
    ...(exitCode === null ? {} : { exit: exitCode }),
  };
}

function reasonOf(
  { timedOut, exitCode, signal, stdout, stderr }: RunResult,
  { timeoutMs }: ScheduledJob,
): string {
  if (timedOut) return `it did not end within ${timeoutMs / 1000} s`;
  const [error] = linesOf(stderr).filter((line) => /\bLS-[A-Z]+-\d{3}\b|^leitstand: /.test(line));
  const result = linesOf(stdout).at(-1);
  return (
    (exitCode === 1 ? (result ?? error) : (error ?? result)) ??
    (signal ? `ended by ${signal}` : `exit ${exitCode}`)
  );
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
