import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attachedFiles } from '../../src/cli/attached-files.ts';
import { createAlertmanagerApi } from '../../src/components/alertmanager/api.ts';
import { attachedAlerting } from '../../src/delivery/attached/alerting.ts';
import { makeProbes, probeAlert } from '../../src/delivery/probe.ts';
import { testDelivery } from '../../src/delivery/test-delivery.ts';
import { type History, openHistory } from '../../src/history/history.ts';
import { type Inbox, startInbox } from '../../src/inbox/server.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { httpExchange } from '../../src/platform/http.ts';
import { runProgram } from '../../src/platform/processes.ts';
import { receiverPlugins } from '../../src/receivers/registry.ts';
import { openExternalRuntime } from '../../src/runtimes/external/index.ts';
import { startTwin, twinPlace } from '../../src/runtimes/native/twin.ts';
import type { Program } from '../../src/stack/program.ts';
import type { Attachment } from '../../src/stack/stack.ts';
import { fingerprintOf, startForeignAlertmanager, startSink } from './foreign-stack.ts';
import { startPrometheus } from './live-prometheus.ts';
import { generations, requirePrograms } from './programs.ts';

const cleanups: (() => Promise<unknown> | void)[] = [];
let directory = '';
let history: History;
let inbox: Inbox;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'external-'));
  history = openHistory(join(directory, 'leitstand.db'));
  inbox = await startInbox({
    port: 0,
    host: '127.0.0.1',
    endpoints: receiverPlugins.flatMap(({ sandbox }) => sandbox ?? []),
    messages: history.messages,
    clock: systemClock,
  });
  cleanups.push(
    () => rm(directory, { recursive: true, force: true }),
    () => history.close(),
    () => inbox.close(),
  );
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Grown over years: old and new matchers, a receiver for nobody, groups that hold real alerts. */
function theirConfig(sink: string, inboxPort: number): string {
  const inboxUrl = `http://127.0.0.1:${inboxPort}`;
  return `
route:
  receiver: duty
  group_by: [alertname, cluster]
  group_wait: 30s
  group_interval: 5m
  routes:
    - matchers: [alertname="Watchdog"]
      receiver: 'null'
    - match: {severity: critical}
      receiver: on-call
      routes:
        - match_re: {team: db|data-.+}
          receiver: dba
          group_by: [team]
    - matchers: [severity=~"warning|info"]
      receiver: team
inhibit_rules:
  - source_match: {severity: critical}
    target_match: {severity: warning}
    equal: [cluster, namespace]
receivers:
  - name: 'null'
  - name: duty
    webhook_configs: [{url: '${sink}/good/0123456789abcdef'}]
  - name: on-call
    slack_configs: [{api_url: '${inboxUrl}/slack/services/T0/B0/token7f3a', channel: '#alerts', send_resolved: true}]
    webhook_configs: [{url: '${inboxUrl}/webhook/on-call'}]
  - name: dba
    webhook_configs: [{url: '${sink}/bad'}]
  - name: team
    webhook_configs: [{url: '${inboxUrl}/webhook/team'}]
  - name: forgotten
    webhook_configs: [{url: '${sink}/good'}]
`;
}

function attach(attached: Readonly<Record<string, Attachment>>) {
  const components = Object.entries(attached).map(([name, place]) => ({ name, config: {}, attached: place }));
  return openExternalRuntime({
    stack: { name: 'theirs', components },
    twins: { twinPlace, startTwin: (request) => startTwin(request, systemClock) },
  });
}

