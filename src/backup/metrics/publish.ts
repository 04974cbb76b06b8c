import { join } from 'node:path';
import { createPushgatewayApi } from '../../components/pushgateway/api.ts';
import { LeitstandError, systemErrorCode } from '../../platform/errors.ts';
import { writeFileAtomic } from '../../platform/files.ts';
import { formatMetrics, type MetricFamily } from '../../platform/metrics-text.ts';
import type { Address } from '../../stack/connection.ts';
import { backupErrors } from '../errors.ts';
import { type BackupReading, backupFamilies, type MetricNames } from './families.ts';

/** The Pushgateway's `job`, after the users' own list. */
const JOB = 'backup';
const TEXTFILE = 'leitstand_backup.prom';

export interface MetricsTargets extends MetricNames {
  readonly pushgateway?: Address | undefined;
  /** node_exporter's directory for text files. */
  readonly textfileDir?: string | undefined;
  /** What is told beside it. */
  readonly further?: readonly MetricFamily[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Whatever the backup came to. What could not be told is returned: it makes no backup a failed one. */
export async function publishBackupMetrics(
  readings: readonly BackupReading[],
  { pushgateway, textfileDir, further = [], signal, ...names }: MetricsTargets,
): Promise<readonly LeitstandError[]> {
  const text = formatMetrics([...backupFamilies(readings, names), ...further]);
  const outcomes = await Promise.allSettled([
    pushgateway === undefined ? undefined : createPushgatewayApi(pushgateway, signal).replace(JOB, text),
    textfileDir === undefined ? undefined : writeTextfile(textfileDir, text),
  ]);
  return outcomes.flatMap((outcome) => {
    if (outcome.status === 'fulfilled') return [];
    if (outcome.reason instanceof LeitstandError) return [outcome.reason];
    throw outcome.reason;
  });
}

/** node_exporter takes whole files only, and needs to read them. */
async function writeTextfile(directory: string, text: string): Promise<void> {
  try {
    await writeFileAtomic(join(directory, TEXTFILE), text, { mode: 0o644 });
  } catch (cause) {
    throw backupErrors.error('LS-BACKUP-007', {
      what: "the backup's metrics could not be written for node_exporter",
      where: { file: join(directory, TEXTFILE) },
      why: systemErrorCode(cause) ?? String(cause),
      fix: 'let the user who runs Leitstand write into `components.node-exporter.textfile_dir`',
      cause,
    });
  }
}
