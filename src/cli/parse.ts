import { Command as Parser, CommanderError, Option } from 'commander';
import { type Command, type CommandEntry, CommandInput } from './command.ts';
import { cliErrors } from './errors.ts';
import { optionsOf } from './help.ts';

/** The entry whose words start the command line, longest first; `rest` is what follows. */
export function findCommand(
  commands: readonly CommandEntry[],
  argv: readonly string[],
): { readonly entry: CommandEntry; readonly rest: readonly string[] } | undefined {
  for (let words = Math.min(argv.length, 3); words > 0; words--) {
    const name = argv.slice(0, words).join(' ');
    const entry = commands.find((candidate) => candidate.name === name);
    if (entry) return { entry, rest: argv.slice(words) };
  }
  return undefined;
}

/** Commander reads the words and refuses what it does not know; the records stay free of it. */
export function parseInput(entry: CommandEntry, command: Command, rest: readonly string[]): CommandInput {
  const parser = new Parser(entry.name)
    .exitOverride()
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined })
    .helpOption(false)
    .showSuggestionAfterError(true)
    .allowExcessArguments(false);
  for (const spec of optionsOf(command)) {
    const option = new Option(spec.flags, spec.description);
    if (spec.choices) option.choices([...spec.choices]);
    if (spec.default !== undefined) option.default(spec.default);
    if (spec.repeatable === true)
      option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
    parser.addOption(option);
  }
  for (const argument of command.arguments ?? []) {
    const name = argument.variadic === true ? `${argument.name}...` : argument.name;
    parser.argument(argument.required ? `<${name}>` : `[${name}]`, argument.description);
  }
  try {
    parser.parse([...rest], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw cliErrors.error('LS-CLI-001', {
      what: error.message.replace(/^error: /, '').replaceAll('\n', ' '),
      fix: `leitstand ${entry.name} --help`,
    });
  }
  return new CommandInput(parser.args, parser.opts());
}
