import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Deliveries } from '../../src/history/deliveries.ts';
import { readDeliveries } from '../../src/history/delivery-reading.ts';
import type { NewDelivery } from '../../src/history/delivery-rows.ts';
import { type History, openHistory } from '../../src/history/history.ts';
import { migrations } from '../../src/history/migrations.ts';
import { DELIVERY_VERDICTS, isGoodVerdict } from '../../src/stack/delivery.ts';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-11-27T12:00:00.000Z');

let directory = '';
let path = '';
const opened: History[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'deliveries-'));
  path = join(directory, 'leitstand.db');
});

afterEach(async () => {
  for (const history of opened.splice(0)) history.close();
  await rm(directory, { recursive: true, force: true });
});

function open(): Deliveries {
  const history = openHistory(path);
  opened.push(history);
  return history.deliveries;
}

const ago = (ms: number) => new Date(NOW - ms).toISOString();

function test(more: Partial<NewDelivery> = {}): NewDelivery {
  return {
    nonce: 'n1',
    receiver: 'on-call',
    type: 'slack',
    index: 0,
    verdict: 'CONFIRMED',
    evidence: 'inbox',
    latencyMs: 40,
    at: ago(60_000),
    ...more,
  };
}

function notification(more: Partial<NewDelivery> = {}): NewDelivery {
  return {
    receiver: 'on-call',
    type: 'slack',
    index: 0,
    verdict: 'CONFIRMED',
    evidence: 'inbox',
    alert: 'DiskFull',
    status: 'firing',
    message: 7,
    ageMs: 12_000,
    at: ago(30_000),
    ...more,
  };
}

describe('the list', () => {
  it('gives tests and notifications back as they were, newest first by their times', () => {
    const deliveries = open();
    const later = deliveries.append(test({ at: ago(1_000) }));
    const earlier = deliveries.append(notification());
    expect(deliveries.list({ limit: 9 })).toEqual([later, earlier]);
    expect(later.mode).toBe('alertmanager');
    expect(earlier).not.toHaveProperty('mode');
  });

  it('finds by receiver, test, time and failure', () => {
    const deliveries = open();
    const failed = deliveries.append(
      test({ verdict: 'FAILED', stage: 'send', reason: 'refused', at: ago(5_000) }),
    );
    const old = deliveries.append(test({ receiver: 'team', nonce: 'n2', at: ago(3 * DAY_MS) }));
    const muted = deliveries.append(notification({ receiver: 'team', verdict: 'FAILED', at: ago(4_000) }));
    expect(deliveries.list({ limit: 9, receiver: 'on-call' })).toEqual([failed]);
    expect(deliveries.list({ limit: 9, nonce: 'n2' })).toEqual([old]);
    expect(deliveries.list({ limit: 9, nonce: 'n2', failed: true })).toEqual([]);
    expect(deliveries.list({ limit: 9, since: new Date(NOW - DAY_MS) })).toEqual([muted, failed]);
    expect(deliveries.list({ limit: 9, failed: true })).toEqual([muted, failed]);
    expect(deliveries.list({ limit: 1, failed: true })).toEqual([muted]);
    expect(deliveries.list({ limit: 9, receiver: 'nobody' })).toEqual([]);
  });

  it('keeps the newest million, and the counts of all', () => {
    const deliveries = open();
    deliveries.append(test());
    const database = new DatabaseSync(path);
    database.exec(`UPDATE sqlite_sequence SET seq = 1000000 WHERE name = 'deliveries'`);
    database.close();
    deliveries.append(test({ nonce: 'n2' }));
    expect(deliveries.list({ limit: 9 }).map(({ nonce }) => nonce)).toEqual(['n2']);
    expect(deliveries.summary({})[0]?.tests).toEqual({ count: 2, good: 2 });
  });

  it('takes all of a batch or none', () => {
    const deliveries = open();
    const broken = { ...test(), verdict: undefined } as unknown as NewDelivery;
    expect(() => deliveries.appendAll([test(), broken])).toThrow();
    expect(deliveries.list({ limit: 9 })).toEqual([]);
    deliveries.appendAll([test(), test({ nonce: 'n2' })]);
    expect(deliveries.list({ limit: 9 })).toHaveLength(2);
  });

  it('knows no more than 1,000 integrations by name, whatever messages call themselves', () => {
    const deliveries = open();
    deliveries.appendAll(Array.from({ length: 1_002 }, (_, i) => notification({ receiver: `r${i}` })));
    const summary = deliveries.summary({});
    expect(summary).toHaveLength(1_001);
    expect(summary.find(({ receiver }) => receiver === '')?.notifications.count).toBe(2);
  });
});

