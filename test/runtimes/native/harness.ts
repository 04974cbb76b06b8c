import { openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/platform/clock.ts';
import { freePort } from '../../fixtures/free-port.ts';
import {
  findByEnvironment,
  listByEnvironment,
  type MarkedProcess,
} from '../../../src/platform/process-table.ts';
import { ensureDaemon, KEEPER_MARKER } from '../../../src/runtimes/native/control.ts';
import { connectDaemon, type DaemonClient } from '../../../src/runtimes/native/daemon-client.ts';
import type { DesiredComponent, DesiredState } from '../../../src/runtimes/native/desired.ts';
import { MARKER } from '../../../src/runtimes/native/launch.ts';
import { type NativeLayout, nativeLayout, stackScopes } from '../../../src/runtimes/native/layout.ts';
import { markedComponent } from '../../../src/runtimes/native/supervised-process.ts';
import type { Plan } from '../../../src/stack/plan.ts';

const FAKE = new URL('../../fixtures/fake-program.mjs', import.meta.url).pathname;
const DAEMON = new URL('../../fixtures/daemon.ts', import.meta.url).pathname;

/** A stack in a directory of its own; `dispose` leaves no process and no file behind. */
export interface TestStack extends AsyncDisposable {
  readonly layout: NativeLayout;
  readonly env: Readonly<Record<string, string>>;
  readonly daemonCommand: readonly string[];
  /** A fake program on a free port. */
  fake(component: string, args?: readonly string[], port?: number): Promise<DesiredComponent>;
  plan(component: string, args?: readonly string[]): Promise<Plan>;
  desired(components: readonly DesiredComponent[], inboxPort?: number): DesiredState;
  ensure(): Promise<DaemonClient>;
  connect(): Promise<DaemonClient | undefined>;
  /** Processes of the stack by their marker: `component` or everything. */
  programs(component?: string): Promise<MarkedProcess[]>;
  /** Keeper and daemon. */
  keepers(): Promise<MarkedProcess[]>;
  log(component: string): Promise<string>;
}

export async function makeStack(): Promise<TestStack> {
  const root = await mkdtemp(join(tmpdir(), 'leitstand-native-'));
  const layout = nativeLayout(join(root, 'state'));
  const env = { PATH: process.env['PATH'] ?? '', XDG_RUNTIME_DIR: root, SECRET_OF_THE_CALLER: 'hunter2' };
  const daemonCommand = [process.execPath, DAEMON, '--state-dir', layout.stateDir];
  const uid = process.getuid?.() ?? 0;
  await mkdir(layout.stateDir);
  // Held open for good: a stack's processes are known by its inode, which nobody else shall have while tests run.
  openSync(layout.stateDir, 'r');
  const scopes = await stackScopes(layout.stateDir);
  const programs = async (component?: string) =>
    (await listByEnvironment(MARKER)).filter(({ value }) => {
      const found = markedComponent(value, scopes);
      return component === undefined ? found !== undefined : found === component;
    });
  const keepers = () => findByEnvironment(KEEPER_MARKER, scopes);
  return {
    layout,
    env,
    daemonCommand,
    programs,
    keepers,
    fake: async (component, args = [], port) => fakeComponent(layout, component, args, port),
    plan: async (component, args = []) => fakePlan(await fakeComponent(layout, component, args)),
    desired: (components, inboxPort) => ({
      stack: 'test',
      components,
      inbox: { enabled: inboxPort !== undefined, port: inboxPort ?? 0 },
    }),
    ensure: () => ensureDaemon({ layout, command: daemonCommand, env, uid, clock: systemClock }),
    connect: () => connectDaemon(layout, env, uid),
    log: (component) => readFile(layout.log(component), 'utf8'),
    [Symbol.asyncDispose]: async () => {
      // Keepers first: they would bring the daemon back, and the daemon its programs.
      for (const find of [keepers, programs]) {
        for (const { pid } of await find()) kill(pid);
        await eventually(async () => (await find()).length === 0, 'nothing left running');
      }
      await rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

async function fakeComponent(
  layout: NativeLayout,
  component: string,
  args: readonly string[],
  wantedPort?: number,
): Promise<DesiredComponent> {
  const port = wantedPort ?? (await freePort());
  return {
    component,
    programPath: process.execPath,
    programVersion: '1.0.0',
    args: [FAKE, '--port', String(port), ...args],
    env: {},
    dataDir: layout.data(component),
    ready: { url: `http://127.0.0.1:${port}/ready` },
    reloadUrl: `http://127.0.0.1:${port}/-/reload`,
    filesHash: 'files-1',
  };
}

function fakePlan({ component, programPath, args, ready }: DesiredComponent): Plan {
  const port = Number(new URL(ready.url).port);
  const version = { major: 1, minor: 0, patch: 0 };
  return {
    component,
    program: { name: component, path: programPath, version, origin: 'system' },
    args,
    env: {},
    files: [],
    secrets: [],
    ports: [{ name: 'http', port }],
    ready: { port, path: '/ready' },
    reload: { port, path: '/-/reload' },
    validators: [],
  };
}

export function portOf(component: DesiredComponent): number {
  return Number(new URL(component.ready.url).port);
}

export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  // 0 is everybody in the group: the tests themselves. A negative one is a group of its own.
  if (pid === 0 || Number.isNaN(pid)) throw new Error('there is no such process to signal');
  try {
    process.kill(pid, signal);
  } catch {
    return;
  }
}

/** Polls until it holds; the deadline is for a broken program, not for a slow machine. */
export async function eventually(
  holds: () => Promise<boolean>,
  what: string,
  withinMs = 20_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`never came true: ${what}`);
    await systemClock.sleep(25);
  }
}
