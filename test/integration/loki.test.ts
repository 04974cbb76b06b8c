// Loki cannot be had from a package or a module: these run wherever PATH has it, and are skipped elsewhere.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findExecutable } from '../../src/platform/files.ts';
import { freePort } from '../fixtures/free-port.ts';
import type { DesiredComponent } from '../../src/runtimes/native/desired.ts';
import { leitstand } from '../e2e/stack-under-test.ts';
import { eventually, makeStack, portOf, type TestStack } from '../runtimes/native/harness.ts';

const COUNTING = new URL('../fixtures/counting-program.mjs', import.meta.url).pathname;
const loki = await findExecutable('loki', process.env['PATH'] ?? '');

function configuration(directory: string, port: number, grpc: number): string {
  return `auth_enabled: false
analytics: {reporting_enabled: false}
server: {http_listen_address: 127.0.0.1, http_listen_port: ${port}, grpc_listen_address: 127.0.0.1, grpc_listen_port: ${grpc}}
common: {path_prefix: ${directory}, instance_addr: 127.0.0.1, replication_factor: 1, ring: {kvstore: {store: inmemory}}}
storage_config: {use_thanos_objstore: true, object_store: {filesystem: {dir: ${directory}/store}}}
schema_config: {configs: [{from: 2024-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}]}
ingester: {wal: {enabled: true, dir: ${directory}/wal}, lifecycler: {min_ready_duration: 0s}}
frontend: {scheduler_dns_lookup_period: 1s}
compactor: {working_directory: ${directory}/compactor}
`;
}

describe.skipIf(loki === undefined)('a real Loki', () => {
  let stack: TestStack;
  let directory: string;
  let store: DesiredComponent;

  beforeEach(async () => {
    stack = await makeStack();
    directory = await mkdtemp(join(tmpdir(), 'leitstand-loki-'));
    const port = await freePort();
    const file = join(directory, 'loki.yml');
    await writeFile(file, configuration(directory, port, await freePort()));
    store = {
      component: 'store',
      programPath: loki ?? '',
      programVersion: '3.8.0',
      args: [`-config.file=${file}`],
      env: {},
      dataDir: stack.layout.data('store'),
      ready: { url: `http://127.0.0.1:${port}/ready` },
      filesHash: '',
    };
  });
  afterEach(async () => {
    await stack[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  async function stored(): Promise<number> {
    const query = new URLSearchParams({
      query: 'sum(count_over_time({component="alpha",stack="test"}[1h]))',
    });
    const answer = await fetch(`http://127.0.0.1:${portOf(store)}/loki/api/v1/query?${query.toString()}`);
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
    return Number(data.result[0]?.value[1] ?? 0);
  }

  it('takes the lines of the programs', { timeout: 90_000 }, async () => {
    const port = await freePort();
    const alpha = { ...(await stack.fake('alpha', [], port)), args: [COUNTING, '--port', String(port)] };
    const logPush = `http://127.0.0.1:${portOf(store)}/loki/api/v1/push`;
    const daemon = await stack.ensure();
    const duties = { port: await freePort(), environment: 'local', logPush, expected: [] };
    await daemon.apply({ ...stack.desired([store, alpha]), daemon: duties }, () => undefined);
    await eventually(async () => (await stored()) > 1_500, 'lines in Loki', 30_000);
    const metrics = await (await fetch(`http://127.0.0.1:${duties.port}/metrics`)).text();
    expect(metrics).not.toMatch(/leitstand_log_lines_dropped_total\{[^}]*\} [1-9]/);
  });

  it('is watched as an attached program', { timeout: 60_000 }, async () => {
    await (await stack.ensure()).apply(stack.desired([store]), () => undefined);
    const url = `http://127.0.0.1:${portOf(store)}`;
    await writeFile(
      join(directory, 'leitstand.yaml'),
      `schema: 1\nstack: attached\nattach: {loki: {url: '${url}'}}\n`,
    );
    const { stdout } = await leitstand(['status'], { cwd: directory });
    expect(stdout).toMatch(/^loki +ready/m);
  });
});
