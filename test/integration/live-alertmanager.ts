import { spawn } from 'node:child_process';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { renderAlertmanagerFile } from '../../src/components/alertmanager/render.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { ensureDirectory, writeFileAtomic } from '../../src/platform/files.ts';
import { httpExchange } from '../../src/platform/http.ts';
import { freePort } from '../fixtures/free-port.ts';
import type { Program } from '../../src/stack/program.ts';
import type { Stack } from '../../src/stack/stack.ts';

export interface LiveAlertmanager {
  readonly url: string;
  readonly configFile: string;
  secretPath(name: string): string;
  logTail(lines: number): Promise<string[]>;
  /** Kills it; its data stays. */
  crash(): Promise<void>;
  /** Kills it where it runs, and starts it with its data at the same address; ready when this resolves. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Renders the stack's file and secrets below `directory` as the plan of the component would. */
export async function renderAlerting(stack: Stack, program: Program, directory: string) {
  const secretPath = (name: string) => join(directory, 'secrets', name);
  const rendered = renderAlertmanagerFile(stack, { alertmanager: program.version, secretPath });
  await ensureDirectory(join(directory, 'secrets'));
  for (const { name, value } of rendered.secrets)
    await writeFileAtomic(secretPath(name), value.reveal(), { mode: 0o400 });
  await ensureDirectory(join(directory, 'templates'));
  for (const { name, content } of rendered.templates)
    await writeFileAtomic(join(directory, 'templates', name), content);
  const configFile = join(directory, 'alertmanager.yml');
  await writeFileAtomic(configFile, rendered.content, { mode: 0o600 });
  return { configFile, secretPath, rendered };
}

/** A real Alertmanager with the stack's configuration, ready when this resolves. `args`: of its own cluster or features. */
export async function startAlertmanager(
  program: Program,
  stack: Stack,
  directory: string,
  args: readonly string[] = ['--cluster.listen-address='],
): Promise<LiveAlertmanager> {
  const { configFile, secretPath } = await renderAlerting(stack, program, directory);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const logFile = join(directory, 'alertmanager.log');
  const start = () =>
    startProcess(program.path, logFile, [
      `--config.file=${configFile}`,
      `--storage.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      ...args,
    ]);
  let kill = await start();
  const stop = async () => {
    await kill();
    await rm(join(directory, 'data'), { recursive: true, force: true });
  };
  try {
    await becomesReady(url);
  } catch (error) {
    await stop();
    throw new Error(await readFile(logFile, 'utf8'), { cause: error });
  }
  return {
    url,
    configFile,
    secretPath,
    logTail: async (lines) => (await readFile(logFile, 'utf8')).trimEnd().split('\n').slice(-lines),
    crash: () => kill(),
    restart: async () => {
      await kill();
      kill = await start();
      await becomesReady(url);
    },
    stop,
  };
}

/** Returns what kills it; safe to call twice. */
async function startProcess(path: string, logFile: string, args: readonly string[]) {
  const log = await open(logFile, 'a');
  const child = spawn(path, args, { stdio: ['ignore', log.fd, log.fd] });
  await log.close();
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return async () => {
    child.kill('SIGKILL');
    await ended;
  };
}

async function becomesReady(url: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    try {
      if ((await httpExchange(`${url}/-/ready`)).status === 200) return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await systemClock.sleep(50);
  }
}
