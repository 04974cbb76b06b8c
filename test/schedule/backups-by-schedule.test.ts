import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type History, openHistory } from '../../src/history/history.ts';
import type { JobEnd } from '../../src/history/jobs.ts';
import { tryLock } from '../../src/platform/lock.ts';
import { jobState, scheduleText } from '../../src/schedule/job-state.ts';
import { ownerOf, ownershipOf, readOwners, writeOwners } from '../../src/schedule/owners.ts';
import { runJob } from '../../src/schedule/run-job.ts';
import { Scheduler } from '../../src/schedule/scheduler.ts';
import type { ScheduledJob } from '../../src/stack/job.ts';
import { type HandClock, handClock } from '../fixtures/hand-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Each loop sleeps again, whatever it does. */
const PATIENCE_MS = 20_000;

function job(name: string, schedule: string, more: Partial<ScheduledJob> = {}): ScheduledJob {
  const location = 'UTC';
  return { name, schedule, location, command: [name], timeoutMs: HOUR, worksOn: 'repository', ...more };
}
const backup = job('backup', '0 2 * * *');
const verify = job('backup-verify', '0 4 * * *');
const prune = job('backup-prune', '0 6 * * *');
const drill = job('drill', '0 5 * * 0');

let stateDir = '';
let history: History;
let clock: HandClock;
let said: string[];
/** `backup 02:00-02:30`, by the clock. */
let ran: string[];
let durations: Readonly<Record<string, number>>;
let ends: Readonly<Record<string, JobEnd>>;
const schedulers: Scheduler[] = [];

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'backups-by-schedule-'));
  await mkdir(join(stateDir, 'run'));
  history = openHistory(join(stateDir, 'leitstand.db'));
  // A Friday.
  clock = handClock('2026-11-27T12:00:00.000Z', PATIENCE_MS);
  [said, ran, durations, ends] = [[], [], {}, {}];
});

afterEach(async () => {
  await Promise.all(schedulers.splice(0).map((scheduler) => scheduler.close()));
  history.close();
  await rm(stateDir, { recursive: true, force: true });
});

const time = () => clock.now().toISOString().slice(5, 16).replace('T', ' ');

function start(): Scheduler {
  const scheduler = new Scheduler({
    stateDir,
    clock,
    withJobs: async (use) => use(history.jobs),
    ownerOf: (name) => ownerOf(stateDir, name),
    run: async ({ name }, signal) => {
      const from = time();
      await clock.sleep(durations[name] ?? 0, signal);
      ran.push(`${name} ${from} ${time()}`);
      return ends[name] ?? { outcome: 'succeeded', exit: 0 };
    },
    say: (text) => said.push(text),
  });
  schedulers.push(scheduler);
  return scheduler;
}

const stateOf = (one: ScheduledJob) =>
  jobState(one, history.jobs.record(one.name, scheduleText(one)), clock.now());

describe('a machine that was off', () => {
  it('at 02:00 and on at 08:00 makes its backup once', async () => {
    const before = start();
    await before.converge([backup]);
    await clock.pass(HOUR);
    await before.close();
    clock.set('2026-11-28T08:00:00.000Z');
    expect(stateOf(backup)).toMatchObject({ condition: 'missed', overdueSince: '2026-11-28T02:00:00.000Z' });
    await start().converge([backup]);
    await clock.pass(16 * HOUR);
    expect(ran).toEqual(['backup 11-28 08:01 11-28 08:01']);
    expect(stateOf(backup)).toMatchObject({
      condition: 'succeeded',
      last: { dueAt: '2026-11-28T02:00:00.000Z' },
    });
    await clock.pass(3 * HOUR);
    expect(ran).toHaveLength(2);
  });

  it('for three days does each thing once, one after another', async () => {
    durations = {
      backup: 40 * MINUTE,
      'backup-verify': 30 * MINUTE,
      drill: 90 * MINUTE,
      'backup-prune': MINUTE,
    };
    const before = start();
    await before.converge([backup, verify, drill, prune]);
    await clock.pass(HOUR);
    await before.close();
    clock.set('2026-11-30T08:00:00.000Z');
    await start().converge([backup, verify, drill, prune]);
    await clock.pass(6 * HOUR);
    expect(ran.map((line) => line.replace(/ .*/s, '')).sort()).toEqual([
      'backup',
      'backup-prune',
      'backup-verify',
      'drill',
    ]);
    const times = ran.map((line) => line.split(' '));
    for (const [i, [, , from = '']] of times.entries()) {
      const before = times[i - 1];
      if (before) expect(from >= (before[4] ?? '')).toBe(true);
    }
  });

  it('in the middle of a backup makes it again when it is back', async () => {
    durations = { backup: HOUR };
    const before = start();
    await before.converge([backup]);
    await clock.pass(14 * HOUR + 30 * MINUTE);
    await before.close();
    expect(history.jobs.runs({ limit: 1 })[0]).toMatchObject({ outcome: 'lost' });
    expect(ran).toEqual([]);
    await start().converge([backup]);
    await clock.pass(2 * HOUR);
    expect(ran).toEqual(['backup 11-28 02:31 11-28 03:31']);
  });
});

