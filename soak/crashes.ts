import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { initialiseRepository, openRepository, type Repository } from '../src/repository/repository.ts';
import type { Store } from '../src/stack/store.ts';
import { type MemoryStore, memoryStore } from '../test/repository/memory-store.ts';
import { type Die, dieFrom } from './die.ts';
import {
  assertSameFiles,
  assertValid,
  captureTree,
  HOUR_MS,
  hostOptions,
  newSigningKey,
  pruneRequest,
  SOURCE,
  writeFiles,
} from './repository-world.ts';
import type { Scenario } from './scenario.ts';

/** What the store says to a process that is dead: nothing it does comes to anything. */
class Dead extends Error {}

export const WORKS = ['initialise', 'backup', 'condemning', 'deleting', 'verify', 'restore'] as const;
export type Work = (typeof WORKS)[number];

interface Stage {
  readonly store: MemoryStore;
  readonly directory: string;
  readonly die: Die;
  readonly key: ReturnType<typeof newSigningKey>;
  /** Of snapshots that must stay. */
  staying: readonly string[];
}

/**
 * The end at every operation of the store, before it and after it; in this process, so that all of them can be tried.
 * Then the same again.
 */
export async function playCrashes(
  work: Work,
  directory: string,
  { seed, step = 1 }: { readonly seed: number; readonly step?: number },
): Promise<string> {
  const operations = await crashAt(work, directory, seed, 0);
  // The last one is the commit, or what comes after it.
  for (let at = operations; at >= 1; at -= step) {
    for (const isDone of [false, true]) {
      try {
        await crashAt(work, directory, seed, at, isDone);
      } catch (error) {
        throw new Error(`${work}, ${isDone ? 'after' : 'before'} operation ${at} of ${operations}`, {
          cause: error,
        });
      }
    }
  }
  return `${work}: ended at ${Math.ceil(operations / step)} of ${operations} operations`;
}

/** Returns how many operations there were. */
async function crashAt(
  work: Work,
  directory: string,
  seed: number,
  at: number,
  isDone = false,
): Promise<number> {
  const stage = await setStage(work, directory, seed);
  let count = 0;
  const mortal = mortalStore(stage.store, () => {
    count += 1;
    return at === 0 || count < at ? 'alive' : count === at && isDone ? 'last' : 'dead';
  });
  const end = await perform(work, stage, mortal).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (at > 0) assert.ok(end instanceof Dead || end === undefined, `ended with ${String(end)}`);
  else assert.equal(end, undefined);
  if (work !== 'initialise') await assertWhole(stage);
  if (at > 0) await perform(work, stage, stage.store);
  await assertWhole(stage);
  if (at > 0 && work !== 'restore') {
    await perform('backup', stage, stage.store);
    await assertWhole(stage);
  }
  return count;
}

function mortalStore(store: Store, beat: () => 'alive' | 'last' | 'dead'): Store {
  const live = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const state = beat();
    if (state === 'dead') throw new Dead();
    const result = await work();
    if (state === 'last') throw new Dead();
    return result;
  };
  return {
    label: store.label,
    put: (...args) => live(() => store.put(...args)),
    get: (...args) => live(() => store.get(...args)),
    head: (name) => live(() => store.head(name)),
    delete: (name) => live(() => store.delete(name)),
    time: () => live(() => store.time()),
    list: async function* (prefix) {
      await live(async () => undefined);
      yield* store.list(prefix);
    },
  };
}

async function setStage(work: Work, directory: string, seed: number): Promise<Stage> {
  const die = dieFrom(seed);
  const stage: Stage = { store: memoryStore(), directory, die, key: newSigningKey(), staying: [] };
  await rm(directory, { recursive: true, force: true });
  const source = join(directory, 'source');
  const day = (i: number) => new Date(Date.UTC(2026, 6, 1 + (i % 3), 12));
  const file = (i: number) => ({ path: `f${i}`, content: die.bytes(100 + die.below(900)), mtime: day(i) });
  await writeFiles(source, [0, 1, 2, 3].map(file));
  if (work === 'initialise') return stage;
  await perform('initialise', stage, stage.store);
  const first = await backUp(stage, stage.store);
  stage.store.now += 30 * HOUR_MS;
  await rm(join(source, 'f0'));
  await writeFiles(source, [4].map(file));
  const second = await backUp(stage, stage.store);
  stage.staying = [first, second];
  if (work === 'condemning' || work === 'deleting') {
    stage.store.now += 40 * 24 * HOUR_MS;
    stage.staying = [second];
  }
  if (work === 'deleting') {
    await perform('condemning', stage, stage.store);
    stage.store.now += 50 * HOUR_MS;
  }
  await writeFiles(source, [5].map(file));
  if (work === 'restore') stage.staying = [...stage.staying, await backUp(stage, stage.store)];
  return stage;
}

function open({ store: { now }, key }: Stage, store: Store): Promise<Repository> {
  return openRepository(store, {
    ...hostOptions(key),
    clock: { ...hostOptions(key).clock, now: () => new Date(now) },
  });
}

async function backUp(stage: Stage, store: Store): Promise<string> {
  const repository = await open(stage, store);
  const capture = await captureTree(join(stage.directory, 'source'));
  const { record } = await repository.writeSnapshot({ source: SOURCE, stack: 'demo', capture });
  await repository.writeBackup({ stack: 'demo', snapshots: [record], startedAt: new Date() });
  return record.id;
}

async function perform(work: Work, stage: Stage, store: Store): Promise<void> {
  if (work === 'initialise') {
    // A run that finds a finished repository has nothing to do.
    if (stage.store.objects.has('lsb1.json')) return;
    await initialiseRepository(store, hostOptions(stage.key));
  } else if (work === 'backup') await backUp(stage, store);
  else if (work === 'condemning' || work === 'deleting')
    await (await open(stage, store)).prune(pruneRequest());
  else if (work === 'verify') await (await open(stage, store)).verify({ level: 'stored', rotateDays: 30 });
  else {
    const target = join(stage.directory, 'target');
    await (await open(stage, store)).restore({ snapshot: stage.staying.at(-1) ?? '', target });
    await assertSameFiles(target, join(stage.directory, 'source'));
  }
}

async function assertWhole(stage: Stage): Promise<void> {
  const repository = await open(stage, stage.store);
  await assertValid(repository);
  const there = new Set((await repository.snapshots()).map(({ id }) => id));
  for (const id of stage.staying) assert.ok(there.has(id), `snapshot ${id} is lost`);
}

export const crashes: Scenario = {
  name: 'crashes',
  summary: 'the end before and after every operation of the store; then again',
  play: (seed, directory) =>
    playCrashes(WORKS[Math.abs(seed) % WORKS.length] ?? 'backup', directory, { seed }),
};
