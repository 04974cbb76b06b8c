import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { serviceErrors } from '../deployment/service/errors.ts';
import type { ServiceWorld } from '../deployment/service/service.ts';
import type { ServiceSpec } from '../deployment/service/unit.ts';
import { cacheDirectory } from '../platform/environment.ts';
import { exists } from '../platform/files.ts';
import { isSystemdRunning, type SystemdScope, unitDirectory } from '../platform/systemd.ts';
import type { Stack } from '../stack/stack.ts';
import type { CommandContext, OptionSpec } from './command.ts';
import { daemonCommand } from './daemon-command.ts';

export const USER_OPTION: OptionSpec = {
  flags: '--user',
  description: 'a service of your own instead of one of the system: needs no root',
};

export async function serviceWorld(context: CommandContext, scope: SystemdScope): Promise<ServiceWorld> {
  return {
    unitDirectory: unitDirectory(scope, context.env),
    isSystemdRunning: await isSystemdRunning(scope, context.env),
    uid: process.getuid?.() ?? 0,
    env: context.env,
    run: context.run,
    clock: context.clock,
    onStep: (text) => context.onProgress({ type: 'step', text }),
  };
}

/** The service runs as the owner of the stack, whoever installs it. */
export async function serviceSpec(
  context: CommandContext,
  stack: Stack,
  scope: SystemdScope,
): Promise<{ readonly spec: ServiceSpec; readonly owner: number }> {
  if (stack.runtime === 'external') {
    throw serviceErrors.error('LS-SERVICE-005', {
      what: `the programs of the stack ${stack.name} are only attached`,
      why: 'who runs them starts them at boot, too',
      where: { file: stack.file },
      fix: 'nothing is to be done here: ask whoever runs them whether they come back after a reboot',
    });
  }
  const { place, owner } = await unitPlace(context, stack, scope);
  return { owner, spec: { ...place, command: daemonCommand(context.self, stack.stateDir) } };
}

/** As whom and with what a unit of this stack runs. Throws LS-SERVICE-005 where it cannot. */
export async function unitPlace(
  context: CommandContext,
  stack: Stack,
  scope: SystemdScope,
): Promise<{ readonly place: Omit<ServiceSpec, 'command'>; readonly owner: number }> {
  const owner = await ownerOf(context, stack);
  const own = owner.uid === (process.getuid?.() ?? 0);
  if (scope === 'user' && !own) {
    throw serviceErrors.error('LS-SERVICE-005', {
      what: `the stack belongs to ${owner.name}, and a service of your own runs as you`,
      where: { file: stack.stateDir },
      fix: `run it as ${owner.name}; or install a system service, which runs as ${owner.name}: sudo leitstand service install`,
    });
  }
  const isDefaultCache = stack.provision.cacheDir === cacheDirectory(context.env, homedir());
  return {
    owner: owner.uid,
    place: {
      stack: stack.name,
      scope,
      user: owner.name,
      stateDir: stack.stateDir,
      // Under sudo ours is root's, and the programs are in the owner's.
      cacheDir: own || !isDefaultCache ? stack.provision.cacheDir : cacheDirectory({}, owner.home),
      ...placesOfBackups(stack),
      programs: Object.values(stack.provision.paths),
      seesHome: stack.components.some(({ name }) => name === 'node-exporter') || asksAws(stack),
    },
  };
}

function placesOfBackups({ backup: { store }, components }: Stack) {
  const exporter = components.find(({ name }) => name === 'node-exporter')?.config;
  const { textfile_dir: textfileDir } = (exporter ?? {}) as { readonly textfile_dir?: string };
  return {
    ...(store.kind === 'directory' ? { backupDir: store.path } : {}),
    ...(textfileDir === undefined ? {} : { textfileDir }),
  };
}

/** Without credentials of ours, the chain of AWS looks into `~/.aws` as well. */
function asksAws({ backup: { store } }: Stack): boolean {
  return store.kind === 's3' && store.credentials === undefined;
}

interface Owner {
  readonly uid: number;
  readonly name: string;
  readonly home: string;
}

async function ownerOf(context: CommandContext, { stateDir, file }: Stack): Promise<Owner> {
  const { uid } = await stat((await exists(stateDir)) ? stateDir : dirname(file));
  const { stdout } = await context.run('getent', ['passwd', String(uid)], { timeoutMs: 10_000 });
  const [name, , , , , home] = stdout.trim().split(':');
  if (name === undefined || name === '' || home === undefined) {
    throw serviceErrors.error('LS-SERVICE-005', {
      what: `the owner of ${stateDir} (user id ${uid}) is no user of this machine`,
      fix: `give the directory to the user who shall run the stack: chown -R USER ${stateDir}`,
    });
  }
  return { uid, name, home };
}
