import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { emptyStack } from '../../../src/cli/stack-of-document.ts';
import { makeServerIdentity } from '../../../src/inbox/identity.ts';
import type { DoctorCheck, DoctorLine, DoctorWorld } from '../../../src/inspection/doctor/check.ts';
import { bootCheck } from '../../../src/inspection/doctor/checks/boot.ts';
import { driftMs } from '../../../src/inspection/doctor/checks/clock.ts';
import { diskCheck } from '../../../src/inspection/doctor/checks/disk.ts';
import { egressCheck } from '../../../src/inspection/doctor/checks/egress.ts';
import { fileRightsCheck } from '../../../src/inspection/doctor/checks/file-rights.ts';
import { memoryCheck } from '../../../src/inspection/doctor/checks/memory.ts';
import { portsCheck } from '../../../src/inspection/doctor/checks/ports.ts';
import { versionsCheck } from '../../../src/inspection/doctor/checks/versions.ts';
import { runDoctor } from '../../../src/inspection/doctor/run-doctor.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { freePort } from '../../fixtures/free-port.ts';
import { runProgram } from '../../../src/platform/processes.ts';
import type { Integration } from '../../../src/stack/receiver.ts';
import type { Stack } from '../../../src/stack/stack.ts';

let directory: string;
const servers: Server[] = [];
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leitstand-doctor-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

function stackIn(place: string, parts: Partial<Stack> = {}): Stack {
  const stateDir = join(place, '.leitstand');
  return {
    ...emptyStack('under-test', join(place, 'leitstand.yaml'), stateDir),
    backup: {
      store: { kind: 'directory', path: join(stateDir, 'repository') },
      retention: { days: 30, weeks: 0, months: 0, years: 0 },
      schedule: { enabled: false, location: 'UTC', jitterMs: 0, times: {}, maxAgeMs: {} },
      retentionOf: {},
      recoveryKeys: [],
      verify: { days: 30 },
      metrics: { prefix: 'sva', service: 'monitoring' },
    },
    provision: { sources: ['cache', 'debian', 'go'], paths: {}, cacheDir: join(place, 'cache') },
    ...parts,
  };
}

function world(parts: Partial<DoctorWorld> = {}): DoctorWorld {
  return {
    stack: stackIn(directory),
    mistakes: [],
    ports: [],
    ownPids: new Set(),
    daemonRuns: false,
    programs: [],
    receivers: new Map(),
    alertmanager: undefined,
    recovery: undefined,
    writtenOut: [],
    host: {
      uid: process.getuid?.() ?? 0,
      user: 'tester',
      node: '24.21.0',
      minimumNode: '24.15',
      kernel: '6.1.0-18-amd64',
    },
    env: { PATH: process.env['PATH'], HOME: directory },
    run: runProgram,
    clock: systemClock,
    signal: new AbortController().signal,
    ...parts,
  };
}

async function one(check: DoctorCheck, given: DoctorWorld): Promise<DoctorLine> {
  const lines = await check.run(given);
  expect(lines).toHaveLength(1);
  return lines[0] as DoctorLine;
}

async function place(name: string): Promise<string> {
  const path = await mkdtemp(join(directory, `${name}-`));
  await mkdir(join(path, '.leitstand'), { mode: 0o700 });
  return path;
}

async function listen(): Promise<number> {
  const port = await freePort();
  const server = createServer((socket) => socket.end());
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return port;
}

describe('runDoctor', () => {
  const check = (
    name: string,
    run: DoctorCheck['run'],
    needs: DoctorCheck['needs'] = 'host',
  ): DoctorCheck => ({
    name,
    title: `the ${name}`,
    needs,
    run,
  });
  const said = (verdict: DoctorLine['verdict'], matters?: boolean) =>
    check(verdict, async () => [{ verdict, subject: 's', found: 'f', matters }]);

  it('a failure outweighs all, an unknown that matters outweighs warnings', async () => {
    const verdict = async (...checks: DoctorCheck[]) => (await runDoctor(world(), checks)).verdict;
    expect(await verdict(said('ok'), said('warn'))).toBe('ok');
    expect(await verdict(said('ok'), said('unknown', false))).toBe('ok');
    expect(await verdict(said('warn'), said('unknown', true))).toBe('unknown');
    expect(await verdict(said('unknown', true), said('fail'))).toBe('fail');
  });
  it('what hangs or throws is unknown, and holds nothing up', async () => {
    const report = await runDoctor(
      world(),
      [
        check('hanging', () => new Promise(() => undefined)),
        check('throwing', () => Promise.reject(new Error('EIO: the disk'))),
        said('ok'),
      ],
      50,
    );
    expect(report.findings.map(({ verdict, found }) => [verdict, found])).toEqual([
      ['unknown', 'no answer within 0.05 s'],
      ['unknown', 'cannot be looked at: EIO: the disk'],
      ['ok', 'f'],
    ]);
    expect(report.verdict).toBe('unknown');
  });
  it('leaves out what there is no stack for, and never calls a broken one ok', async () => {
    const checks = [check('a', async () => [], 'places'), check('b', async () => [], 'stack')];
    expect((await runDoctor(world({ stack: undefined }), checks)).findings).toEqual([]);
    const salvaged = { ...stackIn(directory), salvaged: true };
    expect((await runDoctor(world({ stack: salvaged }), checks)).findings).toMatchObject([
      { check: 'b', verdict: 'unknown', matters: true },
    ]);
  });
  it('ends when it is cancelled', async () => {
    const cancel = new AbortController();
    const running = runDoctor(world({ signal: cancel.signal }), [
      check('hanging', () => new Promise(() => undefined)),
    ]);
    cancel.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
  });
});

