import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { type Environment } from '../../platform/environment.ts';
import { ensureDirectory, exists, readTextIfExists, writeFileAtomic } from '../../platform/files.ts';
import { ensureOwnedDirectory } from '../../platform/owned-directory.ts';
import type { RunProgram } from '../../platform/processes.ts';
import { systemctl, systemctlRefusal } from '../../platform/systemctl.ts';
import { serviceUnitName, type SystemdScope } from '../../platform/systemd.ts';
import { releaseStack } from '../../runtimes/native/control.ts';
import { contactDaemon } from '../../runtimes/native/daemon-client.ts';
import { type NativeLayout, nativeLayout } from '../../runtimes/native/layout.ts';
import { serviceErrors } from './errors.ts';
import { renderUnit, servedStateDir, type ServiceSpec } from './unit.ts';

/** How long the daemon of a service may take until it answers. */
const START_DEADLINE_MS = 20_000;

export interface ServiceWorld {
  /** Where the units of the scope lie. */
  readonly unitDirectory: string;
  readonly isSystemdRunning: boolean;
  readonly uid: number;
  readonly env: Environment;
  readonly run: RunProgram;
  readonly clock: Clock;
  readonly onStep: (text: string) => void;
}

export interface InstallRequest {
  readonly spec: ServiceSpec;
  /** Who owns the state directory. */
  readonly owner: number;
  /** Start it at once, in the place of a daemon that runs already. */
  readonly now: boolean;
  readonly dryRun: boolean;
}

export interface InstallResult {
  readonly file: string;
  readonly written: boolean;
  readonly started: boolean;
}

/**
 * Writes the unit, enables it for boot and, with `now`, lets it take the running programs over from whoever serves the
 * stack. Repeating it changes nothing. Throws LS-SERVICE errors; a unit of somebody else is never touched.
 */
export async function installService(request: InstallRequest, world: ServiceWorld): Promise<InstallResult> {
  const { spec } = request;
  const file = join(world.unitDirectory, serviceUnitName(spec.stack));
  const unit = renderUnit(spec);
  const former = await readTextIfExists(file);
  await refuseForeign(file, former, spec.stateDir);
  const result = { file, written: former !== unit, started: request.now };
  if (request.dryRun) return result;
  assertMay(spec.scope, world);
  const demand = systemctlOf(spec.scope, world);
  const name = serviceUnitName(spec.stack);
  await ensureOwnedDirectory(spec.stateDir, request.owner, world.uid);
  if (result.written) {
    await ensureDirectory(dirname(file), 0o755);
    await writeFileAtomic(file, unit);
    world.onStep(`${former === undefined ? 'written' : 'written anew'}: ${file}`);
    await demand('daemon-reload');
  }
  await demand('enable', name);
  world.onStep(`${name} starts at boot`);
  if (request.now) await startNow({ name, changed: result.written, spec }, world);
  return result;
}

interface Start {
  readonly name: string;
  readonly changed: boolean;
  readonly spec: ServiceSpec;
}

async function startNow({ name, changed, spec }: Start, world: ServiceWorld): Promise<void> {
  const demand = systemctlOf(spec.scope, world);
  const layout = nativeLayout(spec.stateDir);
  const isActive = (await systemctlAnswer(spec.scope, world, 'is-active', name)) === 'active';
  if (isActive && !changed) {
    world.onStep('it runs already');
  } else if (isActive) {
    // The programs stay: the unit ends the daemon only.
    await demand('restart', name);
  } else {
    if (await releaseStack(layout, world.clock)) {
      world.onStep('the daemon in the background has ended; its programs go on and are taken over');
    }
    await demand('start', name);
  }
  await awaitDaemon(layout, spec, world);
}

export interface RemoveRequest {
  readonly stack: string;
  readonly stateDir: string;
  readonly scope: SystemdScope;
  readonly dryRun: boolean;
}

