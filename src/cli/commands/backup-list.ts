import { EXIT } from '../../platform/exit-codes.ts';
import { formatSize } from '../../platform/units.ts';
import type { Command } from '../command.ts';
import { formatAge, table } from '../terminal.ts';

export const backupListCommand: Command = {
  description: 'Lists the backups in the repository, newest first, with the snapshot of each source in them.',
  examples: [{ command: 'leitstand backup list', shows: 'what there is to restore' }],
  exits: ['1   a record is damaged or altered; it is named', '10  there is no repository yet'],
  run: async (context) => {
    const { loadStackInNeed } = await import('../load-stack.ts');
    const { openStackRepository } = await import('../open-repository.ts');
    const stack = await loadStackInNeed(context);
    const repository = await openStackRepository(context, stack);
    const [backups, snapshots] = await Promise.all([repository.backups(), repository.snapshots()]);
    const now = context.clock.now().getTime();
    const rows = backups.flatMap((backup) =>
      backup.snapshots.map((id) => {
        const snapshot = snapshots.find((candidate) => candidate.id === id);
        return [
          backup.id,
          formatAge(now - Date.parse(backup.startedAt)),
          snapshot?.source ?? '',
          id,
          snapshot ? `${snapshot.totals.files} files` : 'MISSING',
          snapshot ? formatSize(snapshot.totals.bytes) : '',
        ];
      }),
    );
    return {
      exit: EXIT.ok,
      text:
        rows.length === 0
          ? 'The repository holds no backup yet.'
          : table([['BACKUP', 'AGE', 'SOURCE', 'SNAPSHOT', 'FILES', 'SIZE'], ...rows]),
      json: JSON.parse(JSON.stringify(backups)),
    };
  },
};
