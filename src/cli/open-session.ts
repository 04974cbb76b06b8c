import { join } from 'node:path';
import { OWN_SOURCE } from '../backup/own-source.ts';
import type { BackupSource } from '../backup/report.ts';
import { ensureDirectory } from '../platform/files.ts';
import type { CommandContext } from './command.ts';
import { cliErrors } from './errors.ts';
import { expectedProofs } from './expected-proofs.ts';
import { loadStack, loadStackInNeed } from './load-stack.ts';
import { openOwnSource } from './open-own-source.ts';
import { openRuntime } from './open-runtime.ts';
import type { Session } from './session.ts';

/** `inNeed`: for looking at a stack whose file has mistakes. */
export async function openSession(
  context: CommandContext,
  options: { readonly inNeed?: boolean } = {},
): Promise<Session> {
  const stack = await (options.inNeed === true ? loadStackInNeed(context) : loadStack(context));
  const [components, runtime, { openHistory }] = await Promise.all([
    context.catalog.components(),
    openRuntime(context, stack),
    import('../history/history.ts'),
  ]);
  // Also before the first `up`: there is nothing in it yet, which is an answer.
  await ensureDirectory(stack.stateDir);
  const history = openHistory(join(stack.stateDir, 'leitstand.db'));
  const sources = stack.components.flatMap(({ name, config, attached }): BackupSource[] => {
    const plugin = components.get(name);
    // Attached without its data: watched and tested, not backed up.
    const source = attached && attached.dataDir === undefined ? undefined : plugin?.source?.(config);
    const port = plugin?.offers(config, stack).endpoints.find(({ component }) => component === name)?.port;
    return source && port !== undefined
      ? [
          {
            component: name,
            source,
            url: runtime.connection(name, port),
            dataDir: runtime.dataDir(name),
            assertOurs: async () => {
              if (attached) await requireUsable(name, runtime.dataDir(name));
              await requireRunning({ stack, runtime }, name);
            },
          },
        ]
      : [];
  });
  // The last one: it holds the proofs of the others.
  const own: BackupSource = { component: OWN_SOURCE, source: await openOwnSource(context, stack) };
  return {
    stack,
    components,
    runtime,
    history,
    sources: [...sources, own],
    expectedProofs: expectedProofs(
      stack,
      sources.map(({ component }) => component),
    ),
    close: () => history.close(),
  };
}

/** Rejects with LS-EXTERNAL-008 before anything is asked of a program whose files could not be read. */
async function requireUsable(component: string, directory: string): Promise<void> {
  const { requireUsableData } = await import('../runtimes/external/data-directory.ts');
  await requireUsableData(component, directory);
}

/**
 * Throws LS-CLI-006 when the component does not run in this stack: another stack may answer on its port, and would
 * get our test alerts. LS-DEPLOY-006 when it runs in another environment. LS-EXTERNAL errors when an attached one cannot be asked.
 */
export async function requireRunning(
  session: Pick<Session, 'runtime' | 'stack'>,
  component: string,
): Promise<void> {
  const { runtime, stack } = session;
  if (stack.runtime === 'external') {
    const { requireAttached } = await import('./attached.ts');
    return requireAttached(session, component);
  }
  const { requireAppliedEnvironment } = await import('../deployment/environment.ts');
  await requireAppliedEnvironment(stack);
  const running = (await runtime.status()).find((one) => one.component === component);
  if (running?.pid !== undefined) return;
  throw cliErrors.error('LS-CLI-006', {
    what: `${component} of the stack ${stack.name} does not run`,
    why: running?.reason,
    fix: 'leitstand up',
  });
}
