import { spawn } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { alertmanagerSource } from '../../src/components/alertmanager/source.ts';
import { pushgatewaySource } from '../../src/components/pushgateway/source.ts';
import { createVictoriaLogsApi } from '../../src/components/victoria-logs/api.ts';
import { victoriaLogsSource } from '../../src/components/victoria-logs/source.ts';
import { cacheDirectory } from '../../src/platform/environment.ts';
import { exists, findExecutable } from '../../src/platform/files.ts';
import { httpExchange } from '../../src/platform/http.ts';
import { findFreePort } from '../../src/platform/ports.ts';
import type { Program } from '../../src/stack/program.ts';
import type { ProgramSource } from '../../src/stack/source.ts';
import { newestCached } from './program-cache.ts';
import { generations, requirePrograms } from './programs.ts';

export interface Live {
  readonly url: string;
  readonly dataDir: string;
  /** Gracefully, or as an accident would. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** One source on one version of its program: what the conformance suite needs to know. */
export interface SourceCase {
  readonly name: string;
  readonly source: ProgramSource;
  readonly program: Program;
  start(directory: string): Promise<Live>;
  /** Data that lasts until a drill. */
  fill(live: Live): Promise<void>;
  /** One more write, while others look. */
  write(live: Live, i: number): Promise<void>;
  /** First words of the step at which a capture has pinned something in the data directory. */
  readonly diesAt?: string;
  /** What is pinned there. */
  pinned(live: Live): Promise<string[]>;
}

export async function sourceCases(): Promise<SourceCase[]> {
  const cases: SourceCase[] = [];
  for (const generation of generations) {
    const programs = await requirePrograms(generation);
    const [alertmanager, pushgateway] = [programs.get('alertmanager'), programs.get('pushgateway')];
    if (alertmanager) cases.push(alertmanagerCase(alertmanager, generation));
    if (pushgateway) cases.push(pushgatewayCase(pushgateway, generation));
  }
  const path = await findVictoriaLogs();
  const version = { major: 1, minor: 52, patch: 1 };
  if (path !== undefined)
    cases.push(victoriaLogsCase({ name: 'victoria-logs', path, version, origin: 'go' }));
  return cases;
}

async function findVictoriaLogs(): Promise<string | undefined> {
  const found = await findExecutable('victoria-logs', process.env['LEITSTAND_TEST_PROGRAMS'] ?? '');
  if (found !== undefined) return found;
  const cached = await newestCached(cacheDirectory(process.env, homedir()), 'victoria-logs', 'go');
  return cached === undefined ? undefined : join(cached, 'victoria-logs');
}

/** As a plan runs it, but with its state written every second unless said otherwise. */
export async function startAlertmanager(
  program: Program,
  directory: string,
  interval = '1s',
  hook = 'http://127.0.0.1:1/nobody',
): Promise<Live> {
  const config = join(directory, 'alertmanager.yml');
  await writeFile(
    config,
    JSON.stringify({
      route: { receiver: 'hook', group_wait: '0s', group_by: ['alertname'] },
      receivers: [{ name: 'hook', webhook_configs: [{ url: hook }] }],
    }),
  );
  return startProgram(program, directory, '/-/ready', (port, dataDir) => [
    `--config.file=${config}`,
    `--storage.path=${dataDir}`,
    `--data.maintenance-interval=${interval}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
  ]);
}

export async function silence(
  live: Live,
  matchers: readonly { name: string; value: string; isRegex?: boolean; isEqual?: boolean }[],
  endsInMs = 3_600_000,
): Promise<string> {
  const now = Date.now();
  const answer = await post(`${live.url}/api/v2/silences`, 'application/json', {
    matchers: matchers.map((matcher) => ({ isRegex: false, isEqual: true, ...matcher })),
    startsAt: new Date(now).toISOString(),
    endsAt: new Date(now + endsInMs).toISOString(),
    createdBy: 'Müller',
    comment: 'Wartung "A"',
  });
  return (JSON.parse(answer) as { readonly silenceID: string }).silenceID;
}

function alertmanagerCase(program: Program, generation: string): SourceCase {
  return {
    name: `alertmanager, ${generation}`,
    source: alertmanagerSource(),
    program,
    start: (directory) => startAlertmanager(program, directory),
    fill: async (live) => {
      await silence(live, [{ name: 'alertname', value: 'DiskFull' }]);
      await silence(live, [
        { name: 'instance', value: 'web-.*|db-1', isRegex: true },
        { name: 'severity', value: 'critical', isEqual: false },
      ]);
    },
    write: async (live, i) => {
      await silence(live, [{ name: 'alertname', value: `Alert${i}` }]);
    },
    pinned: async () => [],
  };
}

export async function startPushgateway(program: Program, directory: string, interval = '1s'): Promise<Live> {
  return startProgram(program, directory, '/-/ready', (port, dataDir) => [
    `--persistence.file=${dataDir}/pushgateway.data`,
    `--persistence.interval=${interval}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
}

export async function push(live: Live, group: string, text: string): Promise<void> {
  await post(`${live.url}/metrics/${group}`, 'text/plain', text);
}

function pushgatewayCase(program: Program, generation: string): SourceCase {
  return {
    name: `pushgateway, ${generation}`,
    source: pushgatewaySource(),
    program,
    start: (directory) => startPushgateway(program, directory),
    fill: async (live) => {
      await push(
        live,
        'job/backup/instance/é',
        '# TYPE a gauge\na{x="1"} 2.5\na{x="2"} NaN\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 3\nh_sum 3\nh_count 3\n# TYPE s summary\ns{quantile="0.5"} 2\ns_sum 3\ns_count 1\n',
      );
      await push(live, 'job@base64/YS9i/x@base64/=', '# TYPE c counter\nc 1e300\n');
    },
    write: (live, i) => push(live, `job/writer/n/${i % 3}`, `w ${i}\n`),
    pinned: async (live) => (await readdir(live.dataDir)).filter((name) => name !== 'pushgateway.data'),
  };
}

function victoriaLogsCase(program: Program): SourceCase {
  const insert = (live: Live, lines: readonly object[]) =>
    post(
      `${live.url}/insert/jsonline?_stream_fields=component&_time_field=_time&_msg_field=_msg`,
      'application/stream+json',
      lines.map((line) => JSON.stringify(line)).join('\n'),
    );
  return {
    name: 'victoria-logs',
    source: victoriaLogsSource(),
    program,
    diesAt: 'hashing',
    start: (directory) =>
      startProgram(program, directory, '/health', (port, dataDir) => [
        `-storageDataPath=${dataDir}`,
        `-httpListenAddr=127.0.0.1:${port}`,
        '-retentionPeriod=90d',
        '-memory.allowedBytes=64MB',
      ]),
    fill: async (live) => {
      const now = Date.now();
      const line = (i: number) => ({
        _time: new Date(now - (i % 3) * 86_400_000 - i * 20 - 6_000).toISOString(),
        _msg: `line ${i} of "something" é ${'x'.repeat(i % 50)}`,
        component: `c${i % 5}`,
        level: i % 7 === 0 ? 'warn' : 'info',
        ...(i % 3 === 0 ? {} : { extra: `e${i}` }),
      });
      await insert(
        live,
        Array.from({ length: 3_000 }, (_, i) => line(i)),
      );
      // Taken over once a second: before that, neither a query nor a snapshot has them.
      const api = createVictoriaLogsApi(live.url);
      while ((await api.count()) < 3_000) await new Promise((resolve) => setTimeout(resolve, 50));
    },
    write: async (live, i) => {
      // Late by more than the cut-off allows for, and of today.
      const time = (ms: number) => new Date(Date.now() - ms).toISOString();
      await insert(live, [
        { _time: time(20_000), _msg: `late ${i}`, component: 'late' },
        { _time: time(0), _msg: `now ${i}`, component: 'now' },
      ]);
    },
    pinned: async (live) => {
      const partitions = join(live.dataDir, 'partitions');
      const days = (await exists(partitions)) ? await readdir(partitions) : [];
      const snapshots = await Promise.all(
        days.map(async (day) => {
          const directory = join(partitions, day, 'snapshots');
          return (await exists(directory)) ? readdir(directory) : [];
        }),
      );
      return snapshots.flat();
    },
  };
}

async function startProgram(
  program: Program,
  directory: string,
  readyPath: string,
  args: (port: number, dataDir: string) => readonly string[],
): Promise<Live> {
  const port = await findFreePort(0);
  const dataDir = join(directory, 'data');
  await mkdir(dataDir, { recursive: true });
  const child = spawn(program.path, args(port, dataDir), { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  const stop = async (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM') => {
    child.kill(signal);
    await ended;
  };
  const deadline = performance.now() + 20_000;
  while ((await httpExchange(url + readyPath).catch(() => undefined))?.status !== 200) {
    if (performance.now() > deadline) {
      await stop('SIGKILL');
      throw new Error(`${program.name} is not ready`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { url, dataDir, stop };
}

async function post(url: string, contentType: string, body: unknown): Promise<string> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const headers = { 'content-type': contentType };
  const response = await httpExchange(url, { method: 'POST', headers, body: text });
  if (response.status >= 300) throw new Error(`${url}: ${response.status} ${response.body}`);
  return response.body;
}
