import { ENVIRONMENTS } from '../stack/stack.ts';
import type { Command, CommandEntry, OptionSpec } from './command.ts';
import { PROGRESS_MODES } from './progress.ts';
import { table } from './terminal.ts';

const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '-f, --file <path>',
    description: 'the configuration file (default: leitstand.yaml here or above)',
  },
  {
    flags: '-e, --env <name>',
    description: 'the environment (default: LEITSTAND_ENV, else what the file says)',
    choices: ENVIRONMENTS,
  },
  { flags: '--json', description: 'JSON Lines on stdout: version first, result last' },
  {
    flags: '--progress <mode>',
    description: 'how long work is shown on stderr',
    default: 'auto',
    choices: PROGRESS_MODES,
  },
  { flags: '-h, --help', description: 'this text' },
];

/** Its own options, then those of all commands; a short letter that it takes itself is the long one's no more. */
export function optionsOf(command: Pick<Command, 'options'>): readonly OptionSpec[] {
  const own = command.options ?? [];
  const letters = new Set(own.flatMap(({ flags }) => /^-[a-z],/i.exec(flags) ?? []));
  const rest = GLOBAL_OPTIONS.map((option) => {
    const letter = /^-[a-z],/i.exec(option.flags)?.[0];
    return letter !== undefined && letters.has(letter)
      ? { ...option, flags: option.flags.slice(letter.length).trim() }
      : option;
  });
  return [...own, ...rest];
}

export function topHelp(commands: readonly CommandEntry[]): string {
  return `Takes a monitoring stack from a laptop to production and proves it:
alerts that arrive, backups that restore.

Usage: leitstand COMMAND [options]

${table(commands.filter(({ hidden }) => hidden !== true).map(({ name, summary }) => [`  ${name}`, summary]))}

Start here:
  leitstand demo               a whole stack on this machine, proven step by step
  leitstand init               a configuration for a stack of your own
  leitstand COMMAND --help     one command, with examples
  leitstand explain CODE       more about an error

Options:
${optionTable([...GLOBAL_OPTIONS, { flags: '-V, --version', description: 'the version' }])}
`;
}

export function commandHelp(entry: CommandEntry, command: Command): string {
  const words = (command.arguments ?? []).map(({ name, required, variadic }) => {
    const label = `${name.toUpperCase()}${variadic === true ? '…' : ''}`;
    return required ? label : `[${label}]`;
  });
  const sections = [
    `${entry.summary}\n\nUsage: leitstand ${[entry.name, ...words].join(' ')} [options]`,
    `Examples:\n${table(command.examples.map(({ command: line, shows }) => [`  ${line}`, shows]))}`,
    command.description,
  ];
  if (command.arguments?.length) {
    sections.push(
      `Arguments:\n${table(command.arguments.map(({ name, description }) => [`  ${name.toUpperCase()}`, description]))}`,
    );
  }
  sections.push(`Options:\n${optionTable(optionsOf(command))}`);
  if (command.exits?.length)
    sections.push(`Exit codes:\n${command.exits.map((line) => `  ${line}`).join('\n')}`);
  return `${sections.join('\n\n')}\n`;
}

function optionTable(options: readonly OptionSpec[]): string {
  return table(
    options.map((option) => [
      `  ${option.flags}`,
      option.description +
        (option.choices ? `: ${option.choices.join(', ')}` : '') +
        (option.default === undefined ? '' : ` (default: ${option.default})`),
    ]),
  );
}
