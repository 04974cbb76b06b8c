import { join, resolve } from 'node:path';
import { EXIT, type ExitCode } from '../../platform/exit-codes.ts';
import { formatElapsed } from '../../platform/units.ts';
import type { Stack } from '../../stack/stack.ts';
import { shellWord } from '../shell-word.ts';
import { shownPath } from '../shown-path.ts';
import { type Command, type CommandContext, CommandInput } from '../command.ts';

export const demoCommand: Command = {
  description: `Writes a small stack into a directory of its own, on free ports, and walks the whole promise on real programs:
start it, prove an alert, back it up to an S3 store that belongs to the stack, prove that the backup restores. Run it
again and it changes nothing that is right; every proof is taken anew. A program that cannot be had here (VictoriaLogs and
the S3 store have no Debian package: it takes Go or the internet) is left out, and what is not proven for that is said.`,
  options: [
    { flags: '--directory <path>', description: 'where the demo lives', default: '.demo' },
    {
      flags: '--compile',
      description: "compile the current versions with Go instead of taking Debian's packages",
    },
    { flags: '--down', description: 'stop the demo; its data stays' },
  ],
  examples: [
    { command: 'leitstand demo', shows: 'everything; the first run gets the programs' },
    { command: 'leitstand demo --down', shows: 'stop it again' },
  ],
  exits: ['0   every step was proven', '1   a step was not'],
  run: async (context, input) => {
    const directory = resolve(context.cwd, input.text('directory') ?? '.demo');
    return input.flag('down')
      ? stopDemo(context, directory)
      : runDemo(context, directory, input.flag('compile'));
  },
};

interface WalkStep {
  readonly name: string;
  readonly title: string;
  /** What its success proves of the backups `in` a place; a step without one only shows. */
  readonly claim?: (place: string) => string;
}

const WALK: readonly WalkStep[] = [
  { name: 'up', title: 'start the stack' },
  {
    name: 'alert test',
    title: 'prove that an alert arrives',
    claim: () => 'an alert walks through the real Alertmanager to each integration and arrives',
  },
  { name: 'backup', title: 'store its data' },
  {
    name: 'backup verify',
    title: 'read the backup back',
    claim: (place) => `every byte in ${place} is what was stored, and every file decodes to its own hash`,
  },
  {
    name: 'drill',
    title: 'prove that the backup restores',
    claim: () =>
      'every backup restores: the restored programs answer as the live ones did, and damaged copies are rejected',
  },
  { name: 'status', title: 'look at the whole' },
];

interface Step {
  readonly name: string;
  readonly claim: WalkStep['claim'] | undefined;
  readonly exit: ExitCode;
  readonly elapsedMs: number;
}

async function runDemo(context: CommandContext, directory: string, compile: boolean) {
  const { prepareDemoFiles } = await import('../demo/demo-files.ts');
  const file = await prepareDemoFiles(context, directory, { compile });
  const within = { ...context, file };
  context.output.result(`The demo stack: ${shownPath(context.cwd, file)}`);
  const steps: Step[] = [];
  const start = context.clock.monotonic();
  for (const [index, { name, title, claim }] of WALK.entries()) {
    context.output.result(`\n== ${index + 1}/${WALK.length}  leitstand ${name}: ${title}`);
    const stepStart = context.clock.monotonic();
    if (name === 'backup') await waitForSamples(within);
    const exit = await runStep(within, name);
    const elapsedMs = context.clock.monotonic() - stepStart;
    steps.push({ name, claim, exit, elapsedMs });
    context.output.result(
      `-- ${exit === EXIT.ok ? 'ok' : `NOT PROVEN (exit ${exit})`}, ${formatElapsed(elapsedMs)}`,
    );
  }
  const failed = steps.filter(({ exit }) => exit !== EXIT.ok);
  return {
    exit: failed.length === 0 ? EXIT.ok : EXIT.no,
    text: await closingText(within, directory, steps, context.clock.monotonic() - start),
    json: { steps: steps.map(({ name, exit, elapsedMs }) => ({ command: name, exit, elapsedMs })) },
  };
}

async function runStep(context: CommandContext, name: string): Promise<ExitCode> {
  const entry = context.catalog.commands.find((candidate) => candidate.name === name);
  if (!entry) throw new TypeError(`the demo walks a command that is not there: ${name}`);
  const command = await entry.load();
  const defaults = Object.fromEntries(
    (command.options ?? []).flatMap(({ flags, default: value }) => {
      const long = /--([a-z-]+)/.exec(flags)?.[1];
      return long === undefined || value === undefined ? [] : [[long, value]];
    }),
  );
  const result = await command.run(context, new CommandInput([], defaults));
  context.output.result(result.text);
  return result.exit;
}

