import type { ServerResponse } from 'node:http';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { publishBackupMetrics } from '../../src/backup/metrics/publish.ts';
import { repositoryFamilies } from '../../src/backup/metrics/repository-families.ts';
import { VERIFY_SUBJECT } from '../../src/backup/verify-proof.ts';
import { ShippingCounts } from '../../src/daemon/log-shipping/counts.ts';
import { metricsPage } from '../../src/daemon/metrics/metrics-page.ts';
import { openHistory } from '../../src/history/history.ts';
import { readProofs } from '../../src/history/proof-reading.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { httpExchange } from '../../src/platform/http.ts';
import { freePort } from '../fixtures/free-port.ts';
import { ownRuleFiles } from '../../src/rules/own-pack.ts';
import { alertsOf, parsePack } from '../../src/rules/pack.ts';
import { renderPack } from '../../src/rules/render.ts';
import { localServer } from '../fixtures/local-server.ts';
import { type LivePrometheus, startPrometheus } from './live-prometheus.ts';
import { generations, requirePrograms } from './programs.ts';

const HOUR = 3_600_000;
const NAMES = { prefix: 'rathaus', service: 'it\'s the "town hall"' };
const CLAIMS = [
  { kind: 'backup', subject: 'prometheus' },
  { kind: 'backup', subject: 'leitstand' },
  { kind: 'verify', subject: VERIFY_SUBJECT },
];
const pack = ownRuleFiles(NAMES)
  .map(parsePack)
  .find(({ name }) => name === 'backups');

/** A last backup three days ago, an attempt that failed at the store, damage, nothing read back for 60 days. */
function record(database: string): void {
  const history = openHistory(database);
  const ago = (hours: number) => new Date(Date.now() - hours * HOUR);
  const common = { method: 'm', ageLimitMs: HOUR, notProven: [] };
  for (const { kind, subject } of CLAIMS.slice(0, 2)) {
    history.proofs.append(
      { ...common, kind, subject, verdict: 'proven', facts: { bytes: 1_000, elapsedMs: 5 } },
      ago(72),
    );
    const error = { code: 'LS-REPO-020', what: 'the S3 store cannot be reached' };
    history.proofs.append({ ...common, kind, subject, verdict: 'refuted', facts: { error } }, ago(1));
  }
  const facts = { damagedObjects: 2, oldestUnverifiedAt: ago(60 * 24).toISOString() };
  history.proofs.append(
    { ...common, kind: 'verify', subject: VERIFY_SUBJECT, verdict: 'refuted', facts },
    ago(50),
  );
  history.close();
}

