import { randomBytes } from 'node:crypto';
import { systemClock } from '../platform/clock.ts';
import { EXIT, type ExitCode } from '../platform/exit-codes.ts';
import { runProgram } from '../platform/processes.ts';
import type { Catalog, CommandContext, CommandEntry } from './command.ts';
import type { EnvironmentName } from '../stack/stack.ts';
import type { ProgressMode } from './progress.ts';
import type { TerminalFacts } from './terminal.ts';
import { leitstandVersion } from './version.ts';

export interface MainProcess {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly self: readonly string[];
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
}

/** `leitstand` with its words; returns the exit code and never throws. */
export async function main(catalog: Catalog, world: MainProcess): Promise<ExitCode> {
  const { argv, stdout, stderr } = world;
  // Who reads has gone (`| head`): what was begun is finished, unheard.
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined);
  process.on('uncaughtException', (error) => {
    stderr.write(
      `leitstand: a bug (exit ${EXIT.bug}); please report it with these lines\n${error.stack ?? error.message}\n`,
    );
    process.exit(EXIT.bug);
  });
  const [first] = argv;
  if (first === '--version' || first === '-V') {
    stdout.write(`${leitstandVersion()}\n`);
    return EXIT.ok;
  }
  if (
    first === undefined ||
    first === '--help' ||
    first === '-h' ||
    (first === 'help' && argv.length === 1)
  ) {
    const { topHelp } = await import('./help.ts');
    stdout.write(topHelp(catalog.commands));
    return first === undefined ? EXIT.usage : EXIT.ok;
  }
  return runCommand(catalog, first === 'help' ? { ...world, argv: [...argv.slice(1), '--help'] } : world);
}

/** SIGHUP: the connection to the terminal is lost. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function runCommand(catalog: Catalog, world: MainProcess): Promise<ExitCode> {
  const { terminalFacts } = await import('./terminal.ts');
  const facts = terminalFacts(world.stderr, world.env);
  const json = world.argv.includes('--json');
  const cancel = new AbortController();
  const onSignal = () => {
    if (cancel.signal.aborted) process.exit(EXIT.cancelled);
    cancel.abort(new DOMException('cancelled', 'AbortError'));
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    return await dispatch(catalog, world, facts, cancel.signal);
  } catch (error) {
    const { reportError } = await import('./report-error.ts');
    return reportError(error, { ...world, facts, json, cancelled: cancel.signal.aborted });
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}

async function dispatch(
  catalog: Catalog,
  world: MainProcess,
  facts: TerminalFacts,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { findCommand, parseInput } = await import('./parse.ts');
  const found = findCommand(catalog.commands, world.argv);
  if (!found) throw await unknownCommand(catalog.commands, world.argv);
  const command = await found.entry.load();
  if (found.rest.includes('--help') || found.rest.includes('-h')) {
    const { commandHelp } = await import('./help.ts');
    world.stdout.write(commandHelp(found.entry, command));
    return EXIT.ok;
  }
  const input = parseInput(found.entry, command, found.rest);
  const json = input.flag('json');
  const writeJson = (value: unknown) => world.stdout.write(`${JSON.stringify(value)}\n`);
  const [{ progressDisplay }, { openOutput }] = await Promise.all([
    import('./progress.ts'),
    import('./output.ts'),
  ]);
  const mode = input.text('progress') as ProgressMode;
  const display = progressDisplay(world.stderr, resolveMode(mode, facts, json), writeJson);
  if (json) writeJson({ type: 'leitstand', version: 1, command: found.entry.name });
  const output = openOutput(world, display, json);
  const context: CommandContext = {
    catalog,
    env: world.env,
    cwd: world.cwd,
    file: input.text('file'),
    environment: input.text('env') as EnvironmentName | undefined,
    clock: systemClock,
    random: randomBytes,
    run: runProgram,
    signal,
    output,
    onProgress: display.onProgress,
    openPrompt: async () => (json ? undefined : openPrompt(world, signal)),
    readInput: () => readInput(world.stdin, signal),
    self: world.self,
  };
  try {
    const result = await command.run(context, input);
    if (result.text !== '') output.result(result.text);
    if (json) writeJson({ type: 'result', exit: result.exit, result: result.json });
    return result.exit;
  } finally {
    display.clear();
  }
}

/** Questions go to stderr, so that stdout stays the result's. */
async function openPrompt({ stdin, stderr }: MainProcess, signal: AbortSignal) {
  return stdin.isTTY && stderr.isTTY
    ? (await import('./prompt.ts')).openPrompt(stdin, stderr, signal)
    : undefined;
}

const MOST_INPUT_BYTES = 1024 * 1024;

async function readInput(stdin: MainProcess['stdin'], signal: AbortSignal): Promise<string> {
  const stop = () => stdin.destroy(signal.reason as Error);
  signal.addEventListener('abort', stop, { once: true });
  try {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of stdin) {
      chunks.push(Buffer.from(chunk as Buffer));
      size += chunks.at(-1)?.length ?? 0;
      if (size > MOST_INPUT_BYTES) break;
    }
    return Buffer.concat(chunks).toString('utf8');
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function resolveMode(mode: ProgressMode, facts: TerminalFacts, json: boolean): Exclude<ProgressMode, 'auto'> {
  if (mode !== 'auto') return mode;
  if (json) return 'json';
  return facts.animated ? 'tty' : 'plain';
}

async function unknownCommand(commands: readonly CommandEntry[], argv: readonly string[]): Promise<Error> {
  const { cliErrors } = await import('./errors.ts');
  const { nearest } = await import('../platform/nearest.ts');
  const words = argv.filter((word) => !word.startsWith('-')).slice(0, 2);
  const typed = words.join(' ');
  const below = commands.filter(({ name }) => name.startsWith(`${words[0]} `)).map(({ name }) => name);
  const names = commands.map(({ name }) => name);
  const near = nearest(typed, names) ?? nearest(words[0] ?? '', names);
  return cliErrors.error('LS-CLI-001', {
    what: words.length === 0 ? `options before a command: ${argv[0]}` : `there is no command \`${typed}\``,
    fix:
      near !== undefined
        ? `leitstand ${near}`
        : below.length > 0
          ? below.map((name) => `leitstand ${name}`).join(', or ')
          : 'leitstand --help',
  });
}
