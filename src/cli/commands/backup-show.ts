import { EXIT } from '../../platform/exit-codes.ts';
import { matchesPath } from '../../platform/path-patterns.ts';
import { formatSize, plural } from '../../platform/units.ts';
import type { StoredSize } from '../../repository/contents.ts';
import type { FileEntry } from '../../repository/file-entry.ts';
import type { Repository } from '../../repository/repository.ts';
import type { SnapshotRecord } from '../../repository/records.ts';
import type { Verified } from '../../repository/verification-state.ts';
import type { Proof } from '../../stack/proof.ts';
import type { Command, CommandContext, CommandInput, CommandResult } from '../command.ts';
import type { Session } from '../session.ts';
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
    const { openSession } = await import('../open-session.ts');
    const { openStackRepository } = await import('../open-repository.ts');
    const session = await openSession(context, { inNeed: true });
    try {
      const repository = await openStackRepository(context, session.stack);
      const record = await repository.snapshot(input.args[0] ?? '');
      return await (input.flag('files') || input.text('files') !== undefined
        ? showFiles({ context, session, repository }, input, record)
        : showSnapshot({ context, session, repository }, record));
    } finally {
      session.close();
    }
  },
};

interface Tools {
  readonly context: CommandContext;
  readonly session: Session;
  readonly repository: Repository;
}

async function showFiles(
  { context, session, repository }: Tools,
  input: CommandInput,
  record: SnapshotRecord,
): Promise<CommandResult> {
  const pattern = input.text('files');
  const source =
    session.sources.find(({ component }) => component === record.source)?.source ??
    session.components.get(record.source)?.source?.({});
  let [files, bytes] = [0, 0];
  for await (const entry of repository.files(record)) {
    context.signal.throwIfAborted();
    const restored = source?.restorePath(entry.path) ?? entry.path;
    if (pattern !== undefined && ![entry.path, restored].some((path) => matchesPath(path, pattern))) continue;
    files += 1;
    bytes += entry.size;
    if (!context.output.line({ text: fileText(entry, restored), json: fileJson(entry, restored) })) break;
  }
  return {
    exit: EXIT.ok,
    text: `${plural(files, 'file')}, ${formatSize(bytes)}`,
    json: { snapshot: record.id, files, bytes },
  };
}

function fileText({ path, mode, size, mtime }: FileEntry, restored: string): string {
  const time = formatTime(new Date(milliseconds(mtime)).toISOString());
  const other = restored === path ? '' : ` -> ${restored}`;
  return `${mode.toString(8).padStart(4, '0')}  ${formatSize(size).padStart(10)}  ${time}  ${path}${other}`;
}

function fileJson({ path, mode, uid, gid, size, mtime, sha256 }: FileEntry, restored: string) {
  return { type: 'file', path, restored, mode, uid, gid, size, mtime, sha256 };
}

function milliseconds(nanoseconds: string): number {
  return Number(BigInt(nanoseconds) / 1_000_000n);
}

async function showSnapshot({ context, session, repository }: Tools, record: SnapshotRecord) {
  const [{ storedSizes }, { verifiedOf }, { drilledSnapshots }] = await Promise.all([
    import('../../repository/contents.ts'),
    import('../../repository/verification-state.ts'),
    import('../drilled-snapshots.ts'),
  ]);
  const [survey, verifications] = await Promise.all([repository.survey(), repository.verifications()]);
  const ofSource = survey.snapshots.filter(({ source }) => source === record.source);
  const size = storedSizes(ofSource).get(record.id) ?? { stored: 0, added: 0 };
  const verified = verifiedOf(verifications, record);
  const drilled = drilledSnapshots(session.history).get(record.id);
  return {
    exit: EXIT.ok,
    text: snapshotText(record, { size, verified, drilled, now: context.clock.now() }),
    json: JSON.parse(
      JSON.stringify({
        record,
        storedBytes: size.stored,
        newBytes: size.added,
        verified: verifiedJson(verified),
        ...(drilled ? { drilled: { at: drilled.at, verdict: drilled.verdict, proof: drilled.id } } : {}),
      }),
    ),
  };
}

function snapshotText(
  record: SnapshotRecord,
  {
    size,
    verified,
    drilled,
    now,
  }: {
    readonly size: StoredSize;
    readonly verified: Verified;
    readonly drilled: Proof | undefined;
    readonly now: Date;
  },
): string {
  const { writer, totals, lists, packs, expectations, knownLoss } = record;
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
    ]),
    ...verified.damaged.map((object) => `DAMAGED: ${object}`),
    '',
    `${plural(expectations.length, 'sealed fact')}, held against what a drill restores:`,
    ...expectations.map(({ kind, subject }) => `  ${kind} ${subject}`),
    ...knownLoss.map((loss) => `known loss: ${loss}`),
  ].join('\n');
}
