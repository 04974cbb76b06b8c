import { stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalog } from '../../src/catalog.ts';
import { createPrometheusApi } from '../../src/components/prometheus/api.ts';
import { createVictoriaLogsApi } from '../../src/components/victoria-logs/api.ts';
import { httpExchange } from '../../src/platform/http.ts';
import { freePort } from '../fixtures/free-port.ts';
import { eventually, makeStack, type StackUnderTest } from '../e2e/stack-under-test.ts';
import { generations, requirePrograms } from './programs.ts';
import { s3Request } from './s3-request.ts';

const components = [...(await catalog.components()).values()];
const LOKI_PUSH = '/insert/loki/api/v1/push';

describe.each(generations)('every component with %s programs', async (generation) => {
  const programs = await requirePrograms(generation);
  const has = (name: string) => programs.has(name);
  let stack: StackUnderTest;
  let more: MoreComponents;
  let states: ReadonlyMap<string, string>;

  const up = async (secretKey: string) => {
    const settings = Object.entries(more.settings(secretKey)).filter(([name]) => has(programOf(name)));
    await stack.configure({ components: Object.fromEntries(settings) });
    const { exit, stderr, stdout } = await stack.run('up');
    if (exit !== 0) throw new Error(stderr);
    return stdout;
  };
  const metric = async (query: string) => {
    const api = createPrometheusApi(`http://127.0.0.1:${stack.ports.prometheus}`);
    return api.queryVector(query, Date.now());
  };

  beforeAll(async () => {
    stack = await makeStack(generation);
    more = await moreComponents(stack);
    await up('first-secret');
    const last = (await stack.run('status', '--json')).stdout.trim().split('\n').at(-1) ?? '';
    const { result } = JSON.parse(last) as { result: { components: { component: string; state: string }[] } };
    states = new Map(result.components.map(({ component, state }) => [component, state]));
  });
  afterAll(async () => {
    await stack?.destroy();
    await more?.close();
  });

  describe.each(components.map(({ name }) => name))('%s', (component) => {
    it.skipIf(!has(programOf(component)))('becomes ready', () => {
      expect(states.get(component)).toBe('ready');
    });

    // An S3 gateway has no page with metrics.
    it.skipIf(!has(programOf(component)) || component === 'versitygw')('is scraped', async () => {
      const samples = await eventually(
        () => metric(`up{component="${component}"}`),
        (found) => found.length > 0 && found.every(({ value }) => value === '1'),
      );
      expect(samples).toHaveLength(1);
    });
  });

  it.skipIf(!has('node_exporter'))(
    'node-exporter knows real disks alone, and the files of others',
    async () => {
      await eventually(
        () => metric('leitstand_test_of_textfile'),
        (found) => found[0]?.value === '42',
      );
      const types = new Set(
        (await metric('node_filesystem_size_bytes')).map(({ labels }) => labels['fstype']),
      );
      for (const type of ['tmpfs', 'overlay', 'squashfs', 'devtmpfs']) expect(types).not.toContain(type);
      expect(await metric('node_timex_sync_status')).toHaveLength(1);
    },
  );

  it.skipIf(!has('blackbox_exporter'))('blackbox-exporter says what answers and what does not', async () => {
    const { host } = new URL(more.page);
    const expected = [
      ['blackbox-http-1s', `${more.page}/missing`, undefined, '0'],
      ['blackbox-http-1s', `${more.page}/there`, 'Website', '1'],
      ['blackbox-tcp-2s', host, undefined, '1'],
      ['blackbox-tls-1s', host, undefined, '0'],
    ];
    const found = await eventually(
      async () => {
        const samples = await metric('probe_success');
        return samples
          .map(({ labels, value }) => [labels['job'], labels['instance'], labels['probe'], value])
          .sort((a, b) => String(a).localeCompare(String(b)));
      },
      (rows) => isDeepStrictEqual(rows, expected),
    );
    expect(found).toEqual(expected);
  });

  it.skipIf(!has('victoria-logs'))('victoria-logs keeps a line that was pushed', async () => {
    const origin = `http://127.0.0.1:${more.ports['victoria-logs']}`;
    const stream = { stream: { component: 'test' }, values: [[`${Date.now()}000000`, 'a line of the test']] };
    const push = await httpExchange(`${origin}${LOKI_PUSH}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ streams: [stream] }),
    });
    expect(push.status).toBe(204);
    const api = createVictoriaLogsApi(origin);
    const filter = '{component="test"} "line of the test"';
    await eventually(
      () => api.count({}, filter),
      (count) => count === 1,
    );
    const rows = [];
    for await (const row of api.query(filter)) rows.push(row);
    expect(rows).toMatchObject([{ _msg: 'a line of the test', component: 'test' }]);
    expect(await api.flags()).toMatchObject({ retentionPeriod: '90d', 'memory.allowedBytes': '268435456' });
    expect(
      (await httpExchange(`${origin}/select/logsql/query?query=x`, { headers: { origin: 'http://evil' } }))
        .headers,
    ).not.toHaveProperty('access-control-allow-origin');
  });

  it.skipIf(!has('versitygw'))('versitygw lets in who has the keys of today, and nobody else', async () => {
    const origin = `http://127.0.0.1:${more.ports['versitygw']}`;
    const list = (secretKey: string) => s3Request(origin, { path: '/', accessKey: 'example', secretKey });
    const put = (path: string, body = '') =>
      s3Request(origin, { method: 'PUT', path, body, accessKey: 'example', secretKey: 'first-secret' });
    expect((await httpExchange(origin)).status).toBe(403);
    expect((await list('guessed')).status).toBe(403);
    expect((await put('/backups')).status).toBe(200);
    expect((await put('/backups/one', 'content')).status).toBe(200);
    expect((await list('first-secret')).body).toContain('<Name>backups</Name>');
    const file = join(stack.directory, '.leitstand/data/versitygw/backups/one');
    expect((await stat(file)).mode & 0o777).toBe(0o600);

    expect(await up('second-secret')).toMatch(/versitygw.*restart/);
    expect((await list('first-secret')).status).toBe(403);
    expect((await list('second-secret')).body).toContain('<Name>backups</Name>');
    expect(await up('second-secret')).not.toMatch(/restart/);
  });

  it('Prometheus loads every rule, evaluates it, and hands the Watchdog to Alertmanager', async () => {
    const groups = await eventually(
      async () => {
        const { body } = await httpExchange(`http://127.0.0.1:${stack.ports.prometheus}/api/v1/rules`);
        return (JSON.parse(body) as { data: { groups: { rules: { name: string; health: string }[] }[] } })
          .data.groups;
      },
      (found) => found.length > 0 && found.every(({ rules }) => rules.every(({ health }) => health === 'ok')),
    );
    expect(groups.flatMap(({ rules }) => rules.map(({ name }) => name))).toContain(
      'AlertmanagerFailedReload',
    );
    // What fires before Prometheus knows its Alertmanager is sent again after a minute only.
    await eventually(
      async () => (await httpExchange(`http://127.0.0.1:${stack.ports.alertmanager}/api/v2/alerts`)).body,
      (body) => body.includes('Watchdog'),
      90_000,
    );
  });
});

interface MoreComponents {
  readonly ports: Readonly<Record<string, number>>;
  /** URL of a server that has the page `/there` and no other. */
  readonly page: string;
  /** Component → its settings, as `makeStack` takes them. */
  settings(secretKey: string): Record<string, string>;
  close(): Promise<void>;
}

/** The components that `makeStack` does not have, and what they need to look at. */
async function moreComponents(stack: StackUnderTest): Promise<MoreComponents> {
  const ports: Record<string, number> = {};
  for (const name of ['node-exporter', 'blackbox-exporter', 'victoria-logs', 'versitygw'])
    ports[name] = await freePort();
  await writeFile(join(stack.directory, 'test.prom'), 'leitstand_test_of_textfile 42\n');
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/there' ? 200 : 404;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const page = `http://127.0.0.1:${port}`;
  const probes = [
    `{url: '${page}/there', name: Website, interval: 1s}`,
    `{url: '${page}/missing', interval: 1s}`,
    `{url: 'tcp://127.0.0.1:${port}', interval: 2s}`,
    `{url: 'tls://127.0.0.1:${port}', interval: 1s}`,
  ];
  return {
    ports,
    page,
    settings: (secretKey) => ({
      'node-exporter': `{port: ${ports['node-exporter']}, textfile_dir: ${stack.directory}}`,
      'blackbox-exporter': `{port: ${ports['blackbox-exporter']}, probes: [${probes.join(', ')}]}`,
      'victoria-logs': `{port: ${ports['victoria-logs']}}`,
      versitygw: `{port: ${ports['versitygw']}, access_key: example, secret_key: ${secretKey}}`,
    }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function programOf(component: string): string {
  return components.find(({ name }) => name === component)?.program.name ?? '';
}
