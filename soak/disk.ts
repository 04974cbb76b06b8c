import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Die, dieFrom } from './die.ts';
import type { Fault } from './faulty-fs.ts';
import {
  assertNothingLost,
  copyOf,
  jobOf,
  type Made,
  type Part as Share,
  partOf,
  PARTS,
  prepare,
  type Victim,
  VICTIMS,
} from './kills.ts';
import { assertSameFiles } from './repository-world.ts';
import { codeIn, runWorker } from './run-worker.ts';
import type { Scenario } from './scenario.ts';

/** Where the disk fails. */
type Part = 'repository' | 'target' | 'source' | 'keys';

/** How it does: what is full stays full until somebody makes room; a bad sector may be read the next time. */
const DISKS = {
  ENOSPC: { how: 'ENOSPC', lasts: true, mayDelete: true },
  EDQUOT: { how: 'EDQUOT', lasts: true, mayDelete: true },
  EFBIG: { how: 'EFBIG', lasts: false },
  EROFS: { how: 'EROFS', lasts: true },
  EACCES: { how: 'EACCES', lasts: true, reads: true },
  'EIO once': { how: 'EIO', lasts: false, reads: true },
  'EIO for ever': { how: 'EIO', lasts: true, reads: true },
  ESTALE: { how: 'ESTALE', lasts: true, reads: true },
} as const satisfies Record<string, Omit<Fault, 'below' | 'at'>>;

export type Disk = keyof typeof DISKS;
const DISK_NAMES = Object.keys(DISKS) as readonly Disk[];

export interface DiskPlan {
  readonly victim: Victim;
  readonly part: Part;
  readonly disk: Disk;
  readonly encrypted?: boolean;
  /** Which operations: there may be fewer. All unless given. */
  readonly points?: readonly number[];
  /** Of all of them, the so-manieth of so many parts. */
  readonly share?: Share;
}

/** In our words, with the code for it: the disk, the target and the source each have their own. */
function isTold(code: string | undefined, { part, disk }: DiskPlan): boolean {
  if (part === 'source') return code === 'LS-REPO-009' || code === 'LS-REPO-008';
  if (part === 'keys') return ['LS-REPO-014', 'LS-REPO-030', 'LS-REPO-031'].includes(code ?? '');
  if (part === 'target') return code === 'LS-REPO-018' || code === 'LS-REPO-010';
  return code === (disk === 'ENOSPC' || disk === 'EDQUOT' ? 'LS-REPO-006' : 'LS-REPO-007');
}

/** Operations that fail, one after the other; then the disk is sound again, and so is everything on it. */
export async function playDisk(plan: DiskPlan, directory: string, die: Die): Promise<string> {
  const base = join(directory, 'base');
  const made = await prepare(plan, base, die);
  const operations = plan.points ? [] : await operationsOf(plan, { base, made, directory });
  const points =
    plan.points ??
    partOf(
      operations.map((_, i) => i + 1),
      plan.share,
    );
  for (const at of points) {
    const place = await copyOf(base, join(directory, 'place'));
    try {
      await playFailure(plan, { place, made, at });
    } catch (error) {
      const operation = operations[at - 1] ?? 'not known';
      throw new Error(`${plan.victim}, ${plan.disk} at operation ${at}: ${operation}`, { cause: error });
    }
    await rm(place, { recursive: true });
  }
  return `${plan.victim}: ${plan.disk} of the ${plan.part} at ${points.length} operations`;
}

async function operationsOf(
  plan: DiskPlan,
  { base, made, directory }: { readonly base: string; readonly made: Made; readonly directory: string },
): Promise<readonly string[]> {
  const trial = await copyOf(base, join(directory, 'trial'));
  const log = join(directory, 'operations');
  const quiet = await runWorker(jobOf(plan, trial, made), faultOf(plan, trial, { at: 0, log }));
  assert.equal(quiet.exitCode, 0, quiet.stderr);
  return (await readFile(log, 'utf8').catch(() => '')).split('\n').slice(0, -1);
}

function faultOf(
  { part, disk }: DiskPlan,
  directory: string,
  fault: { readonly at: number; readonly log?: string },
): Fault {
  const names = part === 'target' ? ['target', 'target.restoring'] : [part];
  const below = names.map((name) => join(directory, name));
  // What files there are is found by the capture, which is not on trial here.
  return { ...DISKS[disk], ...fault, below, ...(part === 'source' ? { spares: ['readdir'] } : {}) };
}

async function playFailure(
  plan: DiskPlan,
  { place, made, at }: { readonly place: string; readonly made: Made; readonly at: number },
): Promise<void> {
  const job = jobOf(plan, place, made);
  const failed = await runWorker(job, faultOf(plan, place, { at }));
  // Some failures are got over: what was only to be tidied up, what was asked again.
  if (failed.exitCode !== 0)
    assert.ok(isTold(codeIn(failed), plan), `not told as it should: ${failed.stderr}`);
  await assertNothingLost(place, made);
  const again = await runWorker(job);
  const isComplete = plan.victim === 'restore' && codeIn(again) === 'LS-REPO-010' && failed.exitCode === 0;
  if (!isComplete) assert.deepEqual([again.exitCode, again.stderr], [0, '']);
  if (plan.victim === 'restore') await assertSameFiles(join(place, 'target'), join(place, 'source'));
  await assertNothingLost(place, made);
}

export const disk: Scenario = {
  name: 'disk',
  summary:
    'a disk that is full, read-only, forbidden or broken under the repository, the target or the source',
  play: (seed, directory) => {
    const die = dieFrom(seed);
    const victim = die.of(VICTIMS);
    const parts: Part[] = ['repository'];
    if (victim === 'restore') parts.push('target');
    if (victim === 'backup') parts.push('source', 'keys');
    const [part, encrypted] = [die.of(parts), die.below(2) === 0];
    const share = { index: die.below(PARTS), of: PARTS };
    return playDisk({ victim, part, disk: die.of(DISK_NAMES), encrypted, share }, directory, die);
  },
};