describe('the summary', () => {
  it('tells of each integration count, good ones, latency, last success and last failure', () => {
    const deliveries = open();
    for (const latencyMs of [10, 20, 30, 40])
      deliveries.append(test({ latencyMs, at: ago(latencyMs * 1_000) }));
    const failure = deliveries.append(
      test({ verdict: 'FAILED', stage: 'receive', reason: '410: channel_is_archived', at: ago(90_000) }),
    );
    deliveries.append(notification());
    deliveries.append(test({ mode: 'direct', at: ago(1), verdict: 'ACCEPTED' }));
    expect(deliveries.summary({ receiver: 'on-call' })).toEqual([
      {
        receiver: 'on-call',
        type: 'slack',
        index: 0,
        tests: { count: 5, good: 4 },
        notifications: { count: 1, good: 1 },
        latency: { p50Ms: 20, p95Ms: 40, of: 4 },
        lastSuccess: expect.objectContaining({ at: ago(10_000), latencyMs: 10 }),
        lastFailure: failure,
      },
    ]);
    expect(deliveries.summary({ receiver: 'nobody' })).toEqual([]);
  });

  it('counts to the moment that is asked for, though it has counts of whole days', () => {
    let run = 0;
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            agoMs: fc.integer({ min: 0, max: 5 * DAY_MS }),
            verdict: fc.constantFrom(...DELIVERY_VERDICTS),
            isTest: fc.boolean(),
          }),
          { minLength: 1, maxLength: 30 },
        ),
        fc.integer({ min: 0, max: 6 * DAY_MS }),
        (all, sinceMs) => {
          run += 1;
          const history = openHistory(join(directory, `${run}.db`));
          history.deliveries.appendAll(
            all.map(({ agoMs, verdict, isTest }) =>
              isTest ? test({ at: ago(agoMs), verdict }) : notification({ at: ago(agoMs), verdict }),
            ),
          );
          const [found] = history.deliveries.summary({ since: new Date(NOW - sinceMs) });
          const tally = (isTest: boolean) => {
            const wanted = all.filter((one) => one.isTest === isTest && one.agoMs <= sinceMs);
            return {
              count: wanted.length,
              good: wanted.filter(({ verdict }) => isGoodVerdict(verdict)).length,
            };
          };
          expect(found).toMatchObject({ tests: tally(true), notifications: tally(false) });
          history.close();
        },
      ),
      { numRuns: 40 },
    );
  });

  it('takes the smallest latency that so many per cent do not exceed', () => {
    const deliveries = open();
    deliveries.appendAll(Array.from({ length: 100 }, (_, i) => test({ latencyMs: i + 1 })));
    expect(deliveries.summary({})[0]?.latency).toEqual({ p50Ms: 50, p95Ms: 95, of: 100 });
  });

  it('has no latency where nobody saw it arrive', () => {
    const deliveries = open();
    const { latencyMs: _, ...untimed } = test({ verdict: 'ACCEPTED', evidence: 'counters' });
    deliveries.append(untimed);
    expect(deliveries.summary({})[0]).not.toHaveProperty('latency');
  });

  it('sums up days that are long ago, and never counts less than before', () => {
    const deliveries = open();
    deliveries.append(test({ at: ago(900 * DAY_MS) }));
    deliveries.append(test({ at: ago(600 * DAY_MS) }));
    deliveries.append(test({ at: ago(0) }));
    const database = new DatabaseSync(path, { readOnly: true });
    expect(database.prepare('SELECT day, count FROM delivery_days ORDER BY day').all()).toEqual([
      { day: 0, count: 2 },
      { day: Math.floor(NOW / DAY_MS), count: 1 },
    ]);
    database.close();
    expect(deliveries.summary({})[0]?.tests.count).toBe(3);
  });
});

