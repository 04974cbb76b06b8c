import { describe, expect, it } from 'vitest';
import type { JobRecord } from '../../src/history/jobs.ts';
import { ageLimitOf } from '../../src/schedule/age-limit.ts';
import { firstDue, jobState } from '../../src/schedule/job-state.ts';
import type { JobRun, ScheduledJob } from '../../src/stack/job.ts';

const job: ScheduledJob = {
  name: 'alert-test',
  schedule: '0 10 * * 1',
  location: 'Europe/Berlin',
  command: ['alert', 'test'],
  timeoutMs: 900_000,
};
/** A Friday. */
const since = new Date('2026-11-20T12:00:00Z');
/** Mondays, 10:00 in Berlin. */
const [first, second] = ['2026-11-23T09:00:00.000Z', '2026-11-30T09:00:00.000Z'];

function run(startedAt: string, more: Partial<JobRun> = {}): JobRun {
  return { id: 1, job: job.name, startedAt, endedAt: startedAt, outcome: 'succeeded', ...more };
}

const state = (runs: readonly JobRun[], now: string, from: Date | undefined = since) =>
  jobState(job, { since: from, runs }, new Date(now));

describe('what is due', () => {
  const due = (record: JobRecord, now: string) => firstDue(job, record, new Date(now))?.toISOString();

  it('is nothing before it was ever noted, and nothing that was due before that', () => {
    expect(due({ since: undefined, runs: [] }, '2026-11-27T12:00:00Z')).toBeUndefined();
    expect(
      due({ since: new Date('2026-11-24T00:00:00Z'), runs: [] }, '2026-11-27T12:00:00Z'),
    ).toBeUndefined();
  });
  it('is the first time that nobody began, and not before it has come', () => {
    expect(due({ since, runs: [] }, '2026-11-23T08:59:59.999Z')).toBeUndefined();
    expect(due({ since, runs: [] }, first)).toBe(first);
    expect(due({ since, runs: [] }, '2026-12-24T00:00:00Z')).toBe(first);
    expect(due({ since, runs: [run('2026-11-23T09:00:01Z')] }, '2026-12-24T00:00:00Z')).toBe(second);
  });
  it('is done by a run by hand after that time, and not by one before', () => {
    expect(due({ since, runs: [run('2026-11-23T11:00:00Z')] }, '2026-11-24T00:00:00Z')).toBeUndefined();
    expect(due({ since, runs: [run('2026-11-23T08:59:00Z')] }, '2026-11-24T00:00:00Z')).toBe(first);
  });
  it('does not believe runs of the future, of a clock that was wrong', () => {
    expect(due({ since, runs: [run('2030-01-01T00:00:00Z')] }, '2026-11-24T00:00:00Z')).toBe(first);
  });
});

describe('the state', () => {
  it('tells the next time, the last run and the last success', () => {
    const failed = run('2026-11-30T09:00:01Z', {
      id: 2,
      outcome: 'failed',
      reason: '1 of 2 integrations proven',
    });
    const good = run('2026-11-23T09:00:01Z');
    expect(state([failed, good], '2026-12-01T00:00:00Z')).toEqual({
      name: 'alert-test',
      condition: 'failed',
      schedule: '0 10 * * 1',
      location: 'Europe/Berlin',
      last: failed,
      lastSuccess: good,
      next: '2026-12-07T09:00:00.000Z',
    });
  });
  it.each([
    ['waiting', [], '2026-11-21T00:00:00Z'],
    ['waiting', [], '2026-11-23T09:04:59Z'],
    ['missed', [], '2026-11-23T09:05:01Z'],
    ['succeeded', [run('2026-11-23T09:00:01Z')], '2026-11-24T00:00:00Z'],
    ['missed', [run('2026-11-23T09:00:01Z')], '2026-12-01T00:00:00Z'],
    ['missed', [run('2026-11-23T09:00:01Z', { outcome: 'lost' })], '2026-11-24T00:00:00Z'],
    [
      'failed',
      [run('2026-11-23T10:00:01Z', { outcome: 'lost' }), run('2026-11-23T09:00:01Z', { outcome: 'lost' })],
      '2026-11-24T00:00:00Z',
    ],
    [
      'succeeded',
      [run('2026-11-23T09:00:02Z', { outcome: 'skipped' }), run('2026-11-23T09:00:01Z')],
      '2026-11-24T00:00:00Z',
    ],
  ] as const)('is %s', (condition, runs, now) => {
    expect(state(runs, now).condition).toBe(condition);
  });
  it('is running for no longer than the job may run', () => {
    const { endedAt: _e, outcome: _o, ...begun } = run('2026-11-23T09:00:01Z');
    expect(state([begun], '2026-11-23T09:10:00Z').condition).toBe('running');
    expect(state([begun], '2026-11-23T10:00:00Z').condition).toBe('failed');
  });
});

it('a proof holds from one run to the next and a day', () => {
  const days = (schedule: string) => ageLimitOf(schedule, 'Europe/Berlin') / 86_400_000;
  expect(days('0 10 * * 1')).toBe(8);
  expect(days('0 10 * * 1-5')).toBe(4);
  expect(days('0 10 1 * *')).toBe(32);
  expect(days('*/10 * * * *')).toBe(1);
});
