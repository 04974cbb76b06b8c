import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HostedJobs } from '../../src/daemon/hosted-jobs.ts';
import { type History, openHistory } from '../../src/history/history.ts';
import { httpExchange } from '../../src/platform/http.ts';
import { tryLock } from '../../src/platform/lock.ts';
import { parseMetrics } from '../../src/platform/metrics-text.ts';
import { nativeLayout } from '../../src/runtimes/native/layout.ts';
import type { ScheduledJob } from '../../src/stack/job.ts';
import { handClock } from '../fixtures/hand-clock.ts';
import { generations } from '../integration/programs.ts';
import { makeStack, type StackUnderTest } from './stack-under-test.ts';

const bin = fileURLToPath(new URL('../../bin/leitstand.mjs', import.meta.url));
const SCHEDULED = 'backup: {schedule: {enabled: true, location: Europe/Berlin, jitter: 10m}}\n';
const DAY = 86_400_000;
const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;
const hasSystemd = spawnSync('test', ['-d', '/run/systemd/system']).status === 0;

describe('what is done by schedule', () => {
  let stack: StackUnderTest;
  let stateDir = '';

  beforeAll(async () => {
    stack = await makeStack(generations[0] ?? 'debian');
    stateDir = join(stack.directory, '.leitstand');
    await stack.configure({ extra: SCHEDULED });
    const { exit, stderr } = await stack.run('up');
    if (exit !== 0) throw new Error(`up failed: ${stderr}`);
  });
  afterAll(() => stack?.destroy());

  async function withHistory<Result>(use: (history: History) => Promise<Result> | Result): Promise<Result> {
    const history = openHistory(join(stateDir, 'leitstand.db'));
    try {
      return await use(history);
    } finally {
      history.close();
    }
  }
  const lastRun = (job: string) => withHistory(({ jobs }) => jobs.runs({ job, limit: 1 })[0]);
  const metric = async (url: string, name: string) =>
    parseMetrics((await httpExchange(url)).body).find((sample) => sample.name === name)?.value;
  const onPage = (name: string) => metric(`http://127.0.0.1:${stack.ports.daemon}/metrics`, name);
  const pushed = (name: string) => metric(`http://127.0.0.1:${stack.ports.pushgateway}/metrics`, name);

  it('is listed, and waits for its time', async () => {
    const { stdout, exit } = await stack.run('schedule', 'list');
    expect(exit).toBe(0);
    for (const job of ['backup', 'backup-verify', 'drill', 'backup-prune'])
      expect(stdout).toMatch(new RegExp(`^${job} +\\S.* \\(Europe/Berlin\\) +waiting +2\\d{3}-`, 'm'));
    expect(await onPage('sva_backup_timestamp')).toBe(0);
  });

  it('is done by the daemon at its minute, with the real programs', async () => {
    const clock = handClock(new Date().toISOString());
    const jobs = new HostedJobs({
      layout: nativeLayout(stateDir),
      clock,
      leitstand: [process.execPath, bin],
      env: { PATH: process.env['PATH'], HOME: stack.directory },
      say: (text) => expect.fail(text),
    });
    const job: ScheduledJob = {
      name: 'backup',
      schedule: '* * * * *',
      location: 'UTC',
      command: ['backup', '--file', join(stack.directory, 'leitstand.yaml'), '--progress', 'quiet'],
      timeoutMs: 120_000,
      worksOn: 'repository',
    };
    await jobs.converge([job]);
    await clock.pass(121_000);
    await expect.poll(async () => (await lastRun('backup'))?.outcome, { timeout: 90_000 }).toBe('succeeded');
    await jobs.close();
    expect((await lastRun('backup'))?.dueAt).toMatch(/:00\.000Z$/);
    expect(await readFile(join(stateDir, 'logs', 'schedule.log'), 'utf8')).toMatch(
      /^\d{4}-\S+Z backup: .*prometheus +stored/m,
    );
    expect((await stack.run('backup', 'list')).stdout).toContain('-prometheus-');
  });

  it('the daemon and the Pushgateway tell the same of it', async () => {
    const told = await pushed('sva_backup_timestamp');
    expect(told).toBeGreaterThan(1_700_000_000);
    expect(await onPage('sva_backup_timestamp')).toBe(told);
    expect(await onPage('leitstand_backup_last_attempt_failed')).toBe(0);
  });

  it('can be had now, and then the schedule counts it as done', async () => {
    for (const job of ['backup-verify', 'backup-prune', 'drill']) {
      const { exit, stdout, stderr } = await stack.run('schedule', 'run', job);
      expect(stderr + stdout).toContain(`${job}: succeeded`);
      expect(exit).toBe(0);
    }
    const { stdout } = await stack.run('schedule', 'list');
    expect(stdout).toMatch(/^drill +.* succeeded /m);
  });

  it('never beside another one that works on the repository: who asks is told whose turn it is', async () => {
    const lock = await tryLock(join(stateDir, 'run', 'jobs-repository.lock'), 'drill');
    const { exit, stdout } = await stack.run('schedule', 'run', 'backup');
    if (lock.held) lock.release();
    expect(stdout).toMatch(/^backup: skipped: repository: drill is at it \(pid \d+, since /);
    expect(exit).toBe(11);
  });

  it('pauses, says so, and ends', async () => {
    expect((await stack.run('schedule', 'pause', 'backup', '--for', '2h')).stdout).toContain(
      'made up for once',
    );
    expect((await stack.run('schedule', 'list')).stdout).toMatch(/^backup +.* paused .*paused until /m);
    expect((await stack.run('status')).stdout).toMatch(/^backup +paused /m);
    const asked = await stack.run('schedule', 'run', 'backup', '--if-due');
    expect(asked.stdout).toMatch(/Z backup: paused until /);
    expect(asked.exit).toBe(0);
    expect(await onPage('leitstand_job_paused_until_timestamp_seconds')).toBeGreaterThan(1_700_000_000);
    expect((await stack.run('schedule', 'resume', 'backup')).stdout).toContain('not paused any more');
    expect((await stack.run('schedule', 'resume', 'backup')).stdout).toContain('was not paused');
    for (const args of [
      ['--for', '2h', '--until', '06:00'],
      ['--for', 'long'],
      ['--until', 'soon'],
      ['--for', '100d'],
    ])
      expect((await stack.run('schedule', 'pause', 'backup', ...args)).exit).toBe(2);
  });

  it('is handed over to cron, whose lines do what is due, once', async () => {
    const printed = await stack.run('schedule', 'install', '--cron');
    expect(printed.stderr).toContain('The daemon still runs these');
    const file = join(stack.directory, 'cron-table');
    expect((await stack.run('schedule', 'install', '--cron', '--output', file)).exit).toBe(0);
    expect((await stack.run('schedule', 'list')).stdout).toMatch(/^drill .* by cron$/m);
    const table = await readFile(file, 'utf8');
    const [variables, lines] = [
      /^([A-Z_]+)=(.*)$/gm,
      /^(?:@reboot|(?:\S+ ){5})\S* ?(\/.*schedule run drill.*)$/gm,
    ];
    const env = Object.fromEntries(
      [...table.matchAll(variables)].map(([, name = '', value = '']) => [name, value]),
    );
    const [, line = ''] = [...table.matchAll(lines)][0] ?? [];
    const cron = () =>
      spawnSync('/bin/sh', ['-c', line], { encoding: 'utf8', env: { ...env, HOME: stack.directory } });

    const before = await lastRun('drill');
    expect(cron()).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect((await lastRun('drill'))?.id).toBe(before?.id);

    // As if nobody had been there last Sunday.
    await withHistory(({ jobs }) =>
      jobs.note('drill', '0 5 * * 0 Europe/Berlin', new Date(Date.now() - 9 * DAY)),
    );
    await forgetRuns(stateDir, 'drill');
    expect(cron()).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(await lastRun('drill')).toMatchObject({ outcome: 'succeeded', dueAt: expect.any(String) });
    expect(await readFile(join(stateDir, 'logs', 'schedule.log'), 'utf8')).toMatch(/Z drill: succeeded$/m);

    expect((await stack.run('schedule', 'remove')).stdout).toContain(`${file} is removed`);
    expect((await stack.run('schedule', 'list')).stdout).not.toContain('by cron');
  });

  it('is handed over to systemd as units that it accepts, or says that it is not here', async () => {
    const { stdout, exit } = await stack.run('schedule', 'install', '--systemd', '--print');
    expect(exit).toBe(0);
    const units = stdout.split(/^# (leitstand-under-test\.\S+)$/m).slice(1);
    expect(units).toHaveLength(16);
    expect(stdout).toContain('OnCalendar=*-*-* 02:00:00 Europe/Berlin');
    expect(stdout).toContain('RandomizedDelaySec=600');
    if (hasAnalyze) {
      const place = join(stack.directory, 'units');
      await mkdir(place);
      const files: string[] = [];
      for (let i = 0; i < units.length; i += 2) {
        files.push(join(place, units[i] ?? ''));
        await writeFile(files.at(-1) ?? '', units[i + 1] ?? '');
      }
      const verified = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], {
        encoding: 'utf8',
        env: { ...process.env, XDG_RUNTIME_DIR: place },
      });
      expect(verified.stdout + verified.stderr).toBe('');
      expect(verified.status).toBe(0);
    }
    const dry = await stack.run('schedule', 'install', '--systemd', '--dry-run');
    expect(dry.stdout).toContain('would be written');
    expect(dry.stdout).toMatch(/warning: systemd leaves backup out on 2\d{3}-03-/);
    if (hasSystemd) return;
    const refused = await stack.run('schedule', 'install', '--systemd');
    expect(refused.stderr).toContain('LS-SCHEDULE-004');
    expect(refused.stderr).toContain('--cron');
    expect(refused.exit).toBe(6);
  });

  it('that fails at the store is seen everywhere, and the last success stays', async () => {
    const good = await pushed('sva_backup_timestamp');
    await stack.configure({ extra: 'backup: {directory: elsewhere, schedule: {enabled: true}}\n' });
    const { exit, stdout } = await stack.run('schedule', 'run', 'backup');
    expect(stdout).toContain('backup: failed: LS-CLI-007');
    expect(exit).toBe(6);
    // A failure on record does not make it forget that there were backups.
    expect((await stack.run('backup')).stderr).toContain('LS-CLI-007');
    for (const place of [onPage, pushed]) {
      expect(await place('leitstand_backup_last_attempt_store_failed')).toBe(1);
      expect(await place('leitstand_backup_last_attempt_failed')).toBe(1);
      expect(await place('sva_backup_timestamp')).toBe(good);
    }
    const status = await stack.run('status');
    expect(status.stdout).toMatch(/^backup +FAILED .*LS-CLI-007/m);
    expect(status.stdout).toMatch(/^Next: .*leitstand schedule run backup/m);
    expect(status.exit).toBe(1);
  });
});

/** There is no way to do this in Leitstand itself. */
async function forgetRuns(stateDir: string, job: string): Promise<void> {
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(join(stateDir, 'leitstand.db'), { timeout: 10_000 });
  database.prepare('DELETE FROM job_runs WHERE job = ?').run(job);
  database.close();
}
