import { EXIT } from '../../platform/exit-codes.ts';
import type { Command } from '../command.ts';
import { cliErrors } from '../errors.ts';

const SHELLS = {
  bash: async () => (await import('../completion/bash.ts')).bashCompletion,
  zsh: async () => (await import('../completion/zsh.ts')).zshCompletion,
  fish: async () => (await import('../completion/fish.ts')).fishCompletion,
} as const;

export const completionCommand: Command = {
  description: `Prints a script with which the shell completes commands, options and their values, names of components and
error codes. Everything is in the script: a Tab starts no program. Print it anew after an update of Leitstand.`,
  arguments: [
    { name: 'shell', description: 'bash, zsh or fish', required: true, offers: Object.keys(SHELLS) },
  ],
  examples: [
    {
      command: 'leitstand completion bash > ~/.local/share/bash-completion/completions/leitstand',
      shows: 'for bash, from the next shell on',
    },
    {
      command: 'leitstand completion zsh > ~/.zfunc/_leitstand',
      shows: 'with fpath+=~/.zfunc before compinit',
    },
    {
      command: 'leitstand completion fish > ~/.config/fish/completions/leitstand.fish',
      shows: 'for fish, at once',
    },
  ],
  run: async (context, { args }) => {
    const shell = args[0] ?? '';
    if (!isShell(shell)) {
      throw cliErrors.error('LS-CLI-001', {
        what: `there is no completion for ${shell}`,
        why: `there is one for ${Object.keys(SHELLS).join(', ')}`,
        fix: 'leitstand completion bash',
      });
    }
    const [render, { shellCommands }] = await Promise.all([SHELLS[shell](), import('../completion/tree.ts')]);
    const script = render(await shellCommands(context.catalog));
    return { exit: EXIT.ok, text: script.trimEnd(), json: { shell, script } };
  },
};

function isShell(name: string): name is keyof typeof SHELLS {
  return Object.hasOwn(SHELLS, name);
}
