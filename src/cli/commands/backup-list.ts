import { EXIT } from '../../platform/exit-codes.ts';
import { formatSize, plural } from '../../platform/units.ts';
import type { StoredSize } from '../../repository/contents.ts';
import type { BackupRecord, SnapshotRecord } from '../../repository/records.ts';
import type { Verified } from '../../repository/verification-state.ts';
import type { Proof } from '../../stack/proof.ts';
import type { Command } from '../command.ts';
import { type EncryptionState, encryptionStates } from '../recovery/encryption-state.ts';
import { IDENTITY_OPTION, KIT_OPTION, REPOSITORY_OPTION } from '../recovery/key-file.ts';
import { formatAge, table } from '../terminal.ts';
import { drilledText, verifiedText } from '../verified-text.ts';

export const backupListCommand: Command = {
  description: `Lists the backups in the repository, newest first, with the snapshot of each source in them. SIZE is that of the
files; NEW is what is stored for it beyond what older backups hold. VERIFIED is when the oldest part of it was last read
back and found right; DRILLED is when it was last restored and compared with the live system, on this host. ENCRYPTED says
to whom, and whether it opens with the keys that are here.`,
  options: [KIT_OPTION, REPOSITORY_OPTION, IDENTITY_OPTION],
  examples: [
    { command: 'leitstand backup list', shows: 'what there is to restore' },
    { command: 'leitstand backup show SNAPSHOT', shows: 'what is in one of them' },
    { command: 'leitstand backup list --kit kit.txt', shows: 'those of a machine that is lost' },
  ],
  exits: ['1   a record is damaged or altered; it is named', '10  there is no repository yet'],
  run: async (context, input) => {
    const { openBackups } = await import('../open-backups.ts');
    const { storedSizes } = await import('../../repository/contents.ts');
    const { verifiedOf } = await import('../../repository/verification-state.ts');
    const { drilledSnapshots } = await import('../drilled-snapshots.ts');
    const opened = await openBackups(context, input);
    try {
      const { repository, history } = opened;
      const [backups, snapshots, verifications] = await Promise.all([
        repository.backups(),
        repository.snapshots(),
        repository.verifications(),
      ]);
      const sizes = storedSizes(snapshots);
      const drilled = history ? drilledSnapshots(history) : undefined;
      const states = await encryptionStates(repository, snapshots);
      const described = snapshots.map((record) => ({
        record,
        size: sizes.get(record.id) ?? { stored: 0, added: 0 },
        verified: verifiedOf(verifications, record),
        drilled: drilled?.get(record.id),
        encryption: states.get(record.id),
      }));
      const now = context.clock.now();
      return {
        exit: EXIT.ok,
        text:
          backups.length === 0 ? 'The repository holds no backup yet.' : listText(backups, described, now),
        json: JSON.parse(JSON.stringify(backups.map((backup) => backupJson(backup, described)))),
      };
    } finally {
      opened.close();
    }
  },
};

interface Described {
  readonly record: SnapshotRecord;
  readonly size: StoredSize;
  readonly verified: Verified;
  readonly drilled: Proof | undefined;
  readonly encryption: EncryptionState | undefined;
}

const HEADER = [
  'BACKUP',
  'AGE',
  'SOURCE',
  'SNAPSHOT',
  'FILES',
  'SIZE',
  'NEW',
  'ENCRYPTED',
  'VERIFIED',
  'DRILLED',
];

function listText(backups: readonly BackupRecord[], all: readonly Described[], now: Date): string {
  const rows = backups.flatMap((backup) =>
    backup.snapshots.map((id) => {
      const age = formatAge(now.getTime() - Date.parse(backup.startedAt));
      const one = all.find(({ record }) => record.id === id);
      if (!one) return [backup.id, age, '', id, 'MISSING'];
      const { record, size, verified, drilled, encryption } = one;
      return [
        backup.id,
        age,
        record.source,
        id,
        String(record.totals.files),
        formatSize(record.totals.bytes),
        formatSize(size.added),
        encryption?.text ?? '',
        verifiedText(verified, now),
        drilledText(drilled, now),
      ];
    }),
  );
  const stored = all.reduce((sum, { size }) => sum + size.added, 0);
  const files = all.reduce((sum, { record }) => sum + record.totals.bytes, 0);
  return [
    table([HEADER, ...rows]),
    '',
    `${plural(backups.length, 'backup')}: ${formatSize(files)} of files in ${formatSize(stored)} of packs and lists.`,
  ].join('\n');
}

/** The record, and beside it what is known of its snapshots. */
function backupJson(backup: BackupRecord, all: readonly Described[]) {
  return {
    ...backup,
    details: all
      .filter(({ record }) => backup.snapshots.includes(record.id))
      .map(({ record, size, verified, drilled, encryption }) => ({
        snapshot: record.id,
        source: record.source,
        files: record.totals.files,
        bytes: record.totals.bytes,
        storedBytes: size.stored,
        newBytes: size.added,
        verified: verifiedJson(verified),
        recoveryKeys: encryption?.recipients ?? [],
        opensHere: encryption?.opensHere ?? true,
        ...(drilled ? { drilled: { at: drilled.at, verdict: drilled.verdict, proof: drilled.id } } : {}),
      })),
  };
}

export function verifiedJson({ at, objects, read, damaged }: Verified) {
  return { ...(at === undefined ? {} : { at: new Date(at).toISOString() }), objects, read, damaged };
}
