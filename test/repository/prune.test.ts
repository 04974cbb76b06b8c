import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { keyIdOf } from '../../src/repository/keys.ts';
import type { PruneRequest } from '../../src/repository/prune.ts';
import { initialiseRepository, openRepository } from '../../src/repository/repository.ts';
import { repositoryErrors } from '../../src/repository/errors.ts';
import { captureOf, scratch, world } from './fixture.ts';
import { memoryStore } from './memory-store.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const REQUEST: PruneRequest = {
  policy: () => ({ days: 30, weeks: 0, months: 0, years: 0 }),
  verified: new Set(),
  expected: [],
  dryRun: false,
  much: false,
};

async function makeWorld() {
  const store = memoryStore();
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const signingKey = { privateKey, publicKey, keyId: keyIdOf(publicKey) };
  // This host's clock and the store's go together here; that they need not is the model's affair.
  const clock = { ...systemClock, now: () => new Date(store.now) };
  const options = { ...world, clock, signingKey };
  await initialiseRepository(store, options);
  const repository = await openRepository(store, options);
  const directory = scratch();
  const backUp = async (content: string, source = 'prometheus') => {
    const file = join(directory, 'data');
    writeFileSync(file, content);
    const capture = captureOf([{ path: 'data', file, class: 'mutable' }]);
    const { record } = await repository.writeSnapshot({ source, stack: 'demo', capture });
    await repository.writeBackup({ stack: 'demo', snapshots: [record], startedAt: new Date(store.now) });
    return record.id;
  };
  const names = (prefix: string) => [...store.objects.keys()].filter((name) => name.startsWith(prefix));
  const sound = async () => (await repository.verify({ level: 'content' })).findings;
  return { store, repository, backUp, names, sound };
}

