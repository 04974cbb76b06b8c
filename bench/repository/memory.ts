// What the number of files costs, in memory and in time.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { report } from '../measure.ts';
import { show, timeOf } from './against-restic.ts';
import { type DataSet, tinyFiles } from './data.ts';
import type { Place } from './place.ts';
import type { Run } from './run.ts';
import { runs, scaled } from './settings.ts';
import { working } from './work.ts';

const MANY = scaled(1_000_000);
const FEW = scaled(100_000);
/** Each takes a while, and the memory that is needed hardly varies. */
const RUNS = 3;
const PEAK_MIB = 400;
const UNCHANGED_MS = 15_000;

interface Peaks {
  readonly first: Run;
  readonly unchanged: readonly Run[];
  readonly restore: Run;
}

export async function measureMemory(scratch: string): Promise<void> {
  process.stdout.write(`-- ${FEW} and ${MANY} files of 40 bytes\n`);
  const few = await measureFiles(join(scratch, 'few'), tinyFiles(FEW), 1);
  const many = await measureFiles(join(scratch, 'many'), tinyFiles(MANY), runs(RUNS));
  const peak = ({ first, unchanged }: Peaks) =>
    Math.max(first.peakMib, ...unchanged.map(({ peakMib }) => peakMib));
  report([
    { name: 'MiB of memory at most, backup of the many', measured: peak(many), goal: PEAK_MIB, unit: 'MiB' },
    { name: 'the same, in those of the few', measured: peak(many) / peak(few), goal: 1.1, unit: 'x' },
    { name: 'MiB at most, restore of the many', measured: many.restore.peakMib, goal: PEAK_MIB, unit: 'MiB' },
    { name: 'unchanged, many files', measured: timeOf(many.unchanged), goal: UNCHANGED_MS, unit: 'ms' },
  ]);
}

async function measureFiles(scratch: string, data: DataSet, rounds: number): Promise<Peaks> {
  const [directory, target] = [join(scratch, 'source'), join(scratch, 'target')];
  mkdirSync(directory, { recursive: true });
  data.make(directory);
  const place: Place = { directory: join(scratch, 'place'), encrypted: true };
  const backup = () => working(place, { what: 'backup', source: data.name, directory });
  try {
    const first = await backup();
    const unchanged: Run[] = [];
    for (let round = 0; round < rounds; round += 1) unchanged.push(await backup());
    rmSync(directory, { recursive: true });
    const restore = await working(place, { what: 'restore', source: data.name, target });
    show(`${data.files} files, first`, [first]);
    show(`${data.files} files, unchanged`, unchanged);
    show(`${data.files} files, restore`, [restore]);
    return { first, unchanged, restore };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
