import { join } from 'node:path';
import type { ExpectedProof } from '../deployment/status.ts';
import type { ComponentRegistry } from '../deployment/plans.ts';
import type { History } from '../history/history.ts';
import { ensureDirectory } from '../platform/files.ts';
import type { Runtime } from '../stack/runtime.ts';
import type { Source } from '../stack/source.ts';
import type { Stack } from '../stack/stack.ts';
import type { CommandContext } from './command.ts';
import { deliveryFingerprint } from '../delivery/fingerprint.ts';
import { cliErrors } from './errors.ts';
import { loadStack, loadStackInNeed } from './load-stack.ts';
import { openRuntime } from './open-runtime.ts';

/** A stack with its runtime and its records, for commands that work on what runs. */
export interface Session {
  readonly stack: Stack;
  readonly components: ComponentRegistry;
  readonly runtime: Runtime;
  readonly history: History;
  readonly sources: readonly StackSource[];
  /** What has to be proven for this stack to count as well. */
  readonly expectedProofs: readonly ExpectedProof[];
  close(): void;
}

export interface StackSource {
  readonly component: string;
  readonly source: Source;
  /** Base URL of the live component. */
  readonly url: string;
  readonly dataDir: string;
}

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
  const sources = stack.components.flatMap(({ name, config }) => {
    const plugin = components.get(name);
    const source = plugin?.source?.(config);
    const port = plugin?.offers(config, stack).endpoints.find(({ component }) => component === name)?.port;
    return source && port !== undefined
      ? [{ component: name, source, url: runtime.url(name, port), dataDir: runtime.dataDir(name) }]
      : [];
  });
  return {
    stack,
    components,
    runtime,
    history,
    sources,
    expectedProofs: [
      ...stack.receivers.map((subject) => ({
        kind: 'alert-delivery',
        subject,
        fingerprint: deliveryFingerprint(stack, subject),
      })),
      ...sources.flatMap(({ component }) => [
        { kind: 'backup', subject: component },
        { kind: 'drill', subject: component },
      ]),
    ],
    close: () => history.close(),
  };
}

/**
 * Throws LS-CLI-006 when the component does not run in this stack: another stack may answer on its port, and would
 * get our test alerts.
 */
export async function requireRunning({ runtime, stack }: Session, component: string): Promise<void> {
  const running = (await runtime.status()).find((one) => one.component === component);
  if (running?.pid !== undefined) return;
  throw cliErrors.error('LS-CLI-006', {
    what: `${component} of the stack ${stack.name} does not run`,
    why: running?.reason,
    fix: 'leitstand up',
  });
}
