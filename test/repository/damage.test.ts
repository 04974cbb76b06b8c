import { generateKeyPairSync, hash, randomBytes } from 'node:crypto';
import { chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/platform/exit-codes.ts';
import { FRAME_BYTES } from '../../src/repository/frames.ts';
import { loadOrCreateSigningKey } from '../../src/repository/keys.ts';
import { listName } from '../../src/repository/names.ts';
import { initialiseRepository, openRepository } from '../../src/repository/repository.ts';
import { encodeRecord, signRecord } from '../../src/repository/signed-record.ts';
import { openDirectoryStore } from '../../src/repository/stores/directory/index.ts';
import type { VerifyLevel } from '../../src/repository/verify.ts';
import type { Store } from '../../src/stack/store.ts';
import {
  type Fixture,
  makeRepository,
  objectNames,
  refusal,
  scratch,
  snapshotOf,
  world,
  writeTree,
} from './fixture.ts';

const LEVELS: readonly VerifyLevel[] = ['presence', 'stored', 'content'];

async function filledRepository() {
  const fixture = await makeRepository();
  const entries = await writeTree(join(fixture.directory, 's'), [
    { path: 'blocks/A/chunks/000001', content: randomBytes(100_000) },
    { path: 'blocks/A/index', content: Buffer.from('index '.repeat(1000)) },
    { path: 'blocks/A/meta.json', content: Buffer.from('{}') },
  ]);
  const { record } = await fixture.repository.writeSnapshot(snapshotOf(entries));
  await fixture.repository.writeBackup({ stack: 'demo', snapshots: [record.id], startedAt: new Date() });
  const id = '20260801T120000.000Z-0123456789ab';
  const condemned = { format: 'lsb1', kind: 'condemned', id, createdAt: new Date().toISOString() };
  const signed = signRecord({ ...condemned, objects: [], snapshots: [] }, fixture.key);
  await fixture.store.put(`gc/${id}.json`, encodeRecord(signed));
  await fixture.repository.verify({ level: 'stored' });
  return { ...fixture, entries, record };
}

async function bytesOf(store: Store, name: string): Promise<Buffer> {
  const bytes = await store.get(name);
  if (!bytes) throw new Error(`${name} is not there`);
  return Buffer.from(bytes);
}

/** Every finding, at every level, whatever else is reported beside it. */
async function foundAt({ repository }: Fixture, level: VerifyLevel) {
  return (await repository.verify({ level })).findings;
}

const KINDS = [
  'lsb1.json',
  'README.txt',
  'restore.sh',
  'packs/',
  'lists/',
  'snapshots/',
  'backups/',
  'gc/',
  'verify/',
] as const;
/** Of whose absence nothing tells. */
const UNMISSED: readonly string[] = ['backups/', 'gc/', 'verify/'];
/** Whose bytes are only read from level `stored` on. */
const HASHED: readonly string[] = ['packs/', 'lists/'];

describe.each(KINDS)('damage to %s', (kind) => {
  it('is found and named: a byte flipped anywhere', async () => {
    const fixture = await filledRepository();
    const [name = ''] = await objectNames(fixture.store, kind);
    const sound = await bytesOf(fixture.store, name);
    const places = new Set([
      0,
      1,
      5,
      sound.length >> 1,
      sound.length - 8,
      sound.length - 7,
      sound.length - 1,
    ]);
    for (let i = 0; i < 10; i++) places.add(randomBytes(4).readUInt32LE() % sound.length);
    for (const place of places) {
      const damaged = Buffer.from(sound);
      damaged.writeUInt8(damaged.readUInt8(place) ^ (1 << (place % 8)), place);
      await fixture.store.put(name, damaged);
      for (const level of LEVELS) {
        const objects = (await foundAt(fixture, level)).map((finding) => finding.object);
        const isBlind = level === 'presence' && HASHED.includes(kind);
        expect({ level, place, objects }).toEqual({ level, place, objects: isBlind ? [] : [name] });
      }
    }
    await fixture.store.put(name, sound);
    expect(await foundAt(fixture, 'content')).toEqual([]);
  });

  it('is found and named: cut off, emptied or gone', async () => {
    const fixture = await filledRepository();
    const [name = ''] = await objectNames(fixture.store, kind);
    const sound = await bytesOf(fixture.store, name);
    for (const length of [sound.length - 1, sound.length >> 1, 0]) {
      await fixture.store.put(name, sound.subarray(0, length));
      for (const level of LEVELS)
        expect((await foundAt(fixture, level)).map((finding) => finding.object)).toEqual([name]);
    }
    await fixture.store.delete(name);
    const expected = UNMISSED.includes(kind) ? [] : [name];
    for (const level of LEVELS)
      expect((await foundAt(fixture, level)).map((finding) => finding.object)).toEqual(expected);
  });
});

describe('a damaged pack', () => {
  it('names the files it concerns: all of them when it is short, the broken ones when content is read', async () => {
    const fixture = await filledRepository();
    const [name = ''] = await objectNames(fixture.store, 'packs/');
    const sound = await bytesOf(fixture.store, name);
    const all = fixture.entries.map((entry) => entry.path);
    await fixture.store.put(name, sound.subarray(0, 50));
    for (const level of LEVELS) {
      const [finding] = await foundAt(fixture, level);
      expect(finding).toMatchObject({ paths: all, snapshots: [fixture.record.id] });
      expect(finding?.problem).toBe(`has 50 bytes instead of ${sound.length}`);
    }
    const flipped = Buffer.from(sound);
    flipped.writeUInt8(flipped.readUInt8(sound.length - 20) ^ 1, sound.length - 20);
    await fixture.store.put(name, flipped);
    expect((await foundAt(fixture, 'stored'))[0]).toMatchObject({ problem: 'was altered', paths: all });
    expect((await foundAt(fixture, 'content'))[0]).toMatchObject({ problem: 'was altered', paths: [] });
  });

  it('stops a restore with the pack and a file, before anything is written when it is short', async () => {
    const { store, repository, record, directory } = await filledRepository();
    const [name = ''] = await objectNames(store, 'packs/');
    const sound = await bytesOf(store, name);
    await store.put(name, sound.subarray(0, 50));
    const target = join(directory, 'target');
    const short = await refusal(repository.restore({ snapshot: record, target }));
    expect(short).toMatchObject({ code: 'LS-REPO-005', exit: EXIT.no });
    expect(short.message).toContain(name);
    expect(short.details.detail).toContain('blocks/A/index');
    expect(await readdir(directory)).not.toContain('target.restoring');
    const flipped = Buffer.from(sound);
    flipped.writeUInt8(flipped.readUInt8(1000) ^ 1, 1000);
    await store.put(name, flipped);
    const altered = await refusal(repository.restore({ snapshot: record, target }));
    expect(altered).toMatchObject({ code: 'LS-REPO-005', exit: EXIT.no });
    expect(altered.message).toMatch(/blocks\/A\//);
    expect(await readdir(directory)).toContain('target.restoring');
  });
});

describe('a flipped byte that zstd itself does not see', () => {
  it('is found by the hash of the piece, with the file', async () => {
    const { repository, store, directory } = await makeRepository();
    const entries = await writeTree(join(directory, 's'), [
      { path: 'raw', content: randomBytes(200_000) },
      { path: 'text', content: Buffer.alloc(FRAME_BYTES, 'text ') },
    ]);
    const { record } = await repository.writeSnapshot(snapshotOf(entries));
    const [name = ''] = await objectNames(store, 'packs/');
    const pack = await bytesOf(store, name);
    pack.writeUInt8(pack.readUInt8(100_000) ^ 1, 100_000);
    await store.put(name, pack);
    const { findings } = await repository.verify({ level: 'content' });
    expect(findings).toMatchObject([{ object: name, paths: ['raw'] }]);
    const error = await refusal(repository.restore({ snapshot: record, target: join(directory, 't') }));
    expect(error.message).toContain('was altered; needed for raw');
  });

  it('is found by the hash of the list', async () => {
    const { repository, store, record, key, directory } = await filledRepository();
    const [list] = record.lists;
    if (!list) throw new Error('no list');
    const { signature: _, ...body } = record;
    const other = { ...list, sha256: '0'.repeat(64) };
    await store.put(listName(other.sha256), await bytesOf(store, listName(list.sha256)));
    await store.put(
      `snapshots/${record.id}.json`,
      encodeRecord(signRecord({ ...body, lists: [other] }, key)),
    );
    const error = await refusal(repository.restore({ snapshot: record, target: join(directory, 't') }));
    expect(error.message).toContain(`list ${listName(other.sha256)} was altered`);
  });
});

describe('a damaged list or record', () => {
  it('is refused in any other spelling of the same signature', async () => {
    const { store, repository, record } = await filledRepository();
    const name = `snapshots/${record.id}.json`;
    const text = (await bytesOf(store, name)).toString();
    // 64 bytes leave the last four bits of the base64 unused: A, Q, g and w are followed by their equals.
    const spelling = text.replace(
      /([AQgw])==/,
      (_, last: string) => `${String.fromCharCode(last.charCodeAt(0) + 1)}==`,
    );
    expect(spelling).not.toBe(text);
    await store.put(name, Buffer.from(spelling));
    expect(await refusal(repository.snapshot(record.id))).toMatchObject({ code: 'LS-REPO-003' });
  });

  it('stops a restore by name', async () => {
    const { store, repository, record, directory } = await filledRepository();
    for (const [prefix, code] of [
      ['lists/', 'LS-REPO-004'],
      ['snapshots/', 'LS-REPO-003'],
    ] as const) {
      const [name = ''] = await objectNames(store, prefix);
      const sound = await bytesOf(store, name);
      for (const bytes of [
        sound.subarray(0, -1),
        Buffer.concat([sound, Buffer.from(' ')]),
        Buffer.alloc(0),
      ]) {
        await store.put(name, bytes);
        const target = join(directory, randomBytes(4).toString('hex'));
        const error = await refusal(repository.restore({ snapshot: record, target }));
        expect(error).toMatchObject({ code, exit: EXIT.no });
        expect(error.message).toContain(name);
      }
      await store.put(name, sound);
    }
  });

  it('is written once more where the same lines have its very name and size', async () => {
    const fixture = await filledRepository();
    const { repository, store, entries, record } = fixture;
    const [list] = record.lists;
    const name = listName(list?.sha256 ?? '');
    const rotten = await bytesOf(store, name);
    rotten.writeUInt8(rotten.readUInt8(rotten.length >> 1) ^ 1, rotten.length >> 1);
    await store.delete(name);
    await store.put(name, rotten);
    const next = await repository.writeSnapshot(snapshotOf(entries));
    expect(next.damage.map(({ code }) => code)).toEqual(['LS-REPO-004']);
    expect(next.record.lists[0]?.sha256).toBe(list?.sha256);
    // So the snapshots before are whole again as well.
    expect((await repository.verify({ level: 'content' })).findings).toEqual([]);
    expect((await repository.writeSnapshot(snapshotOf(entries))).damage).toEqual([]);
  });

  it('does not hide the other records from a survey, nor stop the next backup', async () => {
    const { store, repository, record, entries } = await filledRepository();
    await store.put(`snapshots/${record.id}.json`, Buffer.from('{}'));
    expect(await refusal(repository.snapshots())).toMatchObject({ code: 'LS-REPO-003' });
    const next = await repository.writeSnapshot(snapshotOf(entries));
    expect(next.damage.map((error) => error.code)).toEqual(['LS-REPO-003']);
    const survey = await repository.survey();
    expect(survey.snapshots.map(({ id }) => id)).toEqual([next.record.id]);
    expect(survey.refused.map((error) => error.message).join()).toContain(record.id);
    expect((await repository.verify({ level: 'content', snapshot: next.record.id })).findings).toEqual([]);
  });

  it('does not pass under another name', async () => {
    const { store, repository, record } = await filledRepository();
    for (const other of [
      record.id.replace('prometheus', 'loki'),
      record.id.replace(/[0-9a-f]{12}$/, '0123456789ab'),
    ]) {
      await store.put(`snapshots/${other}.json`, await bytesOf(store, `snapshots/${record.id}.json`));
      expect(await refusal(repository.snapshot(other))).toMatchObject({ code: 'LS-REPO-003' });
      const findings = (await repository.verify({ level: 'presence' })).findings;
      expect(findings.map(({ object }) => object)).toEqual([`snapshots/${other}.json`]);
      await store.delete(`snapshots/${other}.json`);
    }
  });

  it('is missed by the host that has made it, also when everything that names it went with it', async () => {
    const { store, repository } = await makeRepository();
    const entries = await writeTree(scratch(), [{ path: 'a', content: Buffer.from('a') }]);
    const { record } = await repository.writeSnapshot(snapshotOf(entries));
    const verify = () => repository.verify({ level: 'presence', expected: [record.id] });
    expect((await verify()).findings).toEqual([]);
    await store.delete(`snapshots/${record.id}.json`);
    expect((await repository.verify({ level: 'presence' })).findings).toEqual([]);
    expect((await verify()).findings).toMatchObject([
      { object: `snapshots/${record.id}.json`, problem: 'is missing, though this host has made it' },
    ]);
  });

  it('says when there is no such snapshot', async () => {
    const { repository } = await filledRepository();
    for (const id of ['nothing', '../lsb1', '20260801T120000.000Z-x-00'])
      expect(await refusal(repository.snapshot(id))).toMatchObject({ code: 'LS-REPO-012', exit: EXIT.usage });
  });
});

describe('a foreign key', () => {
  it('is refused for the repository and for each record, with exit 12', async () => {
    const { store, repository, directory, entries } = await filledRepository();
    const stranger = await loadOrCreateSigningKey(join(directory, 'strange-keys'));
    const opened = openRepository(store, { ...world, signingKey: stranger });
    expect(await refusal(opened)).toMatchObject({ code: 'LS-REPO-002', exit: EXIT.wrongKey });
    const elsewhere = openDirectoryStore(join(directory, 'elsewhere'));
    const foreign = await initialiseRepository(elsewhere, { ...world, signingKey: stranger });
    const { record } = await foreign.writeSnapshot(snapshotOf(entries));
    const name = `snapshots/${record.id}.json`;
    await store.put(name, await bytesOf(elsewhere, name));
    const error = await refusal(repository.snapshot(record.id));
    expect(error).toMatchObject({ code: 'LS-REPO-002', exit: EXIT.wrongKey });
    expect(error.message).toContain(name);
    const { findings } = await repository.verify({ level: 'presence' });
    expect(findings).toMatchObject([{ object: name, problem: 'is signed with another key' }]);
  });

  it('cannot claim our key id', async () => {
    const { store, repository, record, key } = await filledRepository();
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const { signature: _, ...body } = record;
    const forged = signRecord({ ...body, knownLoss: [] }, { keyId: key.keyId, publicKey, privateKey });
    await store.put(`snapshots/${record.id}.json`, encodeRecord(forged));
    expect(await refusal(repository.snapshot(record.id))).toMatchObject({ code: 'LS-REPO-003', exit: 1 });
  });
});

describe('a store', () => {
  it('without a repository is exit 10, and one in use is not initialised again', async () => {
    const { store, key } = await makeRepository();
    const empty = openDirectoryStore(scratch());
    const opened = openRepository(empty, { ...world, signingKey: key });
    expect(await refusal(opened)).toMatchObject({ code: 'LS-REPO-001', exit: EXIT.noRepository });
    const again = initialiseRepository(store, { ...world, signingKey: key });
    expect(await refusal(again)).toMatchObject({ code: 'LS-REPO-013', exit: EXIT.couldNotDo });
    await empty.put('holiday.jpg', Buffer.from('x'));
    const mixed = await refusal(initialiseRepository(empty, { ...world, signingKey: key }));
    expect(mixed.details.why).toContain('holiday.jpg');
  });

  it('that fills up leaves no snapshot, earlier ones unharmed, and the next run valid', async () => {
    const { store, key, entries, directory } = await filledRepository();
    let room = Number.POSITIVE_INFINITY;
    const small: Store = {
      ...store,
      put: async (name, data) => {
        if (data.length > room) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
        await store.put(name, data);
      },
    };
    const repository = await openRepository(small, { ...world, signingKey: key });
    const more = await writeTree(join(directory, 'more'), [{ path: 'x', content: randomBytes(50_000) }]);
    for (room of [10_000, 500, 10]) {
      const error = await refusal(repository.writeSnapshot(snapshotOf(more)));
      expect(error).toMatchObject({ code: 'LS-REPO-006', exit: EXIT.couldNotDo });
    }
    expect(await repository.snapshots()).toHaveLength(1);
    room = Number.POSITIVE_INFINITY;
    await repository.writeSnapshot(snapshotOf([...entries, ...more]));
    expect((await repository.verify({ level: 'content' })).findings).toEqual([]);
  });

  it.skipIf(process.getuid?.() === 0)('that may not be written says so', async () => {
    const { repository, directory, entries } = await filledRepository();
    await chmod(join(directory, 'repository', 'snapshots'), 0o500);
    const error = await refusal(repository.writeSnapshot(snapshotOf(entries)));
    await chmod(join(directory, 'repository', 'snapshots'), 0o700);
    expect(error).toMatchObject({ code: 'LS-REPO-007', exit: EXIT.couldNotDo });
  });

  it('in which somebody deletes during the run gets no snapshot with holes', async () => {
    const { store, key, entries } = await filledRepository();
    const meddled: Store = {
      ...store,
      put: async (name, data) => {
        await store.put(name, data);
        if (name.startsWith('lists/'))
          for (const pack of await objectNames(store, 'packs/')) await store.delete(pack);
      },
    };
    const repository = await openRepository(meddled, { ...world, signingKey: key });
    const more = await writeTree(scratch(), [{ path: 'y', content: randomBytes(500) }]);
    const error = await refusal(repository.writeSnapshot(snapshotOf([...entries, ...more])));
    expect(error).toMatchObject({ code: 'LS-REPO-019', exit: EXIT.couldNotDo });
    expect(await objectNames(store, 'snapshots/')).toHaveLength(1);
  });
});

describe('names of packs and lists', () => {
  it('are the SHA-256 of their bytes', async () => {
    const { store } = await filledRepository();
    for (const name of [...(await objectNames(store, 'packs/')), ...(await objectNames(store, 'lists/'))])
      expect(name).toContain(hash('sha256', await bytesOf(store, name), 'hex'));
  });
});
