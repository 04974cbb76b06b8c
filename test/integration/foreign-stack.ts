import { spawn } from 'node:child_process';
import { mkdir, open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createAlertmanagerApi } from '../../src/components/alertmanager/api.ts';
import { httpExchange } from '../../src/platform/http.ts';
import { freePort } from '../fixtures/free-port.ts';
import type { Program } from '../../src/stack/program.ts';

export interface ForeignAlertmanager {
  readonly url: string;
  readonly dataDir: string;
  readonly configFile: string;
  stop(): Promise<void>;
}

/** An Alertmanager that knows nothing of Leitstand. */
export async function startForeignAlertmanager(
  program: Program,
  directory: string,
  config: string,
): Promise<ForeignAlertmanager> {
  const port = await freePort();
  const [configFile, dataDir] = [join(directory, 'alertmanager.yml'), join(directory, 'alertmanager-data')];
  await mkdir(dataDir, { recursive: true });
  await writeFile(configFile, config);
  const log = await open(join(directory, 'alertmanager.log'), 'a');
  const child = spawn(
    program.path,
    [
      `--config.file=${configFile}`,
      `--storage.path=${dataDir}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ],
    { stdio: ['ignore', log.fd, log.fd] },
  );
  await log.close();
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  const deadline = performance.now() + 20_000;
  for (;;) {
    try {
      await createAlertmanagerApi(url).assertReady();
      return { url, dataDir, configFile, stop };
    } catch (error) {
      if (performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        continue;
      }
      await stop();
      throw error;
    }
  }
}

/** A place that answers every notification with the same status and keeps nothing. */
export async function startSink(answer: (path: string) => number) {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(answer(request.url ?? '')).end('ok'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Everything of a foreign stack that a tool could have changed. */
export async function fingerprintOf(
  alertmanager: ForeignAlertmanager,
  prometheus?: { readonly url: string; readonly dataDir: string; readonly configFile: string },
) {
  const get = async (url: string) => (await httpExchange(url)).body;
  return {
    configFile: await readFile(alertmanager.configFile, 'utf8'),
    configMtime: (await stat(alertmanager.configFile)).mtimeMs,
    loaded: (await createAlertmanagerApi(alertmanager.url).status()).config,
    silences: await get(`${alertmanager.url}/api/v2/silences`),
    reloads: await reloads(alertmanager.url, 'alertmanager'),
    ...(prometheus
      ? {
          prometheusFile: await readFile(prometheus.configFile, 'utf8'),
          prometheusConfig: await get(`${prometheus.url}/api/v1/status/config`),
          prometheusReloads: await reloads(prometheus.url, 'prometheus'),
          // Prometheus itself makes `snapshots` at the first one and leaves it, empty.
          snapshots: await readdir(join(prometheus.dataDir, 'snapshots')).catch(() => []),
          data: (await readdir(prometheus.dataDir)).filter((name) => name !== 'snapshots').sort(),
        }
      : {}),
  };
}

async function reloads(url: string, program: string): Promise<string | undefined> {
  const { body } = await httpExchange(`${url}/metrics`);
  return new RegExp(`^${program}_config_last_reload_success_timestamp_seconds .*$`, 'm').exec(body)?.[0];
}
