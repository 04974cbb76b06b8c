import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAlertmanagerApi } from '../../../src/components/alertmanager/api.ts';
import { createPrometheusApi } from '../../../src/components/prometheus/api.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { freePort } from '../../fixtures/free-port.ts';
import { openExternalRuntime } from '../../../src/runtimes/external/index.ts';
import { startTwin, twinPlace } from '../../../src/runtimes/native/twin.ts';
import type { Runtime } from '../../../src/stack/runtime.ts';
import { Secret } from '../../../src/stack/secret.ts';
import type { Attachment } from '../../../src/stack/stack.ts';
import { type Certificate, selfSigned } from '../../fixtures/certificate.ts';
import { localServer } from '../../fixtures/local-server.ts';

const cleanups: (() => Promise<unknown>)[] = [];
let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'external-'));
  cleanups.push(() => rm(directory, { recursive: true, force: true }));
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(listener: RequestListener, tls?: Certificate): Promise<string> {
  const server = await localServer(listener, tls);
  cleanups.push(async () => server[Symbol.asyncDispose]());
  return server.url;
}

function attach(attached: Readonly<Record<string, Attachment>>): Promise<Runtime> {
  const components = Object.entries(attached).map(([name, place]) => ({ name, config: {}, attached: place }));
  return openExternalRuntime({
    stack: { name: 'theirs', components },
    twins: { twinPlace, startTwin: (request) => startTwin(request, systemClock) },
  });
}

const BUILD = { status: 'success', data: { version: '3.16.0' } };

/** As much of Prometheus as a probe asks for. */
const prometheus: RequestListener = ({ url }, response) => {
  response.end(url === '/-/ready' ? 'Prometheus Server is Ready.\n' : JSON.stringify(BUILD));
};

async function stateOf(url: string, more: Partial<Attachment> = {}) {
  const runtime = await attach({ prometheus: { url, ...more } });
  const [status] = await runtime.status();
  return { runtime, status };
}

describe('the status of what is attached', () => {
  it('is ready with its version, for each of the five programs', async () => {
    const answers: Readonly<Record<string, readonly [path: string, body: unknown]>> = {
      prometheus: ['/api/v1/status/buildinfo', BUILD],
      alertmanager: ['/api/v2/status', { versionInfo: { version: '0.31.1' }, cluster: {}, config: {} }],
      pushgateway: [
        '/api/v1/status',
        { status: 'success', data: { build_information: { version: '1.11.3' } } },
      ],
      loki: ['/loki/api/v1/status/buildinfo', { version: '3.4.1', revision: 'abc' }],
      grafana: ['/api/health', { database: 'ok', version: '11.0.0' }],
    };
    const attached: Record<string, Attachment> = {};
    for (const [name, [identity, body]] of Object.entries(answers)) {
      const url = await serve((request, response) =>
        response.end(request.url === identity ? JSON.stringify(body) : 'OK'),
      );
      attached[name] = { url };
    }
    const runtime = await attach(attached);
    expect(
      (await runtime.status()).map(({ component, state, version }) => [component, state, version]),
    ).toEqual([
      ['prometheus', 'ready', '3.16.0'],
      ['alertmanager', 'ready', '0.31.1'],
      ['pushgateway', 'ready', '1.11.3'],
      ['loki', 'ready', '3.4.1'],
      ['grafana', 'ready', '11.0.0'],
    ]);
    expect(await runtime.supervision()).toMatchObject({ supervised: 'elsewhere' });
    expect(await runtime.inboxStatus()).toBeUndefined();
  });

  it('works below a path prefix', async () => {
    const url = await serve((request, response) => {
      if (!request.url?.startsWith('/metrics-ui/')) response.writeHead(404).end('no');
      else prometheus({ url: request.url.replace('/metrics-ui', '') } as typeof request, response);
    });
    expect((await stateOf(`${url}/metrics-ui`)).status).toMatchObject({ state: 'ready' });
    expect((await stateOf(url)).status).toMatchObject({ state: 'unknown', code: 'LS-EXTERNAL-005' });
  });

  it('is failing only when the program itself says so', async () => {
    const url = await serve(({ url: path }, response) =>
      path === '/-/ready'
        ? response.writeHead(503).end('Service Unavailable')
        : response.end(JSON.stringify(BUILD)),
    );
    expect((await stateOf(url)).status).toMatchObject({
      state: 'failing',
      reason: expect.stringContaining('Service Unavailable'),
    });
  });

  it('is unknown, never down, when it could not be reached', async () => {
    const refused = await stateOf(`http://127.0.0.1:${await freePort()}`);
    expect(refused.status).toMatchObject({
      state: 'unknown',
      code: 'LS-EXTERNAL-003',
      reason: expect.stringMatching(/^could not reach it; connection refused.*attach\.prometheus/),
    });
    const named = await stateOf('http://no-such-host.invalid:9090');
    expect(named.status).toMatchObject({
      state: 'unknown',
      reason: expect.stringMatching(/name of the host/),
    });
  });

  it('is unknown after two seconds when nothing is answered', async () => {
    const url = await serve(() => undefined);
    const start = performance.now();
    const { status } = await stateOf(url);
    expect(performance.now() - start).toBeLessThan(6_000);
    expect(status).toMatchObject({
      state: 'unknown',
      reason: expect.stringContaining('no answer within 2000 ms'),
    });
  });

  it.each([
    [
      'a web page',
      200,
      { 'content-type': 'text/html' },
      '<!doctype html><title>Welcome</title>',
      'a web page',
    ],
    [
      'a login page',
      302,
      { location: 'https://login.example.org/?session=s3cret' },
      '',
      'is it a login page?',
    ],
    ['a proxy', 502, {}, 'Bad Gateway', 'status 502: Bad Gateway'],
  ] as const)('is unknown when %s answers', async (_, code, headers, body, words) => {
    const url = await serve((_request, response) => response.writeHead(code, headers).end(body));
    const { status } = await stateOf(url);
    expect(status).toMatchObject({
      state: 'unknown',
      code: 'LS-EXTERNAL-005',
      reason: expect.stringContaining(words),
    });
    expect(status?.reason).not.toContain('s3cret');
  });
});