/** A backup needs samples older than the slowest scrape; a stack that is seconds old has none yet. */
async function waitForSamples(context: CommandContext): Promise<void> {
  const { openSession } = await import('../open-session.ts');
  const { endpointOf } = await import('../endpoints.ts');
  const { createPrometheusApi } = await import('../../components/prometheus/api.ts');
  const session = await openSession(context);
  const url = endpointOf(session, 'prometheus-api');
  session.close();
  if (url === undefined) return;
  const api = createPrometheusApi(url, context.signal);
  const deadline = context.clock.monotonic() + 30_000;
  while (context.clock.monotonic() < deadline) {
    const samples = await api.queryVector(
      `count_over_time(up{job="prometheus"}[1m]) >= ${WANTED_SAMPLES}`,
      context.clock.now().getTime(),
    );
    if (samples.length > 0) return;
    context.onProgress({ type: 'step', text: 'waiting until Prometheus has a few samples' });
    await context.clock.sleep(500, context.signal);
  }
}

const WANTED_SAMPLES = 6;

async function closingText(
  context: CommandContext,
  directory: string,
  steps: readonly Step[],
  elapsedMs: number,
): Promise<string> {
  const { loadStack } = await import('../load-stack.ts');
  const { openRuntime } = await import('../open-runtime.ts');
  const { endpointLines } = await import('../endpoints.ts');
  const stack = await loadStack(context);
  const components = await context.catalog.components();
  const runtime = await openRuntime(context, stack);
  const where = shownPath(context.cwd, directory);
  const failed = steps.filter(({ exit }) => exit !== EXIT.ok);
  const place = placeOfBackups(stack);
  const beside = shownPath(context.cwd, place.directory ?? '');
  const claims = (proven: boolean) =>
    steps.flatMap(({ claim, exit }) =>
      claim !== undefined && (exit === EXIT.ok) === proven ? [`  ${claim(place.text)}`] : [],
    );
  const file = shellWord(join(where, 'leitstand.yaml'));
  const self = shownPath(context.cwd, context.self.at(-1) ?? 'leitstand');
  return `
${failed.length === 0 ? 'PROVEN' : `NOT ALL PROVEN: see ${failed.map(({ name }) => `leitstand ${name}`).join(', ')} above`}  in ${formatElapsed(elapsedMs)}
${claims(true).join('\n')}
NOT PROVEN
${[...claims(false), ...notProven(place, { where, beside })].join('\n')}

Look at it
${indent(endpointLines({ stack, components, runtime }))}
  messages that arrived: ${self} inbox list --file ${file}
  the evidence: ${self} proof list --file ${file}
Stop it
  ${where === '.demo' && self === 'bin/leitstand.mjs' ? 'npm run demo -- --down' : `${self} demo --directory ${shellWord(where)} --down`}`;
}

interface PlaceOfBackups {
  readonly text: string;
  /** On this machine; undefined: elsewhere. */
  readonly directory?: string;
  readonly isBucket: boolean;
}

function placeOfBackups({ backup: { store }, stateDir }: Stack): PlaceOfBackups {
  if (store.kind === 'directory')
    return { text: 'the directory of backups', directory: store.path, isBucket: false };
  if (store.kind !== 's3') return { text: 'the store', isBucket: false };
  const text = `the S3 bucket ${store.bucket}`;
  return store.component === undefined
    ? { text, isBucket: true }
    : {
        text: `${text} of ${store.component}`,
        directory: join(stateDir, 'data', store.component, store.bucket),
        isBucket: true,
      };
}

function notProven(
  { directory, isBucket }: PlaceOfBackups,
  { where, beside }: { readonly where: string; readonly beside: string },
): readonly string[] {
  return [
    `  that Slack, PagerDuty, a mailbox or a person gets it: the demo's secrets point to the inbox on this machine (${where}/.env)`,
    ...(isBucket
      ? []
      : [`  that backups go to S3: there is no S3 store in this demo, and they lie in a directory`]),
    ...(directory === undefined
      ? []
      : [`  that the backup survives this machine: it lies beside the data (${beside})`]),
  ];
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}

async function stopDemo(context: CommandContext, directory: string) {
  const { exists } = await import('../../platform/files.ts');
  const file = join(directory, 'leitstand.yaml');
  if (!(await exists(file))) {
    return { exit: EXIT.ok, text: `There is no demo in ${directory}.`, json: { stopped: [] } };
  }
  const { downCommand } = await import('./down.ts');
  return downCommand.run({ ...context, file }, new CommandInput([], {}));
}
