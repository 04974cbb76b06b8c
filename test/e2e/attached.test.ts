import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../fixtures/free-port.ts';
import { localServer } from '../fixtures/local-server.ts';
import {
  fingerprintOf,
  type ForeignAlertmanager,
  startForeignAlertmanager,
  startSink,
} from '../integration/foreign-stack.ts';
import { type LivePrometheus, scraped, startPrometheus } from '../integration/live-prometheus.ts';
import { generations, requirePrograms } from '../integration/programs.ts';
import { leitstand, type Outcome } from './stack-under-test.ts';

const bin = fileURLToPath(new URL('../../bin/leitstand.mjs', import.meta.url));
const PASSWORD = 'korrekt-pferd-batterie';

/** Lets pass who knows the password, as a proxy in front of Prometheus does. */
function guard(upstream: string) {
  const wanted = `Basic ${Buffer.from(`leitstand:${PASSWORD}`).toString('base64')}`;
  return localServer((incoming, outgoing) => {
    if (incoming.headers.authorization !== wanted) {
      outgoing.writeHead(401).end('who are you?');
      return;
    }
    const onward = httpRequest(
      new URL(incoming.url ?? '/', upstream),
      { method: incoming.method, headers: { 'content-type': incoming.headers['content-type'] ?? '' } },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.writeHead(502).end());
    incoming.pipe(onward);
  });
}

