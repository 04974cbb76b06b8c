import { release, userInfo } from 'node:os';
import type { DoctorWorld, WantedPort } from '../../inspection/doctor/check.ts';
import { LeitstandError, LeitstandErrors } from '../../platform/errors.ts';
import { exists } from '../../platform/files.ts';
import { listByEnvironment } from '../../platform/process-table.ts';
import { isSalvaged, type Stack } from '../../stack/stack.ts';
import type { CommandContext } from '../command.ts';
import { findConfigFile, loadStack, salvageStack } from '../load-stack.ts';

/** As in bin/leitstand.mjs. */
const MINIMUM_NODE = '24.15';

/** What `doctor` looks at: works without a file, with one that has mistakes, and while nothing runs. */
export async function doctorWorld(context: CommandContext): Promise<DoctorWorld> {
  const { stack, mistakes } = await findStack(context);
  const components = await context.catalog.components();
  const isWhole = stack !== undefined && !isSalvaged(stack);
  const own = stack?.runtime === 'native' ? await ownProcesses(stack) : NONE;
  const { neededPrograms } = await import('../../deployment/plans.ts');
  const ownUser = userInfo();
  const [{ alertmanagerOf, writtenOutIn }, { recoveryFactsOf }] = await Promise.all([
    import('./secret-facts.ts'),
    import('./recovery-facts.ts'),
  ]);
  return {
    stack,
    mistakes,
    ports: isWhole ? portsOf(stack, components) : [],
    ownPids: own.pids,
    daemonRuns: own.daemonRuns,
    programs: isWhole && stack.runtime === 'native' ? neededPrograms(stack, components) : [],
    receivers: await context.catalog.receivers(),
    alertmanager: isWhole ? await alertmanagerOf(stack) : undefined,
    recovery: isWhole ? await recoveryFactsOf(context, stack) : undefined,
    writtenOut: stack ? await writtenOutIn(context, stack) : [],
    host: {
      uid: ownUser.uid,
      user: ownUser.username,
      node: process.versions.node,
      minimumNode: MINIMUM_NODE,
      kernel: release(),
    },
    env: context.env,
    run: context.run,
    clock: context.clock,
    signal: context.signal,
  };
}

interface FoundStack {
  readonly stack: Stack | undefined;
  readonly mistakes: readonly LeitstandError[];
}

async function findStack(context: CommandContext): Promise<FoundStack> {
  try {
    return { stack: await loadStack(context), mistakes: [] };
  } catch (error) {
    // Without a file, and without having named one, this machine is looked at.
    const isNone = error instanceof LeitstandError && error.code === 'LS-CLI-002';
    if (isNone) return { stack: undefined, mistakes: [] };
    const mistakes =
      error instanceof LeitstandErrors ? error.errors : error instanceof LeitstandError ? [error] : undefined;
    if (!mistakes || !(await exists(await findConfigFile(context)))) throw error;
    return { stack: await salvageStack(context, 'perhaps'), mistakes };
  }
}

const NONE = { pids: new Set<number>(), daemonRuns: false } as const;

/** By their records and their mark: also when the daemon does not answer. */
async function ownProcesses(stack: Stack) {
  if (!(await exists(stack.stateDir))) return NONE;
  const [
    { findDaemonProcess },
    { markedComponent },
    { MARKER },
    { nativeLayout, stackScopes },
    { livingRecord },
  ] = await Promise.all([
    import('../../runtimes/native/daemon-address.ts'),
    import('../../runtimes/native/supervised-process.ts'),
    import('../../runtimes/native/launch.ts'),
    import('../../runtimes/native/layout.ts'),
    import('../../runtimes/native/without-daemon.ts'),
  ]);
  const layout = nativeLayout(stack.stateDir);
  const scopes = await stackScopes(stack.stateDir);
  const [daemon, marked, recorded] = await Promise.all([
    findDaemonProcess(layout),
    listByEnvironment(MARKER),
    Promise.all(stack.components.map(({ name }) => livingRecord(layout, name))),
  ]);
  const pids = new Set([
    ...marked.filter(({ value }) => markedComponent(value, scopes) !== undefined).map(({ pid }) => pid),
    ...recorded.flatMap((record) => record?.pid ?? []),
    ...(daemon ? [daemon.pid] : []),
  ]);
  return { pids, daemonRuns: daemon !== undefined };
}

function portsOf(
  stack: Stack,
  components: Awaited<ReturnType<CommandContext['catalog']['components']>>,
): readonly WantedPort[] {
  if (stack.runtime !== 'native') return [];
  const offered = stack.components.flatMap(({ name, config }) =>
    (components.get(name)?.offers(config, stack).endpoints ?? []).map(({ component, port }) => ({
      component,
      port,
      setting: `components.${name}.port`,
    })),
  );
  const all = [
    ...offered,
    ...(stack.inbox.enabled ? [{ component: 'inbox', port: stack.inbox.port, setting: 'inbox.port' }] : []),
    { component: 'daemon', port: stack.daemon.port, setting: 'daemon.port' },
  ];
  // One port may offer several interfaces.
  return all.filter((one, i) => all.findIndex(({ port }) => port === one.port) === i);
}
