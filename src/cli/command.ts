import type { Json } from '../platform/canonical-json.ts';
import type { Clock } from '../platform/clock.ts';
import type { ErrorKind } from '../platform/errors.ts';
import type { ExitCode } from '../platform/exit-codes.ts';
import type { RunProgram } from '../platform/processes.ts';
import type { AnyComponentPlugin } from '../stack/component.ts';
import type { OnProgress } from '../stack/progress.ts';
import type { AnyReceiverPlugin } from '../stack/receiver.ts';
import type { EnvironmentName } from '../stack/stack.ts';
import type { Prompt } from './prompt.ts';
import type { SandboxEndpoint } from '../stack/sandbox.ts';

export interface OptionSpec {
  /** Commander's notation: `--timeout <duration>`, `--json`, `-f, --file <path>`. */
  readonly flags: string;
  readonly description: string;
  readonly default?: string;
  readonly choices?: readonly string[];
  /** Each time it is given counts: `CommandInput.list`. */
  readonly repeatable?: true;
}

export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly variadic?: boolean;
  /** What a shell offers in its place; absent: nothing. */
  readonly offers?: 'component' | 'explainable' | 'directory' | readonly string[];
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

  /** Of a repeatable option; empty when it was not given. */
  list(name: string): readonly string[] {
    const value = this.#options[name];
    return Array.isArray(value) ? (value as readonly string[]) : [];
  }

  flag(name: string): boolean {
    return this.#options[name] === true;
  }
}

/** Every plug-in, as far as the command line needs it; `src/catalog.ts` is the one implementation. */
export interface Catalog {
  readonly commands: readonly CommandEntry[];
  components(): Promise<ReadonlyMap<string, AnyComponentPlugin>>;
  receivers(): Promise<ReadonlyMap<string, AnyReceiverPlugin>>;
  sandboxes(): Promise<readonly SandboxEndpoint[]>;
  /** Error code → what `explain` says. */
  errorKinds(): Promise<ReadonlyMap<string, ErrorKind>>;
}

export interface OutputLine {
  /** Whose line it is, where there are several to tell apart; its colour on a terminal is always the same. */
  readonly label?: string | undefined;
  readonly text: string;
  /** In place of both for `--json`. */
  readonly json: Json;
}

export interface Output {
  /** A result, to stdout. */
  result(text: string): void;
  /** One line of a result that comes piece by piece; false once nobody reads any more. */
  line(line: OutputLine): boolean;
  /** Content as it is, to stdout; resolves when there is room for more. False once nobody reads any more. */
  bytes(content: Uint8Array): Promise<boolean>;
  /** Talk, to stderr. */
  talk(text: string): void;
}

/** Everything a command may touch of the world; tests pass their own. */
export interface CommandContext {
  readonly catalog: Catalog;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Value of `--file`, if given. */
  readonly file: string | undefined;
  /** Value of `--env`, if given. */
  readonly environment: EnvironmentName | undefined;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  readonly run: RunProgram;
  readonly signal: AbortSignal;
  readonly output: Output;
  readonly onProgress: OnProgress;
  /** For asking the user; undefined where nobody could answer: no terminal, or `--json`. */
  openPrompt(): Promise<Prompt | undefined>;
  /** Everything that comes on stdin, as text; at most a mebibyte of it. */
  readInput(): Promise<string>;
  /** Command line that starts this program again: `[node, …/bin/leitstand.mjs]`. */
  readonly self: readonly string[];
}