describe('ports', () => {
  const wanted = (port: number) => [{ component: 'prometheus', port, setting: 'components.prometheus.port' }];

  it('free, held by ourselves, taken by somebody with a name', async () => {
    const free = await freePort();
    expect(await one(portsCheck, world({ ports: wanted(free) }))).toMatchObject({
      verdict: 'ok',
      found: 'free',
    });
    const taken = await listen();
    const own = world({ ports: wanted(taken), ownPids: new Set([process.pid]) });
    expect(await one(portsCheck, own)).toMatchObject({ verdict: 'ok' });
    const line = await one(portsCheck, world({ ports: wanted(taken) }));
    expect(line).toMatchObject({ verdict: 'fail', wanted: 'free' });
    expect(line.found).toContain(`(pid ${process.pid})`);
    expect(line.fix).toContain('components.prometheus.port in leitstand.yaml');
  });
});

describe('versions', () => {
  it('too old, right, and what cannot be told', async () => {
    const host = (node: string, kernel: string) => ({ ...world().host, node, kernel });
    const verdicts = async (node: string, kernel: string) =>
      (await versionsCheck.run(world({ host: host(node, kernel) }))).map(({ verdict }) => verdict);
    expect(await verdicts('24.15.0', '4.18.0-553.el8')).toEqual(['ok', 'ok']);
    expect(await verdicts('24.14.9', '3.10.0')).toEqual(['fail', 'fail']);
    expect(await verdicts('nightly', '6.1')).toEqual(['unknown', 'ok']);
  });
  it('a configured program that is none, and one that is not here yet', async () => {
    const programs = [{ name: 'prometheus' }, { name: 'alertmanager' }];
    const provision = {
      sources: ['cache', 'go'],
      paths: { prometheus: '/nowhere/prometheus' },
      cacheDir: directory,
    } as const;
    const lines = await versionsCheck.run(world({ programs, stack: stackIn(directory, { provision }) }));
    expect(lines.slice(2)).toMatchObject([
      { subject: 'prometheus', verdict: 'fail', found: expect.stringContaining('/nowhere/prometheus') },
      { subject: 'alertmanager', verdict: 'unknown', matters: false },
    ]);
  });
});

describe('file rights', () => {
  it('says nothing against what only its owner can read', async () => {
    const path = await place('closed');
    await writeFile(join(path, '.env'), 'A=1\n', { mode: 0o600 });
    expect(await one(fileRightsCheck, world({ stack: stackIn(path) }))).toMatchObject({ verdict: 'ok' });
  });
  it('lets everybody read the public half of the key, and nobody write it', async () => {
    const path = await place('public-key');
    const key = join(path, '.leitstand', 'keys', 'signing.pub.pem');
    await mkdir(dirname(key), { recursive: true, mode: 0o700 });
    await writeFile(key, 'PEM');
    await chmod(key, 0o644);
    expect(await one(fileRightsCheck, world({ stack: stackIn(path) }))).toMatchObject({ verdict: 'ok' });
    await chmod(key, 0o664);
    expect(await one(fileRightsCheck, world({ stack: stackIn(path) }))).toMatchObject({ verdict: 'fail' });
  });
  it('names each file that others can read', async () => {
    const path = await place('open');
    await mkdir(join(path, 'secrets'), { mode: 0o700 });
    await writeFile(join(path, 'secrets', 'TOKEN'), 'x', { mode: 0o600 });
    await chmod(join(path, 'secrets', 'TOKEN'), 0o640);
    await writeFile(join(path, '.env'), 'A=1\n');
    await chmod(join(path, '.env'), 0o644);
    await chmod(join(path, '.leitstand'), 0o755);
    const lines = await fileRightsCheck.run(world({ stack: stackIn(path) }));
    expect(lines.map(({ subject, fix }) => [subject, fix])).toEqual(
      ['.leitstand', '.env', 'secrets/TOKEN'].map((name) => [
        join(path, name),
        `chmod go-rwx ${join(path, name)}`,
      ]),
    );
  });
  it('names what belongs to somebody else', async () => {
    const path = await place('foreign');
    const host = { ...world().host, uid: 4711, user: 'anna' };
    expect(await one(fileRightsCheck, world({ stack: stackIn(path), host }))).toMatchObject({
      verdict: 'fail',
      fix: expect.stringContaining('chown -R anna'),
    });
  });
});

