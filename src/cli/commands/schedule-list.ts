import { EXIT } from '../../platform/exit-codes.ts';
import type { Stack } from '../../stack/stack.ts';
import type { Command } from '../command.ts';
import { table } from '../terminal.ts';

function nothing({ runtime, receivers }: Stack): string {
  if (runtime === 'external')
    return 'Nothing is done by schedule here: beside programs that somebody else runs there is no daemon. For cron: leitstand alert test';
  if (receivers.length === 0)
    return 'Nothing is done by schedule here: there is no receiver that could be tested.';
  return 'Nothing is done by schedule here. Test alerts are with `alert_test: {enabled: true}`, and in staging and production without it.';
}

export const scheduleListCommand: Command = {
  description: `What the daemon does by schedule: when next, when last, and how that went. Times are those of this machine's
clock on the wall. A run that was due while the daemon was away is made up for once when it is back.`,
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
      const states = jobStates(session.stack, session.history, context.clock.now());
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
