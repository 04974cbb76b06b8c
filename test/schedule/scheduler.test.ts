import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type History, openHistory } from '../../src/history/history.ts';
import type { JobEnd } from '../../src/history/jobs.ts';
import { scheduleText } from '../../src/schedule/job-state.ts';
import { runJob } from '../../src/schedule/run-job.ts';
import { Scheduler } from '../../src/schedule/scheduler.ts';
import type { ScheduledJob } from '../../src/stack/job.ts';
import { type HandClock, handClock } from '../fixtures/hand-clock.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const job: ScheduledJob = {
  name: 'alert-test',
  schedule: '0 10 * * 1',
  location: 'Europe/Berlin',
  command: ['alert', 'test'],
  timeoutMs: 900_000,
};

let stateDir = '';
let history: History;
let clock: HandClock;
let said: string[];
let began: string[];
let work: (signal: AbortSignal) => Promise<JobEnd>;
const schedulers: Scheduler[] = [];

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'scheduler-'));
  await mkdir(join(stateDir, 'run'));
  history = openHistory(join(stateDir, 'leitstand.db'));
  // A Friday.
  clock = handClock('2026-11-20T12:00:00.000Z', 3_000);
  [said, began] = [[], []];
  work = () => Promise.resolve({ outcome: 'succeeded', exit: 0 });
});

afterEach(async () => {
  await Promise.all(schedulers.splice(0).map((scheduler) => scheduler.close()));
  history.close();
  await rm(stateDir, { recursive: true, force: true });
});

function start(): Scheduler {
  const scheduler = new Scheduler({
    stateDir,
    clock,
    withJobs: async (use) => use(history.jobs),
    run: (one, signal) => {
      began.push(`${one.name} ${clock.now().toISOString()}`);
      return work(signal);
    },
    say: (text) => said.push(text),
  });
  schedulers.push(scheduler);
  return scheduler;
}

async function stop(scheduler: Scheduler): Promise<void> {
  await scheduler.close();
}

const recorded = () =>
  history.jobs.runs({ limit: 9 }).map(({ dueAt, startedAt, outcome, reason }) => ({
    dueAt,
    startedAt,
    outcome,
    ...(reason === undefined ? {} : { reason }),
  }));

describe('by the calendar', () => {
  it('runs at the minute, week after week, and records it', async () => {
    await start().converge([job]);
    await clock.pass(2 * DAY);
    expect(began).toEqual([]);
    await clock.pass(12 * DAY);
    expect(began).toEqual(['alert-test 2026-11-23T09:00:00.000Z', 'alert-test 2026-11-30T09:00:00.000Z']);
    expect(recorded()[0]).toEqual({
      dueAt: '2026-11-30T09:00:00.000Z',
      startedAt: '2026-11-30T09:00:00.000Z',
      outcome: 'succeeded',
    });
    expect(said).toEqual([]);
  });

  it.each([
    ['once, an hour later, in the night without a 02:30', '2026-03-28T12:00:00Z', '2026-03-29T01:00:00.000Z'],
    ['once in the night with two of them', '2026-10-24T12:00:00Z', '2026-10-25T00:30:00.000Z'],
  ])('runs %s', async (_, from, at) => {
    clock = handClock(from, 3_000);
    await start().converge([{ ...job, schedule: '30 2 * * *' }]);
    await clock.pass(24 * HOUR);
    expect(began).toEqual([`alert-test ${at}`]);
  });

  it('notices a clock that is set forward, and one that is set back', async () => {
    await start().converge([job]);
    await clock.pass(10 * 60_000);
    clock.set('2026-11-23T10:30:00.000Z');
    await clock.pass(60_000);
    expect(began).toHaveLength(1);
    clock.set('2026-11-22T08:00:00.000Z');
    await clock.pass(2 * DAY);
    expect(began).toHaveLength(2);
  });

  it('says what failed, and goes on', async () => {
    work = () => Promise.resolve({ outcome: 'failed', exit: 1, reason: '1 of 2 integrations proven' });
    await start().converge([job]);
    await clock.pass(4 * DAY);
    expect(said).toEqual(['the job alert-test failed: 1 of 2 integrations proven']);
    work = () => Promise.reject(new Error('no such file'));
    await clock.pass(7 * DAY);
    expect(recorded()[0]).toMatchObject({ outcome: 'failed', reason: 'no such file' });
    expect(began).toHaveLength(2);
  });
});

