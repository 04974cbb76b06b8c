import type { Deployment } from '../deployment/up.ts';
import type { CommandContext } from './command.ts';
import { loadStack } from './load-stack.ts';
import { openRuntime } from './open-runtime.ts';

/** Everything `up` and `plan` need, from the configuration file on. */
export async function openDeployment(context: CommandContext): Promise<Deployment> {
  const stack = await loadStack(context);
  const [components, runtime, { provisionPrograms }] = await Promise.all([
    context.catalog.components(),
    openRuntime(context, stack),
    import('../runtimes/native/provision/provision.ts'),
  ]);
  return {
    stack,
    components,
    runtime,
    provision: (specs) =>
      provisionPrograms(specs, {
        provisioning: stack.provision,
        env: context.env,
        run: context.run,
        clock: context.clock,
        signal: context.signal,
        onProgress: context.onProgress,
      }),
    run: context.run,
    clock: context.clock,
    signal: context.signal,
    onProgress: context.onProgress,
  };
}
