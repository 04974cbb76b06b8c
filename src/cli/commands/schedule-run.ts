import { join } from 'node:path';
import { EXIT } from '../../platform/exit-codes.ts';
import { ensureDirectory } from '../../platform/files.ts';
import type { ScheduledJob } from '../../stack/job.ts';
import type { Command, CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import type { Session } from '../session.ts';

export const scheduleRunCommand: Command = {
  description: `Does now what the daemon does by schedule, in the same way, and records it: the schedule counts it as done.
Never twice at once: while the daemon is at it, this says so and does nothing.`,
  arguments: [{ name: 'job', description: 'as `leitstand schedule list` names it', required: true }],
  examples: [{ command: 'leitstand schedule run alert-test', shows: 'the fire drill, now' }],
  exits: ['1   it was done, and did not come out well', '6   it could not be done', '11  it runs already'],
  run: async (context, input) => {
    const { openSession } = await import('../open-session.ts');
    const session = await openSession(context);
    try {
      const job = await findJob(session, input.args[0] ?? '');
      const end = await runNow(context, session, job);
      const exit =
        end.outcome === 'skipped'
          ? EXIT.locked
          : end.outcome === 'succeeded'
            ? EXIT.ok
            : end.exit === EXIT.no
              ? EXIT.no
              : EXIT.couldNotDo;
      return {
        exit,
        text: `${job.name}: ${end.outcome}${end.reason === undefined ? '' : `: ${end.reason}`}`,
        json: JSON.parse(JSON.stringify({ job: job.name, ...end })),
      };
    } finally {
      session.close();
    }
  },
};

async function findJob({ stack }: Session, name: string): Promise<ScheduledJob> {
  const { scheduledJobs } = await import('../scheduled-jobs.ts');
  const jobs = scheduledJobs(stack);
  const job = jobs.find((one) => one.name === name);
  if (job) return job;
  throw cliErrors.error('LS-CLI-003', {
    what: `there is no job ${name}`,
    fix:
      jobs.length === 0
        ? 'nothing is done by schedule here; `alert_test: {enabled: true}` makes the first one'
        : `the jobs are: ${jobs.map((one) => one.name).join(', ')}`,
  });
}

async function runNow(context: CommandContext, { stack, history }: Session, job: ScheduledJob) {
  const [{ runJob }, { runCommand }] = await Promise.all([
    import('../../schedule/run-job.ts'),
    import('../../schedule/command.ts'),
  ]);
  await ensureDirectory(join(stack.stateDir, 'run'));
  return runJob(job, {
    stateDir: stack.stateDir,
    jobs: history.jobs,
    clock: context.clock,
    work: () =>
      runCommand(job, {
        run: context.run,
        leitstand: context.self,
        env: context.env,
        cwd: context.cwd,
        signal: context.signal,
        onLine: context.output.talk,
      }),
  });
}
