import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyStack } from '../../../src/cli/stack-of-document.ts';
import type { DoctorWorld } from '../../../src/inspection/doctor/check.ts';
import { referencesIn } from '../../../src/inspection/doctor/checks/secret-references.ts';
import { shapeProblem } from '../../../src/inspection/doctor/checks/secret-shape.ts';
import { secretsCheck } from '../../../src/inspection/doctor/checks/secrets.ts';
import { alertmanagerSecrets } from '../../../src/inspection/doctor/written-secrets.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { ownUser, refusedAt, userOfProcess } from '../../../src/platform/permissions.ts';
import { runProgram } from '../../../src/platform/processes.ts';
import { receiverPlugins } from '../../../src/receivers/registry.ts';
import { alertingStack } from '../../fixtures/alerting.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'doctor-secrets-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const receivers = new Map(receiverPlugins.map((plugin) => [plugin.type, plugin]));

function world(place: string, parts: Partial<DoctorWorld> = {}): DoctorWorld {
  const stateDir = join(place, '.leitstand');
  return {
    stack: {
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
      provision: { sources: ['cache'], paths: {}, cacheDir: join(place, 'cache') },
    },
    mistakes: [],
    ports: [],
    ownPids: new Set(),
    daemonRuns: false,
    programs: [],
    receivers,
    alertmanager: undefined,
    recovery: undefined,
    writtenOut: [],
    host: { uid: 1, user: 'tester', node: '24.21.0', minimumNode: '24.15', kernel: '6.1.0' },
    env: { PATH: process.env['PATH'], HOME: directory },
    run: runProgram,
    clock: systemClock,
    signal: new AbortController().signal,
    ...parts,
  };
}

async function newPlace(name: string): Promise<string> {
  const path = await mkdtemp(join(directory, `${name}-`));
  await mkdir(join(path, '.leitstand'), { mode: 0o700 });
  return path;
}

const yaml = `stack: x
receivers:
  on-call:
    slack:
      - webhook_url: \${secret:SLACK}
        read_back: {token: '\${secret:READ}'}
    webhook:
      - {url: '\${secret:HOOK}'}
routing:
  watchdog: {url: '\${secret:PING}'}
environments:
  staging:
    receivers: {on-call: {webhook: [{url: '\${secret:STAGING}'}]}}
  production:
    receivers: {on-call: {webhook: [{url: '\${secret:PRODUCTION}'}]}}
`;

describe('references', () => {
  it('are those of this environment, with their place, also in a broken file', () => {
    const shown = referencesIn(yaml, 'production').map(({ name, path }) => `${name} ${path.join('.')}`);
    expect(shown).toEqual([
      'SLACK receivers.on-call.slack.webhook_url',
      'READ receivers.on-call.slack.read_back.token',
      'HOOK receivers.on-call.webhook.url',
      'PING routing.watchdog.url',
      'PRODUCTION receivers.on-call.webhook.url',
    ]);
    expect(referencesIn(`${yaml}]: [`, 'local').map(({ name }) => name)).toEqual([
      'SLACK',
      'READ',
      'HOOK',
      'PING',
    ]);
    fc.assert(fc.property(fc.string(), (text) => void referencesIn(text, 'local')));
  });
});

describe('the form of values', () => {
  it.each([
    ['slack.webhook_url', 'https://hooks.slack.com/services/T01/B02/abcDEF', undefined],
    ['slack.webhook_url', 'https://chat.example.org/hooks/xyz', undefined],
    ['slack.webhook_url', 'https://hooks.slack.com/services/T01', '/services/T…'],
    ['slack.read_back.token', 'xapp-1', 'app-level'],
    ['webhook.url', 'ftp://x', 'ftp:'],
    ['webhook.url', 'https://x/${TOKEN}', 'nobody replaced'],
    ['pagerduty.routing_key', 'a'.repeat(32), undefined],
    ['pagerduty.routing_key', 'a'.repeat(31), '31 characters'],
    ['email.password', 'changeme', 'placeholder'],
    ['email.password', '<your password>', 'placeholder'],
    ['email.password', ' x', 'white space'],
    ['email.password', '"x"', 'quotes'],
    ['email.password', 'x', undefined],
    ['unknown.key', 'anything', undefined],
  ])('%s: %s', (key, value, text) => {
    const problem = shapeProblem(['receivers', 'on-call', ...key.split('.')], value, receivers);
    if (text === undefined) expect(problem).toBeUndefined();
    else expect(problem?.what).toContain(text);
  });

  it("is the plug-in's word also for the dead man's switch, and nobody's elsewhere", () => {
    expect(shapeProblem(['routing', 'watchdog', 'url'], 'x', receivers)?.isCertain).toBe(true);
    expect(shapeProblem(['components', 'versitygw', 'secret_key'], 'x', receivers)).toBeUndefined();
  });

  it('is judged for each reference, and no value is shown', async () => {
    const path = await newPlace('form');
    await writeFile(join(path, 'leitstand.yaml'), yaml);
    await writeFile(
      join(path, '.env'),
      'SLACK=https://hooks.slack.com/workflows/T1/verysecret\nREAD=xoxb-1-2-verysecret\nPING=https://ping.example.org/x\n',
      { mode: 0o600 },
    );
    const lines = await secretsCheck.run(world(path));
    expect(lines.map(({ subject, verdict }) => `${subject} ${verdict}`)).toEqual([
      'SLACK fail',
      'READ ok',
      'HOOK fail',
      'PING ok',
    ]);
    expect(lines[2]?.found).toContain('nowhere to be found');
    expect(JSON.stringify(lines)).not.toContain('verysecret');
  });
});