describe('access', () => {
  const password = new Secret('hunter2-hunter2', 'secret PROMETHEUS_PASSWORD');
  const guarded =
    (wanted: string, refusal = 401): RequestListener =>
    (request, response) => {
      if (request.headers.authorization === wanted) prometheus(request, response);
      else response.writeHead(refusal).end('no');
    };
  const basic = `Basic ${Buffer.from('leitstand:hunter2-hunter2').toString('base64')}`;

  it('is given by a user and password, or a token', async () => {
    const url = await serve(guarded(basic));
    expect((await stateOf(url, { username: 'leitstand', password })).status).toMatchObject({
      state: 'ready',
    });
    const other = await serve(guarded('Bearer tok-en'));
    const bearerToken = new Secret('tok-en', 'secret TOKEN');
    expect((await stateOf(other, { bearerToken })).status).toMatchObject({ state: 'ready' });
  });

  it.each([401, 403])('that is refused with %s says which key to look at', async (code) => {
    const url = await serve(guarded('nobody', code));
    const none = await stateOf(url);
    expect(none.status).toMatchObject({ state: 'unknown', code: 'LS-EXTERNAL-004' });
    expect(none.status?.reason).toContain('give it `username` and `password`');
    const { runtime, status } = await stateOf(url, { username: 'leitstand', password });
    expect(status?.reason).toContain('under attach.prometheus');
    for (const [ask, error] of [
      [createPrometheusApi(runtime.connection('prometheus', 0)).version(), 'LS-PROMETHEUS-002'],
      [createAlertmanagerApi(runtime.connection('prometheus', 0)).status(), 'LS-ALERTMANAGER-002'],
    ] as const) {
      await expect(ask).rejects.toMatchObject({
        code: error,
        exit: 4,
        details: { fix: expect.stringContaining('attach.prometheus') },
      });
    }
  });

  it('hides what it knows', async () => {
    const url = await serve(guarded('nobody'));
    const { runtime, status } = await stateOf(url, { username: 'leitstand', password });
    const shown = inspect([runtime, runtime.connection('prometheus', 0), status], { depth: 9 });
    for (const secret of ['hunter2', basic]) expect(shown + JSON.stringify(status)).not.toContain(secret);
    const error: unknown = await createPrometheusApi(runtime.connection('prometheus', 0))
      .version()
      .catch((reason: unknown) => reason);
    for (const secret of ['hunter2', basic]) expect(inspect(error, { depth: 9 })).not.toContain(secret);
  });

  it('trusts the authority that is named, and says so of any other', async () => {
    const [own, other] = [selfSigned(), selfSigned()];
    const url = await serve(prometheus, own);
    const files = { own: join(directory, 'own.pem'), other: join(directory, 'other.pem') };
    await writeFile(files.own, own.cert);
    await writeFile(files.other, other.cert);
    expect((await stateOf(url, { caFile: files.own })).status).toMatchObject({ state: 'ready' });
    for (const [more, words] of [
      [{}, 'into `ca_file` under attach.prometheus'],
      [{ caFile: files.other }, 'check that `ca_file` under attach.prometheus'],
    ] as const) {
      const { status, runtime } = await stateOf(url, more);
      expect(status).toMatchObject({ state: 'unknown', code: 'LS-EXTERNAL-003' });
      expect(status?.reason).toMatch(/an authority that is not trusted here/);
      expect(status?.reason).toContain(words);
      await expect(createPrometheusApi(runtime.connection('prometheus', 0)).version()).rejects.toMatchObject({
        exit: 5,
        details: { why: expect.stringContaining('not trusted'), fix: expect.stringContaining('ca_file') },
      });
    }
  });

  it('says what else is wrong with TLS', async () => {
    const expired = selfSigned({ expired: true });
    const caFile = join(directory, 'ca.pem');
    await writeFile(caFile, expired.cert);
    expect((await stateOf(await serve(prometheus, expired), { caFile })).status?.reason).toContain(
      'has expired',
    );
    const plain = await serve(prometheus);
    expect((await stateOf(plain.replace('http:', 'https:'))).status?.reason).toContain('does not speak TLS');
    const own = selfSigned();
    await writeFile(caFile, own.cert);
    const named = (await serve(prometheus, own)).replace('127.0.0.1', 'localhost');
    expect((await stateOf(named, { caFile })).status?.reason).toContain('for another name');
  });

  it.each([
    [{ username: 'leitstand' }, 'no `password`'],
    [{ password }, 'no `username`'],
    [{ username: 'u', password, bearerToken: password }, 'both a user and a bearer token'],
    [{ bearerToken: new Secret('a\nb', 'secret TOKEN') }, 'line breaks'],
    [{ caFile: '/nowhere/ca.pem' }, 'cannot be read'],
    [{ caFile: import.meta.filename }, 'without a certificate'],
  ])('is not tried with settings that cannot be meant: %o', async (more, words) => {
    await expect(attach({ prometheus: { url: 'http://127.0.0.1:1', ...more } })).rejects.toMatchObject({
      code: 'LS-EXTERNAL-007',
      exit: 2,
      details: { what: expect.stringContaining(words) },
    });
  });
});

describe('what would change the stack', () => {
  it('is refused, and says what works instead', async () => {
    const runtime = await attach({ prometheus: { url: 'http://127.0.0.1:1' } });
    const request = { stack: 'theirs', applications: [], inbox: { enabled: false, port: 0 } };
    for (const ask of [
      runtime.preview(request),
      runtime.assertStartable(request),
      runtime.apply(request, () => undefined),
      runtime.stop(),
      runtime.logTail('prometheus', 5),
    ]) {
      await expect(ask).rejects.toMatchObject({
        code: 'LS-EXTERNAL-001',
        exit: 2,
        details: { fix: expect.stringContaining('alert test') },
      });
    }
    expect(() => runtime.place('prometheus')).toThrow('LS-EXTERNAL-001');
  });

  it('has no data directory but the one that was told', async () => {
    const runtime = await attach({
      prometheus: { url: 'http://127.0.0.1:1/', dataDir: '/srv/prometheus' },
      alertmanager: { url: 'http://127.0.0.1:2' },
    });
    expect(runtime.dataDir('prometheus')).toBe('/srv/prometheus');
    expect(() => runtime.dataDir('alertmanager')).toThrow('LS-EXTERNAL-002');
  });
});
