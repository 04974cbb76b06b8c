import { LeitstandError } from '../../platform/errors.ts';
import { EXIT } from '../../platform/exit-codes.ts';
import { matchesPath } from '../../platform/path-patterns.ts';
import { formatSize, plural } from '../../platform/units.ts';
import type { StoredSize } from '../../repository/contents.ts';
import type { ListEntry } from '../../repository/file-entry.ts';
import type { Repository } from '../../repository/repository.ts';
import type { SnapshotFacts, SnapshotRecord } from '../../repository/records.ts';
import type { Verified } from '../../repository/verification-state.ts';
import type { Proof } from '../../stack/proof.ts';
import type { Command, CommandContext, CommandInput, CommandResult } from '../command.ts';
import type { OpenedBackups } from '../open-backups.ts';
import { type EncryptionState, encryptionState } from '../recovery/encryption-state.ts';
import { IDENTITY_OPTION, KIT_OPTION, REPOSITORY_OPTION } from '../recovery/key-file.ts';
import { formatAge, formatTime, table } from '../terminal.ts';
import { drilledText, verifiedText } from '../verified-text.ts';
import { verifiedJson } from './backup-list.ts';

export const backupShowCommand: Command = {
  description: `Shows one snapshot: of what program and moment it is, how much it holds and takes, which facts were sealed with
it, what its method could not hold, and when it was last read back and drilled. With --files its files: mode, size,
modification time and the path in the snapshot, with the path that it is restored to where that is another.`,
  arguments: [
    { name: 'snapshot', description: 'its id, as `leitstand backup list` prints it', required: true },
  ],
  options: [
    {
      flags: '--files [pattern]',
      description: "its files instead, or those that the pattern means: '*.json', 'blocks/01M*'",
    },
    KIT_OPTION,
    REPOSITORY_OPTION,
    IDENTITY_OPTION,
  ],
  examples: [
    { command: 'leitstand backup show 20261124T195302.031Z-prometheus-1ed5cb613840', shows: 'one snapshot' },
    {
      command: "leitstand backup show 20261124T195302.031Z-prometheus-1ed5cb613840 --files 'meta.json'",
      shows: 'some of its files',
    },
  ],
  exits: ['1   the record or a list of it is damaged; it is named', '10  there is no repository yet'],
  run: async (context, input) => {
    const { openBackups } = await import('../open-backups.ts');
    const backups = await openBackups(context, input);
    try {
      const { repository } = backups;
      const record = await repository.snapshot(input.args[0] ?? '');
      return await (input.flag('files') || input.text('files') !== undefined
        ? showFiles({ context, backups, repository }, input, record)
        : showSnapshot({ context, backups, repository }, record));
    } finally {
      backups.close();
    }
  },
};

interface Tools {
  readonly context: CommandContext;
  readonly backups: OpenedBackups;
  readonly repository: Repository;
}

async function showFiles(
  { context, backups, repository }: Tools,
  input: CommandInput,
  record: SnapshotRecord,
): Promise<CommandResult> {
  const pattern = input.text('files');
  const layout = backups.layoutOf(record.source);
  let [files, bytes] = [0, 0];
  for await (const entry of repository.files(record)) {
    context.signal.throwIfAborted();
    const restored = layout?.restorePath(entry.path) ?? entry.path;
    if (pattern !== undefined && ![entry.path, restored].some((path) => matchesPath(path, pattern))) continue;
    files += 1;
    bytes += entry.type === 'file' ? entry.size : 0;
    if (!context.output.line({ text: fileText(entry, restored), json: fileJson(entry, restored) })) break;
  }
  return {
    exit: EXIT.ok,
    text: `${plural(files, 'file')}, ${formatSize(bytes)}`,
    json: { snapshot: record.id, files, bytes },
  };
}

/** As `ls -l` says it: `d` a directory, `l` a symbolic link. */
const LETTERS = { file: '-', directory: 'd', symlink: 'l' } as const;

function fileText(entry: ListEntry, restored: string): string {
  const { path, mode, mtime, type } = entry;
  const time = formatTime(new Date(milliseconds(mtime)).toISOString());
  const size = type === 'file' ? formatSize(entry.size) : '';
  const other = restored === path ? '' : ` -> ${restored}`;
  const target = type === 'symlink' ? ` (a link to ${entry.target})` : '';
  return `${LETTERS[type]}${mode.toString(8).padStart(4, '0')}  ${size.padStart(10)}  ${time}  ${path}${other}${target}`;
}

