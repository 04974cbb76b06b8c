import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cronTable, tableFor } from '../../../src/schedule/cron/table.ts';
import { dueCommand } from '../../../src/schedule/systemd/job-units.ts';
import { alertTest, backup, odd, place } from '../places.ts';

const table = (schedule: string, zone = 'UTC', location = 'UTC') =>
  cronTable({ place, jobs: [{ ...backup, schedule, location }], zone, mailTo: 'ops@example.org' });

/** What cron reads of a table: its variables, and each entry as times, user and command. Source: crontab(5). */
function asCronReads(text: string) {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const variables = lines.flatMap((line) => {
    const [, name = '', value = ''] = /^([A-Z_]+)=(.*)$/.exec(line) ?? [];
    return name === '' ? [] : [[name, value] as const];
  });
  const entries = lines.slice(variables.length).map((line) => {
    const [, times = '', user = '', command = ''] = /^(@\w+|(?:\S+ ){4}\S+) (\S+) (.*)$/.exec(line) ?? [];
    // An unescaped `%` would end the command.
    expect(command).not.toMatch(/(?<!\\)%/);
    return { times, user, command: command.replaceAll('\\%', '%') };
  });
  return { variables: Object.fromEntries(variables), entries };
}

describe('cronTable', () => {
  it('has a line for each job, in the notation of /etc/cron.d', async () => {
    await expect(
      cronTable({ place, jobs: [backup, alertTest], zone: 'Etc/UTC', mailTo: 'ops@example.org' }),
    ).toMatchFileSnapshot('../../golden/schedule/cron-table');
  });

  it('says the times as they are where this cron means the same, and makes up for them after a start', () => {
    for (const schedule of ['0 2 * * *', '*/10 * * * *', '5,35 8-17 * * 1-5', '0 4 1-7/2 * *', '0 10 * * 7'])
      expect(asCronReads(table(schedule)).entries.map(({ times }) => times)).toEqual([schedule, '@reboot']);
    expect(asCronReads(table('0 2 * * *', 'Europe/Berlin', 'Europe/Berlin')).entries).toHaveLength(2);
  });

  it.each([
    ['another time zone', '0 2 * * *', 'Europe/Berlin'],
    ['the last day of the month', '0 2 L * *', 'UTC'],
    ['the second Monday', '0 2 * * MON#2', 'UTC'],
    ['days of the month or of the week', '0 2 */2 * 1', 'UTC'],
    ['names in a list', '0 2 * * mon,fri', 'UTC'],
  ])('looks every quarter of an hour where it cannot say: %s', (_, schedule, zone) => {
    const { entries } = asCronReads(table(schedule, zone));
    expect(entries.map(({ times }) => times)).toEqual(['*/15 * * * *']);
  });

  it('says whose it is', () => {
    expect(tableFor(table('0 2 * * *'))).toBe(place.stateDir);
    expect(tableFor('0 2 * * * root /bin/true\n')).toBeUndefined();
  });

  it('refuses a path with a line break, which would be a line of the table', () => {
    const evil = { ...place, file: '/x\n* * * * * root /bin/evil' };
    expect(() => cronTable({ place: evil, jobs: [backup], zone: 'UTC', mailTo: 'x' })).toThrow('line break');
  });
});

describe('a line of it', () => {
  let directory = '';
  const script = "process.stdout.write(JSON.stringify(process.argv.slice(2)) + '\\n'); process.exitCode = 6;";
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cron table %s '));
    await mkdir(join(directory, 'state', 'logs'), { recursive: true });
    await writeFile(join(directory, "leit'stand.mjs"), script);
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('runs with /bin/sh what it should, logs what it says, and mails that it failed', async () => {
    const own = {
      ...place,
      stateDir: join(directory, 'state'),
      cacheDir: odd,
      file: odd,
      leitstand: [process.execPath, join(directory, "leit'stand.mjs")],
    };
    const text = cronTable({ place: own, jobs: [backup], zone: 'UTC', mailTo: 'x' });
    const { variables, entries } = asCronReads(text);
    expect(variables['LEITSTAND_CACHE_DIR']).toBe(odd);
    const { stdout, stderr, status } = spawnSync('/bin/sh', ['-c', entries[0]?.command ?? ''], {
      encoding: 'utf8',
      env: variables,
    });
    const log = join(directory, 'state', 'logs', 'schedule.log');
    expect(stderr).toBe('');
    expect(stdout).toBe(`backup of rathaus-nord failed, see ${log}\n`);
    expect(status).toBe(0);
    expect(JSON.parse(await readFile(log, 'utf8'))).toEqual(dueCommand(own, backup).slice(2));
  });
});
