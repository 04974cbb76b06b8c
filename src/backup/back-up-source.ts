import { join } from 'node:path';
import { LeitstandError } from '../platform/errors.ts';
import { ensureDirectory } from '../platform/files.ts';
import { formatSize } from '../platform/units.ts';
import type { WriteSnapshotResult } from '../repository/snapshot-writer.ts';
import type { Capture } from '../stack/source.ts';
import type { BackupRequest, BackupSource, StoredSource } from './report.ts';

const PROGRESS_EVERY_MS = 1_000;

/** Capture, store, release: the last whatever happened before. */
export async function backUpSource(
  request: BackupRequest,
  source: BackupSource,
): Promise<Omit<StoredSource, 'ok' | 'component' | 'elapsedMs'>> {
  const { signal } = request;
  const scratch = join(request.scratchDir, source.component);
  const capture = await captureFrom(request, source, await ensureDirectory(join(scratch, 'copies')));
  let stored: WriteSnapshotResult;
  try {
    stored = await request.repository.writeSnapshot({
      source: source.component,
      stack: request.stack,
      capture,
      scratchDir: scratch,
      signal,
      onProgress: storeProgress(request),
    });
  } catch (error) {
    // The first failure is the one to report; the next capture sweeps what stays.
    await capture.release().catch(() => undefined);
    throw error;
  }
  const released = await release(capture);
  return { ...factsOf(stored, capture), warnings: [...stored.damage, ...released] };
}

async function captureFrom(
  request: BackupRequest,
  target: BackupSource,
  scratchDir: string,
): Promise<Capture> {
  const { clock, signal, onProgress } = request;
  const context = {
    scratchDir,
    clock,
    signal,
    onProgress: (text: string) => onProgress?.({ type: 'step', text }),
  };
  if (target.url === undefined) return target.source.capture(context);
  await target.assertOurs?.();
  return target.source.capture({ ...context, url: target.url, dataDir: target.dataDir });
}

/** The snapshot is safe by now: a capture that cannot be freed is a warning, not a failed backup. */
async function release(capture: Capture): Promise<LeitstandError[]> {
  try {
    await capture.release();
    return [];
  } catch (error) {
    if (error instanceof LeitstandError) return [error];
    throw error;
  }
}

function storeProgress({ clock, onProgress }: BackupRequest) {
  let last = clock.monotonic();
  return (bytesRead: number, bytesStored: number) => {
    if (clock.monotonic() - last < PROGRESS_EVERY_MS) return;
    last = clock.monotonic();
    onProgress?.({ type: 'step', text: `read ${formatSize(bytesRead)}, stored ${formatSize(bytesStored)}` });
  };
}

function factsOf(stored: WriteSnapshotResult, capture: Capture) {
  const { record, readBytes, newBytes, reusedBytes, skippedBytes, rereadBytes, losses } = stored;
  return {
    snapshot: record.id,
    cutoff: record.cutoff,
    files: record.totals.files,
    bytes: record.totals.bytes,
    readBytes,
    newBytes,
    reusedBytes,
    skippedBytes,
    rereadBytes,
    expectations: capture.expectations.length,
    knownLoss: [...capture.knownLoss, ...losses],
  };
}
