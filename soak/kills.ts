import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Die, dieFrom } from './die.ts';
import type { Fault } from './faulty-fs.ts';
import {
  assertSameFiles,
  assertValid,
  captureTree,
  initialise,
  openAt,
  openRecovered,
  placeIn,
  pruneRequest,
  readFiles,
  SOURCE,
  writeFiles,
} from './repository-world.ts';
import { codeIn, runWorker } from './run-worker.ts';
import type { Scenario } from './scenario.ts';
import type { Work } from './worker.ts';

/** A pack at its largest. */
const PACK_BYTES = 40 * 1024 * 1024;
export const VICTIMS = ['backup', 'condemning', 'deleting', 'verify', 'restore'] as const;
export type Victim = (typeof VICTIMS)[number];
const MOMENTS = ['kill-before', 'kill-half', 'kill-after'] as const;

/** Days pass between backups and prunes. */
const LATER: Readonly<Record<Victim, number>> = {
  backup: 0,
  condemning: 24 * 40,
  deleting: 24 * 50,
  verify: 24,
  restore: 0,
};

interface Point {
  readonly at: number;
  readonly how: Fault['how'];
}

export interface Part {
  readonly index: number;
  readonly of: number;
}

export interface KillPlan {
  readonly victim: Victim;
  /** Which of the operations on files, in the order in which they come: there may be fewer. All unless given. */
  readonly points?: readonly Point[];
  /** Of all points, the so-manieth of so many parts. */
  readonly part?: Part;
  /** Bytes of one file of the source, to have several packs. */
  readonly large?: number;
  readonly encrypted?: boolean;
  /** After the kill, the journal of pack keys is lost as well. */
  readonly losesKeys?: boolean;
}

/**
 * SIGKILL at operations on files of a real process, then the same again: the repository is valid at every time, no
 * snapshot is lost, and what had been stored is not stored twice.
 */
export async function playKills(plan: KillPlan, directory: string, die: Die): Promise<string> {
  const base = join(directory, 'base');
  const made = await prepare(plan, base, die);
  const operations = plan.points ? [] : await operationsOf(plan, { base, made, directory });
  const points = plan.points ?? partOf(everyPoint(operations.length), plan.part);
  for (const point of points) {
    const place = await copyOf(base, join(directory, 'place'));
    try {
      await playKill(plan, { place, made, point });
    } catch (error) {
      const operation = operations[point.at - 1] ?? 'not known';
      throw new Error(`${plan.victim}, ${point.how} operation ${point.at}: ${operation}`, { cause: error });
    }
    await rm(place, { recursive: true });
  }
  const kind = plan.encrypted === true ? 'encrypted ' : '';
  return `${kind}${plan.victim}: killed at ${points.length} points`;
}

/** What it does to files, when nothing happens to it. */
async function operationsOf(
  plan: KillPlan,
  { base, made, directory }: { readonly base: string; readonly made: Made; readonly directory: string },
): Promise<readonly string[]> {
  const log = join(directory, 'operations');
  const trial = await copyOf(base, join(directory, 'trial'));
  const quiet = await runWorker(jobOf(plan, trial, made), faultOf(trial, { at: 0, how: 'kill-before', log }));
  assert.equal(quiet.exitCode, 0, quiet.stderr);
  return (await readFile(log, 'utf8')).split('\n').slice(0, -1);
}

export function partOf<One>(all: readonly One[], { index, of }: Part = { index: 0, of: 1 }): readonly One[] {
  return all.filter((_, i) => i % of === index);
}

function everyPoint(operations: number) {
  return Array.from({ length: operations }, (_, i) => MOMENTS.map((how) => ({ at: i + 1, how }))).flat();
}

export interface Made {
  /** Ids, oldest first. */
  readonly snapshots: readonly string[];
  /** Of these, what retention leaves. */
  readonly staying: readonly string[];
}

export async function prepare(
  { victim, large = 0, encrypted = false }: Pick<KillPlan, 'victim' | 'large' | 'encrypted'>,
  directory: string,
  die: Die,
): Promise<Made> {
  const place = placeIn(directory);
  await initialise(place, encrypted);
  const source = join(directory, 'source');
  const files = Array.from({ length: 9 }, (_, i) => ({
    path: `blocks/${i % 3}/${i}`,
    content: die.bytes(500 + die.below(3000)),
    mtime: new Date(Date.UTC(2026, 6, 1 + (i % 3), 12)),
  }));
  const repository = await openAt(place);
  const back = async () =>
    (await repository.writeSnapshot({ source: SOURCE, stack: 'demo', capture: await captureTree(source) }))
      .record.id;
  const snapshots: string[] = [];
  await writeFiles(source, files.slice(0, 6));
  snapshots.push(await back());
  await rm(join(source, 'blocks/0'), { recursive: true });
  await writeFiles(source, files.slice(6, 8));
  snapshots.push(await back());
  await repository.writeBackup({ stack: 'demo', snapshots: snapshots.slice(0, 1), startedAt: new Date() });
  // What a backup and a restore are about is new.
  await writeFiles(source, [...files.slice(8), { path: 'large', content: die.bytes(large) }]);
  if (victim === 'restore') snapshots.push(await back());
  if (victim === 'deleting') await (await openAt(place, LATER.condemning)).prune(pruneRequest());
  const isPruned = victim === 'condemning' || victim === 'deleting';
  return { snapshots, staying: isPruned ? snapshots.slice(-1) : snapshots };
}