describe.each(generations)('an attached stack of %s programs', (generation) => {
  const cleanups: (() => Promise<unknown>)[] = [];
  let directory = '';
  let prometheus: LivePrometheus;
  let alertmanager: ForeignAlertmanager;
  let proxyUrl = '';
  let ports = { inbox: 0, nobody: 0 };
  let paths = '';
  const outputs: Outcome[] = [];

  const run = async (...args: readonly string[]): Promise<Outcome> => {
    const outcome = await leitstand([...args, '--file', 'attach.yaml'], {
      cwd: directory,
      env: { PROMETHEUS_PASSWORD: PASSWORD },
    });
    outputs.push(outcome);
    return outcome;
  };
  const configure = (more = '') =>
    writeFile(
      join(directory, 'attach.yaml'),
      `schema: 1
stack: altbestand
attach:
  prometheus:
    url: ${proxyUrl}
    data_dir: ${prometheus.dataDir}
    username: leitstand
    password: \${secret:PROMETHEUS_PASSWORD}
  alertmanager: {url: '${alertmanager.url}'}
${more}
inbox: {port: ${ports.inbox}}
provision:
  paths: {${paths}}
`,
    );
  const theirs = () =>
    fingerprintOf(alertmanager, { ...prometheus, configFile: join(directory, 'theirs', 'prometheus.yml') });

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leitstand-attached-'));
    cleanups.push(() => rm(directory, { recursive: true, force: true }));
    const programs = await requirePrograms(generation);
    const program = (name: string) => {
      const found = programs.get(name);
      if (!found) throw new Error(`no ${name}`);
      return found;
    };
    paths = [...programs].map(([name, { path }]) => `${name}: ${path}`).join(', ');
    ports = { inbox: await freePort(), nobody: await freePort() };
    const sink = await startSink(() => 200);
    cleanups.push(() => sink.stop());
    prometheus = await startPrometheus(program('prometheus'), join(directory, 'theirs'), { scrape: true });
    cleanups.push(() => prometheus.stop());
    alertmanager = await startForeignAlertmanager(
      program('alertmanager'),
      directory,
      `
route: {receiver: team, group_wait: 30s, routes: [{matchers: ['severity="critical"'], receiver: on-call}]}
receivers:
  - name: on-call
    webhook_configs: [{url: 'http://127.0.0.1:${ports.inbox}/webhook/on-call'}]
  - name: team
    webhook_configs: [{url: '${sink.url}/hooks/0123456789abcdef'}]
`,
    );
    cleanups.push(() => alertmanager.stop());
    const proxy = await guard(prometheus.url);
    proxyUrl = proxy.url;
    cleanups.push(async () => proxy[Symbol.asyncDispose]());
    await configure();
    await scraped(prometheus, 8);
  });

  afterAll(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  it('is watched, tested, backed up and drilled, and is as it was afterwards', async () => {
    const before = await theirs();
    const inbox = await openInbox(directory);
    try {
      const first = await run('status');
      expect(first.exit).toBe(1);
      expect(first.stdout).toMatch(/prometheus +ready/);
      expect(first.stdout).toMatch(/alert-delivery +on-call +NEVER/);
      expect(first.stdout).not.toMatch(/NOBODY RESTARTS|leitstand up|inbox/);

      const dry = await run('alert', 'test', '--dry-run');
      expect(dry).toMatchObject({ exit: 0 });
      expect(dry.stdout).toMatch(/on-call +webhook.*severity="critical"/);

      const test = await run('alert', 'test');
      expect(test.stdout).toMatch(/on-call +webhook\[0\] +CONFIRMED/);
      expect(test.stdout).toMatch(/team +webhook\[0\] +ACCEPTED/);
      expect(test.stderr).toMatch(/goes to people.*\n *on-call/);
      expect(test.exit).toBe(0);
    } finally {
      inbox.kill('SIGTERM');
    }
    const backup = await run('backup');
    expect(backup.stderr).not.toContain('LS-');
    expect(backup.stdout).toMatch(/prometheus +stored/);
    expect(backup.exit).toBe(0);
    const drill = await run('drill');
    expect(drill.stdout).toContain('PROVEN: the backup restores.');
    expect(drill.exit).toBe(0);
    const verify = await run('backup', 'verify');
    expect(verify.exit, `${verify.stderr}`).toBe(0);
    const last = await run('status', '--json');
    expect(last.exit).toBe(0);
    expect(JSON.parse(last.stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      result: { healthy: true, supervision: { supervised: 'elsewhere' } },
    });
    expect(await theirs()).toEqual(before);
  });

  it('is never changed: what would do so is refused with what works instead', async () => {
    for (const command of [['up'], ['plan'], ['down'], ['logs', 'prometheus']]) {
      const { exit, stderr, stdout } = await run(...command);
      expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' });
      expect(stderr).toMatch(/LS-EXTERNAL-001[^]*what works: leitstand status/);
    }
  });

  it('is unknown, not down, when it cannot be reached (5)', async () => {
    await configure(`  loki: {url: 'http://127.0.0.1:${ports.nobody}'}`);
    const status = await run('status');
    expect(status.exit).toBe(5);
    expect(status.stdout).toMatch(/loki +unknown .*could not reach it; connection refused/);
    const away = alertmanager.url;
    alertmanager = { ...alertmanager, url: `http://127.0.0.1:${ports.nobody}` };
    await configure();
    alertmanager = { ...alertmanager, url: away };
    const unreachable = await run('status');
    expect(unreachable.exit).toBe(5);
    expect(unreachable.stdout).toMatch(/alert-delivery +alertmanager +UNKNOWN .*its receivers are not known/);
    const test = await run('alert', 'test');
    expect(test.exit).toBe(5);
    expect(test.stderr).toContain('LS-EXTERNAL-003');
    await configure();
  });

  it('refuses wrong credentials with 4 and the key to look at', async () => {
    const options = { cwd: directory, env: { PROMETHEUS_PASSWORD: 'wrong-wrong-wrong' } };
    for (const command of ['status', 'backup']) {
      const { exit, stdout, stderr } = await leitstand([command, '--file', 'attach.yaml'], options);
      expect(exit).toBe(4);
      expect(stdout + stderr).toContain('under attach.prometheus');
      expect(stdout + stderr).not.toContain('wrong-wrong-wrong');
    }
  });

  it('needs a data directory for backups, and says where it belongs', async () => {
    await writeFile(
      join(directory, 'attach.yaml'),
      `schema: 1\nstack: altbestand\nattach: {prometheus: {url: '${prometheus.url}'}}\n`,
    );
    for (const command of ['backup', 'drill']) {
      const { exit, stderr } = await run(command);
      expect(exit).toBe(2);
      expect(stderr).toMatch(/LS-EXTERNAL-002[^]*`data_dir` under attach\.prometheus/);
    }
    await configure();
  });

  it('shows none of its secrets, and keeps none', async () => {
    const shown = outputs.map(({ stdout, stderr }) => stdout + stderr).join('\n');
    for (const secret of [
      PASSWORD,
      Buffer.from(`leitstand:${PASSWORD}`).toString('base64'),
      '0123456789abcdef',
    ])
      expect(shown).not.toContain(secret);
    expect(await readdir(join(directory, '.leitstand'))).not.toContain('rendered');
  });
});

/** In the background, ready when it says so. */
async function openInbox(cwd: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [bin, 'inbox', 'serve', '--file', 'attach.yaml'], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, PROMETHEUS_PASSWORD: PASSWORD, NO_COLOR: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`the inbox ended: ${said}`)));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('listens')) resolve();
    });
  });
  return child;
}
