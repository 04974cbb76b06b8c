import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { LeitstandError, systemErrorCode } from '../../../platform/errors.ts';
import { identifyProcess, isAlive } from '../../../platform/process-table.ts';
import type { CaptureEntry } from '../../../stack/source.ts';
import type { VictoriaLogsApi } from '../api.ts';
import { victoriaLogsErrors } from '../errors.ts';

/** Lies in a snapshot of ours; without it we would not know our leftovers from somebody's own snapshots. */
const MARKER = 'leitstand-capture.json';
const Marker = z.object({ pid: z.number(), startTime: z.string() });
const Metadata = z.object({ RowsCount: z.number() });
const PART = /^[0-9A-F]{16}$/;

/** One partition, hard-linked. */
export interface PinnedPartition {
  /** `20261124` */
  readonly name: string;
  /** Absolute path as it is seen from here. */
  readonly directory: string;
  /** As VictoriaLogs calls it. */
  readonly path: string;
}

/** Rejects with LS-VICTORIALOGS-006, or -007 when a snapshot is not where it should be; then none is left. */
export async function pinPartitions(api: VictoriaLogsApi, dataDir: string): Promise<PinnedPartition[]> {
  const pinned = (await api.createSnapshots()).map((path) => {
    const name = basename(dirname(dirname(path)));
    return { name, path, directory: join(dataDir, 'partitions', name, 'snapshots', basename(path)) };
  });
  try {
    const self = (await identifyProcess(process.pid)) ?? { pid: process.pid, startTime: '' };
    for (const { name, directory } of pinned) {
      if (!/^\d{8}$/.test(name)) throw unusable(directory, `the partition is called ${JSON.stringify(name)}`);
      await mark(directory, JSON.stringify(self));
    }
    return pinned;
  } catch (error) {
    await unpin(api, pinned);
    throw error;
  }
}

/** Where this user may only read, a killed backup's snapshots stay until VictoriaLogs removes them (3 days). */
async function mark(directory: string, text: string): Promise<void> {
  try {
    await writeFile(join(directory, MARKER), text);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return;
    throw unusable(directory, code === 'ENOENT' ? 'there is no such directory' : String(error), error);
  }
}

/** Safe to call twice. */
export async function unpin(api: VictoriaLogsApi, partitions: readonly PinnedPartition[]): Promise<void> {
  const left = new Set(await api.snapshots());
  for (const { path } of partitions) if (left.has(path)) await api.deleteSnapshot(path);
}

/** Removes what killed backups left; a snapshot of a living process or of somebody else stays. */
export async function sweepSnapshots(dataDir: string): Promise<void> {
  const root = join(dataDir, 'partitions');
  for (const partition of await namesIn(root)) {
    const snapshots = join(root, partition, 'snapshots');
    for (const name of await namesIn(snapshots)) {
      const owner = await readMarker(join(snapshots, name, MARKER));
      if (owner && !(await isAlive(owner))) await removeSnapshot(join(snapshots, name));
    }
  }
}

/** The marker goes last: a removal that is cut off stays recognisable. */
async function removeSnapshot(directory: string): Promise<void> {
  for (const name of await namesIn(directory))
    if (name !== MARKER) await rm(join(directory, name), { recursive: true, force: true });
  await rm(directory, { recursive: true, force: true });
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR') return [];
    throw unusable(directory, error instanceof Error ? error.message : String(error), error);
  }
}

async function readMarker(path: string): Promise<z.output<typeof Marker> | undefined> {
  try {
    return Marker.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (error instanceof LeitstandError) throw error;
    return undefined;
  }
}

/** Every file of the partitions. The files of a part never change; parts.json is replaced. */
export async function partitionEntries(partitions: readonly PinnedPartition[]): Promise<CaptureEntry[]> {
  const entries: CaptureEntry[] = [];
  for (const { name, directory } of partitions) {
    for (const file of await readdir(directory, { recursive: true, withFileTypes: true })) {
      const absolute = join(file.parentPath, file.name);
      const inside = absolute.slice(directory.length + 1);
      if (!file.isFile() || inside === MARKER) continue;
      const isPart = PART.test(inside.split('/')[1] ?? '');
      entries.push({
        path: `partitions/${name}/${inside}`,
        file: absolute,
        class: isPart ? 'immutable' : 'mutable',
      });
    }
  }
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Lines in the files of a snapshot or of a restored partition; nothing has to run for it. */
export async function linesIn(directory: string): Promise<number> {
  const datadb = join(directory, 'datadb');
  let lines = 0;
  for (const part of (await namesIn(datadb)).filter((name) => PART.test(name))) {
    const text = await readFile(join(datadb, part, 'metadata.json'), 'utf8').catch((error: unknown) => {
      throw unusable(join(datadb, part), error instanceof Error ? error.message : String(error), error);
    });
    lines += Metadata.parse(JSON.parse(text)).RowsCount;
  }
  return lines;
}

function unusable(path: string, why: string, cause?: unknown) {
  return victoriaLogsErrors.error('LS-VICTORIALOGS-007', {
    what: `the snapshot of VictoriaLogs cannot be used at ${path}`,
    why,
    where: { file: path },
    fix: 'name the directory of its -storageDataPath, and back up as a user who may read it',
    cause,
  });
}
