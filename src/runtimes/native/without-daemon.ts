import type { Clock } from '../../platform/clock.ts';
import { type LockAttempt, tryLock } from '../../platform/lock.ts';
import { isAlive, residentBytes } from '../../platform/process-table.ts';
import type { ComponentStatus, InboxStatus } from '../../stack/runtime.ts';
import { endKeepers } from './control.ts';
import { type DesiredComponent, readDesired } from './desired.ts';
import { runtimeErrors } from './errors.ts';
import { cannotWrite } from './failures.ts';
import { makeLayout, type NativeLayout, stackScopes } from './layout.ts';
import { currentBoot, type ProcessRecord, readRecord, recordedComponents } from './process-record.ts';
import { probe } from './readiness.ts';
import { Supervisor } from './supervisor.ts';

/** Of a stack that nobody supervises, for `status`. */
export const NO_DAEMON = 'the daemon does not run: nobody restarts it; `leitstand up` starts the daemon';

/** The record of the process of a component, if that process lives. */
export async function livingRecord(
  layout: NativeLayout,
  component: string,
): Promise<ProcessRecord | undefined> {
  const record = await readRecord(layout, component);
  if (!record || record.bootId !== (await currentBoot())) return undefined;
  if (!(await stackScopes(layout.stateDir)).includes(record.scope)) return undefined;
  return (await isAlive(record)) ? record : undefined;
}

/** What can be known without a daemon: the records, and one probe each. `why` says what is wrong with the daemon. */
export async function statusWithoutDaemon(layout: NativeLayout, why: string): Promise<ComponentStatus[]> {
  const desired = await readDesired(layout);
  const wanted = new Map(desired?.components.map((one) => [one.component, one]));
  const names = new Set([...wanted.keys(), ...(await recordedComponents(layout))]);
  const all = await Promise.all([...names].map((name) => statusOf(layout, name, wanted.get(name), why)));
  return all.filter((status) => wanted.has(status.component) || status.pid !== undefined);
}

async function statusOf(
  layout: NativeLayout,
  component: string,
  wanted: DesiredComponent | undefined,
  why: string,
): Promise<ComponentStatus> {
  const record = await livingRecord(layout, component);
  if (!record) {
    return { component, state: 'stopped', restarts: 0, ...(wanted ? { reason: why } : {}) };
  }
  const resident = await residentBytes(record.pid);
  const found = wanted && (await probe(wanted.ready.url));
  return {
    component,
    state: !found ? 'unknown' : found.ready ? 'ready' : 'failing',
    pid: record.pid,
    since: record.startedAt,
    restarts: record.restarts,
    ...(resident === undefined ? {} : { residentBytes: resident }),
    reason: found && !found.ready ? `${found.reason}; ${why}` : why,
  };
}

export async function inboxWithoutDaemon(
  layout: NativeLayout,
  why: string,
): Promise<InboxStatus | undefined> {
  const inbox = (await readDesired(layout))?.inbox;
  if (!inbox?.enabled) return undefined;
  return { state: 'stopped', port: inbox.port, reason: why };
}

async function lockState(layout: NativeLayout): Promise<LockAttempt> {
  try {
    await makeLayout(layout);
    return await tryLock(layout.lock, 'down');
  } catch (error) {
    throw cannotWrite('nothing was stopped, since the lock of the daemon cannot be taken', error);
  }
}

/** Ends what a killed daemon left running, in its stead and under its lock. */
export async function stopWithoutDaemon(layout: NativeLayout, clock: Clock): Promise<string[]> {
  // First, so that no keeper brings a daemon between.
  await endKeepers(layout, clock);
  const lock = await lockState(layout);
  if (!lock.held) {
    const holder = lock.holder ? `pid ${lock.holder.pid}` : 'unknown pid';
    throw runtimeErrors.error('LS-RUNTIME-021', {
      what: `the daemon (${holder}) does not answer, but holds its lock`,
      fix: lock.holder
        ? `kill ${lock.holder.pid}, then run the command again`
        : 'end the daemon, then run the command again',
    });
  }
  const closing = new AbortController();
  try {
    const supervisor = await Supervisor.open({ layout, clock, closing: closing.signal });
    return await supervisor.stop();
  } finally {
    closing.abort();
    lock.release();
  }
}