describe('egress', () => {
  const integration = (url: string): Integration => ({
    receiver: 'on-call',
    type: 'webhook',
    index: 0,
    sendsResolved: true,
    destination: () => new URL(url),
    secrets: () => [],
    identity: () => null,
    render: () => ({ key: 'webhook_configs', config: {}, secrets: [], inlineSecrets: [] }),
  });
  const at = (url: string, parts: Partial<DoctorWorld> = {}, stack: Partial<Stack> = {}) =>
    world({ stack: stackIn(directory, { integrations: [integration(url)], ...stack }), ...parts });

  it('connects, and hangs up without a word', async () => {
    const port = await freePort();
    const heard: string[] = [];
    const server = createServer((socket) => socket.on('data', (data) => heard.push(String(data))));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const line = await one(egressCheck, at(`http://127.0.0.1:${port}/token-in-path`));
    expect(line).toMatchObject({ verdict: 'ok', subject: `127.0.0.1:${port}, for on-call webhook[0]` });
    expect(heard).toEqual([]);
  });
  it('a closed port, a name without an address, something that speaks no TLS', async () => {
    const closed = await freePort();
    expect(await one(egressCheck, at(`http://127.0.0.1:${closed}/x`))).toMatchObject({
      verdict: 'fail',
      found: 'no connection: ECONNREFUSED',
    });
    expect(await one(egressCheck, at('https://nowhere.invalid/x'))).toMatchObject({
      verdict: 'fail',
      found: 'the name nowhere.invalid has no address',
    });
    const plain = await listen();
    expect(await one(egressCheck, at(`https://127.0.0.1:${plain}/x`))).toMatchObject({
      verdict: 'fail',
      found: expect.stringContaining('no TLS'),
    });
  });
  it('an authority that cannot be read is told of its receiver, and hides no other', async () => {
    const port = await listen();
    const integrations = [
      { ...integration(`https://127.0.0.1:${port}/x`), caFile: '/none/ca.pem' },
      integration(`http://127.0.0.1:${port}/x`),
    ];
    const lines = await egressCheck.run(world({ stack: stackIn(directory, { integrations }) }));
    expect(lines).toMatchObject([
      {
        verdict: 'fail',
        found: 'connected, but no TLS: /none/ca.pem cannot be read (ENOENT)',
        fix: 'correct `ca_file`, or let this user read it',
      },
      { verdict: 'ok' },
    ]);
    const mail = { ...integration(`smtp://127.0.0.1:${port}`), caFile: '/none/ca.pem' };
    const stack = stackIn(directory, { integrations: [mail] });
    expect(await one(egressCheck, world({ stack }))).toMatchObject({ verdict: 'fail' });
  });
  it('the inbox is expected to be closed before the first `up`, and open after', async () => {
    const port = await freePort();
    const stack = { inbox: { enabled: true, port } };
    const url = `http://127.0.0.1:${port}/webhook`;
    expect(await one(egressCheck, at(url, {}, stack))).toMatchObject({ verdict: 'unknown', matters: false });
    expect(await one(egressCheck, at(url, { daemonRuns: true }, stack))).toMatchObject({ verdict: 'fail' });
  });
  it('the inbox is no place for the alerts of production', async () => {
    const port = await listen();
    const stack = { inbox: { enabled: true, port }, environment: 'production' } as const;
    const url = `http://127.0.0.1:${port}/webhook`;
    expect(await one(egressCheck, at(url, { daemonRuns: true }, stack))).toMatchObject({
      verdict: 'warn',
      found: 'that is the inbox on this machine: nobody is told',
    });
    const staging = { ...stack, environment: 'staging' } as const;
    expect(await one(egressCheck, at(url, { daemonRuns: true }, staging))).toMatchObject({ verdict: 'ok' });
  });
  it('a certificate that nobody vouches for is told from no TLS at all', async () => {
    const { key, certificate } = await makeServerIdentity(['127.0.0.1'], { now: new Date() });
    const port = await freePort();
    const server = createTlsServer({ key, cert: certificate }, (socket) => socket.end());
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const line = await one(egressCheck, at(`https://127.0.0.1:${port}/x`));
    expect(line).toMatchObject({ verdict: 'fail', fix: expect.stringContaining('`ca_file`') });
    expect(line.found).toContain('its certificate is not trusted');
  });
  it('says that a proxy is not used', async () => {
    const env = { ...world().env, HTTPS_PROXY: 'http://user:pass@proxy:3128' };
    const lines = await egressCheck.run(at('https://nowhere.invalid/x', { env }));
    expect(lines[1]).toMatchObject({ subject: 'proxy', verdict: 'warn' });
    expect(JSON.stringify(lines)).not.toContain('pass@');
  });
});

