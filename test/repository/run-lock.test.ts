import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { keyIdOf } from '../../src/repository/keys.ts';
import { initialiseRepository, openRepository } from '../../src/repository/repository.ts';
import { captureOf, scratch, world } from './fixture.ts';
import { lockingStore } from './locking-store.ts';
import { memoryStore } from './memory-store.ts';

const DAY = 86_400_000;

const RETENTION = { days: 30, weeks: 0, months: 0, years: 0 };
const PRUNE = {
  policy: () => RETENTION,
  verified: new Set<string>(),
  expected: [],
  dryRun: false,
  much: true,
};

async function makeWorld(days = 37) {
  const store = lockingStore();
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const signingKey = { privateKey, publicKey, keyId: keyIdOf(publicKey) };
  const clock = { ...systemClock, now: () => new Date(store.now) };
  const lockDays = (source: string | undefined) => (source === 'logs' ? 7 : days);
  const options = { ...world, clock, signingKey, lockDays };
  await initialiseRepository(store, options);
  const repository = await openRepository(store, options);
  const directory = scratch();
  const backUp = async (contents: readonly string[], source = 'prometheus') => {
    const entries = contents.map((content, i) => {
      const file = join(directory, `data-${i}`);
      writeFileSync(file, content);
      return { path: `data-${i}`, file, class: 'mutable' as const };
    });
    const { record } = await repository.writeSnapshot({ source, stack: 'demo', capture: captureOf(entries) });
    await repository.writeBackup({ stack: 'demo', snapshots: [record], startedAt: new Date(store.now) });
    return record;
  };
  const lockedFor = (prefix: string) =>
    [...store.objects.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => ((store.locks.get(name) ?? store.now) - store.now) / DAY);
  return { store, repository, backUp, lockedFor, options };
}

