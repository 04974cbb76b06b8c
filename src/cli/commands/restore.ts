import { resolve } from 'node:path';
import { EXIT } from '../../platform/exit-codes.ts';
import { formatSize, plural } from '../../platform/units.ts';
import type { Repository } from '../../repository/repository.ts';
import type { SnapshotRecord } from '../../repository/records.ts';
import type { RestoreResult } from '../../repository/restore.ts';
import type { Command, CommandContext, CommandInput, CommandResult } from '../command.ts';
import { cliErrors } from '../errors.ts';
import type { Layout, OpenedBackups } from '../open-backups.ts';
import { IDENTITY_OPTION, KIT_OPTION, REPOSITORY_OPTION } from '../recovery/key-file.ts';
import { table } from '../terminal.ts';

/** Its name among the sources, as `src/backup/own-source.ts` has it, which is not needed for the help. */
const OWN_SOURCE = 'leitstand';
const SECRETS_MISSING =
  'Before `leitstand up` there, put back what no backup holds: the secrets that its secrets.json names';

export const restoreCommand: Command = {
  description: `Writes a snapshot's data into a new directory, laid out as the program expects it, and checks every byte on the
way. The running stack is not touched. The directory must not exist or be empty; while a restore is at work, or after it
was broken off, a file \`TARGET.restoring\` lies beside it: the same command then goes on, and what is right stays.

With --all it is the whole stack, each part where it belongs: leitstand.yaml and its rules in the target, the history,
keys and data where that says. With --kit it needs nothing of the old machine but its recovery kit, and credentials of
S3 in the environment.

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
    { flags: '--all', description: 'the newest of every source, as a stack that `leitstand up` starts' },
    KIT_OPTION,
    REPOSITORY_OPTION,
    IDENTITY_OPTION,
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
    {
      command: 'leitstand restore --kit kit.txt --all /srv/again',
      shows: 'a lost machine: everything, on an empty one',
    },
    { command: 'leitstand backup list', shows: 'what else there is' },
  ],
  exits: [
    '1   the repository is damaged; the object and the path are named',
    '3   with --keep-going: some files are lost; they are named',
    '10  there is no repository yet',
    '12  it is encrypted, and the key that was given does not open it',
  ],
  run: async (context, input) => {
    const { assertSensible } = await import('../restore-options.ts');
    const { openBackups } = await import('../open-backups.ts');
    assertSensible(input, input.flag('json'));
    const backups = await openBackups(context, input);
    try {
      if (input.flag('all')) {
        const { restoreAll } = await import('../recovery/restore-all.ts');
        return await restoreAll(context, input, backups);
      }
      const chosen = await choose(backups, input);
      return await (input.text('path') === undefined
        ? restoreFiles(context, input, backups.repository, chosen)
        : restoreFile(context, input, backups.repository, chosen));
    } finally {
      backups.close();
    }
  },
};

interface Chosen {
  readonly record: SnapshotRecord;
  readonly layout: Layout;
}

async function choose({ repository, layoutOf }: OpenedBackups, input: CommandInput): Promise<Chosen> {
  const asked = input.text('snapshot');
  const named = asked === undefined ? undefined : await repository.snapshot(asked);
  const component = input.text('source') ?? named?.source ?? 'prometheus';
  if (named && named.source !== component)
    throw cliErrors.error('LS-CLI-003', {
      what: `snapshot ${named.id} is of ${named.source}, not of ${component}`,
      fix: 'leave out `--source`, or choose another snapshot: leitstand backup list',
    });
  const layout = layoutOf(component);
  if (!layout)
    throw cliErrors.error('LS-CLI-003', {
      what: `the stack has no source ${component}`,
      fix: 'leitstand backup list shows them',
    });
  const record = named ?? (await repository.snapshots(component))[0];
  if (record === undefined)
    throw cliErrors.error('LS-CLI-003', {
      what: `the repository holds no snapshot of ${component} yet`,
      fix: 'leitstand backup',
    });
  const missing = await repository.missingKey(record);
  if (missing) throw missing;
  return { record, layout };
}

async function restoreFiles(
  context: CommandContext,
  input: CommandInput,
  repository: Repository,
  { record, layout }: Chosen,
): Promise<CommandResult> {
  const [{ ownerOf, selectionOf }, { transferSteps }] = await Promise.all([
    import('../restore-options.ts'),
    import('../transfer-steps.ts'),
  ]);
  const snapshot = record.id;
  const target = resolve(context.cwd, input.args[0] ?? '');
  const selection = selectionOf(input);
  const result = await repository.restore({
    snapshot,
    target,
    mapPath: (path) => layout.restorePath(path),
    selection,
    owner: ownerOf(input),
    keepGoing: input.flag('keepGoing'),
    signal: context.signal,
    onProgress: transferSteps(context, 'restored'),
  });
  const { files, bytes, kept, copies, lost } = result;
  return {
    exit: lost.length > 0 ? EXIT.partial : EXIT.ok,
    text: [
      `Restored ${plural(files, 'file')} (${formatSize(bytes)}) of ${snapshot} into ${target}. Every byte was checked.`,
      ...(kept > 0
        ? [`${plural(kept, 'file')} of them had been restored before, and were checked again.`]
        : []),
      ...(copies > 0
        ? [`${plural(copies, 'hard link')} became files of their own: ${target} has no such links.`]
        : []),
      ...lostText(result),
      ...(record.source !== OWN_SOURCE || selection
        ? []
        : [`${SECRETS_MISSING}${record.encryption ? '.' : ', and signing.pem.'}`]),
    ].join('\n'),
    json: { snapshot, target, files, bytes, kept, copies, lost: lost.map((one) => ({ ...one })) },
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
  { record, layout }: Chosen,
): Promise<CommandResult> {
  const { ownerOf } = await import('../restore-options.ts');
  const snapshot = record.id;
  const wanted = input.text('path') ?? '';
  const file = await repository.openFile({
    snapshot,
    wanted,
    isWanted: (path) => path === wanted || layout.restorePath(path) === wanted,
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
