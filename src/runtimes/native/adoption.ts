import { isAlive, listByEnvironment, type MarkedProcess } from '../../platform/process-table.ts';
import type { DesiredState } from './desired.ts';
import { MARKER } from './launch.ts';
import { logSize } from './log-file.ts';
import {
  type ProcessRecord,
  readRecord,
  recordedComponents,
  removeRecord,
  tryWriteRecord,
} from './process-record.ts';
import { markedComponent, marksOf, type SupervisedProcess, unrecorded } from './supervised-process.ts';
import type { Supervision } from './supervision.ts';
import { sweep } from './termination.ts';

export interface Found {
  readonly component: string;
  /** Undefined when it does not run. */
  readonly process: SupervisedProcess | undefined;
  readonly restarts: number;
}

/**
 * What a former daemon left running, by its records and by the marker in the processes' environment; of two
 * processes of one component the recorded one stays, else the older one.
 */
export async function findRunning(
  desired: DesiredState | undefined,
  supervision: Supervision,
): Promise<Found[]> {
  const marked = new Map<string, MarkedProcess[]>();
  for (const process of await listByEnvironment(MARKER)) {
    const component = markedComponent(process.value, supervision.scopes);
    if (component !== undefined) marked.set(component, [...(marked.get(component) ?? []), process]);
  }
  const components = new Set([
    ...(desired?.components.map((wanted) => wanted.component) ?? []),
    ...(await recordedComponents(supervision.layout)),
    ...marked.keys(),
  ]);
  const wanted = new Set(desired?.components.map((one) => one.component));
  return Promise.all(
    [...components].map((component) =>
      findComponent(component, wanted.has(component), marked.get(component) ?? [], supervision),
    ),
  );
}

async function findComponent(
  component: string,
  wanted: boolean,
  marked: readonly MarkedProcess[],
  supervision: Supervision,
): Promise<Found> {
  const { layout, bootId, scopes } = supervision;
  const record = await readRecord(layout, component);
  const ofThisBoot = record?.bootId === bootId && scopes.includes(record.scope);
  const living = record && ofThisBoot && (await isAlive(record)) ? record : undefined;
  const adopted = living ?? (await unrecordedOldest(component, marked, supervision));
  const recordTrouble = adopted && !living ? await tryWriteRecord(layout, component, adopted) : undefined;
  const keep = adopted && { pid: adopted.pid, startTime: adopted.startTime };
  if (marked.some((process) => process.group !== keep?.pid)) {
    const options = { clock: supervision.clock, graceMs: supervision.times.grace };
    await sweep(component, marksOf(scopes, component), options, keep);
  }
  if (adopted && keep) {
    return {
      component,
      process: { identity: keep, record: adopted, child: undefined, recordTrouble },
      restarts: adopted.restarts,
    };
  }
  // On a file system that cannot be written the record stays: the process it names is dead.
  if (!wanted) await removeRecord(layout, component).catch(() => undefined);
  // It died while nobody watched: the start to come is a restart. A reboot is no crash.
  return { component, process: undefined, restarts: record && ofThisBoot ? record.restarts + 1 : 0 };
}

async function unrecordedOldest(
  component: string,
  marked: readonly MarkedProcess[],
  supervision: Supervision,
): Promise<ProcessRecord | undefined> {
  const leaders = marked.filter((process) => process.group === process.pid);
  const [oldest] = leaders.sort((a, b) => Number(a.startTime) - Number(b.startTime));
  if (!oldest) return undefined;
  return unrecorded(oldest, supervision, await logSize(supervision.layout.log(component)));
}
