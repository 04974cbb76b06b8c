import type { FileDifference } from '../../deployment/differences.ts';
import type { PlannedChange } from '../../deployment/up.ts';
import { EXIT } from '../../platform/exit-codes.ts';
import type { Command } from '../command.ts';
import { table } from '../terminal.ts';

export const planCommand: Command = {
  description: `Renders the stack beside what is in use, has the programs' own validators judge it, and shows for each
component what \`up\` would do: the files as diffs, and how the process would be started otherwise. Nothing that runs
is touched. What may hold a secret is not shown.`,
  options: [
    { flags: '--full', description: 'new files as well, line by line' },
    { flags: '--brief', description: 'one line a component, no diffs' },
    { flags: '--detailed-exitcode', description: 'exit 1 when there is something to change' },
  ],
  examples: [
    { command: 'leitstand plan', shows: 'what would change, line by line' },
    { command: 'leitstand plan --env production --brief', shows: 'one line a component, for production' },
  ],
  exits: [
    '1   with --detailed-exitcode: there is something to change',
    '2   the configuration is wrong, or a validator refuses what was rendered',
  ],
  run: async (context, input) => {
    const { openDeployment } = await import('../open-deployment.ts');
    const { previewUp } = await import('../../deployment/up.ts');
    const { appliedEnvironment } = await import('../../deployment/environment.ts');
    const deployment = await openDeployment(context);
    const { name, environment } = deployment.stack;
    const changes = await previewUp(deployment);
    const busy = changes.filter(
      ({ action, filesChanged, secretsChanged }) => action !== 'none' || filesChanged || secretsChanged,
    );
    const applied = await appliedEnvironment(deployment.stack);
    const isMove = applied !== undefined && applied !== environment;
    const diffs = input.flag('brief') ? [] : busy.flatMap((change) => diffLines(change, input.flag('full')));
    return {
      exit: input.flag('detailedExitcode') && busy.length > 0 ? EXIT.no : EXIT.ok,
      text: [
        ...(isMove ? [`${name} was started as ${applied}; this is ${environment}.`, ''] : []),
        table(changes.map((change) => [change.component, change.version, change.action, summary(change)])),
        ...diffs,
        '',
        busy.length === 0
          ? 'Nothing to change.'
          : `Apply with: leitstand up${isMove ? ` --env ${environment}` : ''}`,
      ].join('\n'),
      json: {
        stack: name,
        environment,
        components: changes.map((change) => JSON.parse(JSON.stringify(change))),
      },
    };
  },
};

function summary({ files, launch, secretsChanged }: PlannedChange): string {
  const parts = [
    files.length === 0 ? '' : `${files.length} ${files.length === 1 ? 'file' : 'files'}`,
    launch.length === 0 ? '' : 'process',
    secretsChanged ? 'secrets' : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function diffLines({ component, files, launch }: PlannedChange, full: boolean): string[] {
  const titled = files.map((file) => ({
    title: `${component}: ${titleOf(file)}`,
    lines: fileLines(file, full),
  }));
  const told = titled.filter(({ lines }) => lines.length > 0);
  const named = titled.filter(({ lines }) => lines.length === 0).map(({ title }) => title);
  return [
    ...(launch.length === 0 ? [] : ['', `${component}: process`, ...indent(launch)]),
    ...told.flatMap(({ title, lines }) => ['', title, ...indent(lines)]),
    ...(named.length === 0 ? [] : ['', ...named]),
  ];
}

function titleOf({ path, kind, diff }: FileDifference): string {
  return `${path} (${kind === 'new' && diff !== undefined ? `new, ${diff.split('\n').length} lines` : kind})`;
}

/** None for what is named only: a file that goes, and, unless all is asked for, one that comes. */
function fileLines({ kind, diff }: FileDifference, full: boolean): string[] {
  if (diff === undefined) return kind === 'gone' ? [] : ['(not shown: it may hold a secret)'];
  return kind === 'new' && !full ? [] : diff.split('\n');
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
