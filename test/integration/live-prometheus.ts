import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createPrometheusApi } from '../../src/components/prometheus/api.ts';
import { httpExchange } from '../../src/platform/http.ts';
import { freePort } from '../fixtures/free-port.ts';
import { runProgram } from '../../src/platform/processes.ts';
import type { Program } from '../../src/stack/program.ts';

export interface LivePrometheus {
  readonly url: string;
  readonly dataDir: string;
  stop(): Promise<void>;
}

export interface LiveOptions {
  /** Scrape itself every second; else there is nothing to scrape. */
  readonly scrape: boolean;
  readonly adminApi?: boolean;
  /** `host:port` of a further target, scraped fifty times a second. */
  readonly target?: string;
  readonly outOfOrderWindow?: string;
  /** Relative to the directory. */
  readonly ruleFiles?: readonly string[];
  /** More of the configuration file, which wins. */
  readonly config?: Readonly<Record<string, unknown>>;
}

async function until(what: string, holds: () => Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A real Prometheus in `directory`, ready when this resolves. */
export async function startPrometheus(
  program: Program,
  directory: string,
  options: LiveOptions,
): Promise<LivePrometheus> {
  const port = await freePort();
  const dataDir = join(directory, 'data');
  await mkdir(dataDir, { recursive: true });
  const job = (name: string, interval: string, target: string) => ({
    job_name: name,
    scrape_interval: interval,
    scrape_timeout: interval,
    static_configs: [{ targets: [target] }],
  });
  const config = {
    scrape_configs: [
      ...(options.scrape ? [job('self', '1s', `127.0.0.1:${port}`)] : []),
      ...(options.target === undefined ? [] : [job('further', '20ms', options.target)]),
    ],
    ...(options.ruleFiles === undefined ? {} : { rule_files: options.ruleFiles }),
    ...(options.outOfOrderWindow === undefined
      ? {}
      : { storage: { tsdb: { out_of_order_time_window: options.outOfOrderWindow } } }),
    ...options.config,
  };
  // JSON is YAML.
  await writeFile(join(directory, 'prometheus.yml'), JSON.stringify(config));
  const child = spawn(
    program.path,
    [
      `--config.file=${directory}/prometheus.yml`,
      `--storage.tsdb.path=${dataDir}`,
      `--web.listen-address=127.0.0.1:${port}`,
      ...(options.adminApi === false ? [] : ['--web.enable-admin-api']),
    ],
    { stdio: 'ignore' },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  try {
    await until('prometheus is ready', async () => (await httpExchange(`${url}/-/ready`)).status === 200);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, dataDir, stop };
}

/** Waits until the server has scraped itself `samples` times. */
export function scraped(live: LivePrometheus, samples: number): Promise<void> {
  const api = createPrometheusApi(live.url);
  return until(`${samples} samples of up`, async () => {
    const [count] = await api.queryVector('count_over_time(up{job="self"}[5m])', Date.now());
    return Number(count?.value ?? 0) >= samples;
  });
}

/** Blocks with one series a minute apart, from 26 to 23 hours ago: what the windows `day` and `oldest` look at. */
export async function seedHistory(promtool: Program, directory: string): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  const lines = ['# TYPE history gauge'];
  for (const series of ['a', 'b', 'c'])
    for (let time = now - 26 * 3600; time < now - 23 * 3600; time += 60)
      lines.push(`history{series="${series}"} ${Math.sin(time)} ${time}`);
  const input = join(directory, 'history.txt');
  await mkdir(join(directory, 'data'), { recursive: true });
  await writeFile(input, `${lines.join('\n')}\n# EOF\n`);
  const result = await runProgram(promtool.path, [
    'tsdb',
    'create-blocks-from',
    'openmetrics',
    input,
    join(directory, 'data'),
  ]);
  if (result.exitCode !== 0) throw new Error(result.stderr);
}
