import { EXIT } from '../../platform/exit-codes.ts';
import type { JobState } from '../../stack/job.ts';
import type { Command } from '../command.ts';
import { findCurrentJob } from '../find-job.ts';
import { formatTime } from '../terminal.ts';

export const scheduleResumeCommand: Command = {
  description: `Ends a pause before its time. What was due meanwhile is made up for once: by the daemon within a minute, by a timer of
systemd at its next time.`,
  arguments: [{ name: 'job', description: 'as `leitstand schedule list` names it', required: true }],
  examples: [{ command: 'leitstand schedule resume backup', shows: 'as if there had been no pause' }],
  run: async (context, input) => {
    const [{ openSession }, { jobStates }] = await Promise.all([
      import('../open-session.ts'),
      import('../job-states.ts'),
    ]);
    const session = await openSession(context);
    try {
      const { stack, history } = session;
      const { name } = await findCurrentJob(stack, input.args[0] ?? '');
      const wasPaused = history.jobs.resume(name, context.clock.now());
      const state = (await jobStates(stack, history, context.clock.now())).find((one) => one.name === name);
      return {
        exit: EXIT.ok,
        text: wasPaused ? `${name} is not paused any more; ${comes(state)}.` : `${name} was not paused.`,
        json: JSON.parse(JSON.stringify({ wasPaused, ...state })),
      };
    } finally {
      session.close();
    }
  },
};

function comes(state: JobState | undefined): string {
  if (state?.overdueSince !== undefined && state.owner === undefined)
    return 'what was due meanwhile begins within a minute';
  return state?.next === undefined ? 'it never comes again' : `next: ${formatTime(state.next)}`;
}
