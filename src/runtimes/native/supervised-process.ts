import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { isAlive, type ProcessIdentity } from '../../platform/process-table.ts';
import { type DesiredComponent, launchHash } from './desired.ts';
import { describeExit, launch } from './launch.ts';
import { logSize } from './log-file.ts';
import { type ProcessRecord, tryWriteRecord } from './process-record.ts';
import type { Supervision } from './supervision.ts';

/** A living process of a component, started by us or by a daemon before us. */
export interface SupervisedProcess {
  readonly identity: ProcessIdentity;
  record: ProcessRecord;
  /** Undefined when adopted: then nobody but /proc tells that it has ended. */
  readonly child: ChildProcess | undefined;
  /** Why the record is not on disk: a full disk must not stop the restart of a program. */
  recordTrouble?: string | undefined;
}

export type StartResult =
  | { readonly started: true; readonly process: SupervisedProcess }
  /** It had ended before it could be looked at. */
  | { readonly started: false; readonly logOffset: number };

/** Starts the program and records it. Throws LS-RUNTIME-005. */
export async function startProcess(
  wanted: DesiredComponent,
  restarts: number,
  supervision: Supervision,
): Promise<StartResult> {
  const { layout, scopes, clock, bootId } = supervision;
  const [scope] = scopes;
  const logPath = layout.log(wanted.component);
  const logOffset = await logSize(logPath);
  const launched = await launch(wanted, `${scope}:${wanted.component}`, logPath);
  if (!launched) return { started: false, logOffset };
  const record: ProcessRecord = {
    ...launched.identity,
    bootId,
    scope,
    launchHash: launchHash(wanted),
    filesHash: wanted.filesHash,
    startedAt: clock.now().toISOString(),
    logOffset,
    restarts,
  };
  const recordTrouble = await tryWriteRecord(layout, wanted.component, record);
  return { started: true, process: { ...launched, record, recordTrouble } };
}

/** Undefined while it lives; how it ended, as far as anybody can know. */
export async function endOf(process: SupervisedProcess): Promise<string | undefined> {
  const { child } = process;
  if (child) return endOfChild(child, process.identity);
  if (await isAlive(process.identity)) return undefined;
  return 'has ended (its exit code went to the daemon that had started it)';
}

/** As `endOf`, of a child of ours: its exit code is known a moment after its end. */
export async function endOfChild(
  child: ChildProcess,
  identity: ProcessIdentity,
): Promise<string | undefined> {
  const known = () => child.exitCode !== null || child.signalCode !== null;
  if (!known() && (await isAlive(identity))) return undefined;
  if (!known()) await exitOf(child);
  return known() ? describeExit(child.exitCode, child.signalCode) : 'has ended';
}

/** Children are not waited for when this process ends; here it must not end before it knows. */
async function exitOf(child: ChildProcess): Promise<void> {
  child.ref();
  try {
    await once(child, 'exit', { signal: AbortSignal.timeout(1_000) });
  } catch {
    // It is gone, and nobody will say how.
  } finally {
    child.unref();
  }
}

/** A process that runs without a record: a daemon was killed between start and record. */
export function unrecorded(
  identity: ProcessIdentity,
  supervision: Supervision,
  logOffset: number,
): ProcessRecord {
  return {
    pid: identity.pid,
    startTime: identity.startTime,
    bootId: supervision.bootId,
    scope: supervision.scopes[0],
    launchHash: '',
    filesHash: '',
    startedAt: supervision.clock.now().toISOString(),
    logOffset,
    restarts: 0,
  };
}

/** What processes of a component have in their environment: by one scope each, the first is that of now. */
export function marksOf(scopes: readonly string[], component: string): string[] {
  return scopes.map((scope) => `${scope}:${component}`);
}

/** The component's name in a process' own environment, for a scan of the stack. */
export function markedComponent(value: string, scopes: readonly string[]): string | undefined {
  const scope = scopes.find((one) => value.startsWith(`${one}:`));
  return scope === undefined ? undefined : value.slice(scope.length + 1);
}
