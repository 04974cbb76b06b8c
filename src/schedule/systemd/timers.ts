import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../../platform/environment.ts';
import { ensureDirectory, exists, readTextIfExists, writeFileAtomic } from '../../platform/files.ts';
import { ensureOwnedDirectory } from '../../platform/owned-directory.ts';
import type { RunProgram } from '../../platform/processes.ts';
import { systemctl, systemctlRefusal } from '../../platform/systemctl.ts';
import type { SystemdScope } from '../../platform/systemd.ts';
import { scheduleErrors } from '../errors.ts';
import { scheduleText } from '../job-state.ts';
import { readOwners, writeOwners } from '../owners.ts';
import {
  type HandedOver,
  type JobPlace,
  jobUnitFor,
  jobUnits,
  type UnitFile,
  unitName,
} from './job-units.ts';

export interface TimerWorld {
  /** Where the units of the scope lie. */
  readonly unitDirectory: string;
  readonly isSystemdRunning: boolean;
  readonly uid: number;
  readonly env: Environment;
  readonly run: RunProgram;
  readonly onStep: (text: string) => void;
}

export interface TimerInstallation {
  readonly place: JobPlace;
  readonly jobs: readonly HandedOver[];
  /** Who owns the state directory. */
  readonly owner: number;
  readonly dryRun: boolean;
}

export interface TimerChanges {
  /** Paths of units that were not so before. */
  readonly written: readonly string[];
  /** Paths of units for jobs that are no more. */
  readonly removed: readonly string[];
}

/**
 * Writes a service and a timer for each job, starts the timers, and has the daemon leave the jobs alone. Units of ours for
 * other jobs of the stack go. Repeating it changes nothing. Throws LS-SCHEDULE errors; what is somebody else's is never
 * touched.
 */
export async function installTimers(request: TimerInstallation, world: TimerWorld): Promise<TimerChanges> {
  const { place, jobs, owner, dryRun } = request;
  const units = jobs.flatMap((job) => [...jobUnits(place, job)]);
  const changed = await changedUnits(units, place, world);
  const removed = (await ownUnits(place, world)).filter((name) => !units.some((unit) => unit.name === name));
  const paths = (names: readonly string[]) => names.map((name) => join(world.unitDirectory, name));
  const changes = { written: paths(changed.map(({ name }) => name)), removed: paths(removed) };
  if (dryRun) return changes;
  assertMay(place.scope, world);
  await ensureOwnedDirectory(place.stateDir, owner, world.uid);
  await drop(removed, place, world);
  await ensureDirectory(world.unitDirectory, 0o755);
  for (const { name, text } of changed) await writeFileAtomic(join(world.unitDirectory, name), text);
  const demand = demandOf(place.scope, world);
  if (changed.length + removed.length > 0) await demand('daemon-reload');
  for (const { job } of jobs) {
    const timer = unitName(place.stack, job.name, 'timer');
    await demand('enable', '--now', timer);
    // One that runs already keeps the times it was started with.
    if (changed.some(({ name }) => name === timer)) await demand('restart', timer);
    world.onStep(`${timer}: ${scheduleText(job)}`);
  }
  await handOver(request, world);
  return changes;
}

/** Stops and removes the timers, and gives their jobs back to the daemon. Returns the paths of the units. */
export async function removeTimers(
  place: Pick<JobPlace, 'stack' | 'scope' | 'stateDir'>,
  { dryRun }: { readonly dryRun: boolean },
  world: TimerWorld,
): Promise<readonly string[]> {
  const units = await ownUnits(place, world);
  const paths = units.map((name) => join(world.unitDirectory, name));
  if (dryRun || units.length === 0) return paths;
  assertMay(place.scope, world);
  await drop(units, place, world);
  await demandOf(place.scope, world)('daemon-reload');
  const owners = Object.entries(await readOwners(place.stateDir));
  await writeOwners(
    place.stateDir,
    Object.fromEntries(owners.filter(([, { file }]) => !paths.includes(file))),
  );
  return paths;
}

