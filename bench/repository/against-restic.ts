// One set of data, backed up, verified and restored: by Leitstand, by restic, and as the mission did it.
import { closeSync, existsSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { median, report } from '../measure.ts';
import type { DataSet } from './data.ts';
import { findPeer, restic } from './peers.ts';
import type { Place } from './place.ts';
import { type Run, type RunOptions, run } from './run.ts';
import { runs } from './settings.ts';
import { working } from './work.ts';

export interface SetGoals {
  /** In runs of restic. */
  readonly first: number;
  readonly firstPlain?: number;
  readonly unchanged: number;
  readonly restore: number;
  /** In runs of `tar -czf` and `sha256sum`; without it they are not run. */
  readonly firstAgainstTar?: number;
  /** Runs of each figure, at most. */
  readonly runs: number;
}

/** `openssl dgst -sha256` of the same packs. */
const VERIFY_GOAL = 1.2;
/** tar's figure hardly varies, and takes long. */
const TAR_RUNS = 2;

interface Bench {
  readonly data: DataSet;
  readonly goals: SetGoals;
  readonly source: string;
  readonly scratch: string;
  readonly encrypted: Place;
  readonly restic: Restic | undefined;
}

/** Everything in `scratch` is new, and gone when this resolves. */
export async function measureSet(scratch: string, data: DataSet, goals: SetGoals): Promise<void> {
  const source = join(scratch, 'source');
  mkdirSync(source, { recursive: true });
  data.make(source);
  process.stdout.write(`-- ${data.files} files, ${(data.bytes / 1e6).toFixed(0)} MB\n`);
  const program = await findPeer(restic);
  const bench: Bench = {
    data,
    goals,
    source,
    scratch,
    encrypted: { directory: join(scratch, 'encrypted'), encrypted: true },
    restic: program === undefined ? undefined : new Restic(program, scratch),
  };
  try {
    await measureFirst(bench);
    await measureUnchanged(bench);
    await measureVerify(bench);
    await measureRestore(bench);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** restic with a repository of its own; its cache is where a fast disk would be. */
class Restic {
  readonly #program: string;
  readonly #directory: string;
  readonly #options: RunOptions;

  constructor(program: string, scratch: string) {
    this.#program = program;
    this.#directory = join(scratch, 'restic');
    this.#options = {
      env: {
        RESTIC_PASSWORD: 'bench',
        RESTIC_CACHE_DIR: join(scratch, 'restic-cache'),
        RESTIC_PROGRESS_FPS: '0.01',
      },
    };
  }

  async begin(): Promise<void> {
    for (const directory of [this.#directory, `${this.#directory}-cache`])
      rmSync(directory, { recursive: true, force: true });
    await this.run('init');
  }

  run(...words: readonly string[]): Promise<Run> {
    return run(this.#program, ['--quiet', '--repo', this.#directory, ...words], this.#options);
  }
}

const backup = (bench: Bench, place: Place) =>
  working(place, { what: 'backup', source: bench.data.name, directory: bench.source });

async function measureFirst(bench: Bench): Promise<void> {
  const { goals, encrypted, restic: peer, scratch, source } = bench;
  const plain: Place = { directory: join(scratch, 'plain'), encrypted: false };
  const of = { encrypted: [] as Run[], plain: [] as Run[], restic: [] as Run[], tar: [] as number[] };
  for (let round = 0; round < runs(goals.runs); round += 1) {
    rmSync(encrypted.directory, { recursive: true, force: true });
    useMemory(bench);
    of.encrypted.push(await backup(bench, encrypted));
    rmSync(plain.directory, { recursive: true, force: true });
    useMemory(bench);
    of.plain.push(await backup(bench, plain));
    await peer?.begin();
    useMemory(bench);
    if (peer) of.restic.push(await peer.run('backup', source));
    if (goals.firstAgainstTar !== undefined && round < TAR_RUNS) of.tar.push(await tarAndSum(scratch));
  }
  rmSync(plain.directory, { recursive: true, force: true });
  show('first backup, encrypted', of.encrypted);
  show('first backup, plain', of.plain);
  show('restic backup', of.restic);
  against('first, encrypted, in runs of restic', [of.encrypted, of.restic], goals.first);
  if (goals.firstPlain !== undefined)
    against('first, plain, in runs of restic', [of.plain, of.restic], goals.firstPlain);
  if (goals.firstAgainstTar === undefined) return;
  const measured = timeOf(of.encrypted) / median(of.tar);
  process.stdout.write(`shown   tar -czf, sha256sum, copy: ${median(of.tar).toFixed(0)} ms\n`);
  report([{ name: 'first, in runs of tar -czf', measured, goal: goals.firstAgainstTar, unit: 'x' }]);
}

/** The mission's script; the upload is a copy. */
async function tarAndSum(scratch: string): Promise<number> {
  const script =
    'tar -czf backup.tar.gz -C source . && sha256sum backup.tar.gz > sum && cp backup.tar.gz uploaded.tar.gz';
  const { milliseconds } = await run('sh', ['-c', script], { cwd: scratch });
  for (const file of ['backup.tar.gz', 'uploaded.tar.gz', 'sum']) rmSync(join(scratch, file));
  return milliseconds;
}

async function measureUnchanged(bench: Bench): Promise<void> {
  const { goals, restic: peer, data, source } = bench;
  const [ours, theirs]: [Run[], Run[]] = [[], []];
  let readBytes = 0;
  for (let round = 0; round < runs(goals.runs); round += 1) {
    useMemory(bench);
    const done = await backup(bench, bench.encrypted);
    ours.push(done);
    readBytes = Math.max(readBytes, done.readBytes ?? 0);
    useMemory(bench);
    if (peer) theirs.push(await peer.run('backup', source));
  }
  show('unchanged', ours);
  show('restic, unchanged', theirs);
  against('unchanged, in runs of restic', [ours, theirs], goals.unchanged);
  // A thirtieth is read again each time: the rot of a disk is found so.
  report([{ name: 'unchanged, share that is read', measured: readBytes / data.bytes, goal: 0.05, unit: '' }]);
}

async function measureVerify({ goals, encrypted, restic: peer }: Bench): Promise<void> {
  const packs = join(encrypted.directory, 'repository', 'packs');
  const digest = `find ${packs} -type f -exec openssl dgst -sha256 {} + > ${join(encrypted.directory, 'digests')}`;
  const of = { stored: [] as Run[], openssl: [] as Run[], content: [] as Run[], restic: [] as Run[] };
  const reading: number[] = [];
  for (let round = 0; round < runs(goals.runs); round += 1) {
    const stored = await working(encrypted, { what: 'verify', level: 'stored' });
    of.stored.push(stored);
    reading.push(stored.workMs);
    of.openssl.push(await run('sh', ['-c', digest]));
    of.content.push(await working(encrypted, { what: 'verify', level: 'content' }));
    if (peer) of.restic.push(await peer.run('check', '--read-data'));
  }
  show('verify, stored', of.stored);
  show('openssl dgst -sha256', of.openssl);
  show('verify, content', of.content);
  show('restic check --read-data', of.restic);
  // Nightly it is the daemon that does it: the start of a program would count for much in a second.
  const measured = median(reading) / timeOf(of.openssl);
  report([{ name: 'verify stored, once begun, in runs of openssl', measured, goal: VERIFY_GOAL, unit: 'x' }]);
}

async function measureRestore(bench: Bench): Promise<void> {
  const { goals, encrypted, restic: peer, data, scratch } = bench;
  const target = join(scratch, 'target');
  const [ours, theirs]: [Run[], Run[]] = [[], []];
  for (let round = 0; round < runs(goals.runs); round += 1) {
    useMemory(bench);
    ours.push(await working(encrypted, { what: 'restore', source: data.name, target }));
    rmSync(target, { recursive: true });
    useMemory(bench);
    if (peer) theirs.push(await peer.run('restore', 'latest', '--target', target));
    if (existsSync(target)) rmSync(target, { recursive: true });
  }
  show('restore', ours);
  show('restic restore', theirs);
  against('restore, in runs of restic', [ours, theirs], goals.restore);
}

/** Beside what a program writes, what it takes for itself. */
const PROGRAM_BYTES = 512 * 1024 * 1024;

/**
 * Memory that a virtual machine has given back to its host takes ten times as long to fill: who comes next finds as much as it
 * needs in use until now.
 */
function useMemory({ scratch, data: { bytes } }: Pick<Bench, 'scratch' | 'data'>): void {
  const file = join(scratch, 'used');
  const descriptor = openSync(file, 'w');
  const part = Buffer.alloc(4 * 1024 * 1024, 1);
  for (let done = 0; done < bytes + PROGRAM_BYTES; done += part.length) writeSync(descriptor, part);
  closeSync(descriptor);
  rmSync(file);
}

export function timeOf(done: readonly Run[]): number {
  return median(done.map(({ milliseconds }) => milliseconds));
}

export function show(name: string, done: readonly Run[]): void {
  if (done.length === 0) return;
  const times = done.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  const peak = Math.max(...done.map(({ peakMib }) => peakMib));
  const cpu = median(done.map(({ cpuMs }) => cpuMs));
  process.stdout.write(
    `shown   ${name}: ${timeOf(done).toFixed(0)} ms (${times[0]?.toFixed(0)}–${times.at(-1)?.toFixed(0)}), cpu ${cpu.toFixed(0)} ms, ${peak.toFixed(0)} MiB\n`,
  );
}

/** Nothing where the peer is not here. */
export function against(
  name: string,
  [ours, theirs]: readonly [readonly Run[], readonly Run[]],
  goal: number,
): void {
  if (theirs.length === 0) return;
  report([{ name, measured: timeOf(ours) / timeOf(theirs), goal, unit: 'x' }]);
}
