import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT } from '../../src/platform/exit-codes.ts';
import { LeitstandError } from '../../src/platform/errors.ts';
import { httpExchange } from '../../src/platform/http.ts';
import type { Place } from '../../src/stack/plan.ts';
import type { Runtime, TwinRequest } from '../../src/stack/runtime.ts';
import { until } from './live-prometheus.ts';

/** The least that starts a twin: what a drill needs of a runtime, without the native one's supervision. */
export const twinRuntime: Pick<Runtime, 'twinPlace' | 'startTwin'> = {
  twinPlace: (directory): Place => ({
    config: join(directory, 'config'),
    data: join(directory, 'data'),
    secret: (name) => join(directory, 'secrets', name),
    listen: (port) => `127.0.0.1:${port}`,
    address: (_component, port) => `127.0.0.1:${port}`,
    externalUrl: (port) => `http://127.0.0.1:${port}`,
  }),
  startTwin,
};

async function startTwin({ plan, directory, signal }: TwinRequest) {
  await mkdir(join(directory, 'config'), { recursive: true });
  for (const file of plan.files) await writeFile(join(directory, 'config', file.path), file.content);
  const child = spawn(plan.program.path, plan.args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...plan.env },
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-4_000);
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  const url = `http://127.0.0.1:${plan.ready.port}`;
  try {
    await until('the twin is ready or ended', async () => {
      signal?.throwIfAborted();
      return child.exitCode !== null || (await httpExchange(url + plan.ready.path)).status === 200;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  if (child.exitCode !== null)
    throw new LeitstandError('LS-RUNTIME-002', EXIT.couldNotDo, { what: 'the twin ended', why: log });
  return { url, stop };
}
