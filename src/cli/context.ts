import type { Clock } from '../platform/clock.ts';
import type { ErrorKind } from '../platform/errors.ts';
import type { RunProgram } from '../platform/processes.ts';
import type { AnyComponentPlugin } from '../stack/component.ts';
import type { OnProgress } from '../stack/progress.ts';
import type { AnyReceiverPlugin } from '../stack/receiver.ts';
import type { SandboxEndpoint } from '../stack/sandbox.ts';
import type { CommandEntry } from './command.ts';

/** Every plug-in, as far as the command line needs it; `src/catalog.ts` is the one implementation. */
export interface Catalog {
  readonly commands: readonly CommandEntry[];
  components(): Promise<ReadonlyMap<string, AnyComponentPlugin>>;
  receivers(): Promise<ReadonlyMap<string, AnyReceiverPlugin>>;
  sandboxes(): Promise<readonly SandboxEndpoint[]>;
  /** Error code → what `explain` says. */
  errorKinds(): Promise<ReadonlyMap<string, ErrorKind>>;
}

export interface Output {
  /** A result, to stdout. */
  result(text: string): void;
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
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  readonly run: RunProgram;
  readonly signal: AbortSignal;
  readonly output: Output;
  readonly onProgress: OnProgress;
  /** Command line that starts this program again: `[node, …/bin/leitstand.mjs]`. */
  readonly self: readonly string[];
}
