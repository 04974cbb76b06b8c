import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { repositoryErrors } from '../../src/repository/errors.ts';
import { keyIdOf } from '../../src/repository/keys.ts';
import type { VerificationRecord } from '../../src/repository/records.ts';
import { initialiseRepository, openRepository } from '../../src/repository/repository.ts';
import { verifiedOf } from '../../src/repository/verification-state.ts';
import type { VerifyResult } from '../../src/repository/verify.ts';
import { captureOf, refusal, scratch, world } from './fixture.ts';
import { type MemoryStore, memoryStore } from './memory-store.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ROTATION = { level: 'stored', rotateDays: 30 } as const;

/** A repository whose time the test decides, and what is read of it. */
async function makeWorld() {
  const store = memoryStore();
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const signingKey = { privateKey, publicKey, keyId: keyIdOf(publicKey) };
  const clock = { ...systemClock, now: () => new Date(store.now) };
  await initialiseRepository(store, { ...world, clock, signingKey });
  const read: string[] = [];
  const watched: MemoryStore = {
    ...store,
    get: async (name, range) => {
      if (/^(?:packs|lists)\//.test(name)) read.push(name);
      return store.get(name, range);
    },
  };
  Object.defineProperty(watched, 'now', { get: () => store.now });
  const options = { ...world, clock, signingKey };
  const repository = await openRepository(watched, options);
  const directory = scratch();
  let files = 0;
  /** One pack and one list. */
  const backUp = async (source = 'prometheus', size = 2_000) => {
    const file = join(directory, `data-${files++}`);
    writeFileSync(file, randomBytes(size));
    const capture = captureOf([{ path: 'data', file, class: 'mutable' }]);
    const { record } = await repository.writeSnapshot({ source, stack: 'demo', capture });
    read.splice(0);
    return record;
  };
  /** Names that a run read. */
  const rotate = async (host = repository) => {
    read.splice(0);
    const result = await host.verify(ROTATION);
    return { result, read: [...new Set(read)] };
  };
  const names = (prefix: string) => [...store.objects.keys()].filter((name) => name.startsWith(prefix));
  const records = () =>
    names('verify/').map((name) => JSON.parse(String(store.objects.get(name)?.data)) as VerificationRecord);
  const damage = (name: string) => {
    const found = store.objects.get(name);
    if (!found) throw new Error(`${name} is not there`);
    const data = Buffer.from(found.data);
    data.writeUInt8(data.readUInt8(data.length >> 1) ^ 1, data.length >> 1);
    store.objects.set(name, { ...found, data });
    return () => store.objects.set(name, found);
  };
  return { store, watched, options, repository, backUp, rotate, names, records, damage, read };
}

const objectsOf = ({ findings }: Pick<VerifyResult, 'findings'>) => findings.map(({ object }) => object);

describe('a rotation', () => {
  it('reads what is new, nothing twice, and puts on record what it read', async () => {
    const { store, backUp, rotate, names, records } = await makeWorld();
    await backUp();
    await backUp();
    store.now += DAY;
    const first = await rotate();
    expect(first.read.toSorted()).toEqual([...names('packs/'), ...names('lists/')].sort());
    expect(first.result).toMatchObject({
      findings: [],
      counts: { objectsRead: 4 },
      misread: [],
      damaged: [],
    });
    store.now += DAY;
    const second = await rotate();
    expect(second.read).toEqual([]);
    const third = await backUp();
    store.now += DAY;
    expect((await rotate()).read).toHaveLength(2);
    const [record, ...others] = records();
    expect(others).toEqual([]);
    expect(record).toMatchObject({ kind: 'verification', damaged: [] });
    expect(record?.read.map(({ objects }) => objects.length)).toEqual([4, 2]);
    expect(record?.read.at(-1)?.objects.join()).toContain(third.packs[0]?.id);
  });

  it('counts a verification of everything as well, and shows of each snapshot when it was read', async () => {
    const { store, repository, backUp, rotate } = await makeWorld();
    const [first, second] = [await backUp(), await backUp()];
    const before = await repository.verifications();
    expect(verifiedOf(before, first)).toEqual({ at: undefined, objects: 2, read: 0, damaged: [] });
    store.now += DAY;
    await repository.verify({ level: 'content' });
    const at = store.now;
    store.now += DAY;
    expect((await rotate()).read).toEqual([]);
    const third = await backUp();
    const known = await repository.verifications();
    for (const one of [first, second]) expect(verifiedOf(known, one)).toMatchObject({ at, read: 2 });
    expect(verifiedOf(known, third)).toMatchObject({ at: undefined, read: 0 });
  });

  it('reads every byte within thirty days, whatever nights are missed, backups come and go', async () => {
    const night = fc.record({
      gap: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 50 })),
      backups: fc.integer({ min: 0, max: 2 }),
      prune: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(night, { minLength: 5, maxLength: 25 }), async (nights) => {
        const { store, repository, backUp, rotate, records } = await makeWorld();
        const readAt = new Map<string, number>();
        for (const { gap, backups, prune } of nights) {
          for (let i = 0; i < backups; i += 1) await backUp();
          store.now += gap * DAY;
          if (prune) await repository.prune({ ...PRUNE });
          const { read } = await rotate();
          for (const name of read) readAt.set(name, store.now);
          const needed = new Map<string, number>();
          for (const { packs, lists, createdAt } of await repository.snapshots())
            for (const { name, since } of [
              ...packs.map(({ id }) => ({
                name: `packs/prometheus/${id.slice(0, 2)}/${id}`,
                since: createdAt,
              })),
              ...lists.map(({ sha256 }) => ({ name: `lists/${sha256}.jsonl.zst`, since: createdAt })),
            ])
              needed.set(name, Date.parse(since));
          const ahead = Math.min(2 * Math.max(1, gap), 15);
          for (const [name, since] of needed)
            expect(store.now - (readAt.get(name) ?? since)).toBeLessThanOrEqual((30 - ahead) * DAY);
          // There is one record, which does not remember what is not needed any more.
          expect(records().length).toBeLessThanOrEqual(1);
          if (read.length === 0) continue;
          for (const name of records().flatMap((one) => one.read.flatMap(({ objects }) => objects)))
            expect(needed.has(name)).toBe(true);
        }
      }),
      { numRuns: 15 },
    );
  }, 120_000);

  it('goes on where another host, with nothing but the repository, left off', async () => {
    const { store, watched, options, backUp, rotate } = await makeWorld();
    await backUp();
    store.now += DAY;
    expect((await rotate()).read).toHaveLength(2);
    const other = await openRepository(watched, options);
    expect((await rotate(other)).read).toEqual([]);
  });

  it('of two hosts at the same time loses nothing of what either has read', async () => {
    const { store, watched, options, repository, backUp, rotate, records } = await makeWorld();
    await backUp();
    await backUp('alertmanager');
    store.now += DAY;
    const other = await openRepository(watched, options);
    await Promise.all([repository.verify(ROTATION), other.verify(ROTATION)]);
    expect(records().length).toBeGreaterThanOrEqual(1);
    expect((await rotate()).read).toEqual([]);
    await backUp();
    store.now += DAY;
    expect((await rotate()).read).toHaveLength(2);
    expect(records()).toHaveLength(1);
  });

  it('does not forget damage while other things are due, and does when it is mended', async () => {
    const { store, backUp, rotate, names, damage, records, repository } = await makeWorld();
    const record = await backUp();
    store.now += DAY;
    await rotate();
    const [pack = ''] = names('packs/');
    const mend = damage(pack);
    // Read and right a moment ago: only its turn, or a reading of everything, finds it.
    expect(objectsOf((await rotate()).result)).toEqual([]);
    expect(objectsOf(await repository.verify({ level: 'stored' }))).toEqual([pack]);
    const since = new Date(store.now).toISOString();
    for (let night = 0; night < 3; night += 1) {
      await backUp('alertmanager');
      store.now += DAY;
      const { result } = await rotate();
      expect(objectsOf(result)).toEqual([pack]);
      expect(result.findings[0]).toMatchObject({
        problem: 'was altered',
        paths: ['data'],
        snapshots: [record.id],
      });
      expect(result.damaged).toEqual([pack]);
    }
    expect(records()[0]?.damaged).toMatchObject([{ object: pack, problem: 'was altered', since }]);
    expect(verifiedOf(await repository.verifications(), record).damaged).toEqual([pack]);
    mend();
    store.now += DAY;
    const { result } = await rotate();
    expect([objectsOf(result), result.damaged]).toEqual([[], []]);
    expect(records()[0]?.damaged).toEqual([]);
  });

  it('reads again what its record says, when the record does not hold, and names that', async () => {
    const { store, backUp, rotate, names, damage } = await makeWorld();
    await backUp();
    store.now += DAY;
    await rotate();
    const [record = ''] = names('verify/');
    damage(record);
    const { result, read } = await rotate();
    expect(objectsOf(result)).toEqual([record]);
    expect(read).toHaveLength(2);
  });

  it('believes no time that lies in the future: the clock was wrong', async () => {
    const { store, backUp, rotate } = await makeWorld();
    store.now += 400 * DAY;
    await backUp();
    await rotate();
    store.now -= 399 * DAY;
    const first = await rotate();
    expect(first.read).toHaveLength(2);
    expect(Date.parse(first.result.oldestUnverifiedAt ?? '')).toBe(store.now);
    expect((await rotate()).read).toEqual([]);
  });

  it('tells since when every byte was read', async () => {
    const { store, backUp, rotate } = await makeWorld();
    expect((await rotate()).result.oldestUnverifiedAt).toBeUndefined();
    const { createdAt } = await backUp('prometheus', 100_000);
    store.now += HOUR;
    const { result } = await rotate();
    expect(Date.parse(result.oldestUnverifiedAt ?? '')).toBe(store.now);
    store.now += DAY;
    const { createdAt: newer } = await backUp('alertmanager');
    expect(newer > createdAt).toBe(true);
    const read = store.now - DAY;
    store.now += DAY;
    expect(Date.parse((await rotate()).result.oldestUnverifiedAt ?? '')).toBe(read);
  });

  it('keeps what was read when it is cancelled', async () => {
    const { store, repository, backUp, rotate } = await makeWorld();
    for (let i = 0; i < 20; i += 1) await backUp(`source-${i}`, 10_000);
    store.now += DAY;
    const cancel = new AbortController();
    const work = repository.verify({
      ...ROTATION,
      signal: cancel.signal,
      onProgress: ({ bytesRead }) => bytesRead > 80_000 && cancel.abort(new Error('enough')),
    });
    await expect(work).rejects.toThrow('enough');
    const { read } = await rotate();
    expect(read.length).toBeGreaterThan(0);
    expect(read.length).toBeLessThan(40);
    expect((await rotate()).read).toEqual([]);
  });

  it('needs the signing key: without a record it would read the same every night', async () => {
    const { watched, options, backUp, repository } = await makeWorld();
    await backUp();
    const { clock, random, signingKey } = options;
    const reader = await openRepository(watched, { clock, random, publicKey: signingKey.publicKey });
    expect(await refusal(reader.verify(ROTATION))).toMatchObject({ code: 'LS-REPO-014' });
    expect((await reader.verify({ level: 'stored' })).findings).toEqual([]);
    expect((await repository.verifications()).records).toEqual([]);
  });

  it('that cannot be put on record fails, while a reading of everything only says so', async () => {
    const { store, watched, options, backUp } = await makeWorld();
    await backUp();
    const error = repositoryErrors.error('LS-REPO-021', { what: 'no right to write', fix: 'wait' });
    const refusing = { ...watched, put: () => Promise.reject(error) };
    const repository = await openRepository(refusing, options);
    store.now += DAY;
    expect(await refusal(repository.verify(ROTATION))).toBe(error);
    const result = await repository.verify({ level: 'stored' });
    expect(result).toMatchObject({ findings: [], notRecorded: error });
  });

  it('lives with records that the store will not delete', async () => {
    const { store, watched, options, backUp, records } = await makeWorld();
    const locked = {
      ...watched,
      delete: () =>
        Promise.reject(repositoryErrors.error('LS-REPO-021', { what: 'locked', why: 'lock', fix: 'wait' })),
    };
    const repository = await openRepository(locked, options);
    for (let night = 0; night < 3; night += 1) {
      await backUp();
      store.now += DAY;
      expect((await repository.verify(ROTATION)).counts.objectsRead).toBe(2);
    }
    expect(records()).toHaveLength(3);
    expect((await repository.verifications()).readAt.size).toBe(6);
  });

  it('works in a store that cannot be written to, at the other levels', async () => {
    const { watched, options, backUp } = await makeWorld();
    await backUp();
    const error = repositoryErrors.error('LS-REPO-007', { what: 'read only', fix: 'wait' });
    const readOnly = { ...watched, time: () => Promise.reject(error), put: () => Promise.reject(error) };
    const repository = await openRepository(readOnly, options);
    expect((await repository.verify({ level: 'content' })).findings).toEqual([]);
    expect(await refusal(repository.verify(ROTATION))).toBe(error);
  });
});

