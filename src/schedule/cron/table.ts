import { join } from 'node:path';
import { servedIn, unitHead } from '../../platform/systemd.ts';
import type { ScheduledJob } from '../../stack/job.ts';
import { dueCommand, jobEnvironment, type JobPlace, WRITER } from '../systemd/job-units.ts';

export interface CronTable {
  readonly place: JobPlace;
  readonly jobs: readonly ScheduledJob[];
  /** Time zone of the machine: cron knows no other. */
  readonly zone: string;
  /** Who gets a mail when a job fails. */
  readonly mailTo: string;
}

/** Each hour of every time zone begins at a quarter of an hour of all the others. */
const QUARTERS = '*/15 * * * *';

/** A file for /etc/cron.d, whose lines name the user. Holds no secret. Source: crontab(5), of Debian's cron. */
export function cronTable(table: CronTable): string {
  const { place, jobs, mailTo } = table;
  return `${[
    ...unitHead(WRITER, place.stateDir),
    '# Each line does nothing when its job is not due, paused, or done already (--if-due).',
    'SHELL=/bin/sh',
    '# MALLOC_*: backups take less time and memory so.',
    ...Object.entries(jobEnvironment(place)).map(([name, value]) => `${name}=${oneLine(value)}`),
    `MAILTO=${mailTo}`,
    `LOG=${oneLine(join(place.stateDir, 'logs', 'schedule.log'))}`,
    ...jobs.flatMap((job) => ['', ...linesOf(table, job)]),
  ].join('\n')}\n`;
}

/** The state directory that a table of ours is for; undefined when it is not ours. */
export function tableFor(text: string): string | undefined {
  return servedIn(WRITER, text);
}

function linesOf({ place, zone }: CronTable, job: ScheduledJob): string[] {
  const { schedule, location, name } = job;
  const command = commandLine(place, job);
  if (!isPlain(schedule) || !isSameZone(location, zone))
    return [
      `# ${name}: ${schedule} (${location}), which cron cannot say here: it is looked at every quarter of an hour.`,
      `${QUARTERS} ${place.user} ${command}`,
    ];
  return [
    `# ${name}: ${schedule} (${location}); after a start for what was due while the machine was off.`,
    `${schedule} ${place.user} ${command}`,
    `@reboot ${place.user} ${command}`,
  ];
}

/** What it says goes to the log; that it failed, to whoever reads the mails. */
function commandLine(place: JobPlace, job: ScheduledJob): string {
  const command = dueCommand(place, job).map(quoted).join(' ');
  // cron would end the command at a `%`.
  return `${command} >>"$LOG" 2>&1 || echo "${job.name} of ${place.stack} failed, see $LOG"`.replaceAll(
    '%',
    '\\%',
  );
}

/** What every cron reads as our calendar does: it takes names alone, steps after a star or a range. */
function isPlain(schedule: string): boolean {
  const fields = schedule.split(/\s+/);
  const [, , days, , weekdays] = fields;
  const isOr = days !== '*' && weekdays !== '*';
  return (
    !isOr &&
    fields.every((field) =>
      /^(?:\*(?:\/\d+)?|\d+(?:-\d+(?:\/\d+)?)?(?:,\d+(?:-\d+(?:\/\d+)?)?)*)$/.test(field),
    )
  );
}

function isSameZone(one: string, other: string): boolean {
  return canonical(one) === canonical(other);
}

/** `Etc/UTC` and `UTC` are the same. */
function canonical(zone: string): string {
  return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
}

/** A word as /bin/sh reads it back. */
function quoted(word: string): string {
  return /^[\w@+=:,./-]+$/.test(word) ? word : `'${oneLine(word).replaceAll("'", String.raw`'\''`)}'`;
}

/** Throws a bug for a line break, which no quoting keeps in one line of a table. */
function oneLine(text: string): string {
  if (/[\n\r\0]/.test(text)) throw new TypeError('a line break cannot be in a line of a cron table');
  return text;
}
