import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../fixtures/free-port.ts';
import { type Generation, requirePrograms } from '../integration/programs.ts';

const bin = fileURLToPath(new URL('../../bin/leitstand.mjs', import.meta.url));

export interface Outcome {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real command as a user would; nothing of the test's own environment but PATH gets through. */
export function leitstand(
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly env?: Readonly<Record<string, string>>;
    /** Another program that runs `main`. */
    readonly entry?: string;
  },
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [options.entry ?? bin, ...args], {
      cwd: options.cwd,
      env: {
        PATH: process.env['PATH'],
        HOME: options.cwd,
        LEITSTAND_CACHE_DIR: join(tmpdir(), `leitstand-e2e-cache-${process.getuid?.() ?? 0}`),
        NO_COLOR: '1',
        ...options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        output[name] += chunk;
      });
    }
    child.on('error', reject);
    child.on('close', (exit) => resolve({ exit, ...output }));
  });
}

export interface Ports {
  readonly prometheus: number;
  readonly alertmanager: number;
  readonly pushgateway: number;
  readonly inbox: number;
  readonly daemon: number;
}

export interface StackUnderTest {
  readonly directory: string;
  readonly ports: Ports;
  readonly paths: ReadonlyMap<string, string>;
  run(...args: readonly string[]): Promise<Outcome>;
  /** Writes leitstand.yaml anew, with some of its parts replaced. */
  configure(parts?: Partial<ConfigParts>): Promise<void>;
  /** Stops what runs and removes the directory. */
  destroy(): Promise<void>;
}

export interface ConfigParts {
  readonly ports: Ports;
  readonly paths: ReadonlyMap<string, string>;
  readonly stateDir: string;
  /** Further components: name → settings in YAML's flow form. */
  readonly components: Readonly<Record<string, string>>;
  readonly extra: string;
}

/** A stack of its own: directory, free ports, programs of one generation, receivers that point to its inbox. */
export async function makeStack(generation: Generation): Promise<StackUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'leitstand-e2e-'));
  const programs = await requirePrograms(generation);
  const paths = new Map([...programs].map(([name, { path }]) => [name, path]));
  const ports = {
    prometheus: await freePort(),
    alertmanager: await freePort(),
    pushgateway: await freePort(),
    inbox: await freePort(),
    daemon: await freePort(),
  };
  const run = (...args: readonly string[]) => leitstand(args, { cwd: directory });
  const configure = async (parts: Partial<ConfigParts> = {}) => {
    const all = { ports, paths, stateDir: '.leitstand', components: {}, extra: '', ...parts };
    await writeFile(join(directory, 'leitstand.yaml'), configuration(all));
  };
  await writeFile(join(directory, '.env'), environment(ports), { mode: 0o600 });
  await configure();
  return {
    directory,
    ports,
    paths,
    run,
    configure,
    destroy: async () => {
      await configure();
      const { exit, stderr } = await run('down');
      if (exit !== 0) throw new Error(`down failed: ${stderr}`);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function environment({ inbox }: Ports): string {
  return `SLACK_WEBHOOK_URL=http://127.0.0.1:${inbox}/slack/services/T00TEST00/B00TEST00/testtesttesttesttesttest
WEBHOOK_URL=http://127.0.0.1:${inbox}/webhook
`;
}

function configuration({ ports, paths, stateDir, components, extra }: ConfigParts): string {
  return `schema: 1
stack: under-test
state_dir: ${stateDir}
components:
  prometheus: {port: ${ports.prometheus}, scrape_interval: 1s}
  alertmanager: {port: ${ports.alertmanager}}
  pushgateway: {port: ${ports.pushgateway}}
${Object.entries(components)
  .map(([name, settings]) => `  ${name}: ${settings}\n`)
  .join('')}receivers:
  on-call:
    slack:
      - {webhook_url: '\${secret:SLACK_WEBHOOK_URL}', channel: '#alerts'}
    webhook:
      - {url: '\${secret:WEBHOOK_URL}'}
  team:
    webhook:
      - {url: '\${secret:WEBHOOK_URL}'}
routing:
  severity: {critical: on-call}
  default: team
inbox: {port: ${ports.inbox}}
daemon: {port: ${ports.daemon}}
provision:
  paths: {${[...paths].map(([name, path]) => `${name}: ${path}`).join(', ')}}
${extra}`;
}

/** Polls until it holds; fails with what was last seen. */
export async function eventually<T>(
  read: () => Promise<T>,
  holds: (value: T) => boolean,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (performance.now() > deadline) throw new Error(`still not so: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
