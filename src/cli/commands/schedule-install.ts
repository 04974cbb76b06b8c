import { resolve } from 'node:path';
import { EXIT } from '../../platform/exit-codes.ts';
import type { SystemdScope } from '../../platform/systemd.ts';
import type { CronTable } from '../../schedule/cron/table.ts';
import type { HandedOver } from '../../schedule/systemd/job-units.ts';
import type { Stack } from '../../stack/stack.ts';
import type { Command, CommandContext, CommandInput, CommandResult } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { jobPlace, jobsToHandOver } from '../handed-over.ts';
import { loadStack } from '../load-stack.ts';
import { serviceWorld } from '../service-spec.ts';
import { formatTime, table } from '../terminal.ts';

export const scheduleInstallCommand: Command = {
  description: `Has systemd or cron run what the daemon does by schedule, as the owner of the stack, and the daemon leave it alone. With
\`--systemd\` each job gets a hardened service and a timer that makes up for what was due while the machine was off.
With \`--cron\` it prints a table for /etc/cron.d, or writes it with \`--output\`: only then cron has the jobs. Doing it
again changes nothing; after a change of the times in leitstand.yaml, or an update of Leitstand, it writes them anew.`,
  arguments: [
    {
      name: 'jobs',
      description: 'these only; default: all that is done by schedule',
      required: false,
      variadic: true,
    },
  ],
  options: [
    { flags: '--systemd', description: 'services and timers' },
    { flags: '--user', description: 'with --systemd: of your own instead of the system: needs no root' },
    { flags: '--cron', description: 'a table for /etc/cron.d' },
    { flags: '-o, --output <file>', description: 'with --cron: write it there, and hand the jobs over' },
    {
      flags: '--mail-to <address>',
      description: 'with --cron: who gets a mail when a job fails; default: the owner',
    },
    { flags: '--print', description: 'with --systemd: print the units, and install nothing' },
    { flags: '--dry-run', description: 'say what would be done, and do nothing' },
  ],
  examples: [
    { command: 'sudo leitstand schedule install --systemd', shows: 'timers of the system' },
    { command: 'leitstand schedule install --cron', shows: 'the table, to read' },
    {
      command:
        'sudo leitstand schedule install --cron --output /etc/cron.d/leitstand --mail-to ops@example.org',
      shows: 'where there is no systemd',
    },
  ],
  exits: ['6   systemd does not run here, or refused'],
  run: async (context, input) => {
    const [systemd, cron] = [input.flag('systemd'), input.flag('cron')];
    if (systemd === cron)
      throw cliErrors.error('LS-CLI-001', {
        what: 'who shall run the jobs: systemd or cron?',
        why: 'without either the daemon does',
        fix: 'leitstand schedule install --systemd, or leitstand schedule install --cron',
      });
    refuseOthers(input, cron ? ['user', 'print'] : ['output', 'mailTo']);
    const stack = await loadStack(context);
    const jobs = jobsToHandOver(stack, input.args);
    return systemd ? bySystemd(context, input, { stack, jobs }) : byCron(context, input, { stack, jobs });
  },
};

const OPTIONS: Readonly<Record<string, string>> = {
  user: '--user goes with --systemd',
  print: '--print goes with --systemd: --cron prints the table by itself',
  output: '--output goes with --cron',
  mailTo: '--mail-to goes with --cron: a timer writes to the journal',
};

function refuseOthers(input: CommandInput, names: readonly string[]): void {
  const given = names.find((name) => input.flag(name) || input.text(name) !== undefined);
  if (given === undefined) return;
  throw cliErrors.error('LS-CLI-001', { what: OPTIONS[given] ?? given, fix: 'leave it out' });
}

interface Wanted {
  readonly stack: Stack;
  readonly jobs: readonly HandedOver[];
}

