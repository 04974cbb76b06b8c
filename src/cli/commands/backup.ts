import { join } from 'node:path';
import type { BackupReport, BackupSource, SourceReport } from '../../backup/report.ts';
import { renderError } from '../../platform/error-text.ts';
import { LeitstandError } from '../../platform/errors.ts';
import { formatElapsed, formatSize } from '../../platform/units.ts';
import { chosenSources } from '../chosen-sources.ts';
import type { Command, CommandContext, CommandInput } from '../command.ts';
import type { Session } from '../session.ts';
import { table } from '../terminal.ts';

export const backupCommand: Command = {
  description: `Takes a consistent snapshot of every component that keeps data, together with facts read from the live
system at that moment (the expectations that a drill compares later), and stores it in the repository. The signed
record that makes it a backup is written last: what is killed before it is harmless, and the next run goes on.`,
  examples: [
    { command: 'leitstand backup', shows: 'one backup now' },
    { command: 'leitstand drill', shows: 'afterwards: prove that it restores' },
  ],
  exits: [
    '3   some sources were stored, others not',
    '6   nothing was stored',
    '11  another backup is running',
  ],
  options: [
    { flags: '--source <component>', description: 'of one component alone, or `leitstand` itself' },
    {
      flags: '--new-repository',
      description: 'begin a new one although earlier backups are not to be found',
    },
    {
      flags: '--unencrypted',
      description: 'store what everybody can read who has it, although the backups before are encrypted',
    },
  ],
  run: async (context, input) => {
    const { openSession } = await import('../open-session.ts');
    const { runBackup } = await import('../../backup/run-backup.ts');
    const session = await openSession(context);
    try {
      if (session.stack.runtime === 'external') {
        const { requireSomeData } = await import('../attached.ts');
        const left = requireSomeData(session, input.text('source'));
        if (left.length > 0)
          context.output.talk(`left out, since \`data_dir\` is not set: ${left.join(', ')}`);
      }
      const sources = chosenSources(session, input.text('source'));
      await requireSomeRunning(sources);
      const { repository, isNew } = await openProven(context, session, input).catch((error: unknown) =>
        refused(error, context, session, sources),
      );
      const report = await runBackup({
        stack: session.stack.name,
        sources,
        repository,
        proofs: session.history.proofs,
        lockFile: join(session.stack.stateDir, 'run', 'backup.lock'),
        scratchDir: join(session.stack.stateDir, 'run', 'backup'),
        clock: context.clock,
        maxAgeMs: session.stack.backup.schedule.maxAgeMs.backup,
        signal: context.signal,
        onProgress: context.onProgress,
      });
      const { publishMetrics } = await import('../publish-backup-metrics.ts');
      const untold = await publishMetrics(session, context);
      return {
        exit: report.exit,
        text: [
          reportText(report),
          ...(await encryptionRemarks(session, context)),
          ...untold.map(({ message }) => `warning: ${message}`),
          ...(isNew
            ? [
                `The repository is new. What another machine needs to read it is in the recovery kit: leitstand backup kit`,
              ]
            : []),
        ].join('\n'),
        json: JSON.parse(JSON.stringify(report)),
      };
    } finally {
      session.close();
    }
  },
};

/** Encrypted to a key that was shown to open something; or not at all, as before. */
async function openProven(context: CommandContext, session: Session, input: CommandInput) {
  const [{ assertRecoverable, assertStillEncrypted, RECOVERY_PROOF }, { openRepositoryToWrite }] =
    await Promise.all([import('../../backup/recovery-proof.ts'), import('../open-repository.ts')]);
  const { recoveryKeys } = session.stack.backup;
  const { proofs } = session.history;
  assertRecoverable(recoveryKeys, proofs);
  const opened = await openRepositoryToWrite(context, session, input.flag('newRepository'));
  // Where no key was ever tried nothing was encrypted: no record has to be read for it.
  const isTried = proofs.list({ kind: RECOVERY_PROOF, limit: 1 }).length > 0;
  if (recoveryKeys.length === 0 && isTried && !input.flag('unencrypted'))
    assertStillEncrypted(recoveryKeys, (await opened.repository.survey()).snapshots[0]);
  return opened;
}

async function encryptionRemarks({ stack, history }: Session, { clock }: CommandContext): Promise<string[]> {
  const { encryptionWarnings } = await import('../../backup/recovery-proof.ts');
  return encryptionWarnings(stack.backup.recoveryKeys, history.proofs, clock.now()).map(
    (warning) => `warning: ${warning}`,
  );
}

/** The attempt failed before anything was read: that is on record and in the metrics as well. */
async function refused(
  error: unknown,
  context: CommandContext,
  session: Session,
  sources: readonly BackupSource[],
): Promise<never> {
  if (!(error instanceof LeitstandError)) throw error;
  const [{ recordRefusal }, { publishMetrics }] = await Promise.all([
    import('../../backup/refused.ts'),
    import('../publish-backup-metrics.ts'),
  ]);
  recordRefusal(error, { sources, proofs: session.history.proofs, clock: context.clock });
  await publishMetrics(session, context);
  throw error;
}

/** Nothing runs: then it is no backup of a stack, and most likely not the one that was meant. */
async function requireSomeRunning(sources: readonly BackupSource[]): Promise<void> {
  const programs = sources.flatMap((source) => (source.url === undefined ? [] : [source]));
  const outcomes = await Promise.allSettled(programs.map(async ({ assertOurs }) => assertOurs?.()));
  const [first] = outcomes;
  if (first?.status === 'rejected' && outcomes.every(({ status }) => status === 'rejected'))
    throw first.reason;
}

function reportText(report: BackupReport): string {
  const rows = report.sources.map((source) =>
    source.ok
      ? [
          source.component,
          'stored',
          `${source.files} files`,
          `${formatSize(source.readBytes)} read${skipped(source)}`,
          `${formatSize(source.newBytes)} new`,
          `${source.expectations} facts sealed`,
        ]
      : [source.component, 'FAILED', source.error.details.what],
  );
  return [
    table(rows),
    ...report.sources.flatMap(remarks),
    '',
    report.backupId === undefined
      ? 'No backup was made.'
      : `Backup ${report.backupId} in ${formatElapsed(report.elapsedMs)}. Not drilled yet: leitstand drill`,
  ].join('\n');
}

/** What its class, size and time say of; of the bytes read, some may have been read just to see whether that is true. */
function skipped({ skippedBytes }: { readonly skippedBytes: number }): string {
  return skippedBytes === 0 ? '' : ` (${formatSize(skippedBytes)} unchanged)`;
}

function remarks(source: SourceReport): string[] {
  if (!source.ok) return ['', renderError(source.error, { colour: false })];
  return [
    ...source.knownLoss.map((loss) => `known loss: ${loss}`),
    ...source.warnings.map((warning) => `warning: ${warning.message}`),
  ];
}