function fileJson(entry: ListEntry, restored: string) {
  const { type, path, escaped, mode, uid, gid, mtime } = entry;
  const common = { type, path, ...(escaped ? { escaped } : {}), restored, mode, uid, gid, mtime };
  if (entry.type === 'directory') return common;
  if (entry.type === 'symlink') return { ...common, target: entry.target };
  const { size, sha256, sparse, link } = entry;
  return {
    ...common,
    size,
    sha256,
    ...(sparse ? { sparse } : {}),
    ...(link === undefined ? {} : { link }),
  };
}

function milliseconds(nanoseconds: string): number {
  return Number(BigInt(nanoseconds) / 1_000_000n);
}

async function showSnapshot({ context, backups, repository }: Tools, record: SnapshotRecord) {
  const [{ storedSizes }, { verifiedOf }, { drilledSnapshots }] = await Promise.all([
    import('../../repository/contents.ts'),
    import('../../repository/verification-state.ts'),
    import('../drilled-snapshots.ts'),
  ]);
  const [survey, verifications, facts, encryption] = await Promise.all([
    repository.survey(),
    repository.verifications(),
    factsOf(repository, record),
    encryptionState(repository, record),
  ]);
  const ofSource = survey.snapshots.filter(({ source }) => source === record.source);
  const size = storedSizes(ofSource).get(record.id) ?? { stored: 0, added: 0 };
  const verified = verifiedOf(verifications, record);
  const drilled = backups.history ? drilledSnapshots(backups.history).get(record.id) : undefined;
  return {
    exit: EXIT.ok,
    text: snapshotText(record, { encryption, facts, size, verified, drilled, now: context.clock.now() }),
    json: JSON.parse(
      JSON.stringify({
        record: recordJson(record, facts),
        storedBytes: size.stored,
        newBytes: size.added,
        verified: verifiedJson(verified),
        opensHere: encryption.opensHere,
        ...(drilled ? { drilled: { at: drilled.at, verdict: drilled.verdict, proof: drilled.id } } : {}),
      }),
    ),
  };
}

/** Undefined where no key is here for it: the rest of the record can be read by everybody. */
async function factsOf(repository: Repository, record: SnapshotRecord): Promise<SnapshotFacts | undefined> {
  try {
    return await repository.facts(record);
  } catch (error) {
    if (error instanceof LeitstandError && error.exit === EXIT.wrongKey) return undefined;
    throw error;
  }
}

function recordJson(record: SnapshotRecord, facts: SnapshotFacts | undefined) {
  const { sealed: _, ...shown } = record;
  return { ...shown, ...facts };
}

function encryptedText({ recipients, opensHere }: EncryptionState): string {
  if (recipients.length === 0) return 'no: whoever has it can read it';
  const where = opensHere
    ? 'opens here without the recovery key'
    : 'opens with the recovery key: --identity FILE';
  return `to ${recipients.join(', ')}; ${where}`;
}

function snapshotText(
  record: SnapshotRecord,
  {
    encryption,
    facts,
    size,
    verified,
    drilled,
    now,
  }: {
    readonly encryption: EncryptionState;
    readonly facts: SnapshotFacts | undefined;
    readonly size: StoredSize;
    readonly verified: Verified;
    readonly drilled: Proof | undefined;
    readonly now: Date;
  },
): string {
  const { writer, totals, lists, packs } = record;
  const ago = (at: string) => `${formatTime(at)}, ${formatAge(now.getTime() - Date.parse(at))} ago`;
  return [
    table([
      ['snapshot', record.id],
      ['of', `${record.source} of the stack ${record.stack}, written by ${writer.program} ${writer.version}`],
      ['facts of', ago(record.cutoff)],
      ['made', ago(record.createdAt)],
      ['holds', `${plural(totals.files, 'file')}, ${formatSize(totals.bytes)}`],
      [
        'takes',
        `${formatSize(size.stored)} in ${plural(packs.length, 'pack')} and ${plural(lists.length, 'list')}; ${formatSize(size.added)} of it no older snapshot needs`,
      ],
      ['verified', verifiedText(verified, now)],
      ['drilled', drilledText(drilled, now)],
      ['encrypted', encryptedText(encryption)],
    ]),
    ...verified.damaged.map((object) => `DAMAGED: ${object}`),
    '',
    ...(facts
      ? [
          `${plural(facts.expectations.length, 'sealed fact')}, held against what a drill restores:`,
          ...facts.expectations.map(({ kind, subject }) => `  ${kind} ${subject}`),
          ...facts.knownLoss.map((loss) => `known loss: ${loss}`),
        ]
      : ['The sealed facts are encrypted, and no key is here that opens them.']),
  ].join('\n');
}
