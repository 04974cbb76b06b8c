import { join } from 'node:path';
import { EXIT } from '../../platform/exit-codes.ts';
import { formatSize } from '../../platform/units.ts';
import type { Amount, PruneResult } from '../../repository/prune.ts';
import type { Command } from '../command.ts';
import { plural, table } from '../terminal.ts';

export const backupPruneCommand: Command = {
  description: `Takes away the backups that \`backup.retention\` does not keep, and then the data that no backup needs any more.
The newest backup of each source stays, whatever its age, and so does the newest that a drill has proven. Data goes in two
steps: what is not needed is marked, and deleted by a run two days later or more, so that no backup that runs meanwhile,
here or on another host, loses what it builds upon. Nothing goes while a record of the repository cannot be understood.`,
  options: [
    { flags: '--dry-run', description: 'only say what would go' },
    { flags: '--much', description: 'also when more than half of the stored data would be deleted at once' },
  ],
  examples: [
    { command: 'leitstand backup prune --dry-run', shows: 'what is kept, why, and what would go' },
    { command: 'leitstand backup prune', shows: 'do it; daily is fine' },
  ],
  exits: [
    '3   these credentials may not delete what is over; what an object lock holds is no failure',
    '6   nothing was deleted, since something is not understood',
    '10  there is no repository yet',
    '11  a backup is running on this host',
  ],
  run: async (context, input) => {
    const { openSession } = await import('../open-session.ts');
    const { openStackRepository } = await import('../open-repository.ts');
    const { lockBackups } = await import('../../backup/lock.ts');
    const { drilledSnapshots, newestMade } = await import('../../backup/made-snapshots.ts');
    const session = await openSession(context);
    try {
      const { stack, history } = session;
      const repository = await openStackRepository(context, stack);
      const lock = await lockBackups(join(stack.stateDir, 'run', 'backup.lock'), 'backup prune');
      try {
        const dryRun = input.flag('dryRun');
        const result = await repository.prune({
          policy: (source) => stack.backup.retentionOf[source] ?? stack.backup.retention,
          verified: drilledSnapshots(history.proofs),
          expected: [
            ...newestMade(
              history.proofs,
              session.sources.map(({ component }) => component),
            ).values(),
          ],
          dryRun,
          much: input.flag('much'),
          signal: context.signal,
          onProgress: (text) => context.onProgress({ type: 'step', text }),
        });
        return {
          exit: result.retained.objects > 0 ? EXIT.partial : EXIT.ok,
          text: pruneText(result, dryRun),
          json: JSON.parse(JSON.stringify(result)),
        };
      } finally {
        lock.release();
      }
    } finally {
      session.close();
    }
  },
};

function pruneText(result: PruneResult, dryRun: boolean): string {
  const { snapshots, condemned, deleted, waiting, locked, retained } = result;
  const goes = dryRun ? 'would go' : 'gone';
  const lines = [
    table(
      snapshots.map(({ source, createdAt, kept }) => [
        source,
        createdAt,
        kept === undefined ? goes : `kept: ${kept}`,
      ]),
    ),
    '',
    amountText(dryRun ? 'would be deleted' : 'deleted', deleted),
    amountText(dryRun ? 'would be marked' : 'marked', condemned),
    amountText('marked before, deleted when two days have passed', waiting),
    refusedText('kept by the object lock', locked),
    refusedText('NOT deleted by the store', retained),
  ];
  return lines.filter((line) => line !== undefined).join('\n');
}

function refusedText(what: string, amount: PruneResult['retained']): string | undefined {
  return amountText(amount.why === undefined ? what : `${what} (${amount.why})`, amount);
}

function amountText(what: string, { objects, bytes }: Amount): string | undefined {
  return objects === 0 ? undefined : `${what}: ${plural(objects, 'object')}, ${formatSize(bytes)}`;
}
