import { join } from 'node:path';
import type { JobEnd } from '../../history/jobs.ts';
import { EXIT, type ExitCode } from '../../platform/exit-codes.ts';
import { ensureDirectory } from '../../platform/files.ts';
import type { ScheduledJob } from '../../stack/job.ts';
import type { Command, CommandContext, CommandResult } from '../command.ts';
import { findJob } from '../find-job.ts';
import type { Session } from '../session.ts';
import { formatTime } from '../terminal.ts';

export const scheduleRunCommand: Command = {
  description: `Does now what the daemon does by schedule, in the same way, and records it: the schedule counts it as done.
Never twice at once, nor beside another job that works on the repository: then this says so and does nothing. It is also
what timers and cron call: with \`--if-due\`, which does nothing in a pause or when it was done already, and waits for
its turn.`,
  arguments: [{ name: 'job', description: 'as `leitstand schedule list` names it', required: true }],
  options: [
    { flags: '--if-due', description: 'only when it is due, as the daemon would: for timers and cron' },
  ],
  examples: [
    { command: 'leitstand schedule run alert-test', shows: 'the fire drill, now' },
    { command: 'leitstand schedule run backup', shows: 'the backup that was missed' },
  ],
  exits: ['1   it was done, and did not come out well', '6   it could not be done', '11  it runs already'],
  run: async (context, input) => {
    const { openSession } = await import('../open-session.ts');
    const session = await openSession(context);
    try {
      const job = findJob(session.stack, input.args[0] ?? '');
      return input.flag('ifDue')
        ? await runIfDue(context, session, job)
        : await runNow(context, session, job);
    } finally {
      session.close();
    }
  },
};

async function runNow(context: CommandContext, session: Session, job: ScheduledJob): Promise<CommandResult> {
  const end = await run(context, session, job);
  return resultOf(job, end, end.outcome === 'skipped' ? EXIT.locked : exitOf(end));
}

async function runIfDue(
  context: CommandContext,
  session: Session,
  job: ScheduledJob,
): Promise<CommandResult> {
  const { firstDue, pauseAt, scheduleText } = await import('../../schedule/job-state.ts');
  await untilSettled(context);
  const { jobs } = session.history;
  const now = context.clock.now();
  const record = jobs.record(job.name, scheduleText(job));
  const pausedUntil = pauseAt(record, now);
  if (pausedUntil) {
    const reason = `paused until ${formatTime(pausedUntil.toISOString())}`;
    return { ...nothingDone(job, reason), text: logLine(now, job, reason) };
  }
  // Whoever calls has waited as long as it wanted to. A schedule that nobody knows yet is taken up by being called.
  const dueAt = record.since ? firstDue({ ...job, delayMs: 0 }, record, now) : now;
  if (!record.since) jobs.note(job.name, scheduleText(job), now);
  if (!dueAt) return nothingDone(job, 'not due');
  const end = await run(context, session, job, dueAt);
  const result = resultOf(job, end, end.outcome === 'skipped' ? EXIT.ok : exitOf(end));
  return { ...result, text: `${context.clock.now().toISOString()} ${result.text}` };
}

/** As the daemon writes them: both go to the same log. */
function logLine(at: Date, { name }: ScheduledJob, text: string): string {
  return `${at.toISOString()} ${name}: ${text}`;
}

/** Timers make up for what was due as soon as the machine is up; its programs need a little longer. */
async function untilSettled({ clock, signal }: CommandContext): Promise<void> {
  const { uptime } = await import('node:os');
  const missingMs = SETTLE_MS - uptime() * 1000;
  if (missingMs > 0) await clock.sleep(missingMs, signal);
}

const SETTLE_MS = 120_000;

/** Without a word: cron asks all the time. */
function nothingDone({ name }: ScheduledJob, reason: string): CommandResult {
  return { exit: EXIT.ok, text: '', json: { job: name, outcome: null, reason } };
}

function resultOf({ name }: ScheduledJob, end: JobEnd, exit: ExitCode): CommandResult {
  return {
    exit,
    text: `${name}: ${end.outcome}${end.reason === undefined ? '' : `: ${end.reason}`}`,
    json: JSON.parse(JSON.stringify({ job: name, ...end })),
  };
}

function exitOf({ outcome, exit }: JobEnd): ExitCode {
  if (outcome === 'succeeded') return EXIT.ok;
  return exit === EXIT.no ? EXIT.no : EXIT.couldNotDo;
}

/** `dueAt`: by the schedule, which waits for its turn; whoever asks by hand does not. */
async function run(
  context: CommandContext,
  { stack, history }: Session,
  job: ScheduledJob,
  dueAt?: Date,
): Promise<JobEnd> {
  const [{ runJob }, { runCommand }] = await Promise.all([
    import('../../schedule/run-job.ts'),
    import('../../schedule/command.ts'),
  ]);
  await ensureDirectory(join(stack.stateDir, 'run'));
  return runJob(job, {
    stateDir: stack.stateDir,
    jobs: history.jobs,
    clock: context.clock,
    ...(dueAt ? { dueAt, signal: context.signal } : {}),
    work: () =>
      runCommand(job, {
        run: context.run,
        leitstand: context.self,
        env: context.env,
        cwd: context.cwd,
        signal: context.signal,
        onLine: (line) => {
          if (!dueAt) context.output.talk(line);
          else if (line.trim() !== '') context.output.talk(logLine(context.clock.now(), job, line));
        },
      }),
  });
}