async function bySystemd(
  context: CommandContext,
  input: CommandInput,
  { stack, jobs }: Wanted,
): Promise<CommandResult> {
  const [{ installTimers }, { jobUnits }] = await Promise.all([
    import('../../schedule/systemd/timers.ts'),
    import('../../schedule/systemd/job-units.ts'),
  ]);
  const scope: SystemdScope = input.flag('user') ? 'user' : 'system';
  const { place, owner } = await jobPlace(context, stack, scope);
  if (input.flag('print')) {
    const units = jobs.flatMap((job) => [...jobUnits(place, job)]);
    return {
      exit: EXIT.ok,
      text: units
        .map(({ name, text }) => `# ${name}\n${text}`)
        .join('\n')
        .trimEnd(),
      json: { units: Object.fromEntries(units.map(({ name, text }) => [name, text])) },
    };
  }
  const dryRun = input.flag('dryRun');
  const changes = await installTimers({ place, jobs, owner, dryRun }, await serviceWorld(context, scope));
  const user = scope === 'user' ? '--user ' : '';
  const done = dryRun ? 'would be written' : 'written';
  const gone = dryRun ? 'would be removed' : 'removed';
  const text = [
    ...changes.written.map((file) => `${file} ${done}`),
    ...changes.removed.map((file) => `${file} ${gone}`),
    ...(changes.written.length + changes.removed.length === 0 ? ['Everything is as it should be.'] : []),
    ...(await leftOut(jobs, context.clock.now())),
    ...(dryRun
      ? []
      : [
          '',
          timesTable(jobs),
          '',
          `When next:     systemctl ${user}list-timers 'leitstand-${stack.name}.*'`,
          `What it says:  journalctl ${user}-u 'leitstand-${stack.name}.*'`,
          'How it went:   leitstand schedule list',
          ...(scope === 'user'
            ? [
                `Without a login: loginctl enable-linger ${place.user}   (else they run only while you are logged in)`,
              ]
            : []),
        ]),
  ];
  return { exit: EXIT.ok, text: text.join('\n'), json: { ...changes, dryRun } };
}

/** systemd knows no time in place of one that does not exist. */
async function leftOut(jobs: readonly HandedOver[], now: Date): Promise<string[]> {
  const { nextLeftOut } = await import('../../schedule/systemd/on-calendar.ts');
  return jobs.flatMap(({ job }) => {
    const at = nextLeftOut(job.schedule, job.location, now);
    return at === undefined
      ? []
      : [
          `warning: systemd leaves ${job.name} out on ${formatTime(at.toISOString()).slice(0, 10)}, when clocks are set forward: take a time after 03:00, or \`location: UTC\``,
        ];
  });
}

function timesTable(jobs: readonly HandedOver[]): string {
  return table([
    ['JOB', 'SCHEDULE'],
    ...jobs.map(({ job }) => [job.name, `${job.schedule} (${job.location})`]),
  ]);
}

async function byCron(
  context: CommandContext,
  input: CommandInput,
  { stack, jobs }: Wanted,
): Promise<CommandResult> {
  const [{ cronTable }, { installTable }] = await Promise.all([
    import('../../schedule/cron/table.ts'),
    import('../../schedule/cron/install.ts'),
  ]);
  const { place, owner } = await jobPlace(context, stack, 'system');
  const cron: CronTable = {
    place,
    jobs: jobs.map(({ job }) => job),
    zone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
    mailTo: mailTo(input, place.user),
  };
  const output = input.text('output');
  if (output === undefined) {
    const text = cronTable(cron);
    context.output.talk(
      `The daemon still runs these. To hand them over: sudo leitstand schedule install --cron --output /etc/cron.d/leitstand-${stack.name}`,
    );
    return { exit: EXIT.ok, text: text.trimEnd(), json: { table: text } };
  }
  const file = resolve(context.cwd, output);
  const dryRun = input.flag('dryRun');
  const uid = process.getuid?.() ?? 0;
  const changed = await installTable({ table: cron, file, owner, uid, dryRun });
  const done = dryRun ? 'would be written' : 'is written: cron runs these, and the daemon leaves them alone';
  return {
    exit: EXIT.ok,
    text: [changed ? `${file} ${done}` : `${file} is as it should be.`, '', timesTable(jobs)].join('\n'),
    json: { file, written: changed, dryRun },
  };
}

function mailTo(input: CommandInput, user: string): string {
  const given = input.text('mailTo') ?? user;
  if (/^[\w.+@,-]+$/.test(given)) return given;
  throw cliErrors.error('LS-CLI-001', {
    what: `--mail-to takes addresses, not \`${given}\``,
    fix: '--mail-to ops@example.org',
  });
}
