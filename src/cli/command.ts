import type { Json } from '../platform/canonical-json.ts';
import type { ExitCode } from '../platform/exit-codes.ts';
import type { CommandContext } from './context.ts';

export interface OptionSpec {
  /** Commander's notation: `--timeout <duration>`, `--json`, `-f, --file <path>`. */
  readonly flags: string;
  readonly description: string;
  readonly default?: string;
  readonly choices?: readonly string[];
}

export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly variadic?: boolean;
}

export interface Example {
  readonly command: string;
  readonly shows: string;
}

/** What a command leaves: `text` for people, `json` as the last line of `--json`. */
export interface CommandResult {
  readonly exit: ExitCode;
  readonly text: string;
  readonly json: Json;
}

/** A command is a record; help, docs and parsing are made from it. One file each in `commands/`. */
export interface Command {
  readonly description: string;
  readonly arguments?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  readonly examples: readonly Example[];
  /** What its exit codes mean beyond docs/exit-codes.md. */
  readonly exits?: readonly string[];
  run(context: CommandContext, input: CommandInput): Promise<CommandResult>;
}

/** The line of the top-level help; the record itself is loaded only when it is used. */
export interface CommandEntry {
  /** Words separated by one space: `alert test`. */
  readonly name: string;
  readonly summary: string;
  /** Commands for machines, left out of the top-level help. */
  readonly hidden?: boolean;
  readonly load: () => Promise<Command>;
}

/** Parsed words of the command line, by the long option's name. */
export class CommandInput {
  readonly args: readonly string[];
  readonly #options: Readonly<Record<string, unknown>>;

  constructor(args: readonly string[], options: Readonly<Record<string, unknown>>) {
    this.args = args;
    this.#options = options;
  }

  text(name: string): string | undefined {
    const value = this.#options[name];
    return typeof value === 'string' ? value : undefined;
  }

  flag(name: string): boolean {
    return this.#options[name] === true;
  }
}