describe('in the nights in which clocks are changed', () => {
  const local = { ...backup, schedule: '30 2 * * *', location: 'Europe/Berlin' };
  it.each([
    ['that has no 02:30: at 03:00', '2027-03-27T12:00:00Z', '03-28 01:00'],
    ['that has it twice: at the first', '2026-10-24T12:00:00Z', '10-25 00:30'],
  ])('there is one backup in the night %s', async (_, from, at) => {
    clock = handClock(from, PATIENCE_MS);
    await start().converge([local]);
    await clock.pass(DAY);
    expect(ran).toEqual([`backup ${at} ${at}`]);
  });

  it('and one a day in the week around them', async () => {
    clock = handClock('2026-10-22T12:00:00Z', PATIENCE_MS);
    await start().converge([local]);
    await clock.pass(7 * DAY);
    expect(ran).toHaveLength(7);
  });
});

describe('one at a time', () => {
  it('verification waits for a backup that takes longer, and is neither missed nor failed', async () => {
    durations = { backup: 3 * HOUR };
    await start().converge([backup, verify]);
    await clock.pass(17 * HOUR - 30 * MINUTE);
    expect(stateOf(verify)).toMatchObject({
      condition: 'running',
      last: { reason: expect.stringMatching(/^waits: repository: backup is at it \(pid \d+, since /) },
    });
    await clock.pass(2 * HOUR);
    expect(ran).toEqual(['backup 11-28 02:00 11-28 05:00', 'backup-verify 11-28 05:00 11-28 05:00']);
    expect(said).toEqual([]);
    const [run] = history.jobs.runs({ job: 'backup-verify', limit: 1 });
    expect(run).toMatchObject({ dueAt: '2026-11-28T04:00:00.000Z', outcome: 'succeeded' });
    expect(run?.startedAt.slice(0, 16)).toBe('2026-11-28T05:00');
    expect(run?.reason).toBeUndefined();
  });

  it('nobody waits for longer than the night', async () => {
    durations = { backup: 11 * HOUR };
    await start().converge([backup, verify]);
    await clock.pass(DAY);
    expect(said).toEqual([
      expect.stringMatching(/^the job backup-verify skipped: repository: backup is at it /),
    ]);
    expect(stateOf(verify)).toMatchObject({ condition: 'waiting', lastSkipped: { outcome: 'skipped' } });
    expect(stateOf(verify).overdueSince).toBeUndefined();
  });

  it('a backup by hand (exit 11) is waited for as well', async () => {
    ends = { backup: { outcome: 'failed', exit: 11, reason: 'LS-BACKUP-001: another backup is running' } };
    await start().converge([backup]);
    await clock.pass(14 * HOUR + 10 * MINUTE);
    expect(stateOf(backup)).toMatchObject({
      condition: 'running',
      last: { reason: 'waits: LS-BACKUP-001: another backup is running' },
    });
    ends = {};
    await clock.pass(5 * MINUTE);
    expect(stateOf(backup).condition).toBe('succeeded');
    expect(said).toEqual([]);
  });

  it('who asks by hand does not wait, and leaves no trace', async () => {
    const lock = await tryLock(join(stateDir, 'run', 'jobs-repository.lock'), 'backup');
    const end = await runJob(verify, {
      stateDir,
      jobs: history.jobs,
      clock,
      work: () => Promise.resolve({ outcome: 'succeeded' }),
    });
    if (lock.held) lock.release();
    expect(end).toMatchObject({ outcome: 'skipped', reason: expect.stringContaining('backup is at it') });
    expect(history.jobs.runs({ limit: 9 })).toEqual([]);
  });

  it('a run that waits ends with the daemon', async () => {
    const lock = await tryLock(join(stateDir, 'run', 'jobs-repository.lock'), 'somebody');
    const scheduler = start();
    await scheduler.converge([backup]);
    await clock.pass(14 * HOUR + MINUTE);
    await scheduler.close();
    if (lock.held) lock.release();
    expect(history.jobs.runs({ limit: 1 })[0]).toMatchObject({ outcome: 'lost' });
    expect(ran).toEqual([]);
  });
});

describe('a pause', () => {
  const pause = (hours: number) =>
    history.jobs.pause('backup', {
      since: clock.now(),
      until: new Date(clock.now().getTime() + hours * HOUR),
    });

  it('keeps it from running, and what was due is made up for once it is over', async () => {
    await start().converge([backup]);
    await clock.pass(13 * HOUR);
    pause(3);
    await clock.pass(2 * HOUR);
    expect(ran).toEqual([]);
    expect(stateOf(backup)).toMatchObject({
      condition: 'paused',
      pausedUntil: '2026-11-28T04:00:00.000Z',
    });
    expect(stateOf(backup).overdueSince).toBeUndefined();
    await clock.pass(2 * HOUR);
    expect(ran).toEqual(['backup 11-28 04:00 11-28 04:00']);
    expect(stateOf(backup).condition).toBe('succeeded');
  });

  it('that is ended early ends within a minute, and late only since then', async () => {
    await start().converge([backup]);
    await clock.pass(13 * HOUR);
    pause(24);
    await clock.pass(2 * HOUR);
    expect(history.jobs.resume('backup', clock.now())).toBe(true);
    expect(history.jobs.resume('backup', clock.now())).toBe(false);
    expect(stateOf(backup)).toMatchObject({ condition: 'waiting', overdueSince: clock.now().toISOString() });
    await clock.pass(MINUTE);
    expect(ran).toEqual(['backup 11-28 03:01 11-28 03:01']);
  });

  it('in which nothing was due changes nothing, and another job goes on', async () => {
    await start().converge([backup, verify]);
    pause(5);
    await clock.pass(DAY);
    expect(ran).toEqual(['backup 11-28 02:00 11-28 02:00', 'backup-verify 11-28 04:00 11-28 04:00']);
  });

  it('that comes while it runs ends nothing', async () => {
    durations = { backup: HOUR };
    await start().converge([backup]);
    await clock.pass(14 * HOUR + 10 * MINUTE);
    pause(1);
    expect(stateOf(backup).condition).toBe('running');
    await clock.pass(HOUR);
    expect(ran).toHaveLength(1);
  });
});

describe('a delay of its own', () => {
  it('is added to each time, and to what is said about it', async () => {
    const late = { ...backup, delayMs: 7 * MINUTE };
    await start().converge([late]);
    expect(stateOf(late).next).toBe('2026-11-28T02:07:00.000Z');
    await clock.pass(2 * DAY);
    expect(ran).toEqual(['backup 11-28 02:07 11-28 02:07', 'backup 11-29 02:07 11-29 02:07']);
  });
});

describe('what systemd or cron runs', () => {
  const hand = (file: string, schedule = scheduleText(backup)) =>
    writeOwners(stateDir, { backup: { owner: 'systemd', file, schedule } });

  it('is left alone for as long as its timer is there', async () => {
    const timer = join(stateDir, 'leitstand-x.backup.timer');
    await writeFile(timer, '');
    await hand(timer);
    await start().converge([backup, verify]);
    await clock.pass(DAY);
    expect(ran).toEqual(['backup-verify 11-28 04:00 11-28 04:00']);
    expect(stateOf(backup).condition).toBe('missed');
    await rm(timer);
    await clock.pass(DAY);
    expect(ran.map((line) => line.split(' ')[0])).toContain('backup');
  });

  it('is told with what is wrong with it', async () => {
    const timer = join(stateDir, 'timer');
    await hand(timer);
    expect(await ownershipOf(await readOwners(stateDir), backup)).toBeUndefined();
    await writeFile(timer, '');
    expect(await ownershipOf(await readOwners(stateDir), backup)).toEqual({ owner: 'systemd' });
    await hand(timer, '0 3 * * * UTC');
    expect(await ownershipOf(await readOwners(stateDir), backup)).toEqual({
      owner: 'systemd',
      remark: `${timer} has another time (0 3 * * * UTC): leitstand schedule install`,
    });
  });

  it('is nobody where the record cannot be read: the daemon runs it', async () => {
    await writeFile(join(stateDir, 'job-owners.json'), '{"jobs":');
    expect(await readOwners(stateDir)).toEqual({});
    await writeFile(join(stateDir, 'job-owners.json'), '{"jobs":{"backup":{"owner":"me","file":"/x"}}}');
    await start().converge([backup]);
    await clock.pass(DAY);
    expect(ran).toHaveLength(1);
  });
});