describe('disk and memory', () => {
  it('looks at each file system once, also before there is anything', async () => {
    const lines = await diskCheck.run(world({ stack: stackIn(join(directory, 'not', 'yet')) }));
    expect(lines[0]?.subject).toContain('data, backups, cache');
  });
  it('warns when backups share the disk of the data in production', async () => {
    const stack = stackIn(directory, { environment: 'production' });
    expect((await diskCheck.run(world({ stack }))).at(-1)).toMatchObject({
      subject: 'backups',
      verdict: 'warn',
    });
  });
  it("expects what Prometheus' blocks will grow by", async () => {
    const path = await place('growth');
    for (const [i, name] of ['01A', '01B'].entries()) {
      const block = join(path, '.leitstand/data/prometheus', name);
      await mkdir(join(block, 'chunks'), { recursive: true });
      const minTime = i * 43_200_000;
      await writeFile(join(block, 'meta.json'), JSON.stringify({ minTime, maxTime: minTime + 43_200_000 }));
      await writeFile(join(block, 'index'), Buffer.alloc(1024));
      await writeFile(join(block, 'chunks', '000001'), Buffer.alloc(1024 * 1023));
    }
    const grow = async (config: object) =>
      (
        await diskCheck.run(world({ stack: stackIn(path, { components: [{ name: 'prometheus', config }] }) }))
      ).find(({ subject }) => subject.startsWith('prometheus'))?.found;
    expect(await grow({ retention: '15d' })).toContain('28.0 MiB more');
    expect(await grow({ retention: '15d', retention_size: '10MiB' })).toContain('8.0 MiB more');
    expect(await grow({ retention: '12h' })).toContain('0 B more');
  });
  it('adds limits up', async () => {
    const components = (memory: string | undefined) => [
      { name: 'prometheus', config: { memory } },
      { name: 'alertmanager', config: { memory: '64MiB' } },
    ];
    const verdict = async (memory: string | undefined, environment: Stack['environment'] = 'local') =>
      (
        await memoryCheck.run(
          world({ stack: stackIn(directory, { components: components(memory), environment }) }),
        )
      ).map((line) => line.verdict);
    expect(await verdict('1MiB')).toEqual(['ok', 'ok']);
    expect(await verdict('900TiB')).toEqual(['fail', 'ok']);
    expect(await verdict(undefined, 'production')).toEqual(['ok', 'warn', 'ok']);
  });
});

describe('clock and boot', () => {
  it('gives the clock the benefit of what the answer leaves open, and no more', () => {
    expect(driftMs(10_000, 10_200, 10_000)).toBe(0);
    expect(driftMs(10_900, 11_100, 10_000)).toBe(0);
    expect(driftMs(16_000, 16_100, 10_000)).toBe(5_000);
    expect(driftMs(10_000, 10_100, 20_000)).toBe(-9_900);
  });
  it('knows a service of the user, and that it needs lingering', async () => {
    const home = await mkdtemp(join(directory, 'home-'));
    const wants = join(home, '.config/systemd/user/default.target.wants');
    await mkdir(wants, { recursive: true });
    await writeFile(join(wants, 'leitstand-under-test.service'), '');
    const host = { ...world().host, user: 'nobody-lingers' };
    expect(await one(bootCheck, world({ env: { HOME: home }, host }))).toMatchObject({
      verdict: 'warn',
      fix: 'loginctl enable-linger nobody-lingers',
    });
    expect((await one(bootCheck, world({ env: { HOME: dirname(home) } }))).verdict).not.toBe('ok');
  });
  it('an attached stack is started by others', async () => {
    const stack = stackIn(directory, { runtime: 'external' });
    expect(await bootCheck.run(world({ stack }))).toEqual([]);
    expect(await memoryCheck.run(world({ stack }))).toEqual([]);
  });
});