/** Whole files are replaced, never changed: but a copy by links would share their times. */
export async function copyOf(base: string, copy: string): Promise<string> {
  await mkdir(copy);
  await cp(base, copy, { recursive: true, preserveTimestamps: true });
  return copy;
}

export function jobOf({ victim }: Pick<KillPlan, 'victim'>, directory: string, { snapshots }: Made) {
  const work: Record<Victim, Work> = {
    backup: { work: 'backup', source: join(directory, 'source') },
    condemning: { work: 'prune' },
    deleting: { work: 'prune' },
    verify: { work: 'verify' },
    restore: { work: 'restore', snapshot: snapshots.at(-1) ?? '', target: 'target' },
  };
  return { ...work[victim], directory, laterHours: LATER[victim] };
}

function faultOf(directory: string, fault: Omit<Fault, 'below'>): Fault {
  const below = ['repository', 'keys', 'target', 'target.restoring'].map((name) => join(directory, name));
  return { ...fault, below };
}

async function playKill(
  plan: KillPlan,
  {
    place: directory,
    made,
    point,
  }: {
    readonly place: string;
    readonly made: Made;
    readonly point: Point;
  },
): Promise<void> {
  const job = jobOf(plan, directory, made);
  const killed = await runWorker(job, faultOf(directory, point));
  const wasOver = plan.points !== undefined && killed.exitCode === 0;
  if (!wasOver) assert.deepEqual([killed.signal, killed.stderr], ['SIGKILL', '']);
  const place = placeIn(directory);
  await assertNothingLost(directory, made);
  const stored = await packBytes(place.repository);
  if (plan.losesKeys === true) await losePackKeys(place.keys);
  const again = await runWorker(job);
  // Killed when all was done, a restore does not begin anew.
  const isComplete = plan.victim === 'restore' && codeIn(again) === 'LS-REPO-010';
  if (!isComplete) assert.deepEqual([again.exitCode, again.stderr], [0, '']);
  await assertNothingLost(directory, made);
  if (plan.victim === 'backup') {
    // The newest backup can be read without the recovery key.
    const repository = await openAt(place);
    const { snapshot } = JSON.parse(again.stdout) as { readonly snapshot: string };
    const needed = (await repository.snapshot(snapshot)).packs.reduce((sum, { size }) => sum + size, 0);
    const all = await packBytes(place.repository);
    const most = Math.max(stored, needed) + PACK_BYTES;
    assert.ok(plan.losesKeys === true || all <= most, `${all} bytes stored, ${needed} are needed`);
    await repository.restore({ snapshot, target: join(directory, 'restored') });
    await assertSameFiles(join(directory, 'restored'), join(directory, 'source'));
  }
  if (plan.victim === 'restore') await assertSameFiles(join(directory, 'target'), join(directory, 'source'));
  if (job.work !== 'prune') return;
  const next = await runWorker({
    ...jobOf({ victim: 'backup' }, directory, made),
    laterHours: job.laterHours,
  });
  assert.deepEqual([next.exitCode, next.stderr], [0, '']);
  await assertNothingLost(directory, made);
}

export async function assertNothingLost(directory: string, { staying }: Made): Promise<void> {
  const repository = await openRecovered(placeIn(directory));
  await assertValid(repository);
  const there = new Set((await repository.snapshots()).map(({ id }) => id));
  for (const id of staying) assert.ok(there.has(id), `snapshot ${id} is lost`);
}

async function losePackKeys(keys: string): Promise<void> {
  for (const name of await readdir(keys)) if (name.startsWith('packs-')) await rm(join(keys, name));
}

async function packBytes(repository: string): Promise<number> {
  const files = await readFiles(join(repository, 'packs'));
  return [...files]
    .filter(([name]) => !name.includes('.unfinished-'))
    .reduce((sum, [, content]) => sum + content.length, 0);
}

/** A round is a part of all points, so that it does not last for ever: seeds one after the other make all of them. */
export const PARTS = 12;

export const kills: Scenario = {
  name: 'kills',
  summary:
    'SIGKILL at every operation on files of a backup, a prune, a verification and a restore; then again',
  play: (seed, directory) => {
    const die = dieFrom(seed);
    const victim = VICTIMS[Math.abs(seed) % VICTIMS.length] ?? 'backup';
    // With several packs, what was stored is a part of what is needed.
    const large = die.below(10) === 0 ? 70 * 1024 * 1024 : 0;
    const encrypted = die.below(2) === 0;
    const losesKeys = encrypted && victim === 'backup' && die.below(3) === 0;
    const part = { index: Math.floor(Math.abs(seed) / VICTIMS.length) % PARTS, of: PARTS };
    return playKills({ victim, large, encrypted, losesKeys, part }, directory, die);
  },
};