describe('what Alertmanager reads', () => {
  const SLACK = 'https://hooks.slack.com/services/T01/B02/abcDEF7f3a';
  const stack = alertingStack({
    receivers: {
      'on-call': { slack: [{ webhook_url: SLACK }], webhook: [{ url: 'https://example.org/7f3a' }] },
    },
    default: 'on-call',
  });

  async function written(minor = 31, user = ownUser()) {
    const path = await newPlace('written');
    const secrets = join(path, '.leitstand', 'secrets');
    await mkdir(secrets, { mode: 0o700 });
    const put = async (name: string, text: string, mode = 0o400) => {
      await rm(join(secrets, name), { force: true });
      await writeFile(join(secrets, name), text, { mode: 0o600 });
      await chmod(join(secrets, name), mode);
    };
    await put('on-call-slack-0', SLACK);
    if (minor >= 28) await put('on-call-webhook-0', 'https://example.org/7f3a');
    const look = async (hasRun = true) => {
      const alertmanager = alertmanagerSecrets(stack, {
        version: { major: 0, minor, patch: 0 },
        user,
        hasRun,
        configFile: join(path, '.leitstand', 'alertmanager.yml'),
        secretPath: (name) => join(secrets, name),
      });
      const lines = await secretsCheck.run(world(path, { alertmanager }));
      expect(JSON.stringify(lines)).not.toContain('7f3a');
      return lines;
    };
    return { path, secrets, put, look };
  }

  const shown = async (lines: ReturnType<Awaited<ReturnType<typeof written>>['look']>) =>
    (await lines).map(({ subject, verdict, found }) => `${verdict} ${subject}: ${found}`);

  it('is as it should be after `up`', async () => {
    const { look } = await written();
    expect(await shown(look())).toEqual([
      'ok on-call slack[0]: what Alertmanager reads for its secret is as it should be',
      'ok on-call webhook[0]: what Alertmanager reads for its secret is as it should be',
    ]);
  });

  it.each([
    ['changed', 'https://hooks.slack.com/services/T01/B02/older', /^warn .*still has the former one/],
    ['empty', '', /^fail .*is empty/],
    ['a variable', '${SLACK_WEBHOOK_URL}', /^fail .*`\$\{`/],
  ])('%s', async (_, text, expected) => {
    const { put, look } = await written();
    await put('on-call-slack-0', text);
    expect((await shown(look()))[0]).toMatch(expected);
    expect((await look())[0]?.fix).toMatch(/^leitstand up/);
  });

  it('is missing: nothing before the first `up`, a failure after it', async () => {
    const { secrets, look } = await written();
    await rm(secrets, { recursive: true });
    expect(await look(false)).toEqual([]);
    expect((await shown(look()))[0]).toMatch(/^fail .*is not there/);
  });

  it('is readable by others', async () => {
    const { put, look } = await written();
    await put('on-call-slack-0', SLACK, 0o444);
    expect((await shown(look()))[1]).toMatch(/^fail .*others can read .*\(mode 0444\)/);
  });

  it('is not readable by the user it runs as: the directory or the file that refuses is named', async () => {
    const stranger = { uid: 54_321, gid: 54_321, groups: [54_321] };
    const { secrets, path, put, look } = await written(31, stranger);
    const [first] = await look();
    expect(first).toMatchObject({ verdict: 'fail', fix: expect.stringContaining('chown 54321') });
    expect(first?.found).toContain('54321');
    for (const open of [directory, path, join(path, '.leitstand'), secrets]) await chmod(open, 0o755);
    await put('on-call-slack-0', SLACK, 0o400);
    expect((await look())[0]?.found).toContain('cannot read the file of its secret');
    await put('on-call-slack-0', SLACK, 0o404);
    expect((await look())[0]?.verdict).toBe('ok');
  });

  it('of a version that has the secret in its configuration is looked for there', async () => {
    const { path, look } = await written(25);
    const file = join(path, '.leitstand', 'alertmanager.yml');
    await writeFile(file, 'url: https://example.org/7f3a\n', { mode: 0o600 });
    expect((await look()).map(({ verdict }) => verdict)).toEqual(['ok', 'ok']);
    await writeFile(file, 'url: https://example.org/old\n');
    expect((await look()).map(({ verdict }) => verdict)).toEqual(['ok', 'warn']);
  });

  it('cannot be rendered for this version: told with the way out', async () => {
    const path = await newPlace('old');
    const tooNew = alertingStack({
      receivers: { 'on-call': { slack: [{ app_token: 'xoxb-1-2-abcdef', channel: '#a' }] } },
      default: 'on-call',
    });
    const alertmanager = alertmanagerSecrets(tooNew, {
      version: { major: 0, minor: 25, patch: 0 },
      user: ownUser(),
      hasRun: true,
      configFile: '/x',
      secretPath: (name) => name,
    });
    const [line] = await secretsCheck.run(world(path, { alertmanager }));
    expect(line).toMatchObject({ verdict: 'fail', fix: expect.stringContaining('webhook_url') });
  });
});

