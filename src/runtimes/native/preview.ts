import type { Clock } from '../../platform/clock.ts';
import { exists } from '../../platform/files.ts';
import { listByEnvironment } from '../../platform/process-table.ts';
import { formatVersion, isAtLeast, parseVersion } from '../../stack/version.ts';
import type { ApplyRequest, ComponentAction, ComponentActions } from '../../stack/runtime.ts';
import { decideAction } from './actions.ts';
import { type DesiredState, readDesired } from './desired.ts';
import { runtimeErrors } from './errors.ts';
import { throwFailures } from './failures.ts';
import { MARKER } from './launch.ts';
import { type NativeLayout, stackScopes } from './layout.ts';
import { requireFreePorts } from './port-check.ts';
import { type ProcessRecord, recordedComponents } from './process-record.ts';
import { otherStack } from './stack-name.ts';
import { markedComponent } from './supervised-process.ts';
import { desiredOfPlan } from './twin.ts';
import { livingRecord } from './without-daemon.ts';

export function desiredOf(
  layout: NativeLayout,
  { stack, applications, inbox, daemon }: ApplyRequest,
): DesiredState {
  return {
    stack,
    components: applications.map(({ plan, filesHash }) => {
      const { component } = plan;
      const place = {
        data: layout.data(component),
        secret: (name: string) => layout.secret(component, name),
      };
      return desiredOfPlan(plan, place, filesHash);
    }),
    inbox: { enabled: inbox.enabled, port: inbox.port },
    ...(daemon ? { daemon } : {}),
  };
}

/** From the records alone, without a daemon. Throws LS-RUNTIME-012. */
export async function preview(layout: NativeLayout, request: ApplyRequest): Promise<ComponentActions> {
  const living = await livingRecords(layout);
  await refuseOtherStack(layout, living, request.stack);
  const wanted = new Map(desiredOf(layout, request).components.map((one) => [one.component, one]));
  const actions: Record<string, ComponentAction> = {};
  for (const name of new Set([...wanted.keys(), ...living.keys()])) {
    actions[name] = decideAction(living.get(name), wanted.get(name));
  }
  return actions;
}

/** Looks from outside, whether a daemon runs or not. Throws LS-RUNTIME-001, -012 and -013. */
export async function assertStartable(
  layout: NativeLayout,
  request: ApplyRequest,
  clock: Clock,
): Promise<void> {
  const living = await livingRecords(layout);
  await refuseOtherStack(layout, living, request.stack);
  if (request.allowDowngrade !== true) await refuseDowngrade(layout, request);
  const own = await ownProcesses(layout);
  const outcomes = await Promise.allSettled(
    desiredOf(layout, request).components.map(async (wanted) => {
      const action = decideAction(living.get(wanted.component), wanted);
      if (action !== 'start' && action !== 'restart') return;
      await requireFreePorts(wanted, { clock, isOwn: (pid) => own.has(pid) });
    }),
  );
  throwFailures(outcomes);
}

async function refuseOtherStack(
  layout: NativeLayout,
  living: ReadonlyMap<string, ProcessRecord>,
  name: string,
): Promise<void> {
  const refusal = otherStack(layout, await readDesired(layout), living.size > 0, name);
  if (refusal) throw refusal;
}

/** Another cache (cron, sudo, another HOME) may hold older programs than the ones that run. */
async function refuseDowngrade(layout: NativeLayout, request: ApplyRequest): Promise<void> {
  const former = new Map(
    (await readDesired(layout))?.components.map((one) => [one.component, one.programVersion]),
  );
  for (const { component, programVersion } of desiredOf(layout, request).components) {
    const [before, after] = [parseVersion(former.get(component) ?? ''), parseVersion(programVersion)];
    if (!before || !after || isAtLeast(after, formatVersion(before))) continue;
    throw runtimeErrors.error('LS-RUNTIME-013', {
      what: `${component} would go from ${formatVersion(before)} down to ${programVersion}`,
      why: 'this run found an older program than the one in use: another cache directory, or other sources',
      fix: 'use the cache of the user who started it (LEITSTAND_CACHE_DIR); if the older one is meant: leitstand up --allow-downgrade',
    });
  }
}

async function livingRecords(layout: NativeLayout): Promise<Map<string, ProcessRecord>> {
  const living = new Map<string, ProcessRecord>();
  for (const component of await recordedComponents(layout)) {
    const record = await livingRecord(layout, component);
    if (record) living.set(component, record);
  }
  return living;
}

/** By their mark, since a killed daemon may have left one without a record. */
async function ownProcesses(layout: NativeLayout): Promise<Set<number>> {
  if (!(await exists(layout.stateDir))) return new Set();
  const scopes = await stackScopes(layout.stateDir);
  const marked = await listByEnvironment(MARKER);
  return new Set(
    marked.filter(({ value }) => markedComponent(value, scopes) !== undefined).map(({ pid }) => pid),
  );
}
