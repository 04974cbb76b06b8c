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
const UNCHANGED_MS = 15_000;

interface Rounds {
  readonly first: readonly Run[];
  readonly unchanged: readonly Run[];
  readonly restore: Run;
}

export async function measureMemory(scratch: string): Promise<void> {
  process.stdout.write(`-- ${FEW} and ${MANY} files of 40 bytes\n`);
  await compile(scratch);
  const few = await measureFiles(scratch, tinyFiles(FEW), runs());
  const many = await measureFiles(scratch, tinyFiles(MANY), runs(MOST_RUNS));
  const peak = peakOf(many);
  report([
    { name: 'MiB of memory at most, backup of the many', measured: peak, goal: PEAK_MIB, unit: 'MiB' },
    { name: 'the same, in those of the few', measured: peak / peakOf(few), goal: 1.1, unit: 'x' },
    { name: 'MiB at most, restore of the many', measured: many.restore.peakMib, goal: PEAK_MIB, unit: 'MiB' },
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
  clear(scratch);
}

function peakOf({ first, unchanged }: Rounds): number {
  return median(first.map(({ peakMib }, round) => Math.max(peakMib, unchanged[round]?.peakMib ?? 0)));
}

async function measureFiles(scratch: string, data: DataSet, rounds: number): Promise<Rounds> {
  const [place, directory, target] = [placeIn(scratch), join(scratch, 'source'), join(scratch, 'target')];
  mkdirSync(directory);
  data.make(directory);
  const backup = () => working(place, { what: 'backup', source: data.name, directory });
  try {
    const [first, unchanged]: [Run[], Run[]] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      rmSync(place.directory, { recursive: true, force: true });
      first.push(await backup());
      unchanged.push(await backup());
    }
    rmSync(directory, { recursive: true });
    const restore = await working(place, { what: 'restore', source: data.name, target });
    show(`${data.files} files, first`, first);
    show(`${data.files} files, unchanged`, unchanged);
    show(`${data.files} files, restore`, [restore]);
    return { first, unchanged, restore };
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
