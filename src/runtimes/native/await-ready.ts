import type { DesiredComponent } from './desired.ts';
import { doesNotStart, notReadyInTime } from './failures.ts';
import type { Health } from './health.ts';
import { waitUntilReady } from './readiness.ts';
import { endOf, type SupervisedProcess } from './supervised-process.ts';
import type { Supervision } from './supervision.ts';

export interface ReadyWait {
  readonly wanted: DesiredComponent;
  /** Undefined when it has ended already. */
  readonly process: SupervisedProcess | undefined;
  readonly health: Health;
  readonly supervision: Supervision;
  readonly signal?: AbortSignal | undefined;
}

/** Until the process is ready. Throws LS-RUNTIME-002 when it ends before, LS-RUNTIME-003 when it takes too long. */
export async function awaitReady(wait: ReadyWait): Promise<void> {
  const { wanted, process, health, supervision, signal } = wait;
  const { clock, times, layout } = supervision;
  const logPath = layout.log(wanted.component);
  const logOffset = process?.record.logOffset ?? 0;
  const ended = { component: wanted.component, logPath, logOffset };
  if (!process) throw await doesNotStart({ ...ended, how: health.trouble ?? 'has ended' });
  const result = await waitUntilReady(wanted.ready.url, {
    clock,
    pollMs: times.readyPoll,
    timeoutMs: times.readyTimeout,
    signal,
    ended: () => endOf(process),
  });
  if (result.outcome === 'ended') throw await doesNotStart({ ...ended, how: result.how });
  if (result.outcome === 'late') {
    const waited = { reason: result.reason, waitedMs: times.readyTimeout, pid: process.identity.pid };
    throw await notReadyInTime({ ...ended, ...waited });
  }
}
