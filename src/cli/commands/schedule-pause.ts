import { EXIT } from '../../platform/exit-codes.ts';
import { formatDuration, parseDuration } from '../../platform/units.ts';
import type { Command, CommandInput } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { findCurrentJob } from '../find-job.ts';
import { formatTime } from '../terminal.ts';

/** Where nobody says for how long: what nobody ends must not last for ever. */
const USUAL_MS = 24 * 3_600_000;
/** Longer is not a pause: `never` in the file says it for everybody to see. */
const LONGEST_MS = 92 * 24 * 3_600_000;

export const schedulePauseCommand: Command = {
  description: `Keeps a job from being run for a time, a day unless it says how long: by the daemon, by timers and by cron. What is
due in a pause is made up for once when the pause ends, as after downtime. By hand it runs all the same. A run under way
goes on.`,
  arguments: [{ name: 'job', description: 'as `leitstand schedule list` names it', required: true }],
  options: [
    { flags: '--for <duration>', description: 'for so long: `2h`, `3d`; at most 92d' },
    { flags: '--until <time>', description: "until then: `06:00`, 'Monday 08:00', '2026-12-24 18:00'" },
  ],
  examples: [
    { command: 'leitstand schedule pause backup --for 2h', shows: 'while the store is being moved' },
    { command: 'leitstand schedule pause alert-test --until 06:00', shows: 'not tonight' },
    { command: 'leitstand schedule resume backup', shows: 'ends it early' },
  ],
  run: async (context, input) => {
    const now = context.clock.now();
    const until = await untilOf(input, now);
    const { openSession } = await import('../open-session.ts');
    const session = await openSession(context);
    try {
      const { name } = await findCurrentJob(session.stack, input.args[0] ?? '');
      session.history.jobs.pause(name, { since: now, until });
      return {
        exit: EXIT.ok,
        text: [
          `${name} is paused until ${formatTime(until.toISOString())}; what is due until then is made up for once.`,
          `To end it early: leitstand schedule resume ${name}`,
        ].join('\n'),
        json: { job: name, pausedUntil: until.toISOString() },
      };
    } finally {
      session.close();
    }
  },
};

/** Throws LS-CLI-001 for a time that cannot be meant. */
async function untilOf(input: CommandInput, now: Date): Promise<Date> {
  const [duration, time] = [input.text('for'), input.text('until')];
  if (duration !== undefined && time !== undefined)
    throw misuse('--for and --until do not go together', 'take one of them');
  const until =
    time === undefined
      ? new Date(now.getTime() + (duration === undefined ? USUAL_MS : durationOf(duration)))
      : await timeOf(time, now);
  const ms = until.getTime() - now.getTime();
  if (ms <= 0)
    throw misuse(`${formatTime(until.toISOString())} is over`, 'name a time that is still to come');
  if (ms > LONGEST_MS)
    throw misuse(
      `a pause of ${formatDuration(Math.round(ms / 3_600_000) * 3_600_000)} is longer than ${formatDuration(LONGEST_MS)}`,
      'write `never` in place of its time in leitstand.yaml (`backup: {schedule: …}`), or `alert_test: {enabled: false}`',
    );
  return until;
}

function durationOf(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw misuse(`--for takes a duration, not \`${text}\``, 'write it as 30m, 2h, 3d or 1d12h');
}

async function timeOf(text: string, now: Date): Promise<Date> {
  const { parseHumanTime, TIME_EXAMPLES } = await import('../human-time.ts');
  const at = parseHumanTime(text, now);
  if (at) return at;
  throw misuse(`--until takes a time, not \`${text}\``, `write it as one of these: ${TIME_EXAMPLES}`);
}

function misuse(what: string, fix: string) {
  return cliErrors.error('LS-CLI-001', { what, fix });
}
