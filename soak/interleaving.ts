import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { systemClock } from '../src/platform/clock.ts';
import { LeitstandError } from '../src/platform/errors.ts';
import { initialiseRepository, openRepository, type Repository } from '../src/repository/repository.ts';
import type { Store } from '../src/stack/store.ts';
import { type MemoryStore, memoryStore } from '../test/repository/memory-store.ts';
import { type Die, dieFrom } from './die.ts';
import { captureEntries, HOUR_MS, newSigningKey, pruneRequest } from './repository-world.ts';
import type { Scenario } from './scenario.ts';

const signingKey = newSigningKey();
/** What a run may end with when others delete at the same time; the next one goes on. */
const ALLOWED = ['LS-REPO-019', 'LS-REPO-026', 'LS-REPO-027'];

/**
 * Two hosts that back up the same source, with clocks of their own, and two that prune, all at once: every store
 * operation of every one waits for its turn, which a seeded die decides, and hours may pass in between. `blind`: the
 * writers see neither how long they take nor what is condemned, which breaks the bargain that makes it safe.
 */
export async function playSchedule(
  seed: number,
  directory: string,
  blind = false,
): Promise<readonly unknown[]> {
  const random = dieFrom(seed);
  const waiting: (() => void)[] = [];
  const turn = () => new Promise<void>((resolve) => waiting.push(resolve));
  let isOpen = false;
  const store = memoryStore(() => (isOpen ? turn() : Promise.resolve()));
  const options = (skewHours: number) => ({
    clock: { ...systemClock, now: () => new Date(store.now + skewHours * HOUR_MS) },
    random: (size: number) => random.bytes(size),
    signingKey,
  });
  await initialiseRepository(store, options(0));
  const ever = new Map<string, number>();
  const put = store.put;
  store.put = async (name, data) => {
    await put(name, data);
    ever.set(name, data.length);
  };
  const seen = withoutDeletions(store, ever);
  const repositories = await Promise.all(
    [0, 24, -24].map((skew) => openRepository(blind ? blindfolded(seen) : seen, options(skew))),
  );
  const pruner = await openRepository(store, options(0));
  isOpen = true;
  const actors = [
    ...repositories
      .slice(0, 3)
      .map((repository, i) => writer(repository, { random, directory, name: `w${i}` })),
    ...[0, 1].map(() => rounds(4, () => pruner.prune(pruneRequest()))),
  ];
  await drive({ actors, waiting, random, store });
  isOpen = false;
  return (await pruner.verify({ level: 'presence' })).findings;
}

/**
 * The store, to somebody who does not see that anything was deleted: the writer's own looks before and after its commit
 * find nothing amiss, so that the bargain about times alone must hold.
 */
function withoutDeletions(store: MemoryStore, ever: ReadonlyMap<string, number>): Store {
  return {
    ...store,
    head: async (name) => {
      await store.head(name);
      const size = ever.get(name);
      return size === undefined ? undefined : { size };
    },
    list: async function* (prefix) {
      const seen = new Set<string>();
      for await (const object of store.list(prefix)) {
        seen.add(object.name);
        yield object;
      }
      if (prefix.startsWith('packs/'))
        for (const [name, size] of ever)
          if (name.startsWith(prefix) && !seen.has(name)) yield { name, size, modifiedAt: new Date(0) };
    },
  };
}

/** For whom no time passes besides, and who does not look at what is condemned. */
function blindfolded(store: Store): Store {
  return {
    ...store,
    time: async () => new Date('2026-01-01T00:00:00.000Z'),
    list: async function* (prefix) {
      if (prefix !== 'gc/') yield* store.list(prefix);
    },
  };
}

async function writer(
  repository: Repository,
  { random, directory, name }: { readonly random: Die; readonly directory: string; readonly name: string },
): Promise<void> {
  let round = 0;
  await rounds(4, async () => {
    round += 1;
    // Few contents, so that much is built upon what others stored.
    const entries = [0, 1].map((i) => {
      const file = join(directory, `${name}-${round}-${i}`);
      writeFileSync(file, `content ${Math.floor(random() * 3)}`);
      return { path: `f${i}`, file, class: 'mutable' as const };
    });
    await repository.writeSnapshot({ source: 'prometheus', stack: 'demo', capture: captureEntries(entries) });
  });
}

async function rounds(count: number, work: () => Promise<unknown>): Promise<void> {
  for (let round = 0; round < count; round++) {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof LeitstandError) || !ALLOWED.includes(error.code)) throw error;
    }
  }
}

/** Lets one waiting operation through at a time, once everybody waits or has ended. */
async function drive(stage: {
  readonly actors: readonly Promise<void>[];
  readonly waiting: (() => void)[];
  readonly random: Die;
  readonly store: MemoryStore;
}): Promise<void> {
  const { waiting, random, store } = stage;
  let ended = 0;
  const all = stage.actors.map((actor) => actor.finally(() => (ended += 1)));
  const failure = Promise.all(all);
  failure.catch(() => undefined);
  while (ended < all.length) {
    if (waiting.length + ended < all.length) {
      await setImmediate();
      continue;
    }
    if (random() < 0.1) store.now += Math.floor(random() * 20) * HOUR_MS;
    const [next] = waiting.splice(Math.floor(random() * waiting.length), 1);
    next?.();
    await setImmediate();
  }
  await failure;
}

/** Of one round: a schedule takes a few hundredths of a second. */
const SCHEDULES = 50;

export const interleaving: Scenario = {
  name: 'interleaving',
  summary:
    'two hosts that write and two that prune, every operation of the store in an order that a die decides',
  play: async (seed, directory) => {
    for (let i = 0; i < SCHEDULES; i++) {
      const one = seed * SCHEDULES + i;
      assert.deepEqual(await playSchedule(one, directory), [], `schedule ${one}`);
    }
    return `${SCHEDULES} schedules`;
  },
};
