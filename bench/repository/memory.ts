// What the number of files costs, in memory and in time.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { median, report } from '../measure.ts';
import { show, timeOf } from './against-restic.ts';
import { type DataSet, tinyFiles } from './data.ts';
import type { Place } from './place.ts';
import type { Run } from './run.ts';
import { runs, scaled } from './settings.ts';
import { working } from './work.ts';

const MANY = scaled(1_000_000);
const FEW = scaled(100_000);
/** Each takes a while. */
const MOST_RUNS = 3;
const PEAK_MIB = 400;
/** What is needed hardly depends on how many there are. */
const IN_FEW = 1.1;
const UNCHANGED_MS = 15_000;

interface Rounds {
  readonly first: readonly Run[];
  readonly unchanged: readonly Run[];
  readonly restores: readonly Run[];
}

export async function measureMemory(scratch: string): Promise<void> {
  process.stdout.write(`-- ${FEW} and ${MANY} files of 40 bytes\n`);
  await compile(scratch);
  const few = await measureFiles(scratch, tinyFiles(FEW), runs());
  const many = await measureFiles(scratch, tinyFiles(MANY), runs(MOST_RUNS));
  const [backup, restore] = [peakOf(many), restorePeakOf(many)];
  report([
    { name: 'MiB of memory at most, backup of the many', measured: backup, goal: PEAK_MIB, unit: 'MiB' },
    { name: 'the same, in those of the few', measured: backup / peakOf(few), goal: IN_FEW, unit: 'x' },
    { name: 'MiB at most, restore of the many', measured: restore, goal: PEAK_MIB, unit: 'MiB' },
    {
      name: 'the same, in those of the few',
      measured: restore / restorePeakOf(few),
      goal: IN_FEW,
      unit: 'x',
    },
    { name: 'unchanged, many files', measured: timeOf(many.unchanged), goal: UNCHANGED_MS, unit: 'ms' },
  ]);
}

/** As in nearly every run of a user: for compiling, Node takes 40 MiB more, however many files there are. */
async function compile(scratch: string): Promise<void> {
  const directory = join(scratch, 'source');
  mkdirSync(directory);
  const data = tinyFiles(FEW);
  data.make(directory);
  for (let run = 0; run < 2; run += 1)
    await working(placeIn(scratch), { what: 'backup', source: data.name, directory });
  await working(placeIn(scratch), { what: 'restore', source: data.name, target: join(scratch, 'target') });
  clear(scratch);
}

function peakOf({ first, unchanged }: Rounds): number {
  return median(first.map(({ peakMib }, round) => Math.max(peakMib, unchanged[round]?.peakMib ?? 0)));
}

function restorePeakOf({ restores }: Rounds): number {
  return median(restores.map(({ peakMib }) => peakMib));
}

async function measureFiles(scratch: string, data: DataSet, rounds: number): Promise<Rounds> {
  const [place, directory, target] = [placeIn(scratch), join(scratch, 'source'), join(scratch, 'target')];
  mkdirSync(directory);
  data.make(directory);
  const backup = () => working(place, { what: 'backup', source: data.name, directory });
  try {
    const [first, unchanged, restores]: [Run[], Run[], Run[]] = [[], [], []];
    for (let round = 0; round < rounds; round += 1) {
      rmSync(place.directory, { recursive: true, force: true });
      first.push(await backup());
      unchanged.push(await backup());
      restores.push(await working(place, { what: 'restore', source: data.name, target }));
      rmSync(target, { recursive: true });
    }
    show(`${data.files} files, first`, first);
    show(`${data.files} files, unchanged`, unchanged);
    show(`${data.files} files, restore`, restores);
    return { first, unchanged, restores };
  } finally {
    clear(scratch);
  }
}

function placeIn(scratch: string): Place {
  return { directory: join(scratch, 'place'), encrypted: true };
}

/** What was compiled stays. */
function clear(scratch: string): void {
  for (const name of ['source', 'place', 'target'])
    rmSync(join(scratch, name), { recursive: true, force: true });
}