describe('prune', () => {
  it('condemns what nothing needs, and deletes it two days later', async () => {
    const { store, repository, backUp, names, sound } = await makeWorld();
    const old = await backUp('old');
    store.now += 31 * DAY;
    const young = await backUp('young');
    const first = await repository.prune({ ...REQUEST, expected: [young] });
    expect(first.snapshots.map(({ id, kept }) => [id, kept])).toEqual([
      [young, 'the newest'],
      [old, undefined],
    ]);
    expect(first).toMatchObject({ condemned: { objects: 2 }, deleted: { objects: 0 } });
    expect(first.backups).toHaveLength(1);
    expect(names('packs/')).toHaveLength(2);
    store.now += 47 * HOUR;
    expect(await repository.prune(REQUEST)).toMatchObject({
      deleted: { objects: 0 },
      waiting: { objects: 2 },
    });
    store.now += HOUR;
    expect(await repository.prune({ ...REQUEST, much: true })).toMatchObject({ deleted: { objects: 2 } });
    expect(names('packs/')).toHaveLength(1);
    expect(names('lists/')).toHaveLength(1);
    expect(names('snapshots/')).toHaveLength(1);
    expect(names('backups/')).toHaveLength(1);
    expect(await sound()).toEqual([]);
  });

  it('changes nothing when it only looks', async () => {
    const { store, repository, backUp } = await makeWorld();
    await backUp('old');
    store.now += 31 * DAY;
    await backUp('young');
    const before = [...store.objects.keys()];
    const { condemned, snapshots } = await repository.prune({ ...REQUEST, dryRun: true });
    expect(condemned.objects).toBe(2);
    expect(snapshots.filter(({ kept }) => kept === undefined)).toHaveLength(1);
    expect([...store.objects.keys()]).toEqual(before);
  });

  it('leaves young orphans to the run that may still want them, and takes old ones', async () => {
    const { store, repository, backUp, names } = await makeWorld();
    await backUp('one');
    const orphan = names('packs/')[0] ?? '';
    await store.put(`${orphan.slice(0, -4)}ffff`, Buffer.from('left by a killed run'));
    store.now += 24 * HOUR;
    expect(await repository.prune(REQUEST)).toMatchObject({ condemned: { objects: 0 } });
    store.now += 2 * HOUR;
    expect(await repository.prune(REQUEST)).toMatchObject({ condemned: { objects: 1 } });
  });

  it('content that is condemned is stored anew, under another name, and the old one goes', async () => {
    const { store, repository, backUp, names, sound } = await makeWorld();
    await backUp('the same');
    store.now += 31 * DAY;
    await backUp('another');
    await repository.prune(REQUEST);
    const again = await backUp('the same');
    expect(names('packs/')).toHaveLength(3);
    expect(names('lists/')).toHaveLength(3);
    store.now += 3 * DAY;
    await repository.prune({ ...REQUEST, much: true });
    expect(names('packs/')).toHaveLength(2);
    expect(await sound()).toEqual([]);
    const { signature: _, ...record } = await repository.snapshot(again);
    expect(record.totals.files).toBe(1);
  });

  it.each(['snapshots/', 'gc/'])('deletes nothing while a record in %s does not hold', async (prefix) => {
    const { store, repository, backUp, names } = await makeWorld();
    await backUp('old');
    store.now += 31 * DAY;
    await backUp('young');
    await repository.prune(REQUEST);
    store.now += 3 * DAY;
    await backUp('younger');
    const record = names(prefix)[0] ?? '';
    await store.put(record, Buffer.from('{}\n'));
    const before = [...store.objects.keys()];
    await expect(repository.prune(REQUEST)).rejects.toMatchObject({ code: 'LS-REPO-026', exit: 6 });
    expect([...store.objects.keys()]).toEqual(before);
  });

  it('a backup beside a condemned record that does not hold builds upon nothing', async () => {
    const { store, repository, backUp, names, sound } = await makeWorld();
    await backUp('content');
    await store.put('gc/20260101T000000.000Z-000000000000.json', Buffer.from('{}\n'));
    await backUp('content');
    expect(names('packs/')).toHaveLength(2);
    expect(await sound()).toMatchObject([{ object: 'gc/20260101T000000.000Z-000000000000.json' }]);
    await expect(repository.prune(REQUEST)).rejects.toMatchObject({ code: 'LS-REPO-026' });
  });

  it('each source has its own time, and what is over is not missed', async () => {
    const { store, repository, backUp, sound } = await makeWorld();
    const [logs, metrics] = [await backUp('a', 'logs'), await backUp('b', 'metrics')];
    await repository.writeBackup({
      stack: 'demo',
      snapshots: [logs, metrics],
      startedAt: new Date(store.now),
    });
    store.now += 40 * DAY;
    const [newLogs, newMetrics] = [await backUp('c', 'logs'), await backUp('d', 'metrics')];
    const policy = (source: string) => ({
      days: source === 'logs' ? 30 : 365,
      weeks: 0,
      months: 0,
      years: 0,
    });
    await repository.prune({ ...REQUEST, policy });
    expect((await repository.snapshots()).map(({ id }) => id).sort()).toEqual(
      [metrics, newLogs, newMetrics].sort(),
    );
    expect(await sound()).toEqual([]);
    store.objects.delete(`snapshots/${metrics}.json`);
    expect(await sound()).toMatchObject([{ object: `snapshots/${metrics}.json` }]);
  });

  it('deletes nothing when a snapshot of this host is not there', async () => {
    const { repository, backUp } = await makeWorld();
    await backUp('x');
    await expect(
      repository.prune({ ...REQUEST, expected: ['20260101T000000.000Z-prometheus-aaaaaaaaaaaa'] }),
    ).rejects.toMatchObject({
      code: 'LS-REPO-026',
      details: { fix: expect.not.stringContaining('--much') },
    });
  });

  it('deletes not more than half at once, unless it is told to', async () => {
    const { store, repository, backUp, names } = await makeWorld();
    for (const content of ['a', 'b', 'c', 'd']) await backUp(content);
    store.now += 31 * DAY;
    await backUp('e');
    await repository.prune(REQUEST);
    store.now += 3 * DAY;
    await expect(repository.prune(REQUEST)).rejects.toMatchObject({ code: 'LS-REPO-026' });
    expect(names('packs/')).toHaveLength(5);
    expect((await repository.prune({ ...REQUEST, much: true })).deleted.objects).toBe(8);
  });

  it.each([
    ['locked', 'LS-REPO-036', 'locked until 2026-03-01T00:00:00.000Z'],
    ['retained', 'LS-REPO-021', 'AccessDenied: no right to'],
  ] as const)('what the store will not delete stays, and is said to be %s', async (amount, code, why) => {
    const { store, repository, backUp, names } = await makeWorld();
    const old = await backUp('old');
    store.now += 31 * DAY;
    await backUp('young');
    store.delete = async (name) => {
      throw repositoryErrors.error(code, { what: name, why, fix: 'wait' });
    };
    const first = await repository.prune(REQUEST);
    expect(first.snapshots.find(({ id }) => id === old)?.kept).toBe(why);
    expect(first).toMatchObject({ backups: [], [amount]: { objects: 2, bytes: 0, why } });
    store.now += 3 * DAY;
    expect(names('packs/')).toHaveLength(2);
    // Its record still stands: what it needs is not even tried.
    expect(await repository.prune({ ...REQUEST, much: true })).toMatchObject({
      deleted: { objects: 0 },
      [amount]: { objects: 2, bytes: 0 },
    });
  });

  it('what was read back whole stays, as what was drilled', async () => {
    const { store, repository, backUp } = await makeWorld();
    const older = await backUp('a');
    store.now += HOUR;
    const readBack = await backUp('b');
    await repository.verify({ level: 'stored' });
    store.now += 31 * DAY;
    await backUp('c');
    const { snapshots } = await repository.prune({ ...REQUEST, verified: new Set([older]) });
    expect(snapshots.slice(1).map(({ id, kept }) => [id, kept])).toEqual(
      expect.arrayContaining([
        [readBack, 'the newest that was read back'],
        [older, 'the newest that was drilled'],
      ]),
    );
  });

  it('a run that took more than a day makes no snapshot', async () => {
    const { store, repository } = await makeWorld();
    const directory = scratch();
    const file = join(directory, 'data');
    writeFileSync(file, 'slow');
    const put = store.put;
    store.put = async (name, data) => {
      await put(name, data);
      store.now += 13 * HOUR;
    };
    const capture = captureOf([{ path: 'data', file, class: 'mutable' }]);
    await expect(
      repository.writeSnapshot({ source: 'prometheus', stack: 'demo', capture }),
    ).rejects.toMatchObject({ code: 'LS-REPO-027' });
    expect(await repository.snapshots()).toEqual([]);
  });

  it('a commit that came too late is taken back', async () => {
    const { store, repository } = await makeWorld();
    const file = join(scratch(), 'data');
    writeFileSync(file, 'late');
    const put = store.put;
    store.put = async (name, data) => {
      await put(name, data);
      if (name.startsWith('snapshots/'))
        for (const other of store.objects.keys()) if (other.startsWith('packs/')) store.objects.delete(other);
    };
    const capture = captureOf([{ path: 'data', file, class: 'mutable' }]);
    await expect(
      repository.writeSnapshot({ source: 'prometheus', stack: 'demo', capture }),
    ).rejects.toMatchObject({ code: 'LS-REPO-019' });
    expect(await repository.snapshots()).toEqual([]);
  });
});