describe('what the metrics read', () => {
  const wanted = [
    { receiver: 'on-call', type: 'slack', index: 0 },
    { receiver: 'team', type: 'email', index: 0 },
  ];

  it('is the last verdict, the last success, latencies and counts ever, without making or locking anything', () => {
    const deliveries = open();
    deliveries.append(test({ at: ago(2 * DAY_MS), latencyMs: 30 }));
    deliveries.append(test({ at: ago(40 * DAY_MS), latencyMs: 500 }));
    deliveries.append(test({ at: ago(1_000), verdict: 'FAILED' }));
    deliveries.append(test({ at: ago(10), mode: 'direct', verdict: 'ACCEPTED' }));
    deliveries.append(notification());
    deliveries.append(notification({ receiver: '', type: 'webhook', verdict: 'FAILED' }));
    const { integrations, others } = readDeliveries(path, wanted, new Date(NOW));
    expect(integrations).toEqual([
      {
        last: { verdict: 'FAILED', at: new Date(NOW - 1_000) },
        lastSuccess: { at: new Date(NOW - 2 * DAY_MS), latencyMs: 30 },
        latency: { p50Ms: 30, p95Ms: 30, of: 1 },
        timed: { count: 2, latencyMs: 530 },
        tests: { CONFIRMED: 2, FAILED: 1 },
        notifications: { good: 1, bad: 0 },
      },
      { timed: { count: 0, latencyMs: 0 }, tests: {}, notifications: { good: 0, bad: 0 } },
    ]);
    expect([...others]).toEqual([['webhook', { good: 0, bad: 1 }]]);
  });

  it('is nothing where there is no file', () => {
    expect(readDeliveries(join(directory, 'none.db'), wanted, new Date(NOW)).integrations).toHaveLength(2);
  });
});

it('takes over what an older version recorded', () => {
  const database = new DatabaseSync(path);
  for (const migration of migrations.slice(0, 2)) database.exec(migration);
  database.exec(`PRAGMA user_version = 2;
    INSERT INTO deliveries (at, nonce, receiver, type, position, verdict, stage, reason, latency_ms) VALUES
      ('2026-11-01T03:04:05.678Z', 'n1', 'on-call', 'slack', 0, 'CONFIRMED', NULL, NULL, 41.5),
      ('2026-11-02T03:04:05.678Z', 'n2', 'on-call', 'slack', 1, 'FAILED', 'send', 'connection refused', NULL)`);
  database.close();
  const deliveries = open();
  expect(deliveries.list({ limit: 9 })).toEqual([
    {
      id: 2,
      at: '2026-11-02T03:04:05.678Z',
      nonce: 'n2',
      receiver: 'on-call',
      type: 'slack',
      index: 1,
      verdict: 'FAILED',
      mode: 'alertmanager',
      stage: 'send',
      reason: 'connection refused',
    },
    {
      id: 1,
      at: '2026-11-01T03:04:05.678Z',
      nonce: 'n1',
      receiver: 'on-call',
      type: 'slack',
      index: 0,
      verdict: 'CONFIRMED',
      mode: 'alertmanager',
      latencyMs: 41.5,
    },
  ]);
  expect(deliveries.summary({}).map(({ tests }) => tests)).toEqual([
    { count: 1, good: 1 },
    { count: 1, good: 0 },
  ]);
  expect(deliveries.append(test()).id).toBe(3);
});
