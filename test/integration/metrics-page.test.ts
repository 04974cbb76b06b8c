import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERIFY_SUBJECT } from '../../src/backup/verify-proof.ts';
import { ShippingCounts } from '../../src/daemon/log-shipping/counts.ts';
import { metricsPage } from '../../src/daemon/metrics/metrics-page.ts';
import { openHistory } from '../../src/history/history.ts';
import { recordSighting } from '../../src/history/sightings.ts';
import { parseMetrics } from '../../src/platform/metrics-text.ts';
import { runProgram } from '../../src/platform/processes.ts';
import { scheduleText } from '../../src/schedule/job-state.ts';
import type { DaemonDuties } from '../../src/stack/runtime.ts';
import { handClock } from '../fixtures/hand-clock.ts';
import { generations, requirePrograms } from './programs.ts';

const NOW = '2026-11-27T12:00:00.000Z';
const TOKEN = 'a'.repeat(32);
const job = {
  name: 'alert-test',
  schedule: '0 10 * * 1',
  location: 'Europe/Berlin',
  command: ['alert', 'test'],
  timeoutMs: 900_000,
};
const daemon: DaemonDuties = {
  port: 9470,
  environment: 'production',
  expected: [
    { kind: 'alert-delivery', subject: 'on-call' },
    { kind: 'backup', subject: 'prometheus' },
    { kind: 'backup', subject: 'leitstand' },
    { kind: 'verify', subject: VERIFY_SUBJECT },
  ],
  backupMetrics: { prefix: 'sva', service: 'monitoring' },
  integrations: [
    { receiver: 'on-call', type: 'slack', index: 0 },
    { receiver: 'say "hello"\\', type: 'email', index: 0 },
  ],
  jobs: [job],
};

let directory = '';
let database = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'metrics-page-'));
  database = join(directory, 'leitstand.db');
  const history = openHistory(database);
  const common = { receiver: 'on-call', type: 'slack', index: 0 };
  const at = (minutes: number) => new Date(Date.parse(NOW) - minutes * 60_000);
  for (const latencyMs of [40, 60])
    history.deliveries.append({
      ...common,
      nonce: 'n1',
      verdict: 'CONFIRMED',
      latencyMs,
      at: at(90).toISOString(),
    });
  history.deliveries.append({ ...common, nonce: 'n2', verdict: 'FAILED', at: at(60).toISOString() });
  history.deliveries.append({ ...common, verdict: 'CONFIRMED', at: at(30).toISOString() });
  history.deliveries.append({
    ...common,
    receiver: '',
    type: 'webhook',
    verdict: 'FAILED',
    at: at(30).toISOString(),
  });
  history.sightings.ask({ token: TOKEN, nonce: 'n1x0x', receiver: 'on-call', at: at(90) });
  recordSighting(database, TOKEN, at(89));
  const proof = { verdict: 'proven', method: 'm', ageLimitMs: 1, notProven: [] } as const;
  for (const subject of ['prometheus', 'leitstand'])
    history.proofs.append(
      { ...proof, kind: 'backup', subject, facts: { bytes: 900, elapsedMs: 4_000, newBytes: 90, files: 3 } },
      at(subject === 'leitstand' ? 59 : 60),
    );
  history.jobs.note(job.name, scheduleText(job), new Date('2026-11-20T12:00:00.000Z'));
  const run = history.jobs.begin({ job: job.name, now: new Date('2026-11-23T09:00:00.000Z') });
  history.jobs.end(run, { outcome: 'succeeded', exit: 0 }, new Date('2026-11-23T09:00:03.000Z'));
  history.close();
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function page(duties: DaemonDuties | undefined): Promise<string> {
  return metricsPage({
    version: '0.1.0',
    since: NOW,
    clock: handClock(NOW),
    database,
    wantedTests: join(directory, 'wanted-tests'),
    counts: new ShippingCounts(handClock(NOW), () => undefined),
    desired: duties && { stack: 'test', components: [], inbox: { enabled: false, port: 0 }, daemon: duties },
    status: async () => [{ component: 'alpha', state: 'ready', restarts: 0 }],
  });
}

