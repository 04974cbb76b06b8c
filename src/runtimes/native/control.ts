import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../../platform/clock.ts';
import { LeitstandError, systemErrorCode } from '../../platform/errors.ts';
import { EXIT } from '../../platform/exit-codes.ts';
import { findByEnvironment, isAlive } from '../../platform/process-table.ts';
import { findDaemonProcess } from './daemon-address.ts';
import { type Contact, connectDaemon, contactDaemon, type DaemonClient } from './daemon-client.ts';
import { runtimeErrors } from './errors.ts';
import { cannotWrite } from './failures.ts';
import { describeExit } from './launch.ts';
import { makeLayout, type NativeLayout, stackScope, stackScopes } from './layout.ts';
import { lastLines, logSize, openLog } from './log-file.ts';

/** Environment variable of the keeper and of the daemon below it: the scope of their stack. */
export const KEEPER_MARKER = 'LEITSTAND_DAEMON';

const START_DEADLINE_MS = 10_000;
const POLL_MS = 40;
/** Exit code of a daemon that is not the first. */
const LOCKED = 11;
/** Another daemon held the lock: it may be the one that is just ending. */
const RETRY_LOCKED_MS = 500;

/**
 * Starts the daemon again when it was killed; not when it ended (0), refused its state (2), is not needed (11) or
 * was told to end before it could listen to signals (130, 143). The pause doubles while it fails quickly.
 */
const KEEPER = `
pause=1
while :; do
  begun=$(date +%s)
  "$@"
  code=$?
  case $code in 0|2|${LOCKED}|130|143) exit $code ;; esac
  [ $(($(date +%s) - begun)) -ge 60 ] && pause=1
  echo "leitstand: the daemon ended with code $code; starting it again in $pause s" >&2
  sleep $pause
  [ $pause -lt 30 ] && pause=$((pause * 2))
done`;

