import { residentBytes } from '../../platform/process-table.ts';
import type { ComponentStatus } from '../../stack/runtime.ts';
import type { DesiredComponent } from './desired.ts';
import type { Health } from './health.ts';
import { isReloadOwed } from './reload-retry.ts';
import { endOf, type SupervisedProcess } from './supervised-process.ts';

/** What a runner knows, for its status. */
export interface RunnerView {
  readonly component: string;
  readonly restarts: number;
  readonly wanted: DesiredComponent | undefined;
  readonly process: SupervisedProcess | undefined;
  readonly leaving: boolean;
  readonly health: Health;
  /** Milliseconds until the next try, while one is waited for. */
  readonly retryInMs: number | undefined;
}

/** Looks whether the process lives now: a death that was not noticed yet is no "ready". */
export async function describeComponent(view: RunnerView): Promise<ComponentStatus> {
  const { component, restarts, process } = view;
  if (!process || (await endOf(process)) !== undefined)
    return { component, restarts, ...withoutProcess(view), ...lastLinesOf(view) };
  const resident = await residentBytes(process.identity.pid);
  const state = withProcess(view, process);
  return {
    component,
    restarts,
    ...state,
    ...(state.state === 'ready' ? {} : lastLinesOf(view)),
    pid: process.identity.pid,
    since: process.record.startedAt,
    ...(resident === undefined ? {} : { residentBytes: resident }),
  };
}

function lastLinesOf({ wanted, health }: RunnerView): Pick<ComponentStatus, 'lastLines'> {
  return wanted && health.lastLines.length > 0 ? { lastLines: health.lastLines } : {};
}

function withoutProcess(view: RunnerView): Pick<ComponentStatus, 'state' | 'reason'> {
  if (!view.wanted) return { state: 'stopped' };
  if (view.retryInMs !== undefined) {
    const seconds = Math.max(1, Math.ceil(view.retryInMs / 1000));
    return { state: 'failing', reason: `${view.health.story()}; next try in ${seconds} s` };
  }
  return view.process
    ? { state: 'failing', reason: 'has just ended' }
    : { state: 'starting', reason: 'is being started' };
}

function withProcess(
  view: RunnerView,
  process: SupervisedProcess,
): Pick<ComponentStatus, 'state' | 'reason'> {
  if (view.leaving) return { state: 'unknown', reason: 'is being stopped' };
  if (!view.wanted) {
    return {
      state: 'unknown',
      reason: 'runs, but is not wanted; `leitstand up` or `leitstand down` stops it',
    };
  }
  const { state, reason } = view.health.state(process.child === undefined);
  const owed = isReloadOwed(process.record, view.wanted)
    ? 'goes on with its former files until it is reloaded, which is tried again'
    : undefined;
  const words = reason ?? owed ?? process.recordTrouble;
  return words === undefined ? { state } : { state, reason: words };
}