describe('after it was away', () => {
  it('makes up for what was due meanwhile, once, when everything else had a minute', async () => {
    const before = start();
    await before.converge([job]);
    await clock.pass(HOUR);
    await stop(before);
    clock.set('2026-12-09T15:00:00.000Z');
    await start().converge([job]);
    await clock.pass(30_000);
    expect(began).toEqual([]);
    await clock.pass(DAY);
    expect(began).toEqual(['alert-test 2026-12-09T15:01:00.000Z']);
    expect(recorded()).toMatchObject([{ dueAt: '2026-11-23T09:00:00.000Z' }]);
  });

  it('makes up for nothing that was done by hand meanwhile, or that it never had to do', async () => {
    const before = start();
    await before.converge([job]);
    await clock.pass(HOUR);
    await stop(before);
    clock.set('2026-11-24T08:00:00.000Z');
    await runJob(job, {
      stateDir,
      jobs: history.jobs,
      clock,
      work: () => work(new AbortController().signal),
    });
    const again = start();
    await again.converge([job]);
    await clock.pass(DAY);
    await stop(again);
    // Another schedule: nobody waited for it on the days before.
    await start().converge([{ ...job, schedule: '0 9 * * *' }]);
    await clock.pass(HOUR);
    expect(began).toEqual([]);
  });

  it('calls a run lost that nobody ended, and makes up for it once', async () => {
    const died = clock.now();
    history.jobs.note(job.name, scheduleText(job), died);
    history.jobs.begin({ job: job.name, dueAt: died, now: died });
    work = () => Promise.resolve({ outcome: 'lost' });
    const before = start();
    await before.converge([job]);
    await clock.pass(HOUR);
    expect(recorded()).toMatchObject([{ dueAt: died.toISOString(), outcome: 'lost' }, { outcome: 'lost' }]);
    await stop(before);
    // What takes the machine down does not do so again at each start.
    await start().converge([job]);
    await clock.pass(HOUR);
    expect(began).toHaveLength(1);
    await clock.pass(4 * DAY);
    expect(began).toHaveLength(2);
  });
});

describe('never twice at once', () => {
  it('passes over a time while the one before still runs, and says so', async () => {
    let finish = (_end: JobEnd) => undefined as void;
    const held = runJob(job, {
      stateDir,
      jobs: history.jobs,
      clock,
      work: () =>
        new Promise<JobEnd>((resolve) => {
          finish = resolve;
        }),
    });
    await start().converge([job]);
    await clock.pass(4 * DAY);
    expect(began).toEqual([]);
    expect(said[0]).toMatch(/^the job alert-test skipped: it still runs \(pid \d+, since /);
    finish({ outcome: 'succeeded', exit: 0 });
    await held;
    await clock.pass(7 * DAY);
    expect(began).toEqual(['alert-test 2026-11-30T09:00:00.000Z']);
  });

  it('a long run of its own does not overlap with its next time', async () => {
    let running = 0;
    let most = 0;
    work = async (signal) => {
      running += 1;
      most = Math.max(most, running);
      await clock.sleep(90 * 60_000, signal);
      running -= 1;
      return { outcome: 'succeeded', exit: 0 };
    };
    await start().converge([{ ...job, schedule: '0 * * * *' }]);
    await clock.pass(6 * HOUR);
    expect(most).toBe(1);
    expect(began.length).toBeGreaterThanOrEqual(3);
  });
});

describe('when the jobs change', () => {
  it('goes on with the same ones, ends the others, and tells a run to end', async () => {
    const scheduler = start();
    await scheduler.converge([job]);
    let signal: AbortSignal | undefined;
    work = (given) => {
      signal = given;
      return new Promise((_, reject) => given.addEventListener('abort', () => reject(given.reason as Error)));
    };
    await clock.pass(3 * DAY);
    expect(began).toHaveLength(1);
    await scheduler.converge([{ ...job }]);
    expect(signal?.aborted).toBe(false);
    await scheduler.converge([]);
    expect(signal?.aborted).toBe(true);
    expect(recorded()).toMatchObject([
      { outcome: 'lost', reason: 'it was ended: the daemon ends, or the job is another one now' },
    ]);
    await clock.pass(30 * DAY);
    expect(began).toHaveLength(1);
  });

  it('ends no other job when the records cannot be opened', async () => {
    const scheduler = new Scheduler({
      stateDir,
      clock,
      withJobs: () => Promise.reject(new Error('disk full')),
      run: () => Promise.reject(new Error('not reached')),
      say: (text) => said.push(text),
    });
    schedulers.push(scheduler);
    await scheduler.converge([job]);
    await clock.pass(11 * DAY);
    expect(said).toEqual([
      'the job alert-test cannot be noted: Error: disk full',
      'the job alert-test could not be run: Error: disk full',
      'the job alert-test could not be run: Error: disk full',
      'the job alert-test could not be run: Error: disk full',
    ]);
  });
});