it('tells whether alerts arrive, and what the schedule does', async () => {
  const samples = new Map(
    parseMetrics(await page(daemon)).map(({ name, labels, value }) => [
      [name.replace('leitstand_', ''), ...Object.values(labels)].join(' '),
      value,
    ]),
  );
  const seconds = (at: string) => Date.parse(at) / 1000;
  const own = 'on-call slack[0]';
  expect(
    [...samples].filter(([name]) => /^(?:alert_delivery|job)_/.test(name) && !name.includes('say')),
  ).toEqual([
    ...[
      ['CONFIRMED', 0],
      ['ACCEPTED', 0],
      ['SENT-UNCONFIRMED', 0],
      ['MUTED', 0],
      ['NOT-ROUTED', 0],
      ['FAILED', 1],
    ].map(([verdict, value]) => [`alert_delivery_last_verdict ${own} ${verdict}`, value]),
    [`alert_delivery_last_test_timestamp_seconds ${own}`, seconds('2026-11-27T11:00:00Z')],
    [`alert_delivery_last_success_timestamp_seconds ${own}`, seconds('2026-11-27T10:30:00Z')],
    [`alert_delivery_last_latency_seconds ${own}`, 0.06],
    ...[
      ['CONFIRMED', 2],
      ['ACCEPTED', 0],
      ['SENT-UNCONFIRMED', 0],
      ['MUTED', 0],
      ['NOT-ROUTED', 0],
      ['FAILED', 1],
    ].map(([verdict, value]) => [`alert_delivery_tests_total ${own} ${verdict}`, value]),
    [`alert_delivery_latency_seconds ${own} 0.5`, 0.04],
    [`alert_delivery_latency_seconds ${own} 0.95`, 0.06],
    [`alert_delivery_latency_seconds_sum ${own}`, 0.1],
    [`alert_delivery_latency_seconds_count ${own}`, 2],
    [`alert_delivery_notifications_total ${own} accepted`, 1],
    [`alert_delivery_notifications_total ${own} refused`, 0],
    ['alert_delivery_notifications_total  webhook accepted', 0],
    ['alert_delivery_notifications_total  webhook refused', 1],
    ['alert_delivery_last_seen_timestamp_seconds on-call', seconds('2026-11-27T10:31:00Z')],
    ['alert_delivery_last_seen_latency_seconds on-call', 60],
    ['job_last_run_timestamp_seconds alert-test', seconds('2026-11-23T09:00:00Z')],
    ['job_last_run_succeeded alert-test', 1],
    ['job_last_run_duration_seconds alert-test', 3],
    ['job_last_success_timestamp_seconds alert-test', seconds('2026-11-23T09:00:00Z')],
    ['job_last_skipped_timestamp_seconds alert-test', 0],
    ['job_next_run_timestamp_seconds alert-test', seconds('2026-11-30T09:00:00Z')],
    ['job_overdue_seconds alert-test', 0],
    ['job_paused_until_timestamp_seconds alert-test', 0],
  ]);
});

it('tells of backups what the Pushgateway is told', async () => {
  const samples = new Map(
    parseMetrics(await page(daemon)).map(({ name, labels, value }) => [
      [name, ...Object.values(labels)].join(' '),
      value,
    ]),
  );
  expect(samples.get('sva_backup_timestamp monitoring')).toBe(Date.parse(NOW) / 1000 - 3_600);
  expect(samples.get('sva_backup_size_bytes monitoring')).toBe(1_800);
  expect(samples.get('sva_backup_duration_seconds monitoring')).toBe(8);
  expect(samples.get('leitstand_backup_new_bytes prometheus')).toBe(90);
  expect(samples.get('leitstand_backup_last_attempt_store_failed leitstand')).toBe(0);
  // Never verified.
  expect(samples.get('leitstand_repository_oldest_unverified_timestamp_seconds')).toBe(0);
  expect(samples.get('leitstand_repository_last_verify_timestamp_seconds')).toBe(0);
});

it('tells nothing of backups where an older version has said what it shall tell', async () => {
  const { backupMetrics: _, ...older } = daemon;
  expect(await page(older)).not.toContain('_backup_timestamp');
});

it('is there for who was never tested, with zeros', async () => {
  const samples = parseMetrics(await page(daemon)).filter(
    ({ labels }) => labels['receiver'] === 'say "hello"\\',
  );
  expect(samples.length).toBeGreaterThan(10);
  expect(new Set(samples.map(({ value }) => value))).toEqual(new Set([0]));
});

describe.each(generations)('%s promtool', (generation) => {
  it.each([
    ['a full page', daemon],
    ['one of a daemon that has nothing to do', undefined],
  ])('finds no fault with %s', async (_, duties) => {
    const promtool = (await requirePrograms(generation)).get('promtool')?.path ?? '';
    const { exitCode, stdout, stderr } = await runProgram(promtool, ['check', 'metrics'], {
      input: await page(duties),
    });
    expect(stdout + stderr).toBe('');
    expect(exitCode).toBe(0);
  });
});
