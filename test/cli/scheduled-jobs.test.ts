import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jobsToHandOver } from '../../src/cli/handed-over.ts';
import { currentJobs, jobRow } from '../../src/cli/job-states.ts';
import { loadStack } from '../../src/cli/load-stack.ts';
import { possibleJobs, scheduledJobs } from '../../src/cli/scheduled-jobs.ts';
import { desiredState } from '../../src/runtimes/native/desired.ts';
import { writeOwners } from '../../src/schedule/owners.ts';
import type { JobRun, JobState } from '../../src/stack/job.ts';
import { contextFor } from './context.ts';

const OWN = `schema: 1
stack: rathaus
components: {prometheus: {}}
environments: {staging: {}, production: {}}
`;

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'scheduled-jobs-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function load(text: string, environment?: 'staging' | 'production') {
  const file = join(directory, 'leitstand.yaml');
  await writeFile(file, text, { mode: 0o600 });
  return loadStack({ ...contextFor(process.cwd()), file, environment });
}

const times = (jobs: readonly { readonly name: string; readonly schedule: string }[]) =>
  Object.fromEntries(jobs.map(({ name, schedule }) => [name, schedule]));

describe('backups by schedule', () => {
  it('are off on a laptop, and on in staging and production with their usual times', async () => {
    expect(scheduledJobs(await load(OWN))).toEqual([]);
    for (const environment of ['staging', 'production'] as const) {
      const jobs = scheduledJobs(await load(OWN, environment));
      expect(times(jobs)).toEqual({
        backup: '0 2 * * *',
        'backup-verify': '0 4 * * *',
        drill: '0 5 * * 0',
        'backup-prune': '0 6 * * *',
      });
      expect(new Set(jobs.map(({ location }) => location))).toEqual(new Set(['UTC']));
      expect(new Set(jobs.map(({ worksOn }) => worksOn))).toEqual(new Set(['repository']));
      for (const { timeoutMs } of jobs) expect(timeoutMs).toBeLessThan(86_400_000);
    }
  });

  it('are the commands that one would type', async () => {
    const file = join(directory, 'leitstand.yaml');
    const place = ['--file', file, '--env', 'production', '--progress', 'quiet'];
    expect(scheduledJobs(await load(OWN, 'production')).map(({ command }) => command)).toEqual([
      ['backup', ...place],
      ['backup', 'verify', '--rotate', ...place],
      ['drill', ...place],
      ['backup', 'prune', ...place],
    ]);
  });

  it('are on or off where the file says so, each by itself', async () => {
    expect(scheduledJobs(await load(`${OWN}backup: {schedule: {enabled: true}}\n`))).toHaveLength(4);
    const off = `${OWN}backup: {schedule: {enabled: false}}\n`;
    expect(scheduledJobs(await load(off, 'production'))).toEqual([]);
    const some = `${OWN}backup: {schedule: {drill: never, backup: '30 1 * * *', location: Europe/Berlin}}\n`;
    expect(times(scheduledJobs(await load(some, 'production')))).toEqual({
      backup: '30 1 * * *',
      'backup-verify': '0 4 * * *',
      'backup-prune': '0 6 * * *',
    });
  });

  it('begin on each machine as much later as always, and not all at once', async () => {
    const stack = await load(`${OWN}backup: {schedule: {jitter: 1h}}\n`, 'production');
    const delays = (host: string) => scheduledJobs(stack, host).map(({ delayMs = 0 }) => delayMs);
    expect(delays('a')).toEqual(delays('a'));
    expect(delays('a')).not.toEqual(delays('b'));
    const all = Array.from({ length: 200 }, (_, i) => delays(`host-${i}`)[0] ?? 0);
    expect(Math.max(...all)).toBeLessThan(3_600_000);
    expect(Math.min(...all.map((ms) => ms % 1000))).toBe(0);
    expect(all.filter((ms) => ms < 1_800_000).length).toBeGreaterThan(60);
    expect(all.filter((ms) => ms >= 1_800_000).length).toBeGreaterThan(60);
  });

  it('can be told to the daemon', async () => {
    const jobs = scheduledJobs(await load(`${OWN}backup: {schedule: {jitter: 1h}}\n`, 'production'));
    const daemon = {
      port: 1,
      environment: 'production',
      expected: [],
      jobs,
      backupMetrics: { prefix: 'sva', service: 'monitoring' },
    };
    const state = { stack: 'x', components: [], inbox: { enabled: false, port: 0 }, daemon };
    expect(desiredState.parse(JSON.parse(JSON.stringify(state)))).toEqual(state);
  });

  it('that are rarer prove something for longer', async () => {
    const usual = await load(OWN, 'production');
    expect(usual.backup.schedule.maxAgeMs).toEqual({
      backup: 26 * 3_600_000,
      drill: 8 * 86_400_000,
      verify: 50 * 3_600_000,
    });
    const weekly = await load(`${OWN}backup: {schedule: {backup: '0 2 * * 6', drill: '0 5 1 * *'}}\n`);
    expect(weekly.backup.schedule.maxAgeMs).toEqual({
      backup: 7 * 86_400_000 + 2 * 3_600_000,
      drill: 32 * 86_400_000,
      verify: 50 * 3_600_000,
    });
    const none = await load(`${OWN}backup: {schedule: {backup: never}}\n`);
    expect(none.backup.schedule.maxAgeMs.backup).toBeUndefined();
  });

  it.each(['often', '* * *', '61 2 * * *'])('take no time that is none: %s', async (time) => {
    await expect(load(`${OWN}backup: {schedule: {backup: '${time}'}}\n`)).rejects.toThrow('backup.schedule');
  });
});

