import { resolve } from 'node:path';
import { EXIT } from '../../platform/exit-codes.ts';
import { formatSize, plural } from '../../platform/units.ts';
import type { Repository } from '../../repository/repository.ts';
import type { RestoreResult } from '../../repository/restore.ts';
import { isProgramSource, type Source } from '../../stack/source.ts';
import type { Command, CommandContext, CommandInput, CommandResult } from '../command.ts';
import { cliErrors } from '../errors.ts';
import type { Session } from '../session.ts';
import { table } from '../terminal.ts';

const SECRETS_MISSING =
  'Before `leitstand up` there, put back what no backup holds: the secrets that its secrets.json names, and signing.pem.';

export const restoreCommand: Command = {
  description: `Writes a snapshot's data into a new directory, laid out as the program expects it, and checks every byte on the
way. The running stack is not touched. The directory must not exist or be empty; while a restore is at work, or after it
was broken off, a file \`TARGET.restoring\` lies beside it: the same command then goes on, and what is right stays.

Patterns are held against the names that \`leitstand backup show SNAPSHOT --files\` prints, the stored and the restored
one. One without \`/\` is about a name anywhere ('*.json', wal), one with \`/\` begins at the top ('01*/meta.json').
A directory that is meant is meant with everything below it.`,
  arguments: [
    {
      name: 'target',
      description: 'a new directory; with --path a new file, or `-` for stdout',
      required: true,
      offers: 'directory',
    },
  ],
  options: [
    { flags: '--snapshot <id>', description: 'which one (default: the newest)' },
    {
      flags: '--source <component>',
      description: "of which component, or `leitstand` itself (default: the snapshot's, else prometheus)",
    },
    { flags: '--include <pattern>', description: 'only these files; may be repeated', repeatable: true },
    { flags: '--exclude <pattern>', description: 'not these files; may be repeated', repeatable: true },
    { flags: '--path <file>', description: 'only this file; only the parts in which it lies are fetched' },
    {
      flags: '--owner <owner>',
      description:
        'keep: as recorded (the default for root); me: of this user (the default for others); or UID:GID',
    },
    {
      flags: '--keep-going',
      description: 'restore what is not damaged, and name what is, instead of stopping',
    },
  ],
  examples: [
    { command: 'leitstand restore /tmp/look', shows: 'the newest data of Prometheus' },
    {
      command: 'leitstand restore --source leitstand /srv/again',
      shows: 'the stack itself, without its secrets',
    },
    {
      command: 'leitstand restore --source alertmanager --path silences.json -',
      shows: 'one file, to look at it',
    },
    { command: "leitstand restore --include '01M87*' /tmp/block", shows: 'some blocks' },
    { command: 'leitstand backup list', shows: 'what else there is' },
  ],
  exits: [
    '1   the repository is damaged; the object and the path are named',
    '3   with --keep-going: some files are lost; they are named',
    '10  there is no repository yet',
  ],
  run: async (context, input) => {
    const { assertSensible } = await import('../restore-options.ts');
    const { openSession } = await import('../open-session.ts');
    const { openStackRepository } = await import('../open-repository.ts');
    assertSensible(input, input.flag('json'));
    const session = await openSession(context, { inNeed: true });
    try {
      const repository = await openStackRepository(context, session.stack);
      const chosen = await choose(session, repository, input);
      return await (input.text('path') === undefined
        ? restoreFiles(context, input, repository, chosen)
        : restoreFile(context, input, repository, chosen));
    } finally {
      session.close();
    }
  },
};

interface Chosen {
  /** The snapshot's id. */
  readonly snapshot: string;
  readonly source: Source;
}

async function choose(session: Session, repository: Repository, input: CommandInput): Promise<Chosen> {
  const asked = input.text('snapshot');
  const record = asked === undefined ? undefined : await repository.snapshot(asked);
  const component = input.text('source') ?? record?.source ?? 'prometheus';
  if (record && record.source !== component)
    throw cliErrors.error('LS-CLI-003', {
      what: `snapshot ${record.id} is of ${record.source}, not of ${component}`,
      fix: 'leave out `--source`, or choose another snapshot: leitstand backup list',
    });
  const source =
    session.sources.find((one) => one.component === component)?.source ??
    session.components.get(component)?.source?.({});
  if (!source)
    throw cliErrors.error('LS-CLI-003', {
      what: `the stack has no source ${component}`,
      fix: 'leitstand backup list shows them',
    });
  const snapshot = record?.id ?? (await repository.snapshots(component))[0]?.id;
  if (snapshot === undefined)
    throw cliErrors.error('LS-CLI-003', {
      what: `the repository holds no snapshot of ${component} yet`,
      fix: 'leitstand backup',
    });
  return { snapshot, source };
}

async function restoreFiles(
  context: CommandContext,
  input: CommandInput,
  repository: Repository,
  { snapshot, source }: Chosen,
): Promise<CommandResult> {
  const [{ ownerOf, selectionOf }, { transferSteps }] = await Promise.all([
    import('../restore-options.ts'),
    import('../transfer-steps.ts'),
  ]);
  const target = resolve(context.cwd, input.args[0] ?? '');
  const selection = selectionOf(input);
  const result = await repository.restore({
    snapshot,
    target,
    mapPath: (path) => source.restorePath(path),
    selection,
    owner: ownerOf(input),
    keepGoing: input.flag('keepGoing'),
    signal: context.signal,
    onProgress: transferSteps(context, 'restored'),
  });
  const { files, bytes, kept, lost } = result;
  return {
    exit: lost.length > 0 ? EXIT.partial : EXIT.ok,
    text: [
      `Restored ${plural(files, 'file')} (${formatSize(bytes)}) of ${snapshot} into ${target}. Every byte was checked.`,
      ...(kept > 0
        ? [`${plural(kept, 'file')} of them had been restored before, and were checked again.`]
        : []),
      ...lostText(result),
      ...(isProgramSource(source) || selection ? [] : [SECRETS_MISSING]),
    ].join('\n'),
    json: { snapshot, target, files, bytes, kept, lost: lost.map((one) => ({ ...one })) },
  };
}

function lostText({ lost }: RestoreResult): string[] {
  if (lost.length === 0) return [];
  return [
    '',
    `LOST: ${plural(lost.length, 'file')}`,
    table(lost.map(({ path, problem }) => [path, problem])),
  ];
}

async function restoreFile(
  context: CommandContext,
  input: CommandInput,
  repository: Repository,
  { snapshot, source }: Chosen,
): Promise<CommandResult> {
  const { ownerOf } = await import('../restore-options.ts');
  const wanted = input.text('path') ?? '';
  const file = await repository.openFile({
    snapshot,
    wanted,
    isWanted: (path) => path === wanted || source.restorePath(path) === wanted,
    signal: context.signal,
  });
  const { path, size } = file.entry;
  const summary = { snapshot, path, bytes: size };
  if (input.args[0] === '-') {
    for await (const bytes of file.content) if (!(await context.output.bytes(bytes))) break;
    return { exit: EXIT.ok, text: '', json: summary };
  }
  const { writeRestoredFile } = await import('../../repository/restore-file.ts');
  const target = resolve(context.cwd, input.args[0] ?? '');
  await writeRestoredFile(target, file, ownerOf(input));
  return {
    exit: EXIT.ok,
    text: `Restored ${path} (${formatSize(size)}) of ${snapshot} to ${target}. Every byte was checked.`,
    json: { ...summary, target },
  };
}
