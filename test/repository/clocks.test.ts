import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HOUR_MS, newSigningKey, pruneRequest } from '../../soak/repository-world.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { initialiseRepository, openRepository, type Repository } from '../../src/repository/repository.ts';
import { objectNames, refusal, scratch, snapshotOf, writeTree } from './fixture.ts';
import { memoryStore } from './memory-store.ts';

const DAY_MS = 24 * HOUR_MS;
const DAYS = { days: 3, weeks: 0, months: 0, years: 0 };

/** A store with one clock, and a host with another. */
async function skewed(aheadHours: number) {
  const store = memoryStore();
  const skew = { hours: aheadHours };
  const clock = { ...systemClock, now: () => new Date(store.now + skew.hours * HOUR_MS) };
  const options = { clock, random: (size: number) => randomBytes(size), signingKey: newSigningKey() };
  await initialiseRepository(store, options);
  const repository = await openRepository(store, options);
  const directory = scratch();
  let count = 0;
  const backUp = async (from: Repository = repository) => {
    count += 1;
    const content = Buffer.from(`content ${count}`);
    // Two files written within a tick of the kernel's clock have one time, and would count as unchanged.
    const mtime = new Date(Date.UTC(2026, 6, 1, 0, 0, count));
    const entries = await writeTree(join(directory, String(count)), [{ path: 'a', content, mtime }]);
    return (await from.writeSnapshot(snapshotOf(entries))).record.id;
  };
  return { store, skew, options, repository, backUp };
}

describe.each([24, -24])('a host whose clock is %i hours ahead of the store’s', (ahead) => {
  it('loses no snapshot of the days that are kept, and leaves none with holes', async () => {
    const { store, repository, backUp } = await skewed(ahead);
    const made: { readonly id: string; readonly at: number }[] = [];
    for (let day = 0; day < 10; day++) {
      made.push({ id: await backUp(), at: store.now });
      await repository.prune(pruneRequest(DAYS));
      await repository.verify({ level: 'stored', rotateDays: 5 });
      expect((await repository.verify({ level: 'content' })).findings).toEqual([]);
      store.now += DAY_MS;
    }
    const there = (await repository.snapshots()).map(({ id }) => id);
    // A clock that is a day behind makes them a day older than they are.
    const kept = made.filter(({ at }) => store.now - at <= (DAYS.days - 1) * DAY_MS);
    expect(there).toEqual(expect.arrayContaining(kept.map(({ id }) => id)));
    expect(there.length).toBeLessThan(made.length);
  });

  it('reads everything back in time, by the store’s clock', async () => {
    const { store, repository, backUp } = await skewed(ahead);
    for (let i = 0; i < 5; i++) await backUp();
    for (let day = 0; day < 12; day++) {
      const { oldestUnverifiedAt = '' } = await repository.verify({ level: 'stored', rotateDays: 5 });
      expect(store.now - Date.parse(oldestUnverifiedAt)).toBeLessThanOrEqual(5 * DAY_MS);
      store.now += DAY_MS;
    }
  });

  it('commits within a day by the store’s clock, whatever its own says meanwhile', async () => {
    const { store, skew, options, backUp } = await skewed(ahead);
    const during = (change: () => void) =>
      openRepository(
        {
          ...store,
          time: () => store.time(),
          put: async (name, data) => {
            await store.put(name, data);
            if (name.startsWith('lists/')) change();
          },
        },
        options,
      );
    await backUp(await during(() => (skew.hours += 48)));
    const late = await refusal(backUp(await during(() => (store.now += 25 * HOUR_MS))));
    expect(late.code).toBe('LS-REPO-027');
  });
});

describe('a store whose own clock', () => {
  it('was a day ahead when something was condemned: it is deleted a day later', async () => {
    const { store, repository, backUp } = await skewed(0);
    await backUp();
    store.now += 5 * DAY_MS;
    await backUp();
    const before = await objectNames(store, 'packs/');
    store.now += DAY_MS;
    await repository.prune(pruneRequest());
    store.now -= DAY_MS;
    store.now += 2 * DAY_MS;
    await repository.prune(pruneRequest());
    expect(await objectNames(store, 'packs/')).toEqual(before);
    store.now += DAY_MS;
    await repository.prune(pruneRequest());
    expect((await objectNames(store, 'packs/')).length).toBe(before.length - 1);
  });

  it('jumps two days ahead while a run is under way, and something is deleted: no snapshot with holes', async () => {
    const { store, options, repository, backUp } = await skewed(0);
    await backUp();
    store.now += 5 * DAY_MS;
    await backUp();
    const jumping = await openRepository(
      {
        ...store,
        put: async (name, data) => {
          await store.put(name, data);
          if (!name.startsWith('lists/')) return;
          await repository.prune(pruneRequest());
          store.now += 3 * DAY_MS;
          await repository.prune(pruneRequest());
        },
      },
      options,
    );
    expect(['LS-REPO-019', 'LS-REPO-027']).toContain((await refusal(backUp(jumping))).code);
    expect((await repository.verify({ level: 'content' })).findings).toEqual([]);
  });

  it('goes back a day is no damage', async () => {
    const { store, repository, backUp } = await skewed(0);
    await backUp();
    await repository.verify({ level: 'stored' });
    store.now -= DAY_MS;
    expect((await repository.verify({ level: 'stored', rotateDays: 30 })).findings).toEqual([]);
    expect((await repository.verify({ level: 'content' })).findings).toEqual([]);
  });
});