async function handOver({ place, jobs }: TimerInstallation, { unitDirectory }: TimerWorld): Promise<void> {
  const owner = place.scope === 'system' ? 'systemd' : 'systemd-user';
  const others = Object.entries(await readOwners(place.stateDir)).filter(([, one]) => one.owner !== owner);
  const ours = jobs.map(({ job }) => [
    job.name,
    {
      owner,
      file: join(unitDirectory, unitName(place.stack, job.name, 'timer')),
      schedule: scheduleText(job),
    },
  ]);
  await writeOwners(place.stateDir, Object.fromEntries([...others, ...ours]));
}

/** Those that are to be written. Throws LS-SCHEDULE-002 before anything is. */
async function changedUnits(
  units: readonly UnitFile[],
  { stateDir }: JobPlace,
  { unitDirectory }: TimerWorld,
): Promise<UnitFile[]> {
  const changed: UnitFile[] = [];
  for (const unit of units) {
    const file = join(unitDirectory, unit.name);
    const former = await readTextIfExists(file);
    if (former === unit.text) continue;
    if (former !== undefined) await refuseForeign(file, former, stateDir);
    changed.push(unit);
  }
  return changed;
}

/** Ours is what we wrote for this stack, or for one whose state directory is gone. */
async function refuseForeign(file: string, text: string, stateDir: string): Promise<void> {
  const served = jobUnitFor(text);
  if (served === stateDir || (served !== undefined && !(await exists(served)))) return;
  throw scheduleErrors.error('LS-SCHEDULE-002', {
    what: served === undefined ? `${file} was not written by Leitstand` : `${file} is another stack's`,
    why:
      served === undefined
        ? 'its first line is not the one that Leitstand writes'
        : `its data is in ${served}`,
    where: { file },
    fix:
      served === undefined
        ? 'move it away, or give the stack another name (`stack:` in leitstand.yaml)'
        : 'give one of the two stacks another name (`stack:` in leitstand.yaml)',
  });
}

/** Names of the units that we wrote for this stack. */
async function ownUnits(
  { stack, stateDir }: Pick<JobPlace, 'stack' | 'stateDir'>,
  { unitDirectory }: TimerWorld,
): Promise<string[]> {
  const all = (await exists(unitDirectory)) ? await readdir(unitDirectory) : [];
  const named = all.filter(
    (name) => name.startsWith(`leitstand-${stack}.`) && /\.(?:service|timer)$/.test(name),
  );
  const own = await Promise.all(
    named.map(async (name) => {
      const text = await readTextIfExists(join(unitDirectory, name));
      return text !== undefined && jobUnitFor(text) === stateDir ? [name] : [];
    }),
  );
  return own.flat().sort();
}

/** Timers first: none shall begin what is about to go. A run under way goes on. */
async function drop(
  names: readonly string[],
  { scope }: Pick<JobPlace, 'scope'>,
  world: TimerWorld,
): Promise<void> {
  const timers = names.filter((name) => name.endsWith('.timer'));
  if (timers.length > 0) await demandOf(scope, world)('disable', '--now', ...timers);
  for (const name of names) await rm(join(world.unitDirectory, name), { force: true });
}

function assertMay(scope: SystemdScope, { isSystemdRunning, uid }: TimerWorld): void {
  const isUser = scope === 'user';
  if (!isSystemdRunning)
    throw scheduleErrors.error('LS-SCHEDULE-004', {
      what: isUser
        ? 'the service manager of your user does not run'
        : 'systemd is not the service manager of this machine',
      why: isUser
        ? 'there is no systemd in $XDG_RUNTIME_DIR: no login session, as after `su` or `sudo`, or a container'
        : 'there is no /run/systemd/system: a container, or another service manager',
      fix: 'the daemon runs the jobs without it; for cron: leitstand schedule install --cron',
    });
  if (!isUser && uid !== 0)
    throw scheduleErrors.error('LS-SCHEDULE-004', {
      what: "the system's timers can be installed and removed by root only",
      fix: 'run it with sudo; or add --user for timers of your own',
    });
}

/** Throws LS-SCHEDULE-003 with systemctl's own words. */
function demandOf(scope: SystemdScope, world: TimerWorld) {
  return async (...args: readonly string[]) => {
    const refusal = systemctlRefusal(scope, args, await systemctl(scope, world, args));
    if (refusal) throw scheduleErrors.error('LS-SCHEDULE-003', refusal);
  };
}
