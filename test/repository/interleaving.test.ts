import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { LeitstandError } from '../../src/platform/errors.ts';
import { keyIdOf } from '../../src/repository/keys.ts';
import { initialiseRepository, openRepository, type Repository } from '../../src/repository/repository.ts';
import type { Store } from '../../src/stack/store.ts';
import { captureOf, scratch } from './fixture.ts';
import { type MemoryStore, memoryStore } from './memory-store.ts';

const HOUR = 3_600_000;
/** More of them: `LEITSTAND_SCHEDULES=20000 npx vitest run test/repository/interleaving.test.ts`. */
const SCHEDULES = Number(process.env['LEITSTAND_SCHEDULES'] ?? 40);
/** What a run may end with when others delete at the same time; the next one goes on. */
const ALLOWED = ['LS-REPO-019', 'LS-REPO-026', 'LS-REPO-027'];

/** mulberry32: the same numbers for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const signingKey = { privateKey, publicKey, keyId: keyIdOf(publicKey) };

/**
 * Two hosts that back up the same source, with clocks of their own, and two that prune, all at once: every store
 * operation of every one waits for its turn, which a seeded die decides, and hours may pass in between. `blind`: the
 * writers see neither how long they take nor what is condemned, which breaks the bargain that makes it safe.
 */
async function play(seed: number, directory: string, blind: boolean): Promise<readonly unknown[]> {
  const random = randomFrom(seed);
  const waiting: (() => void)[] = [];
  const turn = () => new Promise<void>((resolve) => waiting.push(resolve));
  let isOpen = false;
  const store = memoryStore(() => (isOpen ? turn() : Promise.resolve()));
  const options = (skewHours: number) => ({
    clock: { ...systemClock, now: () => new Date(store.now + skewHours * HOUR) },
    random: (size: number) => Buffer.from(Array.from({ length: size }, () => Math.floor(random() * 256))),
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
    ...[0, 1].map(() => rounds(4, () => pruner.prune({ ...PRUNE }))),
  ];
  await drive({ actors, waiting, random, store });
  isOpen = false;
  return (await pruner.verify({ level: 'presence' })).findings;
}

const PRUNE = {
  policy: () => ({ days: 1, weeks: 0, months: 0, years: 0 }),
  verified: new Set<string>(),
  expected: [],
  dryRun: false,
  much: true,
};

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
  {
    random,
    directory,
    name,
  }: { readonly random: () => number; readonly directory: string; readonly name: string },
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
    await repository.writeSnapshot({ source: 'prometheus', stack: 'demo', capture: captureOf(entries) });
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
  readonly random: () => number;
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
    if (random() < 0.1) store.now += Math.floor(random() * 20) * HOUR;
    const [next] = waiting.splice(Math.floor(random() * waiting.length), 1);
    next?.();
    await setImmediate();
  }
  await failure;
}

describe('writers and prunes at once, however they interleave', () => {
  it(`leave no snapshot with holes (${SCHEDULES} schedules)`, async () => {
    const directory = scratch();
    const first = Math.floor(Math.random() * 1_000_000);
    for (let seed = first; seed < first + SCHEDULES; seed++)
      expect(await play(seed, directory, false), `seed ${seed}`).toEqual([]);
  }, 600_000);

  it('would, if a run might take as long as it likes: the schedules do find holes', async () => {
    const directory = scratch();
    for (let seed = 0; seed < 2_000; seed++) if ((await play(seed, directory, true)).length > 0) return;
    throw new Error('no schedule found one');
  }, 600_000);
});