describe('in a store that locks', () => {
  it('everything that a backup needs is locked for as long, and the record says so', async () => {
    const { store, backUp, lockedFor } = await makeWorld();
    const record = await backUp(['a']);
    for (const prefix of [
      'packs/',
      'lists/',
      'snapshots/',
      'backups/',
      'lsb1.json',
      'README.txt',
      'restore.sh',
    ])
      expect([prefix, lockedFor(prefix)]).toEqual([prefix, [37]]);
    const until = new Date(store.now + 37 * DAY).toISOString();
    expect(record.packs.map(({ lockUntil }) => lockUntil)).toEqual([until]);
    expect(record.lists.map(({ lockUntil }) => lockUntil)).toEqual([until]);
    expect(record.lock).toEqual({ until, repository: until });
  });

  it('a repository of before restore.sh is locked without it', async () => {
    const { store, backUp } = await makeWorld();
    store.objects.delete('restore.sh');
    const until = new Date(store.now + 37 * DAY).toISOString();
    expect((await backUp(['a'])).lock).toEqual({ until, repository: until });
  });

  it('each source has its own time', async () => {
    const { backUp, lockedFor } = await makeWorld();
    await backUp(['a'], 'logs');
    expect(lockedFor('packs/logs/')).toEqual([7]);
  });

  it('what a later backup builds upon is locked again about weekly, and nothing is asked in between', async () => {
    const { store, backUp, lockedFor } = await makeWorld();
    await backUp(['a']);
    store.extended.splice(0);
    for (let day = 1; day <= 7; day++) {
      store.now += DAY;
      await backUp(['a', `new ${day}`]);
    }
    expect(store.extended).toEqual([]);
    expect(Math.min(...lockedFor('packs/'))).toBe(30);
    store.now += DAY;
    const record = await backUp(['a', 'new 7']);
    expect(store.extended.filter((name) => name.startsWith('packs/'))).toHaveLength(1);
    expect(store.extended).toEqual(expect.arrayContaining(['lsb1.json', 'README.txt', 'restore.sh']));
    expect(Math.max(...lockedFor('packs/'))).toBe(37);
    for (const { lockUntil = '' } of record.packs)
      expect(Date.parse(lockUntil)).toBeGreaterThanOrEqual(store.now + 30 * DAY);
  });

  it('what a killed run has put is locked by the one that adopts it', async () => {
    const { store, backUp } = await makeWorld();
    const { put } = store;
    store.put = async (name, data, options) => {
      if (name.startsWith('lists/')) throw new Error('killed');
      await put(name, data, options);
    };
    await expect(backUp(['a'])).rejects.toThrow('killed');
    store.put = put;
    store.now += 2 * DAY;
    store.extended.splice(0);
    await backUp(['a']);
    expect(store.extended.some((name) => name.startsWith('packs/'))).toBe(true);
  });

  it('a prune leaves what is locked, says until when, and takes it afterwards', async () => {
    const { store, repository, backUp } = await makeWorld();
    const old = await backUp(['old']);
    store.now += 31 * DAY;
    await backUp(['young']);
    const first = await repository.prune(PRUNE);
    expect(first.snapshots.find(({ id }) => id === old.id)?.kept).toBe(`locked until ${old.lock?.until}`);
    expect(first).toMatchObject({ condemned: { objects: 0 }, locked: { objects: 0 }, backups: [] });
    store.now += 7 * DAY;
    const second = await repository.prune(PRUNE);
    expect(second.snapshots.find(({ id }) => id === old.id)?.kept).toBeUndefined();
    expect(second.backups).toHaveLength(1);
    store.now += 3 * DAY;
    expect(await repository.prune(PRUNE)).toMatchObject({
      deleted: { objects: 2 },
      locked: { objects: 0 },
      retained: { objects: 0 },
    });
    expect((await repository.verify({ level: 'content' })).findings).toEqual([]);
  });

  it('the record of a run goes when its own lock is over, though its snapshots went before', async () => {
    const { store, repository, backUp } = await makeWorld();
    await backUp(['old'], 'logs');
    store.now += 31 * DAY;
    await backUp(['young'], 'logs');
    expect((await repository.prune(PRUNE)).backups).toEqual([]);
    expect(await repository.snapshots('logs')).toHaveLength(1);
    store.now += 7 * DAY;
    expect((await repository.prune(PRUNE)).backups).toHaveLength(1);
    expect(await repository.backups()).toHaveLength(1);
  });

  it('what a killed run has left is held until its lock is over, which is no failure', async () => {
    const { store, repository, backUp } = await makeWorld();
    await backUp(['kept']);
    const left = `packs/prometheus/ab/ab${'0'.repeat(62)}`;
    const lockUntil = new Date(store.now + 37 * DAY);
    await store.put(left, Buffer.from('left by a killed run'), { lockUntil });
    store.now += 2 * DAY;
    await repository.prune(PRUNE);
    store.now += 3 * DAY;
    expect(await repository.prune(PRUNE)).toMatchObject({
      deleted: { objects: 0 },
      locked: { objects: 1, why: `locked until ${lockUntil.toISOString()}` },
    });
    store.now += 33 * DAY;
    expect(await repository.prune(PRUNE)).toMatchObject({ deleted: { objects: 1 } });
  });

  it('a commit that came too late fails for its own reason, though its record cannot be taken back', async () => {
    const { store, repository, backUp } = await makeWorld();
    const { put } = store;
    store.put = async (name, data, options) => {
      await put(name, data, options);
      if (name.startsWith('snapshots/'))
        for (const other of store.objects.keys()) if (other.startsWith('packs/')) store.objects.delete(other);
    };
    await expect(backUp(['late'])).rejects.toMatchObject({ code: 'LS-REPO-019' });
    expect((await repository.verify({ level: 'presence' })).findings).toMatchObject([{ snapshots: [{}] }]);
  });

  it('a short lock is renewed when half of it is over', async () => {
    const { store, backUp, lockedFor } = await makeWorld(4);
    await backUp(['a']);
    store.now += 2 * DAY;
    await backUp(['a']);
    expect(lockedFor('packs/')).toEqual([2]);
    store.now += DAY;
    await backUp(['a']);
    expect(lockedFor('packs/')).toEqual([4]);
  });
});

it('a store that cannot lock is not asked to', async () => {
  const { options } = await makeWorld();
  await expect(initialiseRepository(memoryStore(), options)).rejects.toThrow(TypeError);
});
