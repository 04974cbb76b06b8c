import type { Clock } from '../../platform/clock.ts';
import { exists } from '../../platform/files.ts';
import { identifyProcess, isAlive } from '../../platform/process-table.ts';
import { formatElapsed } from '../../platform/units.ts';
import type { Place } from '../../stack/plan.ts';
import type {
  ApplyRequest,
  ComponentAction,
  ComponentActions,
  DaemonRow,
  Launch,
  Runtime,
} from '../../stack/runtime.ts';
import {
  type ControlOptions,
  endKeepers,
  ensureDaemon,
  isMisunderstood,
  killHungDaemon,
  replaceOldDaemon,
} from './control.ts';
import { type Contact, contactDaemon, type DaemonClient } from './daemon-client.ts';
import { readDesired } from './desired.ts';
import { type NativeLayout, nativeLayout } from './layout.ts';
import { lastLines } from './log-file.ts';
import { readLogs } from './log-reading.ts';
import { assertStartable, desiredOf, preview } from './preview.ts';
import type { ApplyEvent, DaemonStatus } from './protocol.ts';
import { startTwin, twinPlace } from './twin.ts';
import { inboxWithoutDaemon, NO_DAEMON, statusWithoutDaemon, stopWithoutDaemon } from './without-daemon.ts';

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
  const contact = async (): Promise<Contact> =>
    (await exists(layout.stateDir)) ? contactDaemon(layout, env, uid) : { found: 'nobody' };
  const look = rememberSilence(contact, clock);
  return {
    name: 'native',
    place: (component) => nativePlace(layout, component),
    launched: (component) => launched(layout, component),
    preview: (request) => preview(layout, request),
    assertStartable: (request) => assertStartable(layout, request, clock),
    apply: (request, onStep) => {
      const { signal } = request;
      return applyTo({ layout, command: options.daemonCommand, env, uid, clock, signal }, request, onStep);
    },
    stop: async () => {
      if (!(await exists(layout.stateDir))) return [];
      const seen = await contact();
      if (seen.found === 'daemon') return stopDaemon(seen.client, layout, clock);
      if (seen.found === 'silence') await killHungDaemon(seen, clock);
      return stopWithoutDaemon(layout, clock);
    },
    status: async () => {
      const seen = await look();
      return seen.found === 'daemon'
        ? [...(await seen.client.status()).components]
        : statusWithoutDaemon(layout, unsupervised(seen));
    },
    inboxStatus: async () => {
      const seen = await look();
      return seen.found === 'daemon'
        ? (await seen.client.status()).inbox
        : inboxWithoutDaemon(layout, unsupervised(seen));
    },
    supervision: async () => {
      const seen = await look();
      return seen.found === 'daemon'
        ? { supervised: true, daemon: daemonRow((await seen.client.status()).daemon) }
        : { supervised: false, reason: unsupervised(seen) };
    },
    url: (_component, port) => `http://127.0.0.1:${port}`,
    connection: (_component, port) => `http://127.0.0.1:${port}`,
    dataDir: (component) => layout.data(component),
    logTail: (component, lines) => lastLines(layout.log(component), lines),
    logs: (request) => readLogs(layout, clock, request),
    twinPlace,
    startTwin: (request) => startTwin(request, clock),
  };
}

/** A daemon of an older version, which does not know what is wanted, is replaced first. */
async function applyTo(
  control: ControlOptions,
  request: ApplyRequest,
  onStep: (text: string) => void,
): Promise<ComponentActions> {
  const { layout, clock, signal } = control;
  const desired = desiredOf(layout, request);
  const apply = async () =>
    (await ensureDaemon(control)).apply(desired, (event) => onStep(describeEvent(event)), signal);
  try {
    return await apply();
  } catch (error) {
    if (!isMisunderstood(error)) throw error;
    await replaceOldDaemon(layout, clock, error);
    onStep('the daemon of another version has ended; its programs go on and are taken over');
    return apply();
  }
}

async function launched(layout: NativeLayout, component: string): Promise<Launch | undefined> {
  const wanted = (await readDesired(layout))?.components.find((one) => one.component === component);
  if (!wanted) return undefined;
  const { programPath, programVersion, args, env, memoryLimit } = wanted;
  return { program: programPath, version: programVersion, args, env, memoryLimit };
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

function daemonRow({ pid, since, residentBytes, trouble }: DaemonStatus['daemon']): DaemonRow {
  const common = { pid, since, residentBytes };
  return trouble === undefined
    ? { ...common, state: 'ready' }
    : { ...common, state: 'failing', reason: trouble };
}

/** One silence answers all the questions of one command: each costs seconds. */
function rememberSilence(contact: () => Promise<Contact>, clock: Clock): () => Promise<Contact> {
  let last: { readonly silence: Contact; readonly until: number } | undefined;
  return async () => {
    if (last && clock.monotonic() < last.until) return last.silence;
    const seen = await contact();
    last = seen.found === 'silence' ? { silence: seen, until: clock.monotonic() + 5_000 } : undefined;
    return seen;
  };
}

function unsupervised(seen: Exclude<Contact, { found: 'daemon' }>): string {
  if (seen.found === 'nobody') return NO_DAEMON;
  return `${seen.error.details.what}: nobody restarts it; \`leitstand up\` replaces the daemon`;
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
