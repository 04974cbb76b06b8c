import { rm } from 'node:fs/promises';
import { LeitstandError, systemErrorCode } from '../platform/errors.ts';
import { EXIT, type ExitCode } from '../platform/exit-codes.ts';
import { backupErrors } from './errors.ts';
import { lockBackups } from './lock.ts';
import { backupClaim } from './proof.ts';
import type { BackupReport, BackupRequest, BackupSource, SourceReport } from './report.ts';
import { backUpSource } from './back-up-source.ts';

export type { BackupReport, BackupRequest } from './report.ts';

/**
 * One run over all sources. A source that fails does not stop the others; the backup record is written after every
 * snapshot and names those that were made. Each source gets a proof, failed ones too.
 *
 * Rejects with LS-BACKUP-001 (another runs), LS-BACKUP-002 (nothing to do), with a repository error when the
 * record cannot be written, or with the signal's reason; by then every capture is released.
 */
export async function runBackup(request: BackupRequest): Promise<BackupReport> {
  if (request.sources.length === 0) throw nothingToDo(request.stack);
  const lock = await lockBackups(request.lockFile, 'backup');
  // Under the lock: whatever lies there is of a backup that was killed.
  const empty = () => rm(request.scratchDir, { recursive: true, force: true });
  try {
    await empty();
    return await backUpAll(request);
  } finally {
    await empty().finally(() => lock.release());
  }
}

async function backUpAll(request: BackupRequest): Promise<BackupReport> {
  const { clock, sources, onProgress } = request;
  const [startedAt, start] = [clock.now(), clock.monotonic()];
  const reports: SourceReport[] = [];
  for (const [i, source] of sources.entries()) {
    const phase = `backup ${source.component}`;
    onProgress?.({ type: 'phase', phase, index: i + 1, total: sources.length });
    const report = await attempt(request, source);
    reports.push(report);
    request.proofs.append(backupClaim(report, request.maxAgeMs), clock.now());
    onProgress?.({ type: 'done', phase, text: summary(report), elapsedMs: report.elapsedMs });
  }
  const snapshots = reports.flatMap((report) => (report.ok ? [report.snapshot] : []));
  const record =
    snapshots.length === 0
      ? undefined
      : await request.repository.writeBackup({ stack: request.stack, snapshots, startedAt });
  return {
    exit: exitOf(reports),
    ...(record ? { backupId: record.id } : {}),
    startedAt: startedAt.toISOString(),
    elapsedMs: clock.monotonic() - start,
    sources: reports,
  };
}

async function attempt(request: BackupRequest, source: BackupSource): Promise<SourceReport> {
  const start = request.clock.monotonic();
  const elapsed = () => request.clock.monotonic() - start;
  try {
    const result = await backUpSource(request, source);
    return { ok: true, component: source.component, elapsedMs: elapsed(), ...result };
  } catch (error) {
    request.signal?.throwIfAborted();
    const known = error instanceof LeitstandError ? error : explain(source.component, error);
    return { ok: false, component: source.component, elapsedMs: elapsed(), error: known };
  }
}

function exitOf(reports: readonly SourceReport[]): ExitCode {
  if (reports.every((report) => !report.ok)) return EXIT.couldNotDo;
  return reports.some((report) => !report.ok || report.warnings.length > 0) ? EXIT.partial : EXIT.ok;
}

function summary(report: SourceReport): string {
  return report.ok ? `snapshot ${report.snapshot}` : `failed: ${report.error.details.what}`;
}

function nothingToDo(stack: string) {
  return backupErrors.error('LS-BACKUP-002', {
    what: `the stack ${stack} has no data to back up`,
    why: 'none of the chosen components has a source',
    fix: 'add a component that keeps data, e.g. prometheus, to leitstand.yaml',
  });
}

/** What a disk that is full or broken, or a wrong owner looks like; anything else is a bug. */
function explain(component: string, cause: unknown): LeitstandError {
  const code = systemErrorCode(cause);
  if (code === undefined || !(cause instanceof Error)) return unforeseen(component, cause);
  return backupErrors.error('LS-BACKUP-006', {
    what: `the backup of ${component} could not read or write a file`,
    why: cause.message,
    fix: fixOf(code),
    cause,
  });
}

function fixOf(code: string): string {
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return 'make room on the disk of the state directory (df -h) and run the backup again';
  if (code === 'EIO' || code === 'ESTALE' || code === 'EROFS')
    return 'look at the disk or share that the file is on (dmesg, findmnt); an earlier backup has what it had: leitstand backup list';
  return 'run the backup as the user who runs Leitstand, and look at the rights of the file (ls -l)';
}

function unforeseen(component: string, cause: unknown): LeitstandError {
  const stack = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  return backupErrors.error('LS-BACKUP-003', {
    what: `the backup of ${component} failed unexpectedly`,
    why: cause instanceof Error ? cause.message : String(cause),
    fix: 'report it with the lines above; the other sources are not affected',
    detail: stack.split('\n').slice(0, 8),
    cause,
  });
}
