import { EXIT } from '../../platform/exit-codes.ts';
import type { Command } from '../command.ts';

export const downCommand: Command = {
  description: 'Stops every program of the stack and the daemon. Data, rendered files and proofs stay.',
  examples: [{ command: 'leitstand down', shows: 'stop; `leitstand up` goes on with the same data' }],
  run: async (context) => {
    const { loadStackInNeed } = await import('../load-stack.ts');
    const { openRuntime } = await import('../open-runtime.ts');
    const { withStackLock } = await import('../../deployment/stack-lock.ts');
    const stack = await loadStackInNeed(context);
    const runtime = await openRuntime(context, stack);
    const stopped = await withStackLock(stack, 'down', () => runtime.stop());
    return {
      exit: EXIT.ok,
      text:
        stopped.length === 0
          ? 'Nothing was running.'
          : `Stopped: ${stopped.join(', ')}. Data stays in ${stack.stateDir}.`,
      json: { stack: stack.name, stopped: [...stopped] },
    };
  },
};