describe('beside programs of others', () => {
  const attached = (settings: string) => `schema: 1
stack: rathaus
environment: production
attach: {prometheus: {url: 'http://127.0.0.1:9090'${settings}}}
`;

  it('there is no daemon: nothing is on, and nobody can say that it is', async () => {
    expect(scheduledJobs(await load(attached(', data_dir: /srv/prometheus')))).toEqual([]);
    await expect(load(`${attached('')}backup: {schedule: {enabled: true}}\n`)).rejects.toMatchObject({
      code: 'LS-CLI-005',
      details: { fix: expect.stringContaining('schedule install') },
    });
  });

  it('systemd or cron can run them, where their data can be reached', async () => {
    const stack = await load(attached(', data_dir: /srv/prometheus'));
    expect(jobsToHandOver(stack, []).map(({ job }) => job.name)).toEqual([
      'backup',
      'backup-verify',
      'drill',
      'backup-prune',
    ]);
    expect(possibleJobs(await load(attached('')))).toEqual([]);
    expect(await currentJobs(stack)).toEqual([]);
    await writeFile(join(directory, 'table'), '');
    await rm(stack.stateDir, { recursive: true, force: true });
    const { mkdir } = await import('node:fs/promises');
    await mkdir(stack.stateDir);
    await writeOwners(stack.stateDir, {
      backup: { owner: 'cron', file: join(directory, 'table'), schedule: '0 2 * * * UTC' },
    });
    expect((await currentJobs(stack)).map(({ name }) => name)).toEqual(['backup']);
  });
});

describe('what is handed over', () => {
  it('is what the daemon does, or what is named', async () => {
    const stack = await load(OWN, 'production');
    expect(jobsToHandOver(stack, [])).toHaveLength(4);
    expect(jobsToHandOver(stack, ['drill']).map(({ job }) => job.name)).toEqual(['drill']);
    const local = await load(OWN);
    expect(() => jobsToHandOver(local, [])).toThrow('LS-SCHEDULE-005');
    expect(jobsToHandOver(local, ['backup'])).toHaveLength(1);
    expect(() => jobsToHandOver(stack, ['backups'])).toThrow('there is no job backups');
  });
});

describe('a line about a job', () => {
  const run: JobRun = {
    id: 1,
    job: 'backup',
    startedAt: '2026-11-28T02:00:00.000Z',
    endedAt: '2026-11-28T02:00:42.000Z',
    outcome: 'failed',
    reason: 'LS-REPO-020: the S3 store cannot be reached',
  };
  const base = { name: 'backup', schedule: '0 2 * * *', location: 'UTC', last: run } as const;

  it('says what went wrong, and who runs it', () => {
    expect(jobRow({ ...base, condition: 'failed', owner: 'systemd', remark: 'X has another time' })).toEqual([
      'backup',
      'FAILED',
      'never',
      expect.stringContaining('2026-11-28'),
      'took 42.0 s; LS-REPO-020: the S3 store cannot be reached; by systemd; X has another time',
    ]);
  });
  it('says that it began late, and that one was passed over since', () => {
    const { reason: _, ...good } = run;
    const late = { ...good, dueAt: '2026-11-27T20:00:00.000Z' };
    const skipped = { ...run, startedAt: '2026-11-29T02:00:00.000Z', reason: 'repository: drill is at it' };
    const notes = (state: Partial<JobState>) => jobRow({ ...base, condition: 'succeeded', ...state })[4];
    expect(notes({ last: late })).toMatch(/^took 42\.0 s; began 6 ?h.* late$/);
    expect(notes({ last: good, lastSkipped: skipped })).toMatch(
      /^took 42\.0 s; passed over 2026-11-29 \d\d:00:00: repository: drill is at it$/,
    );
    expect(
      notes({ last: { ...good, startedAt: '2026-11-30T02:00:00.000Z' }, lastSkipped: skipped }),
    ).not.toContain('passed over');
  });
  it('says until when it is paused', () => {
    const [, state, , , notes] = jobRow({
      ...base,
      condition: 'paused',
      pausedUntil: '2026-11-28T06:00:00.000Z',
    });
    expect(state).toBe('paused');
    expect(notes).toMatch(/^paused until 2026-11-28 \d\d:00:00; /);
  });
});
