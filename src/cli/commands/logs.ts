import { EXIT } from '../../platform/exit-codes.ts';
import type { Command } from '../command.ts';
import { cliErrors } from '../errors.ts';

export const logsCommand: Command = {
  description: 'Shows the last lines that a component wrote, oldest first.',
  arguments: [{ name: 'component', description: 'as `leitstand status` names it', required: true }],
  options: [{ flags: '--lines <n>', description: 'how many', default: '50' }],
  examples: [{ command: 'leitstand logs prometheus', shows: 'its last 50 lines' }],
  run: async (context, input) => {
    const { loadStackInNeed } = await import('../load-stack.ts');
    const { openRuntime } = await import('../open-runtime.ts');
    const lines = Number(input.text('lines'));
    if (!Number.isInteger(lines) || lines < 1) {
      throw cliErrors.error('LS-CLI-001', {
        what: `--lines takes a whole number from 1 on, not \`${input.text('lines') ?? ''}\``,
        fix: 'leitstand logs prometheus --lines 50',
      });
    }
    const stack = await loadStackInNeed(context);
    const component = input.args[0] ?? '';
    const names = stack.components.map(({ name }) => name);
    if (names.length > 0 && !names.includes(component)) {
      throw cliErrors.error('LS-CLI-003', {
        what: `the stack has no component ${component}`,
        fix: `its components are: ${names.join(', ')}`,
      });
    }
    const runtime = await openRuntime(context, stack);
    const tail = await runtime.logTail(component, lines);
    return {
      exit: EXIT.ok,
      text: tail.length === 0 ? `${component} has written nothing yet.` : tail.join('\n'),
      json: tail,
    };
  },
};
