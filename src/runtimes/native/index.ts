import type { Clock } from '../../platform/clock.ts';
import { exists } from '../../platform/files.ts';
import { identifyProcess, isAlive } from '../../platform/process-table.ts';
import { formatElapsed } from '../../platform/units.ts';
import type { Place } from '../../stack/plan.ts';
import type { ApplyRequest, ComponentAction, ComponentActions, Runtime } from '../../stack/runtime.ts';
import { decideAction } from './actions.ts';
import { endKeepers, ensureDaemon } from './control.ts';
import { connectDaemon, type DaemonClient } from './daemon-client.ts';
import type { DesiredState } from './desired.ts';
import { type NativeLayout, nativeLayout } from './layout.ts';
import { lastLines } from './log-file.ts';
import { recordedComponents } from './process-record.ts';
import type { ApplyEvent } from './protocol.ts';
import { desiredOfPlan, startTwin, twinPlace } from './twin.ts';
import {
  inboxWithoutDaemon,
  livingRecord,
  statusWithoutDaemon,
  stopWithoutDaemon,
} from './without-daemon.ts';

export interface NativeRuntimeOptions {
  readonly stateDir: string;
  /** The daemon's environment; the programs get nothing of it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** What runs the daemon in the foreground, absolute: `[node, …/leitstand.mjs, serve, --state-dir, …]`. */
  readonly daemonCommand: readonly string[];
}

/** Components as processes of this machine, kept by a daemon. */
export function createNativeRuntime(options: NativeRuntimeOptions): Runtime {
  const { clock, env } = options;
  const layout = nativeLayout(options.stateDir);
  const uid = process.getuid?.() ?? 0;
  // A directory that is not there has no daemon, and asking makes none.
  const connect = async () => ((await exists(layout.stateDir)) ? connectDaemon(layout, env, uid) : undefined);
  return {
    name: 'native',
    place: (component) => nativePlace(layout, component),
    preview: (request) => preview(layout, request),
    apply: async (request, onStep) => {
      const { signal } = request;
      const command = options.daemonCommand;
      const daemon = await ensureDaemon({ layout, command, env, uid, clock, signal });
      return daemon.apply(desiredOf(layout, request), (event) => onStep(describeEvent(event)), signal);
    },
    stop: async () => {
      if (!(await exists(layout.stateDir))) return [];
      const daemon = await connect();
      return daemon ? stopDaemon(daemon, layout, clock) : stopWithoutDaemon(layout, clock);
    },
    status: async () => {
      const daemon = await connect();
      return daemon ? [...(await daemon.status()).components] : statusWithoutDaemon(layout);
    },
    inboxStatus: async () => {
      const daemon = await connect();
      return daemon ? (await daemon.status()).inbox : inboxWithoutDaemon(layout);
    },
    url: (_component, port) => `http://127.0.0.1:${port}`,
    dataDir: (component) => layout.data(component),
    logTail: (component, lines) => lastLines(layout.log(component), lines),
    twinPlace,
    startTwin: (request) => startTwin(request, clock),
  };
}

function nativePlace(layout: NativeLayout, component: string): Place {
  return {
    config: layout.rendered(component),
    data: layout.data(component),
    secret: (name) => layout.secret(component, name),
    listen: (port) => `127.0.0.1:${port}`,
    address: (_component, port) => `127.0.0.1:${port}`,
    externalUrl: (port) => `http://127.0.0.1:${port}`,
  };
}

function desiredOf(layout: NativeLayout, { stack, applications, inbox }: ApplyRequest): DesiredState {
  return {
    stack,
    components: applications.map(({ plan, filesHash }) =>
      desiredOfPlan(plan, layout.data(plan.component), filesHash),
    ),
    inbox: { enabled: inbox.enabled, port: inbox.port },
  };
}

async function preview(layout: NativeLayout, request: ApplyRequest): Promise<ComponentActions> {
  const { components } = desiredOf(layout, request);
  const wanted = new Map(components.map((one) => [one.component, one]));
  const names = new Set([...wanted.keys(), ...(await recordedComponents(layout))]);
  const actions: Record<string, ComponentAction> = {};
  for (const name of names) {
    const action = decideAction(await livingRecord(layout, name), wanted.get(name));
    if (wanted.has(name) || action !== 'none') actions[name] = action;
  }
  return actions;
}

/** Resolves when the daemon has gone: what follows must not meet one that is just ending. */
async function stopDaemon(daemon: DaemonClient, layout: NativeLayout, clock: Clock): Promise<string[]> {
  const identity = await identifyProcess((await daemon.status()).daemon.pid);
  const stopped = await daemon.stop();
  const deadline = clock.monotonic() + 5_000;
  while (identity && (await isAlive(identity)) && clock.monotonic() < deadline) await clock.sleep(20);
  await endKeepers(layout, clock);
  return stopped;
}

const DONE: Readonly<Record<ComponentAction, string>> = {
  none: 'unchanged',
  start: 'ready',
  restart: 'restarted and ready',
  reload: 'reloaded',
  stop: 'stopped',
};

function describeEvent({ component, action, phase, elapsedMs }: ApplyEvent): string {
  if (phase === 'begin') return `${component}: ${action === 'none' ? 'nothing to change' : action}`;
  if (phase === 'failed') return `${component}: ${action} failed after ${formatElapsed(elapsedMs)}`;
  return `${component}: ${DONE[action]} after ${formatElapsed(elapsedMs)}`;
}
