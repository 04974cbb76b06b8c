import { EXIT } from '../../platform/exit-codes.ts';
import { parseDuration } from '../../platform/units.ts';
import type { LogLine, LogRequest, Runtime } from '../../stack/runtime.ts';
import type { Stack } from '../../stack/stack.ts';
import type { Command, CommandContext, CommandInput } from '../command.ts';
import { cliErrors } from '../errors.ts';

const DEFAULT_LINES = 50;
/** Leitstand's own daemon writes a log like the programs. */
const DAEMON = 'daemon';

export const logsCommand: Command = {
  description: `Shows what components wrote last, oldest first; without a name all of them and the daemon. Reads the log files
themselves: works without the daemon, and goes on across restarts of the programs and rotations of their logs.`,
  arguments: [
    {
      name: 'component',
      description: 'as `leitstand status` names it; `daemon` for the daemon itself',
      required: false,
      variadic: true,
      offers: 'component',
    },
  ],
  options: [
    { flags: '-f, --follow', description: 'go on with what is written from now on, until Ctrl-C' },
    { flags: '--lines <n>', description: `how many of each (default: ${DEFAULT_LINES}, with --since all)` },
    {
      flags: '--since <duration>',
      description: 'only what was written since then, by its own time: 10m, 2h',
    },
  ],
  examples: [
    { command: 'leitstand logs prometheus', shows: 'its last 50 lines' },
    { command: 'leitstand logs -f', shows: 'everything that is written, as it is written' },
    { command: 'leitstand logs alertmanager prometheus --since 10m', shows: 'the last ten minutes of both' },
  ],
  exits: ['130  ended by Ctrl-C while it followed'],
  run: async (context, input) => {
    const { loadStackInNeed } = await import('../load-stack.ts');
    const { openRuntime } = await import('../open-runtime.ts');
    const options = readOptions(input);
    const stack = await loadStackInNeed(context);
    const runtime = await openRuntime(context, stack);
    const components = await chosen(input.args, stack, runtime);
    const since =
      options.sinceMs === undefined ? undefined : new Date(context.clock.now().getTime() - options.sinceMs);
    const request = { ...options, components, since, signal: context.signal };
    return options.follow ? follow(context, runtime, request) : show(context, runtime, request);
  },
};

function readOptions(input: CommandInput) {
  const [linesText, sinceText] = [input.text('lines'), input.text('since')];
  const lines = linesText === undefined ? undefined : Number(linesText);
  if (lines !== undefined && (!Number.isInteger(lines) || lines < 1 || linesText?.trim() === '')) {
    throw cliErrors.error('LS-CLI-001', {
      what: `--lines takes a whole number from 1 on, not \`${linesText ?? ''}\``,
      fix: 'leitstand logs prometheus --lines 50',
    });
  }
  const sinceMs = sinceText === undefined ? undefined : parseDuration(sinceText);
  if (sinceText !== undefined && sinceMs === undefined) {
    throw cliErrors.error('LS-CLI-001', {
      what: `--since takes a duration, not \`${sinceText}\``,
      fix: 'leitstand logs prometheus --since 10m',
    });
  }
  const fallback = sinceMs === undefined ? DEFAULT_LINES : Number.POSITIVE_INFINITY;
  return { lines: lines ?? fallback, sinceMs, follow: input.flag('follow') };
}

/** The components that are asked for; of a stack whose file has mistakes, those that run. */
async function chosen(
  asked: readonly string[],
  stack: Pick<Stack, 'components'>,
  runtime: Runtime,
): Promise<readonly string[]> {
  const written = stack.components.map(({ name }) => name);
  const known = written.length > 0 ? written : (await runtime.status()).map(({ component }) => component);
  if (asked.length === 0) return [...known, DAEMON];
  const unknown = asked.find((name) => name !== DAEMON && !known.includes(name));
  // Without a readable file a component that has ended may still be asked for.
  if (unknown === undefined || (written.length === 0 && /^[a-z0-9-]+$/.test(unknown))) {
    return [...new Set(asked)];
  }
  throw cliErrors.error('LS-CLI-003', {
    what: `the stack has no component ${unknown}`,
    fix: `its components are: ${known.join(', ')}`,
  });
}

async function show({ output }: CommandContext, runtime: Runtime, request: LogRequest) {
  const json: string[] = [];
  let open = true;
  for await (const line of runtime.logs(request)) {
    json.push(line.text);
    open &&= write(output, line, request);
  }
  const [first = '', ...others] = request.components;
  const nothing = others.length === 0 ? `${first} has written nothing` : 'Nothing was written';
  const text = json.length > 0 ? '' : `${nothing}${request.since === undefined ? ' yet' : ' since then'}.`;
  return { exit: EXIT.ok, text, json: others.length === 0 ? json : json.length };
}

/** Ends quietly: with Ctrl-C, or when nobody reads any more. */
async function follow({ output, signal }: CommandContext, runtime: Runtime, request: LogRequest) {
  let count = 0;
  for await (const line of runtime.logs(request)) {
    if (signal.aborted || !write(output, line, request)) break;
    count += 1;
  }
  return { exit: signal.aborted ? EXIT.cancelled : EXIT.ok, text: '', json: count };
}

function write(output: CommandContext['output'], line: LogLine, { components }: LogRequest): boolean {
  const { component, text, at } = line;
  const width = Math.max(...components.map(({ length }) => length));
  return output.line({
    label: components.length > 1 ? component.padEnd(width) : undefined,
    text,
    json: { type: 'line', component, text, ...(at === undefined ? {} : { at }) },
  });
}
