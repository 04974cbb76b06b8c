import { statfs, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exists } from '../../../platform/files.ts';
import { formatSize } from '../../../platform/units.ts';
import type { Stack } from '../../../stack/stack.ts';
import { type DoctorCheck, type DoctorLine, fail, ok, unknown, warn } from '../check.ts';
import { expectedGrowth } from './disk-growth.ts';

/** Below it, programs stop writing within hours. */
const LEAST_BYTES = 1024 ** 3;
const LEAST_SHARE = 0.02;
const SCARCE_SHARE = 0.1;

export const diskCheck: DoctorCheck = {
  name: 'disk',
  title: 'disk space',
  needs: 'places',
  run: async ({ stack }) => {
    if (!stack) return [];
    const disks = await disksOf(stack);
    const data = join(stack.stateDir, 'data', 'prometheus');
    const growth = await expectedGrowth(data, stack);
    const home = disks.find(({ uses }) => uses.includes('data'));
    return [
      ...disks.flatMap(diskLines),
      ...(growth === undefined || !home ? [] : [growthLine(growth, home.freeBytes)]),
      ...sharedDisk(stack, disks),
    ];
  },
};

interface Disk {
  readonly path: string;
  readonly device: number;
  readonly uses: readonly string[];
  readonly freeBytes: number;
  readonly bytes: number;
  readonly freeFiles: number;
  /** 0 where the file system has no fixed number. */
  readonly files: number;
}

/** One for each file system, as far as its directories are there or will be made. */
async function disksOf(stack: Stack): Promise<Disk[]> {
  const disks = new Map<number, Disk>();
  const backups = backupDirectory(stack);
  for (const [use, path] of [
    ['data', stack.stateDir],
    ...(backups === undefined ? [] : [['backups', backups] as const]),
    ['cache', stack.provision.cacheDir],
  ] as const) {
    const place = await nearestExisting(path);
    const { dev } = await stat(place);
    const { bsize, bavail, blocks, ffree, files } = await statfs(place);
    const former = disks.get(dev);
    disks.set(dev, {
      path: former?.path ?? path,
      device: dev,
      uses: [...(former?.uses ?? []), use],
      freeBytes: bavail * bsize,
      bytes: blocks * bsize,
      freeFiles: ffree,
      files,
    });
  }
  return [...disks.values()];
}

/** Undefined: elsewhere. A bucket of the stack's own component is on this machine as well. */
function backupDirectory({ backup: { store }, stateDir }: Stack): string | undefined {
  if (store.kind === 'directory') return store.path;
  const component = store.kind === 's3' ? store.component : undefined;
  return component === undefined ? undefined : join(stateDir, 'data', component);
}

async function nearestExisting(path: string): Promise<string> {
  return (await exists(path)) ? path : nearestExisting(dirname(path));
}

function diskLines({ path, uses, freeBytes, bytes, freeFiles, files }: Disk): DoctorLine[] {
  const subject = `${uses.join(', ')}: ${path}`;
  if (bytes === 0) return [unknown(subject, 'the file system does not tell its size', { matters: true })];
  const share = freeBytes / bytes;
  const found = `${formatSize(freeBytes)} free of ${formatSize(bytes)} (${percent(share)})`;
  const fix =
    'free space there, or move it: state_dir, backup.directory, provision.cache_dir in leitstand.yaml';
  const space =
    freeBytes < LEAST_BYTES || share < LEAST_SHARE
      ? fail(subject, found, {
          wanted: `${formatSize(LEAST_BYTES)} and ${percent(LEAST_SHARE)} at least`,
          fix,
        })
      : share < SCARCE_SHARE
        ? warn(subject, found, { wanted: percent(SCARCE_SHARE), fix })
        : ok(subject, found);
  return [space, ...inodeLines(subject, files === 0 ? 1 : freeFiles / files)];
}

function inodeLines(subject: string, share: number): DoctorLine[] {
  if (share >= SCARCE_SHARE) return [];
  const found = `${percent(share)} of the inodes are free: no new file can be made without one`;
  const fix = 'remove many small files there (`du --inodes -d 2 PATH` shows where they are)';
  return [share < LEAST_SHARE ? fail(subject, found, { fix }) : warn(subject, found, { fix })];
}

function growthLine(moreBytes: number, freeBytes: number): DoctorLine {
  const found = `${formatSize(moreBytes)} more until the retention is reached, as it grows now`;
  if (moreBytes < freeBytes * (1 - SCARCE_SHARE)) return ok("prometheus' data", found);
  return warn("prometheus' data", found, {
    wanted: `less than the ${formatSize(freeBytes)} that are free`,
    fix: 'set components.prometheus.retention or retention_size lower, or give it a larger disk (state_dir)',
  });
}

function sharedDisk(stack: Stack, disks: readonly Disk[]): DoctorLine[] {
  const isShared = disks.some(({ uses }) => uses.includes('data') && uses.includes('backups'));
  if (!isShared || stack.environment === 'local') return [];
  return [
    warn('backups', 'they lie on the same file system as the data', {
      wanted: 'another disk: with this one, both are gone',
      fix: 'set backup.s3 in leitstand.yaml, or backup.directory to a mounted disk or share',
    }),
  ];
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}