const PRUNE = {
  policy: () => ({ days: 20, weeks: 0, months: 0, years: 0 }),
  verified: new Set<string>(),
  expected: [],
  dryRun: false,
  much: true,
};

describe('what comes wrong once', () => {
  it.each(['stored', 'content'] as const)('is read again before it is called damaged (%s)', async (level) => {
    const { store, watched, options, backUp, names } = await makeWorld();
    await backUp();
    const wrongOnce = new Set([
      ...names('packs/'),
      ...names('lists/'),
      ...names('snapshots/'),
      'README.txt',
      'restore.sh',
    ]);
    const expected = [...wrongOnce].filter((name) => /^(?:packs|lists)\//.test(name)).sort();
    const repository = await openRepository(
      {
        ...watched,
        get: async (name, range) => {
          const bytes = await store.get(name, range);
          if (!bytes || !wrongOnce.delete(name)) return bytes;
          const wrong = Buffer.from(bytes);
          wrong.writeUInt8(wrong.readUInt8(0) ^ 1, 0);
          return wrong;
        },
      },
      options,
    );
    const { findings, misread, damaged } = await repository.verify({ level });
    expect([findings, damaged]).toEqual([[], []]);
    expect(wrongOnce.size).toBe(0);
    // A list that is read for its entries is read again there.
    expect(misread).toEqual(
      level === 'stored' ? expected : expected.filter((name) => name.startsWith('packs/')),
    );
  });

  it('is missing only when another look does not find it either', async () => {
    const { watched, options, backUp } = await makeWorld();
    await backUp();
    const forgetful = {
      ...watched,
      list: async function* (prefix: string) {
        for await (const one of watched.list(prefix)) if (!one.name.startsWith('packs/')) yield one;
      },
    };
    const repository = await openRepository(forgetful, options);
    expect((await repository.verify({ level: 'presence' })).findings).toEqual([]);
  });
});
