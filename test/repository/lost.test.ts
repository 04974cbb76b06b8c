import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HOUR_MS, newSigningKey, pruneRequest } from '../../soak/repository-world.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { initialiseRepository, openRepository } from '../../src/repository/repository.ts';
import { makeEncrypted } from './encrypted.ts';
import { makeRepository, objectNames, readTree, refusal, scratch, snapshotOf, writeTree } from './fixture.ts';
import { memoryStore } from './memory-store.ts';

const day = (number: number) => new Date(Date.UTC(2026, 6, number, 12));
const files = [1, 2, 3].map((number) => ({
  path: `f${number}`,
  content: Buffer.from(`content ${number}`),
  mtime: day(number),
}));

describe('lists that are lost', () => {
  it('are named one by one, what can be restored is, and the next backup is whole', async () => {
    const { repository, store, directory } = await makeRepository();
    const entries = await writeTree(join(directory, 's'), files);
    const { record } = await repository.writeSnapshot({ ...snapshotOf(entries), listEntries: 1 });
    const lists = await objectNames(store, 'lists/');
    const [one = ''] = lists;
    await store.delete(one);
    for (const level of ['presence', 'stored', 'content'] as const)
      expect((await repository.verify({ level })).findings).toMatchObject([
        { object: one, problem: 'is missing', snapshots: [record.id] },
      ]);
    const error = await refusal(repository.restore({ snapshot: record, target: join(directory, 'a') }));
    expect(error.code).toBe('LS-REPO-004');
    expect(error.message).toContain(one);
    const target = join(directory, 'b');
    const { lost } = await repository.restore({ snapshot: record, target, keepGoing: true });
    expect(lost).toMatchObject([{ path: one }]);
    expect((await readTree(target)).size).toBe(2);
    for (const list of lists) await store.delete(list);
    const next = await repository.writeSnapshot({ ...snapshotOf(entries), listEntries: 1 });
    expect(next.damage.map(({ code }) => code)).toContain('LS-REPO-004');
    // What a verification has put on record as damaged is not made anew under its name; the others are.
    expect((await repository.verify({ level: 'content' })).findings).toMatchObject([
      { object: one, snapshots: [record.id] },
    ]);
    await repository.restore({ snapshot: next.record, target: join(directory, 'c') });
    expect((await readTree(join(directory, 'c'))).size).toBe(3);
  });
});

describe('records of verifications that are lost', () => {
  it('have everything read anew, and nothing passes for read', async () => {
    const { repository, store, directory } = await makeRepository();
    const entries = await writeTree(join(directory, 's'), files);
    const { record } = await repository.writeSnapshot(snapshotOf(entries));
    await repository.verify({ level: 'stored' });
    for (const name of await objectNames(store, 'verify/')) await store.delete(name);
    const looked = await repository.verify({ level: 'presence' });
    expect(looked.oldestUnverifiedAt).toBe(record.createdAt);
    const { counts } = await repository.verify({ level: 'stored', rotateDays: 30 });
    expect(counts.objectsRead).toBe(counts.lists + counts.packs);
  });
});

describe('records of what is condemned that are lost', () => {
  it('have it condemned anew, and deleted no sooner than two days after that', async () => {
    const store = memoryStore();
    const clock = { ...systemClock, now: () => new Date(store.now) };
    const random = (size: number) => randomBytes(size);
    const options = { clock, random, signingKey: newSigningKey() };
    await initialiseRepository(store, options);
    const repository = await openRepository(store, options);
    const root = scratch();
    for (const number of [1, 2]) {
      const entries = await writeTree(join(root, String(number)), files.slice(number));
      await repository.writeSnapshot(snapshotOf(entries));
      store.now += 72 * HOUR_MS;
    }
    const before = await objectNames(store, 'packs/');
    await repository.prune(pruneRequest());
    for (const name of await objectNames(store, 'gc/')) await store.delete(name);
    store.now += 72 * HOUR_MS;
    await repository.prune(pruneRequest());
    expect(await objectNames(store, 'packs/')).toEqual(before);
    store.now += 49 * HOUR_MS;
    await repository.prune(pruneRequest());
    expect((await repository.verify({ level: 'content' })).findings).toEqual([]);
  });
});

describe('a journal of pack keys that is lost', () => {
  it('leaves what is stored to the recovery key, and the next backup is one that this host can drill', async () => {
    const fixture = await makeEncrypted();
    const { directory } = fixture;
    const entries = await writeTree(join(directory, 's'), files);
    const { record } = await fixture.repository.writeSnapshot(snapshotOf(entries));
    const keys = join(directory, 'keys');
    for (const name of await readdir(keys)) if (name.startsWith('packs-')) await rm(join(keys, name));
    const host = await fixture.again();
    const { findings, undecoded } = await host.verify({ level: 'content' });
    expect(findings).toEqual([]);
    expect(undecoded).not.toEqual([]);
    const locked = await refusal(host.restore({ snapshot: record, target: join(directory, 'a') }));
    expect(locked).toMatchObject({ code: 'LS-REPO-029', exit: 12 });
    const next = await host.writeSnapshot(snapshotOf(entries));
    await host.restore({ snapshot: next.record, target: join(directory, 'b') });
    await (await fixture.recovered()).restore({ snapshot: record, target: join(directory, 'c') });
    for (const target of ['b', 'c']) {
      const found = await readTree(join(directory, target));
      for (const { path, content } of files) expect(found.get(path)?.equals(content)).toBe(true);
    }
  });
});
