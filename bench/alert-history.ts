// `alert history` of a million deliveries, against SQLite alone on the same file in the same run.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openHistory } from '../src/history/history.ts';
import { median, report } from './measure.ts';

const DELIVERIES = 1_000_000;
const RECEIVERS = ['on-call', 'team', 'ops', 'portal'];
const ROUNDS = 15;
const DAY_MS = 86_400_000;

const directory = await mkdtemp(join(tmpdir(), 'bench-history-'));
const path = join(directory, 'leitstand.db');
try {
  fill();
  const since = new Date(Date.now() - 30 * DAY_MS);
  const whole = time(() => {
    const history = openHistory(path);
    const listed = history.deliveries.list({ limit: 20, since });
    const failed = history.deliveries.list({ limit: 20, since, failed: true, receiver: 'team' });
    const summary = history.deliveries.summary({ since });
    history.close();
    if (listed.length !== 20 || failed.length !== 20 || summary.length !== 2 * RECEIVERS.length)
      throw new Error('not what was asked for');
  });
  const database = new DatabaseSync(path, { readOnly: true });
  const peer = time(() => database.prepare('SELECT count(*) FROM deliveries').get());
  const newest = time(() => database.prepare('SELECT * FROM deliveries ORDER BY id DESC LIMIT 20').all());
  database.close();
  report([
    {
      name: 'alert history of 1 million deliveries, the question',
      measured: whole,
      goal: 100,
      unit: 'ms',
    },
  ]);
  process.stdout.write(
    `        ${(whole / peer).toFixed(1)} x SQLite's count(*) of them (${peer.toFixed(1)} ms); its newest 20: ${newest.toFixed(2)} ms\n`,
  );
} finally {
  await rm(directory, { recursive: true, force: true });
}

function time(work: () => unknown): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return median(times);
}

/** Tests and real notifications in turn over the last 40 days, one in 97 lost; past our own writer, which would take minutes. */
function fill(): void {
  openHistory(path).close();
  const database = new DatabaseSync(path);
  const integrations = RECEIVERS.flatMap((receiver) => [
    `('${receiver}', 'slack', 0)`,
    `('${receiver}', 'email', 0)`,
  ]);
  database.exec(`BEGIN;
    INSERT INTO integrations (receiver, type, position) VALUES ${integrations.join(', ')};
    WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${DELIVERIES - 1})
    INSERT INTO deliveries (at, integration, kind, good, verdict, nonce, mode, evidence, stage, reason, alert, latency_ms)
      SELECT ${Date.now() - 40 * DAY_MS} + n * ${(40 * DAY_MS) / DELIVERIES}, n % ${integrations.length} + 1,
        n / 8 % 2, n % 97 > 0, iif(n % 97 > 0, 'CONFIRMED', 'FAILED'), iif(n / 8 % 2, 'abc' || n, NULL),
        iif(n / 8 % 2, 'alertmanager', NULL), 'inbox', iif(n % 97, NULL, 'receive'),
        iif(n % 97, NULL, '410: channel_is_archived'), 'DiskFull', iif(n / 8 % 2, 20 + n * 7919 % 400, NULL)
      FROM numbers;
    INSERT INTO delivery_days
      SELECT integration, kind, at / ${DAY_MS}, verdict, count(*), count(latency_ms), total(latency_ms)
      FROM deliveries GROUP BY 1, 2, 3, 4;
    COMMIT`);
  database.close();
}