describe('who may read', () => {
  it('root may, and everybody knows who they are', async () => {
    const path = await newPlace('rights');
    const file = join(path, 'secret');
    await writeFile(file, 'x', { mode: 0o600 });
    await chmod(file, 0o000);
    expect(await refusedAt(file, { uid: 0, gid: 0, groups: [0] })).toBeUndefined();
    const self = await userOfProcess(process.pid);
    expect(self).toMatchObject({ uid: process.getuid?.(), gid: process.getgid?.() });
    expect(await userOfProcess(2 ** 22 + 1)).toBeUndefined();
  });

  it('goes by owner first, then group, then the others', async () => {
    const path = await newPlace('rights');
    for (const open of [directory, path]) await chmod(open, 0o755);
    const file = join(path, 'secret');
    await writeFile(file, 'x');
    const { uid, gid } = ownUser();
    const owner = { uid: uid === 0 ? 1 : uid, gid: 54_321, groups: [54_321] };
    const member = { uid: 54_321, gid: 54_321, groups: [54_321, gid] };
    const stranger = { uid: 54_321, gid: 54_321, groups: [54_321] };
    const may = async (mode: number) => {
      await chmod(file, mode);
      const readers = uid === 0 ? { member, stranger } : { owner, member, stranger };
      const found: string[] = [];
      for (const [name, user] of Object.entries(readers))
        if ((await refusedAt(file, user)) === undefined) found.push(name);
      return found.filter((name) => name !== 'owner').join();
    };
    expect([await may(0o440), await may(0o404), await may(0o400)]).toEqual(['member', 'stranger', '']);
  });
});

describe('git', () => {
  it('tracks a secret, does not ignore one, has one written out in the file', async () => {
    const path = await newPlace('git');
    const git = (...args: string[]) =>
      spawnSync('git', ['-C', path, ...args], { env: { ...process.env, HOME: directory } });
    if (git('init', '-q').status !== 0) return;
    await writeFile(join(path, '.env'), 'A=1\n', { mode: 0o600 });
    const look = async (parts: Partial<DoctorWorld> = {}) =>
      (await secretsCheck.run(world(path, parts))).map(({ verdict, found }) => `${verdict} ${found}`);
    expect((await look()).join()).toContain('warn git does not ignore .env, .leitstand');
    await writeFile(join(path, '.gitignore'), '.env\n.leitstand/\n');
    expect(await look()).toEqual([]);
    git('add', '-f', '.env');
    expect((await look()).join()).toContain('fail git tracks .env');
    await writeFile(join(path, 'leitstand.yaml'), 'stack: x\n');
    expect((await look({ writtenOut: [7, 9] })).join()).not.toContain('written out');
    git('add', 'leitstand.yaml');
    expect((await look({ writtenOut: [7, 9] })).join()).toContain(
      'fail git tracks leitstand.yaml, and a secret is written out in its line 7, 9',
    );
  });
});