export interface ControlOptions {
  readonly layout: NativeLayout;
  /** What runs the daemon in the foreground, absolute. */
  readonly command: readonly string[];
  /** Of the daemon; its programs get nothing of it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The daemon of the stack, started under a keeper if nobody answers; one that hangs is replaced. A daemon of an older
 * version is left as it is. Throws LS-RUNTIME-020 with the daemon's last log lines.
 */
export async function ensureDaemon(options: ControlOptions): Promise<DaemonClient> {
  const { layout, env, uid, clock, signal } = options;
  await makeLayout(layout).catch((error: unknown) => {
    throw cannotWrite('the daemon cannot be started', error);
  });
  const contact = await contactDaemon(layout, env, uid);
  if (contact.found === 'daemon') return contact.client;
  if (contact.found === 'silence') await killHungDaemon(contact, clock);
  const logOffset = await logSize(layout.daemonLog);
  const deadline = clock.monotonic() + START_DEADLINE_MS;
  let keeper = await startKeeper(options);
  try {
    for (;;) {
      const client = await connectDaemon(layout, env, uid).catch(() => undefined);
      if (client) return client;
      if (keeper.exitCode === LOCKED) {
        await clock.sleep(RETRY_LOCKED_MS, signal);
        keeper = await startKeeper(options);
      }
      const how = await failure(keeper, layout, logOffset);
      if (how !== undefined) throw await daemonFails(layout, logOffset, how);
      if (clock.monotonic() > deadline) {
        throw await daemonFails(layout, logOffset, `did not answer within ${START_DEADLINE_MS / 1000} s`);
      }
      await clock.sleep(POLL_MS, signal);
    }
  } catch (error) {
    endKeeper(keeper);
    throw error;
  }
}

/** How the daemon ended for good; a second crash in a row is no accident. */
async function failure(
  keeper: ChildProcess,
  layout: NativeLayout,
  logOffset: number,
): Promise<string | undefined> {
  if (keeper.exitCode !== null && keeper.exitCode !== LOCKED) return describeExit(keeper.exitCode, null);
  if (keeper.signalCode !== null) return describeExit(null, keeper.signalCode);
  const lines = await lastLines(layout.daemonLog, 200, logOffset);
  const codes = lines.flatMap(
    (line) => /^leitstand: the daemon ended with code (\d+);/.exec(line)?.[1] ?? [],
  );
  return codes.length < 2 ? undefined : `exited with code ${codes.at(-1)}, again and again`;
}

/**
 * SIGKILL for a daemon that does not answer: SIGTERM would not reach what is stopped or spins. The programs live on,
 * and the next daemon adopts them. Throws LS-RUNTIME-021 when nobody knows which process it is, or it does not end.
 */
export async function killHungDaemon(
  { process: daemon, error }: Extract<Contact, { found: 'silence' }>,
  clock: Clock,
): Promise<void> {
  if (!daemon) throw error;
  try {
    process.kill(daemon.pid, 'SIGKILL');
  } catch (cause) {
    if (systemErrorCode(cause) !== 'ESRCH') throw error;
  }
  const deadline = clock.monotonic() + 5_000;
  while (await isAlive(daemon)) {
    if (clock.monotonic() > deadline) throw error;
    await clock.sleep(20);
  }
}

/** Ends keepers that wait for their next start, after the daemon itself has ended, so that none comes back. */
export async function endKeepers(layout: NativeLayout, clock: Clock): Promise<void> {
  const deadline = clock.monotonic() + 10_000;
  const scopes = await stackScopes(layout.stateDir);
  for (let sent = 'SIGTERM' as NodeJS.Signals; ; ) {
    const all = await findByEnvironment(KEEPER_MARKER, scopes);
    const alive = all.filter((keeper) => keeper.pid !== process.pid);
    if (alive.length === 0 || clock.monotonic() > deadline) return;
    for (const keeper of alive) {
      if (await isAlive(keeper)) kill(keeper.pid, sent);
    }
    await clock.sleep(500);
    sent = 'SIGKILL';
  }
}

/**
 * Ends whoever serves the stack and its keeper, so that another daemon can take the running programs over. Returns
 * whether there was one. Throws LS-RUNTIME-021 when it does not end within 10 s.
 */
export async function releaseStack(layout: NativeLayout, clock: Clock): Promise<boolean> {
  const daemon = await findDaemonProcess(layout);
  await endKeepers(layout, clock);
  if (!daemon) return false;
  if (await isAlive(daemon)) kill(daemon.pid, 'SIGTERM');
  const deadline = clock.monotonic() + 10_000;
  while (await isAlive(daemon)) {
    if (clock.monotonic() > deadline) {
      throw runtimeErrors.error('LS-RUNTIME-021', {
        what: `the daemon (pid ${daemon.pid}) does not end`,
        fix: `kill -KILL ${daemon.pid}, then run the command again; its programs go on meanwhile`,
      });
    }
    await clock.sleep(50);
  }
  return true;
}

/** A daemon of another version refuses a state that has settings it does not know. */
export function isMisunderstood(error: unknown): error is LeitstandError {
  return error instanceof LeitstandError && error.code === 'LS-DAEMON-003';
}

/**
 * Ends a daemon that did not understand us, so that one of our own version can take its programs over. One that a
 * service or a terminal keeps is left to them: rejects with the refusal itself, and with what to do.
 */
export async function replaceOldDaemon(
  layout: NativeLayout,
  clock: Clock,
  refusal: LeitstandError,
): Promise<void> {
  const kept = await findByEnvironment(KEEPER_MARKER, await stackScopes(layout.stateDir));
  if (kept.length > 0) {
    await releaseStack(layout, clock);
    return;
  }
  const pid = (await findDaemonProcess(layout))?.pid;
  throw new LeitstandError(refusal.code, EXIT.couldNotDo, {
    what: `the daemon${pid === undefined ? '' : ` (pid ${pid})`} is of another version of Leitstand, and a service or a terminal keeps it`,
    why: refusal.details.why,
    fix: 'restart its service (systemctl restart leitstand-STACK), or end `leitstand serve` where it runs; the programs go on meanwhile. Then: leitstand up',
    cause: refusal,
  });
}

async function startKeeper({ layout, command, env }: ControlOptions): Promise<ChildProcess> {
  const scope = await stackScope(layout.stateDir);
  const log = await openLog(layout.daemonLog);
  try {
    const keeper = spawn('/bin/sh', ['-c', KEEPER, 'leitstand-keeper', ...command], {
      cwd: layout.stateDir,
      detached: true,
      env: { ...env, [KEEPER_MARKER]: scope },
      stdio: ['ignore', log.fd, log.fd],
    });
    await new Promise((resolve, reject) => {
      keeper.once('spawn', resolve);
      keeper.once('error', reject);
    });
    keeper.unref();
    return keeper;
  } finally {
    await log.close();
  }
}

/** The keeper leads the group in which the daemon is as well; the programs have groups of their own. */
function endKeeper(keeper: ChildProcess): void {
  if (keeper.pid !== undefined && keeper.exitCode === null) kill(-keeper.pid, 'SIGKILL');
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself.
    return;
  }
}

async function daemonFails(layout: NativeLayout, logOffset: number, how: string): Promise<LeitstandError> {
  const lines = await lastLines(layout.daemonLog, 10, logOffset);
  return runtimeErrors.error('LS-RUNTIME-020', {
    what: `the daemon does not start: it ${how}`,
    why: lines.length === 0 ? 'it wrote nothing to its log' : 'its last log lines are below',
    where: { file: layout.daemonLog },
    fix: `run it in the foreground to see more: \`leitstand serve --state-dir ${layout.stateDir}\``,
    detail: lines,
  });
}