describe.each(generations)('a foreign stack of %s programs', (generation) => {
  let programs: ReadonlyMap<string, Program>;
  const program = (name: string): Program => {
    const found = programs.get(name);
    if (!found) throw new Error(`no ${name}`);
    return found;
  };

  beforeEach(async () => {
    programs = await requirePrograms(generation);
  });

  async function start(config?: string) {
    const sink = await startSink((path) => (path.startsWith('/good') ? 200 : 404));
    cleanups.push(() => sink.stop());
    const theirs = config ?? theirConfig(sink.url, inbox.port);
    const live = await startForeignAlertmanager(program('alertmanager'), directory, theirs);
    cleanups.push(() => live.stop());
    const runtime = await attach({ alertmanager: { url: live.url } });
    const connection = runtime.connection('alertmanager', 0);
    const alerting = attachedAlerting((await createAlertmanagerApi(connection).status()).config);
    const test = (receivers?: readonly string[]) =>
      testDelivery({
        alertmanagers: [connection],
        alerting,
        language: 'en',
        inbox: { baseUrl: `http://127.0.0.1:${inbox.port}`, messages: history.messages },
        logTail: async () => [],
        history,
        clock: systemClock,
        random: (bytes) => randomBytes(bytes),
        timeoutMs: 10_000,
        ...(receivers ? { aim: { kind: 'receivers', names: receivers } } : {}),
        onProgress: () => undefined,
      });
    return { live, runtime, alerting, test };
  }

  it('tells what reached whom, and is as it was', async () => {
    const { live, runtime, test } = await start();
    const before = await fingerprintOf(live);
    expect(await runtime.status()).toMatchObject([{ component: 'alertmanager', state: 'ready' }]);
    const report = await test(['duty', 'on-call', 'team', 'forgotten']);
    expect(
      report.integrations.map(({ receiver, type, verdict }) => `${receiver} ${type} ${verdict}`),
    ).toEqual([
      'duty webhook ACCEPTED',
      'on-call slack CONFIRMED',
      'on-call webhook CONFIRMED',
      'team webhook CONFIRMED',
      'forgotten webhook NOT-ROUTED',
    ]);
    expect(report.exit).toBe(1);
    expect(JSON.stringify([report, history.proofs.list({ limit: 9 })])).not.toContain('0123456789abcdef');
    expect(history.proofs.latest('alert-delivery', 'duty')?.notProven.join()).toContain('does not show');
    expect(report.resolved).toBe(true);
    expect(await fingerprintOf(live)).toEqual(before);
  });

  it('tells when a destination refuses, though the log is not to be seen', async () => {
    const { test } = await start();
    const report = await test(['dba']);
    expect(report.integrations).toMatchObject([{ receiver: 'dba', verdict: 'FAILED' }]);
    expect(report.integrations[0]?.fix).toContain("Alertmanager's own log");
  });

  it('takes no message in the inbox for two masked integrations', async () => {
    const at = (path: string) => `{url: 'http://127.0.0.1:${inbox.port}/webhook${path}'}`;
    const { test } = await start(`
route: {receiver: same, group_by: [alertname], routes: [{matchers: ['severity="info"'], receiver: apart}]}
receivers:
  - {name: same, webhook_configs: [${at('')}, ${at('')}]}
  - {name: apart, webhook_configs: [${at('/a')}, ${at('/b')}]}
`);
    const verdictsOf = async (receiver: string) =>
      (await test([receiver])).integrations.map(({ verdict }) => verdict);
    expect(await verdictsOf('apart')).toEqual(['CONFIRMED', 'CONFIRMED']);
    // 0.25 shows the URLs; then there is a message for each.
    const known = generation === 'debian' ? 'CONFIRMED' : 'ACCEPTED';
    expect(await verdictsOf('same')).toEqual([known, known]);
  });

  it('tells of a silence, and leaves it', async () => {
    const { live, test } = await start();
    await httpExchange(`${live.url}/api/v2/silences`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        matchers: [{ name: 'severity', value: 'critical', isRegex: false, isEqual: true }],
        startsAt: new Date(Date.now() - 1000),
        endsAt: new Date(Date.now() + 600_000),
        createdBy: 'them',
        comment: 'maintenance',
      }),
    });
    const before = await fingerprintOf(live);
    const report = await test(['on-call', 'team']);
    expect(report.integrations.map(({ verdict }) => verdict)).toEqual(['MUTED', 'MUTED', 'CONFIRMED']);
    expect(await fingerprintOf(live)).toEqual(before);
  });

  it('routes the test alerts as its own amtool says', async () => {
    const { live, alerting } = await start();
    const probes = makeProbes(alerting, { kind: 'receivers', names: alerting.receivers }, 'abc').filter(
      ({ routed }) => routed,
    );
    expect(probes).toHaveLength(4);
    for (const probe of probes) {
      const { labels } = probeAlert(probe, new Date(), 1);
      const words = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
      const args = ['config', 'routes', 'test', `--config.file=${live.configFile}`, ...words];
      const { stdout } = await runProgram(program('amtool').path, args);
      expect(stdout.trim()).toBe(probe.receiver);
    }
  });

  it('is read for the check from its files, or else from its APIs', async () => {
    const rules =
      'groups: [{name: g, rules: [{alert: Down, expr: up == 0, for: 1m, labels: {severity: critical}}]}]\n';
    await mkdir(join(directory, 'rules'));
    await writeFile(join(directory, 'rules', 'a.yml'), rules);
    const prometheus = await startPrometheus(program('prometheus'), directory, {
      scrape: false,
      ruleFiles: ['rules/*.yml'],
    });
    cleanups.push(() => prometheus.stop());
    const { live } = await start();
    const configFile = join(directory, 'prometheus.yml');
    const read = async (attached: Readonly<Record<string, Attachment>>) => {
      const components = Object.entries(attached).map(([name, place]) => ({
        name,
        config: {},
        attached: place,
      }));
      return attachedFiles({ stack: { components }, runtime: await attach(attached) });
    };
    const fromDisk = await read({
      prometheus: { url: prometheus.url, configFile },
      alertmanager: { url: live.url, configFile: live.configFile },
    });
    expect(fromDisk.files.map(({ file }) => file)).toEqual([
      configFile,
      join(directory, 'rules', 'a.yml'),
      live.configFile,
    ]);
    expect(fromDisk.files[1]?.text).toBe(rules);
    expect(fromDisk.notes).toEqual([]);
    const asked = await read({
      prometheus: { url: prometheus.url },
      alertmanager: { url: live.url, configFile: join(directory, 'not-there.yml') },
    });
    expect(asked.files.map(({ file }) => file)).toEqual([
      configFile,
      join(directory, 'rules', 'a.yml'),
      'alertmanager.yml',
    ]);
    expect(asked.files[1]?.text).toContain('alert: Down');
    expect(asked.files[1]?.text).toContain('for: 60s');
    expect(asked.notes).toHaveLength(2);
    const checked = join(directory, 'checked.yml');
    await writeFile(checked, asked.files[1]?.text ?? '');
    const { exitCode } = await runProgram(program('promtool').path, ['check', 'rules', checked]);
    expect(exitCode).toBe(0);
  });
});
