import { readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../../../platform/errors.ts';
import { identifyProcess, isAlive, type ProcessIdentity } from '../../../platform/process-table.ts';
import type { PrometheusApi } from '../api.ts';
import { prometheusErrors } from '../errors.ts';

/** Lies in a snapshot of ours; without it we would not know our leftovers from somebody's own snapshots. */
const MARKER = 'leitstand-capture.json';
const SNAPSHOTS = 'snapshots';

export interface PinnedSnapshot {
  readonly directory: string;
  /** Removes the directory. Safe to call twice. */
  release(): Promise<void>;
}

/** Rejects with LS-PROMETHEUS-003, -008, or -009 when the snapshot is not where it should be. */
export async function pinSnapshot(api: PrometheusApi, dataDir: string): Promise<PinnedSnapshot> {
  const before = await namesIn(join(dataDir, SNAPSHOTS));
  const name = await api.snapshot();
  // Becomes part of a path that is deleted later.
  if (!/^[A-Za-z0-9-]+$/.test(name)) throw unreadable(dataDir, `its name is ${JSON.stringify(name)}`);
  const directory = join(dataDir, SNAPSHOTS, name);
  if (before.includes(name))
    throw unreadable(directory, "it was there before it was asked for: it is somebody else's");
  const release = () => removeSnapshot(dataDir, name);
  try {
    await requireInPlace(dataDir, name);
    const self = await identifyProcess(process.pid);
    await writeFile(join(directory, MARKER), JSON.stringify(self ?? { pid: process.pid, startTime: '' }));
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    const reason = systemErrorCode(error) === 'ENOENT' ? 'there is no such directory' : words;
    throw unreadable(directory, reason, error);
  }
  return { directory, release };
}

/** Removes what killed backups left; a snapshot of a living process or of somebody else stays. */
export async function sweepSnapshots(dataDir: string): Promise<void> {
  const snapshots = join(dataDir, SNAPSHOTS);
  for (const name of await namesIn(snapshots)) {
    const owner = await readMarker(join(snapshots, name, MARKER));
    if (owner && !(await isAlive(owner))) await removeSnapshot(dataDir, name);
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw unreadable(directory, String(error), error);
  }
}

async function readMarker(path: string): Promise<ProcessIdentity | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ProcessIdentity;
  } catch (error) {
    if (error instanceof SyntaxError || systemErrorCode(error) !== undefined) return undefined;
    throw error;
  }
}

/**
 * The data directory is the program's: a link in it would lead whoever backs up, root perhaps, to mark and remove what
 * is no snapshot.
 */
async function requireInPlace(dataDir: string, name: string): Promise<void> {
  const found = await realpath(join(dataDir, SNAPSHOTS, name));
  if (found !== join(await realpath(dataDir), SNAPSHOTS, name))
    throw new Error(`a link leads from there to ${found}`);
}

async function removeSnapshot(dataDir: string, name: string): Promise<void> {
  const directory = join(dataDir, SNAPSHOTS, name);
  try {
    await requireInPlace(dataDir, name);
    // The marker goes last: a removal that is cut off stays recognisable.
    for (const file of await namesIn(directory))
      if (file !== MARKER) await rm(join(directory, file), { recursive: true, force: true });
    await rm(directory, { recursive: true, force: true });
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw prometheusErrors.error('LS-PROMETHEUS-010', {
      what: `the snapshot ${directory} could not be removed`,
      why: error instanceof Error ? error.message : String(error),
      fix: `remove it as the owner of the data directory: rm -r '${directory}'`,
      cause: error,
    });
  }
}

export function unreadable(path: string, why: string, cause?: unknown) {
  return prometheusErrors.error('LS-PROMETHEUS-009', {
    what: `the snapshot of Prometheus cannot be used at ${path}`,
    why,
    fix:
      'back up as the user Prometheus runs as, and check that the data directory is the one in its ' +
      '--storage.tsdb.path; then remove the unused snapshot there',
    cause,
  });
}
