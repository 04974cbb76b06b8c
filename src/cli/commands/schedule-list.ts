import { EXIT } from '../../platform/exit-codes.ts';
import type { Stack } from '../../stack/stack.ts';
import type { Command } from '../command.ts';
import { table } from '../terminal.ts';

function nothing({ runtime }: Stack): string {
  return runtime === 'external'
    ? 'Nothing is done by schedule here: beside programs that somebody else runs there is no daemon. systemd or cron can do it: leitstand schedule install --systemd, or --cron'
    : 'Nothing is done by schedule here. In staging and production it is; elsewhere with `backup: {schedule: {enabled: true}}` and `alert_test: {enabled: true}`.';
}

export const scheduleListCommand: Command = {
  description: `What is done by schedule: when next, when last, and how that went; by the daemon, unless it says by whom.
Times are those of this machine's clock on the wall. A run that was due while nobody was there is made up for once.`,
  examples: [
    { command: 'leitstand schedule list', shows: 'every job' },
    { command: 'leitstand schedule list --env production', shows: 'those of production' },
  ],
  run: async (context) => {
    const [{ openSession }, { JOB_HEADER, jobRow, jobStates }] = await Promise.all([
      import('../open-session.ts'),
      import('../job-states.ts'),
    ]);
    const session = await openSession(context, { inNeed: true });
    try {
      const states = await jobStates(session.stack, session.history, context.clock.now());
      return {
        exit: EXIT.ok,
        text:
          states.length === 0
            ? nothing(session.stack)
            : table([
                [...JOB_HEADER.slice(0, 1), 'SCHEDULE', ...JOB_HEADER.slice(1)],
                ...states.map((state) => {
                  const [name = '', ...rest] = jobRow(state);
                  return [name, `${state.schedule} (${state.location})`, ...rest];
                }),
              ]),
        json: JSON.parse(JSON.stringify(states)),
      };
    } finally {
      session.close();
    }
  },
};
