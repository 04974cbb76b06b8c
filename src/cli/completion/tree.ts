import type { ArgumentSpec, Catalog, Command, CommandEntry, OptionSpec } from '../command.ts';
import { optionsOf } from '../help.ts';
import { shippedAlerts } from '../shipped-alerts.ts';

/** What a shell offers for a value: words, or paths that it finds itself. */
export type Values = { readonly words: readonly string[] } | 'file' | 'directory' | 'nothing';

export interface ShellOption {
  /** `['-f', '--file']`. */
  readonly names: readonly string[];
  readonly description: string;
  /** Undefined for a switch. */
  readonly values: Values | undefined;
}

export interface ShellCommand {
  /** Words separated by one space. */
  readonly name: string;
  readonly summary: string;
  readonly options: readonly ShellOption[];
  /** For what is no option; undefined when the command takes nothing. */
  readonly values: Values | undefined;
}

/**
 * Everything a shell completes, from the commands' own records. It is all written into the script: a Tab starts no
 * program. Hidden commands are left out.
 */
export async function shellCommands(catalog: Catalog): Promise<readonly ShellCommand[]> {
  const known = {
    component: [...(await catalog.components()).keys()].sort(),
    explainable: [
      ...[...(await catalog.errorKinds()).keys()].sort(),
      ...(await shippedAlerts(catalog)).map(({ name }) => name).sort(),
    ],
  };
  const shown = catalog.commands.filter(({ hidden }) => hidden !== true);
  return Promise.all(shown.map(async (entry) => shellCommand(entry, await entry.load(), known)));
}

type Known = Readonly<Record<'component' | 'explainable', readonly string[]>>;

function shellCommand(entry: CommandEntry, command: Command, known: Known): ShellCommand {
  const [argument] = command.arguments ?? [];
  return {
    name: entry.name,
    summary: entry.summary,
    options: optionsOf(command).map(shellOption),
    values: argument && argumentValues(argument, known),
  };
}

function argumentValues({ offers }: ArgumentSpec, known: Known): Values {
  if (offers === undefined) return 'nothing';
  if (offers === 'directory') return offers;
  return { words: typeof offers === 'string' ? known[offers] : offers };
}

function shellOption({ flags, description, choices }: OptionSpec): ShellOption {
  const names = flags.split(/[ ,]+/).filter((word) => word.startsWith('-'));
  const placeholder = /[<[]([^>\]]+)[>\]]/.exec(flags)?.[1];
  return {
    names,
    description,
    values: placeholder === undefined ? undefined : optionValues(placeholder, choices),
  };
}

function optionValues(placeholder: string, choices: readonly string[] | undefined): Values {
  if (choices) return { words: choices };
  if (/^(?:path|file)$/.test(placeholder)) return 'file';
  return /^dir(?:ectory)?$/.test(placeholder) ? 'directory' : 'nothing';
}

/** First words, and for each what may follow: `alert` → `test`. */
export function wordsAfter(commands: readonly ShellCommand[]): ReadonlyMap<string, readonly string[]> {
  const after = new Map<string, string[]>();
  for (const { name } of commands) {
    const words = name.split(' ');
    words.forEach((word, i) => {
      const before = words.slice(0, i).join(' ');
      const list = after.get(before) ?? [];
      if (!list.includes(word)) after.set(before, [...list, word]);
    });
  }
  return after;
}