/**
 * Stops the service, takes it out of the boot and removes its unit. The programs go on, with nobody to restart them.
 * Returns the removed file; undefined when there was none.
 */
export async function removeService(
  request: RemoveRequest,
  world: ServiceWorld,
): Promise<string | undefined> {
  const { scope, stateDir, dryRun } = request;
  const name = serviceUnitName(request.stack);
  const file = join(world.unitDirectory, name);
  const unit = await readTextIfExists(file);
  if (unit === undefined) return undefined;
  await refuseForeign(file, unit, stateDir);
  if (dryRun) return file;
  assertMay(scope, world);
  const demand = systemctlOf(scope, world);
  await demand('disable', '--now', name);
  await rm(file);
  await demand('daemon-reload');
  return file;
}

/** Ours is what we wrote for this stack, or for one whose state directory is gone. */
async function refuseForeign(file: string, unit: string | undefined, stateDir: string): Promise<void> {
  if (unit === undefined) return;
  const served = servedStateDir(unit);
  if (served === stateDir || (served !== undefined && !(await exists(served)))) return;
  throw serviceErrors.error('LS-SERVICE-002', {
    what:
      served === undefined
        ? `${file} was not written by Leitstand`
        : `${file} serves another stack of the same name`,
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

function assertMay(scope: SystemdScope, { isSystemdRunning, uid }: ServiceWorld): void {
  if (!isSystemdRunning) {
    throw serviceErrors.error('LS-SERVICE-001', {
      what:
        scope === 'system'
          ? 'systemd is not the service manager of this machine'
          : 'the service manager of your user does not run',
      why:
        scope === 'system'
          ? 'there is no /run/systemd/system: a container, or another service manager'
          : 'there is no systemd in $XDG_RUNTIME_DIR: no login session, as after `su` or `sudo`, or a container',
      fix:
        scope === 'system'
          ? 'leitstand service install --print, which shows the unit; its ExecStart line is what has to run at boot'
          : 'log in as that user (`machinectl shell USER@`), or install a system service as root, without --user',
    });
  }
  if (scope === 'system' && uid !== 0) {
    throw serviceErrors.error('LS-SERVICE-006', {
      what: 'a system service can be installed and removed by root only',
      fix: 'run it with sudo; or add --user for a service of your own',
    });
  }
}

/** Throws LS-SERVICE-003 with systemctl's own words. */
function systemctlOf(scope: SystemdScope, world: ServiceWorld) {
  return async (...args: readonly string[]) => {
    const refusal = systemctlRefusal(scope, args, await systemctl(scope, world, args));
    if (refusal) throw serviceErrors.error('LS-SERVICE-003', refusal);
  };
}

async function systemctlAnswer(scope: SystemdScope, world: ServiceWorld, ...args: readonly string[]) {
  return (await systemctl(scope, world, args)).stdout.trim();
}

async function awaitDaemon(layout: NativeLayout, spec: ServiceSpec, world: ServiceWorld): Promise<void> {
  const { env, uid, clock } = world;
  const deadline = clock.monotonic() + START_DEADLINE_MS;
  for (;;) {
    const contact = await contactDaemon(layout, env, uid).catch(() => undefined);
    if (contact?.found === 'daemon') return;
    if (clock.monotonic() > deadline) throw doesNotCome(spec);
    await clock.sleep(100);
  }
}

function doesNotCome({ stack, scope }: ServiceSpec) {
  const name = serviceUnitName(stack);
  const user = scope === 'user' ? '--user ' : '';
  return serviceErrors.error('LS-SERVICE-004', {
    what: `${name} was started, and its daemon does not answer after ${START_DEADLINE_MS / 1000} s`,
    why: 'the journal says why; until it runs, nobody restarts the programs of the stack',
    fix: `journalctl ${user}-u ${name} -n 50; to have a daemon meanwhile: systemctl ${user}stop ${name}, then \`leitstand up\``,
  });
}