describe.each(generations)('the alerts about backups, with %s programs', (generation) => {
  const cleanups: (() => unknown)[] = [];
  let prometheus: LivePrometheus;
  let gateway = '';
  let closePage: () => Promise<void> = () => Promise.resolve();

  beforeAll(async () => {
    const programs = await requirePrograms(generation);
    const directory = await mkdtemp(join(tmpdir(), 'backup-alerts-'));
    cleanups.push(() => rm(directory, { recursive: true, force: true }));
    const database = join(directory, 'leitstand.db');
    record(database);

    const answer = async (response: ServerResponse) => {
      const text = await metricsPage({
        version: '0',
        since: new Date().toISOString(),
        clock: systemClock,
        database,
        wantedTests: join(directory, 'none'),
        counts: new ShippingCounts(systemClock, () => undefined),
        desired: {
          stack: 's',
          components: [],
          inbox: { enabled: false, port: 0 },
          daemon: { port: 1, environment: 'production', expected: CLAIMS, backupMetrics: NAMES },
        },
        status: async () => [],
      });
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(text);
    };
    const page = await localServer((_, response) => void answer(response));
    closePage = async () => page[Symbol.asyncDispose]();
    cleanups.push(closePage);

    const port = await freePort();
    gateway = `http://127.0.0.1:${port}`;
    const child: ChildProcess = spawn(
      programs.get('pushgateway')?.path ?? '',
      [`--web.listen-address=127.0.0.1:${port}`],
      { stdio: 'ignore' },
    );
    cleanups.push(() => child.kill('SIGKILL'));
    await vi.waitFor(async () => {
      if ((await httpExchange(`${gateway}/-/ready`)).status !== 200) throw new Error('not ready');
    }, 20_000);
    const [first, second, verified] = readProofs(database, CLAIMS);
    if (!first || !second || !verified) throw new Error('the records are gone');
    const untold = await publishBackupMetrics(
      [
        { source: 'prometheus', ...first },
        { source: 'leitstand', ...second },
      ],
      { ...NAMES, pushgateway: gateway, further: repositoryFamilies(verified, new Date()) },
    );
    if (untold.length > 0) throw untold[0];

    const place = join(directory, 'prometheus');
    await mkdir(place);
    const atOnce = Object.fromEntries(alertsOf(pack ? [pack] : []).map(({ name }) => [name, { for: '0s' }]));
    const rules = pack && renderPack(pack, { rules: { alerts: atOnce }, language: 'en' });
    await writeFile(join(place, 'backups.rules.yml'), rules?.content ?? '');
    const careless = { alert: 'Careless', expr: 'time() - rathaus_backup_timestamp > 3600' };
    await writeFile(
      join(place, 'careless.rules.yml'),
      JSON.stringify({ groups: [{ name: 'careless', rules: [careless] }] }),
    );
    const target = (url: string) => [{ targets: [new URL(url).host] }];
    const program = programs.get('prometheus');
    if (!program) throw new Error('there is no prometheus');
    prometheus = await startPrometheus(program, place, {
      scrape: false,
      ruleFiles: ['backups.rules.yml', 'careless.rules.yml'],
      config: {
        global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
        scrape_configs: [
          { job_name: 'leitstand', honor_labels: true, static_configs: target(page.url) },
          { job_name: 'pushgateway', honor_labels: true, static_configs: target(gateway) },
        ],
      },
    });
    cleanups.push(() => prometheus.stop());
  });
  afterAll(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  const ask = async (path: string) =>
    JSON.parse((await httpExchange(`${prometheus.url}/api/v1/${path}`)).body) as {
      readonly data: {
        readonly alerts: readonly { readonly state: string; readonly labels: Record<string, string> }[];
        readonly result: readonly { readonly metric: Record<string, string> }[];
      };
    };
  const firing = async () =>
    (await ask('alerts')).data.alerts
      .filter(({ state }) => state === 'firing')
      .map(({ labels }) => String(labels['alertname']))
      .sort();
  const EXPECTED = ['BackupFailed', 'BackupVerifyOverdue', 'RepositoryDamaged', 'RepositoryUnreachable'];
  const times = (count: number, name: string) => Array.from({ length: count }, () => name);
  const seriesOf = async (query: string) =>
    (await ask(`query?query=${encodeURIComponent(query)}`)).data.result
      .map(({ metric }) => String(metric['job']))
      .sort();

  it('fire once each, though the daemon and the Pushgateway both have their metrics', async () => {
    await expect
      .poll(() => seriesOf('rathaus_backup_timestamp'), { timeout: 30_000 })
      .toEqual(['backup', 'leitstand']);
    // A rule that takes no care fires for each place.
    await expect.poll(firing, { timeout: 30_000 }).toEqual([...EXPECTED, ...times(2, 'Careless')].sort());
    const { alerts } = (await ask('alerts')).data;
    expect(alerts.find(({ labels }) => labels['alertname'] === 'BackupFailed')?.labels).toEqual({
      alertname: 'BackupFailed',
      service: NAMES.service,
      severity: 'critical',
    });
  });

  it('go on when the daemon is gone, and are still one each', async () => {
    await closePage();
    await expect.poll(() => seriesOf('rathaus_backup_timestamp'), { timeout: 30_000 }).toEqual(['backup']);
    await expect.poll(firing, { timeout: 30_000 }).toEqual([...EXPECTED, 'Careless'].sort());
  });
});
