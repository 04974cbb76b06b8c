import type { Runtime, TwinRequest } from '../stack/runtime.ts';
import type { Stack } from '../stack/stack.ts';
import type { CommandContext } from './command.ts';
import { daemonCommand } from './daemon-command.ts';

/** The runtime of the stack, ready to start its daemon with this very program. */
export async function openRuntime(context: CommandContext, stack: Stack): Promise<Runtime> {
  if (stack.runtime === 'external') {
    const [{ openExternalRuntime }, { startTwin, twinPlace }] = await Promise.all([
      import('../runtimes/external/index.ts'),
      import('../runtimes/native/twin.ts'),
    ]);
    const twins = {
      twinPlace,
      startTwin: (request: TwinRequest) => startTwin(request, context.clock),
    };
    return openExternalRuntime({ stack, twins });
  }
  const { createNativeRuntime } = await import('../runtimes/native/index.ts');
  return createNativeRuntime({
    stateDir: stack.stateDir,
    env: context.env,
    clock: context.clock,
    daemonCommand: daemonCommand(context.self, stack.stateDir),
  });
}
