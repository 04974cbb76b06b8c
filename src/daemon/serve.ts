import { readFile } from 'node:fs/promises';
import type { Clock } from '../platform/clock.ts';
import { type LockAttempt, tryLock } from '../platform/lock.ts';
import { cannotWrite } from '../runtimes/native/failures.ts';
import { makeLayout, type NativeLayout, nativeLayout } from '../runtimes/native/layout.ts';
import { rotateLogs } from '../runtimes/native/log-rotation.ts';
import type { SupervisionTimes } from '../runtimes/native/supervision.ts';
import { Supervisor } from '../runtimes/native/supervisor.ts';
import { daemonErrors } from './errors.ts';
import { Duties } from './duties.ts';
import type { ListenerFactory } from './hosted-listener.ts';
import { daemonApi } from './server.ts';
import { DaemonSocket } from './socket.ts';
import { StateGuard } from './state-guard.ts';

export interface ServeOptions {
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** SIGTERM and SIGINT of the daemon: it ends, the programs go on running. */
  readonly signal: AbortSignal;
  readonly inbox?: ListenerFactory;
  /** What starts Leitstand, for what is done by schedule: `[node, …/bin/leitstand.mjs]`; absent: nothing is. */
  readonly leitstand?: readonly string[];
  /** One line for the daemon's own log, which is its stderr. */
  readonly say: (text: string) => void;
  readonly times?: Partial<SupervisionTimes>;
}

/**
 * The daemon: resumes what was wanted, keeps it running and answers on its socket. Resolves when the signal aborts
 * (the programs stay, as under systemd's `KillMode=process`), after a client's stop (nothing stays), or when the state
 * directory is moved (the programs stay) or removed (they are ended). Throws LS-DAEMON-001 when another daemon serves
 * the directory, LS-RUNTIME-010 when it cannot be written at all.
 */
export async function serve(options: ServeOptions): Promise<void> {
  const layout = nativeLayout(options.stateDir);
  const lock = await lockState(layout);
  if (!lock.held) throw alreadyServed(layout.stateDir, lock.holder?.pid);
  const closing = new AbortController();
  const end = () => closing.abort();
  options.signal.addEventListener('abort', end, { once: true });
  if (options.signal.aborted) end();
  try {
    await serveLocked(options, closing);
  } finally {
    options.signal.removeEventListener('abort', end);
    end();
    lock.release();
  }
}

async function lockState(layout: NativeLayout): Promise<LockAttempt> {
  try {
    await makeLayout(layout);
    return await tryLock(layout.lock, 'daemon');
  } catch (error) {
    throw cannotWrite('the daemon cannot start', error);
  }
}

async function serveLocked(options: ServeOptions, closing: AbortController): Promise<void> {
  const { clock, env } = options;
  const layout = nativeLayout(options.stateDir);
  const times = options.times ?? {};
  const guard = await StateGuard.open(layout);
  const supervisor = await Supervisor.open({ layout, clock, closing: closing.signal, times });
  const [version, since] = [await ownVersion(), clock.now().toISOString()];
  const { inbox, leitstand, say } = options;
  const status = () => supervisor.status();
  const duties = new Duties({ layout, clock, version, since, inbox, env, leitstand, say, status });
  const app = daemonApi({
    layout,
    supervisor,
    duties,
    version,
    since,
    guard,
    closing: closing.signal,
    onStopped: () => closing.abort(),
  });
  const socket = new DaemonSocket({ layout, env, uid: process.getuid?.() ?? 0, clock, app });
  await socket.open();
  void socket.guard();
  void supervisor.resume();
  void rotateLogs(layout.logs, clock, closing.signal, duties.shipping.rotating);
  // What fails here is the status' reason, and is tried again.
  if (supervisor.desired) await duties.converge(supervisor.desired).catch(() => undefined);
  const loss = await guard.watch(clock, closing.signal);
  closing.abort();
  if (loss === 'removed') await supervisor.abandon();
  await guard.close();
  await Promise.all([socket.close(), duties.close()]);
}

async function ownVersion(): Promise<string> {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

function alreadyServed(stateDir: string, pid: number | undefined) {
  return daemonErrors.error('LS-DAEMON-001', {
    what: `another daemon${pid === undefined ? '' : ` (pid ${pid})`} serves ${stateDir}`,
    where: { file: stateDir },
    fix: 'use the one that runs (`leitstand status`), or end it together with its programs by `leitstand down`',
  });
}
