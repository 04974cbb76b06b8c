import type { Clock } from '../../platform/clock.ts';
import { systemErrorCode } from '../../platform/errors.ts';
import { findByEnvironment, isAlive, type ProcessIdentity } from '../../platform/process-table.ts';
import { runtimeErrors } from './errors.ts';
import { MARKER } from './launch.ts';

const POLL_MS = 25;

export interface TerminationOptions {
  readonly clock: Clock;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly graceMs: number;
}

/**
 * Ends a process group: SIGTERM, after the grace SIGKILL. The process must lead its group. Throws LS-RUNTIME-007
 * when it outlives both.
 */
export async function terminate(
  component: string,
  identity: ProcessIdentity,
  options: TerminationOptions,
): Promise<void> {
  if (!(await isAlive(identity))) return;
  signalGroup(identity.pid, 'SIGTERM');
  if (await hasEnded(identity, options.graceMs, options.clock)) return;
  signalGroup(identity.pid, 'SIGKILL');
  if (await hasEnded(identity, 10_000, options.clock)) return;
  throw runtimeErrors.error('LS-RUNTIME-007', {
    what: `${component} (pid ${identity.pid}) does not end, not even by SIGKILL`,
    why: 'it waits in the kernel, nearly always for a disk that does not answer',
    fix: `look for disk errors with \`dmesg\`, and at what it waits for with \`cat /proc/${identity.pid}/stack\` as root`,
  });
}

/**
 * Ends every process that carries one of the marks except the group of `keep`: what a program left behind, or what a
 * killed daemon had started without a record.
 */
export async function sweep(
  component: string,
  marks: readonly string[],
  options: TerminationOptions,
  keep?: ProcessIdentity,
): Promise<void> {
  const strays = (await findByEnvironment(MARKER, marks)).filter((process) => process.group !== keep?.pid);
  const leaders = strays.filter((process) => process.group === process.pid);
  await Promise.all(leaders.map((leader) => terminate(component, leader, options)));
  for (const stray of strays) {
    if (await isAlive(stray)) signal(stray.pid, 'SIGKILL');
  }
  await Promise.all(strays.map((stray) => hasEnded(stray, 10_000, options.clock)));
}

async function hasEnded(identity: ProcessIdentity, withinMs: number, clock: Clock): Promise<boolean> {
  const deadline = clock.monotonic() + withinMs;
  while (await isAlive(identity)) {
    if (clock.monotonic() > deadline) return false;
    await clock.sleep(POLL_MS);
  }
  return true;
}

function signalGroup(leader: number, name: NodeJS.Signals): void {
  signal(-leader, name);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It ended between the look and the signal.
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}
