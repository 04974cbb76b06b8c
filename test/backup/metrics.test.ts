import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type BackupReading, backupFamilies } from '../../src/backup/metrics/families.ts';
import { publishBackupMetrics } from '../../src/backup/metrics/publish.ts';
import { formatMetrics } from '../../src/platform/metrics-text.ts';
import type { Proof } from '../../src/stack/proof.ts';

const NAMES = { prefix: 'sva', service: 'monitoring' };

function proof(at: string, verdict: 'proven' | 'refuted', facts: Proof['facts']): Proof {
  return {
    id: 1,
    at,
    hash: '',
    previousHash: '',
    kind: 'backup',
    subject: 's',
    verdict,
    method: '',
    facts,
    ageLimitMs: 1,
    notProven: [],
  };
}

const made = proof('2026-11-27T02:00:04.000Z', 'proven', {
  elapsedMs: 4_000,
  bytes: 900,
  newBytes: 90,
  files: 3,
});
const younger = proof('2026-11-27T02:00:05.000Z', 'proven', {
  elapsedMs: 1_000,
  bytes: 100,
  newBytes: 10,
  files: 1,
});
const failed = proof('2026-11-28T02:00:00.000Z', 'refuted', { elapsedMs: 9, error: { code: 'X' } });

const text = (readings: readonly BackupReading[]) =>
  formatMetrics(backupFamilies(readings, NAMES))
    .split('\n')
    .filter((line) => !line.startsWith('#') && line !== '');

describe("a backup's metrics", () => {
  it("are the users' three for the whole, and each source's own", () => {
    const lines = text([
      { source: 'prometheus', latest: made, latestProven: made },
      { source: 'leitstand', latest: younger, latestProven: younger },
    ]);
    expect(lines.slice(0, 3)).toEqual([
      `sva_backup_timestamp{service="monitoring"} ${Date.parse(made.at) / 1000}`,
      'sva_backup_duration_seconds{service="monitoring"} 5',
      'sva_backup_size_bytes{service="monitoring"} 1000',
    ]);
    expect(lines).toContain('leitstand_backup_new_bytes{source="leitstand"} 10');
    expect(lines).toContain('leitstand_backup_last_attempt_failed{source="prometheus"} 0');
  });

  it('keep the last success when an attempt fails', () => {
    const lines = text([{ source: 'prometheus', latest: failed, latestProven: made }]);
    expect(lines).toContain(`sva_backup_timestamp{service="monitoring"} ${Date.parse(made.at) / 1000}`);
    expect(lines).toContain('leitstand_backup_last_attempt_failed{source="prometheus"} 1');
    expect(lines).toContain('leitstand_backup_size_bytes{source="prometheus"} 900');
  });

  it.each([
    ['LS-REPO-020', 1],
    ['LS-REPO-006', 1],
    ['LS-CLI-007', 1],
    ['LS-PROMETHEUS-007', 0],
    ['LS-REPO-008', 0],
  ])('say whether it was the store that failed (%s)', (code, expected) => {
    const refused = proof('2026-11-28T02:00:00.000Z', 'refuted', {
      elapsedMs: 9,
      error: { code, what: 'x' },
    });
    expect(text([{ source: 'prometheus', latest: refused, latestProven: made }])).toContain(
      `leitstand_backup_last_attempt_store_failed{source="prometheus"} ${expected}`,
    );
  });

  it('are 0 for never, also for the whole when one source has none', () => {
    const never = { source: 'alertmanager', latest: undefined, latestProven: undefined };
    const lines = text([{ source: 'prometheus', latest: made, latestProven: made }, never]);
    expect(lines).toContain('sva_backup_timestamp{service="monitoring"} 0');
    expect(lines).toContain('leitstand_backup_last_success_timestamp_seconds{source="alertmanager"} 0');
    expect(text([])).toContain('sva_backup_timestamp{service="monitoring"} 0');
  });
});

describe('published', () => {
  const readings = [{ source: 'prometheus', latest: made, latestProven: made }];

  it('replace the group of the job `backup`, and the file for node_exporter', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on('end', () => {
        asked.push(`${request.method} ${request.url}`, body);
        response.writeHead(200).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const textfileDir = await mkdtemp(join(tmpdir(), 'leitstand-textfile-'));
    onTestFinished(() => rm(textfileDir, { recursive: true, force: true }));
    const pushgateway = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await publishBackupMetrics(readings, { ...NAMES, pushgateway, textfileDir })).toEqual([]);
    expect(asked[0]).toBe('PUT /metrics/job/backup');
    const file = join(textfileDir, 'leitstand_backup.prom');
    expect(await readFile(file, 'utf8')).toBe(asked[1]);
    expect((await stat(file)).mode & 0o777).toBe(0o644);
  });

  it('that are taken nowhere are said, each place by itself, and nothing is thrown', async () => {
    const errors = await publishBackupMetrics(readings, {
      ...NAMES,
      pushgateway: 'http://127.0.0.1:1',
      textfileDir: '/nonexistent/textfiles',
    });
    expect(errors.map(({ code }) => code)).toEqual(['LS-PUSHGATEWAY-001', 'LS-BACKUP-007']);
  });
});
