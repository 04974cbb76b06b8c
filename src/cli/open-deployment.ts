import { dirname, join } from 'node:path';
import type { Deployment } from '../deployment/up.ts';
import type { Stack } from '../stack/stack.ts';
import type { CommandContext } from './command.ts';
import { expectedProofs } from './expected-proofs.ts';
import { loadStack } from './load-stack.ts';
import { openRuntime } from './open-runtime.ts';
import { furtherDuties } from './scheduled-jobs.ts';

/** Everything `up` and `plan` need, from the configuration file on. Rejects with LS-EXTERNAL-001 for an attached stack. */
export async function openDeployment(context: CommandContext, loaded?: Stack): Promise<Deployment> {
  const stack = loaded ?? (await loadStack(context));
  if (stack.runtime === 'external') {
    const { refusal } = await import('../runtimes/external/index.ts');
    throw refusal(`the stack ${stack.name} cannot be started or changed by Leitstand`);
  }
  const [components, runtime, provision] = await Promise.all([
    context.catalog.components(),
    openRuntime(context, stack),
    openProvisioning(context, stack),
  ]);
  return {
    stack,
    components,
    runtime,
    expectedProofs: expectedProofs(
      stack,
      stack.components.flatMap(({ name, config }) => (components.get(name)?.source?.(config) ? [name] : [])),
    ),
    furtherDuties: furtherDuties(stack),
    provision,
    run: context.run,
    clock: context.clock,
    signal: context.signal,
    onProgress: context.onProgress,
  };
}

/** What gets programs onto this machine, as the stack wants them. */
export async function openProvisioning(
  context: CommandContext,
  stack: Stack,
): Promise<Deployment['provision']> {
  const { LOCK_FILE, provisionPrograms } = await import('../runtimes/native/provision/provision.ts');
  return (specs) =>
    provisionPrograms(specs, {
      provisioning: stack.provision,
      lockFile: join(dirname(stack.file), LOCK_FILE),
      env: context.env,
      run: context.run,
      clock: context.clock,
      signal: context.signal,
      onProgress: context.onProgress,
    });
}
