import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { LeitstandError } from '../../src/platform/errors.ts';
import type { PackKeys } from '../../src/repository/age/pack-keys.ts';
import { repositoryErrors } from '../../src/repository/errors.ts';
import {
  type AgeIdentity,
  makeRecoveryKey,
  openPackKeys,
  openRepository,
  type PackKeyFiles,
  type Repository,
} from '../../src/repository/repository.ts';
import { FRAME_BYTES } from '../../src/repository/frames.ts';
import type { SnapshotRecord } from '../../src/repository/records.ts';
import type { Store } from '../../src/stack/store.ts';
import { countingStore } from './counting-store.ts';
import { type EncryptedFixture, encryptionOf, makeEncrypted } from './encrypted.ts';
import {
  makeRepository,
  objectNames,
  readTree,
  refusal,
  scratch,
  snapshotOf,
  type TreeFile,
  world,
  writeTree,
} from './fixture.ts';

const WORDS = 'canary-words-that-nobody-may-find';
const day = (number: number) => new Date(Date.UTC(2026, 6, number, 12));

const FILES: readonly TreeFile[] = [
  { path: 'blocks/A/index', content: Buffer.alloc(300_000, WORDS), mtime: day(1) },
  { path: 'blocks/A/chunks', content: randomBytes(2 * FRAME_BYTES + 77), mtime: day(1) },
  { path: 'blocks/B/empty', content: Buffer.alloc(0), mtime: day(2) },
  { path: 'blocks/B/small', content: Buffer.from(WORDS), mtime: day(2) },
];

async function backUp(repository: Repository, directory: string, files = FILES, source = 'prometheus') {
  const entries = await writeTree(join(directory, 's'), files);
  // A list for each entry, so that there are several.
  return repository.writeSnapshot({ ...snapshotOf(entries, source), listEntries: 1 });
}

async function restored(repository: Repository, record: SnapshotRecord, files = FILES): Promise<boolean> {
  const target = join(scratch(), 'target');
  await repository.restore({ snapshot: record, target });
  const found = await readTree(target);
  return files.every(({ path, content }) => found.get(path)?.equals(content));
}

function methodsOf(keys: PackKeys): PackKeys {
  return {
    path: keys.path,
    get: (pack) => keys.get(pack),
    add: (key) => keys.add(key),
    compact: (source, isKept, held) => keys.compact(source, isKept, held),
  };
}

async function flip({ store }: EncryptedFixture, name: string, at: number): Promise<void> {
  const bytes = Buffer.from((await store.get(name)) ?? []);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0x20, at);
  await store.put(name, bytes);
}

describe('an encrypted snapshot', () => {
  it('shows in the store nothing of contents, names and facts', async () => {
    const fixture = await makeEncrypted();
    const { record } = await backUp(fixture.repository, fixture.directory);
    for (const name of (await objectNames(fixture.store)).filter((object) => object !== 'README.txt')) {
      const text = Buffer.from((await fixture.store.get(name)) ?? []).toString('latin1');
      expect(text).not.toContain(WORDS);
      expect(text).not.toContain('blocks/');
      expect(text).not.toContain('sample-counts');
      expect(text).not.toContain('nothing of note');
    }
    expect(record).toMatchObject({
      encryption: { recipients: [fixture.recovery.recipient], host: fixture.encryption.hostKey.recipient },
    });
    expect(record).not.toHaveProperty('expectations');
    expect(record.packs.every(({ header }) => header !== undefined && header > 150)).toBe(true);
    expect(record.lists.every(({ header }) => header !== undefined && header > 250)).toBe(true);
  });

  it('opens on its host by itself, and anywhere with the recovery key', async () => {
    const fixture = await makeEncrypted();
    const { record } = await backUp(fixture.repository, fixture.directory);
    const facts = {
      expectations: [{ kind: 'sample-counts', subject: 'up', value: { count: 42 } }],
      knownLoss: ['nothing of note'],
    };
    for (const repository of [fixture.repository, await fixture.again(), await fixture.recovered()]) {
      expect(await restored(repository, record)).toBe(true);
      expect(await repository.facts(record)).toEqual(facts);
      expect(await repository.missingKey(record)).toBeUndefined();
      const { findings, undecoded, counts } = await repository.verify({ level: 'content' });
      expect([findings, undecoded, counts.files]).toEqual([[], [], FILES.length]);
    }
    const recovered = await fixture.recovered();
    for (const { path, content } of FILES) {
      const file = await recovered.openFile({
        snapshot: record.id,
        isWanted: (wanted) => wanted === path,
        wanted: path,
      });
      const parts: Uint8Array[] = [];
      for await (const part of file.content) parts.push(part);
      expect(Buffer.concat(parts).equals(content)).toBe(true);
    }
  });

  it('is refused with exit 12 without a fitting key, and verified as far as that goes', async () => {
    const fixture = await makeEncrypted();
    const { record } = await backUp(fixture.repository, fixture.directory);
    const stranger = await fixture.recovered([await makeRecoveryKey()]);
    const target = join(fixture.directory, 'target');
    const path = 'blocks/B/small';
    const attempts = [
      () => stranger.restore({ snapshot: record, target }),
      () => stranger.restore({ snapshot: record, target: join(fixture.directory, 'other'), keepGoing: true }),
      () => stranger.openFile({ snapshot: record.id, isWanted: (wanted) => wanted === path, wanted: path }),
      () => stranger.facts(record),
    ];
    for (const attempt of attempts)
      expect(await refusal(attempt())).toMatchObject({ code: 'LS-REPO-029', exit: 12 });
    expect(await readdir(fixture.directory)).not.toContain('target');
    expect((await stranger.missingKey(record))?.details.why).toContain(fixture.recovery.recipient);
    for (const level of ['presence', 'stored'] as const)
      expect(await stranger.verify({ level })).toMatchObject({ findings: [], undecoded: [] });
    const content = await stranger.verify({ level: 'content' });
    expect(content).toMatchObject({ findings: [], counts: { files: 0 } });
    expect(content.undecoded).toHaveLength(record.packs.length + record.lists.length);
    expect(content.counts.objectsRead).toBe(record.packs.length + record.lists.length);
  });

  it('builds upon the last one: content and lists are not stored twice', async () => {
    const fixture = await makeEncrypted();
    const first = await backUp(fixture.repository, fixture.directory);
    const again = await fixture.again();
    const second = await backUp(again, fixture.directory);
    expect(second.reusedBytes).toBe(second.record.totals.bytes);
    expect(second.record.packs).toEqual(first.record.packs);
    expect(second.record.lists).toEqual(first.record.lists);
    const more = [...FILES, { path: 'blocks/C', content: randomBytes(5000), mtime: day(3) }];
    const third = await backUp(await fixture.again(), fixture.directory, more);
    expect(third.record.lists.slice(0, -1)).toEqual(first.record.lists);
    expect(third.record.packs).toHaveLength(2);
    expect(await restored(await fixture.recovered(), third.record, more)).toBe(true);
  });
});

describe('damage in an encrypted repository', () => {
  const places = [
    ['the header', () => 40],
    ['the nonce', (header: number) => header - 3],
    ['the first chunk', (header: number) => header + 5],
    ['a tag', (header: number) => header + 65_536 + 3],
    ['a middle chunk', (header: number) => header + 70 * 65_552 + 9],
    ['the last tag', (_: number, size: number) => size - 1],
  ] as const;

  it.each(places)('in %s of a pack is found and named', async (_, place) => {
    const fixture = await makeEncrypted();
    const { record } = await backUp(fixture.repository, fixture.directory);
    const [pack] = record.packs;
    const name = `packs/prometheus/${pack?.id.slice(0, 2)}/${pack?.id}`;
    const at = place(pack?.header ?? 0, pack?.size ?? 0);
    await flip(fixture, name, at);
    const recovered = await fixture.recovered();
    for (const level of ['stored', 'content'] as const) {
      const { findings } = await recovered.verify({ level });
      expect(findings.map(({ object, problem }) => [object, problem])).toEqual([[name, 'was altered']]);
    }
    // The footer is of no file.
    if (at === (pack?.size ?? 0) - 1) return;
    const error = await refusal(recovered.restore({ snapshot: record, target: join(scratch(), 't') }));
    expect(error).toMatchObject({ code: 'LS-REPO-005', exit: 1 });
    expect(error.details.what).toContain(name);
  });

  it('in header or nonce of a pack does not hurt the host, which has its key', async () => {
    const fixture = await makeEncrypted();
    const { record } = await backUp(fixture.repository, fixture.directory);
    const [pack] = record.packs;
    await flip(fixture, `packs/prometheus/${pack?.id.slice(0, 2)}/${pack?.id}`, 40);
    expect(await restored(fixture.repository, record)).toBe(true);
    expect((await fixture.repository.verify({ level: 'content' })).findings).toHaveLength(1);
  });

  it('in many places of a pack has it read as a whole once, to see whether the key is to blame', async () => {
    const fixture = await makeEncrypted();
    const files = Array.from({ length: 12 }, (_, i) => ({
      path: `f${i}`,
      content: Buffer.concat([randomBytes(100_000), Buffer.alloc(3_900_000, `${i} `)]),
      mtime: day(1),
    }));
    const { record } = await backUp(fixture.repository, fixture.directory, files);
    const [pack] = record.packs;
    const { size = 0, header = 0, id = '' } = pack ?? {};
    for (let at = header + 10_000; at < size; at += 50_000)
      await flip(fixture, `packs/prometheus/${id.slice(0, 2)}/${id}`, at);
    const { store, fetches } = countingStore(fixture.store);
    const options = { ...world, signingKey: fixture.key, encryption: fixture.encryption };
    const repository = await openRepository(store, options);
    fetches.clear();
    const { lost } = await repository.restore({
      snapshot: record,
      target: join(scratch(), 't'),
      keepGoing: true,
    });
    expect(lost.length).toBeGreaterThan(5);
    // Every frame twice, and the pack once: not the pack for every frame.
    expect(fetches.bytesOf('packs/')).toBeLessThan(5 * size);
  });

  it('in a list is found and named', async () => {
    const fixture = await makeEncrypted();
    const { record } = await backUp(fixture.repository, fixture.directory);
    const name = `lists/${record.lists[0]?.sha256}.jsonl.zst`;
    for (const at of [30, (record.lists[0]?.header ?? 0) - 1, (record.lists[0]?.size ?? 0) - 1]) {
      await flip(fixture, name, at);
      const { findings } = await fixture.repository.verify({ level: 'content' });
      expect(findings[0]).toMatchObject({ object: name, problem: 'was altered' });
      const error = await refusal(
        fixture.repository.restore({ snapshot: record, target: join(scratch(), 't') }),
      );
      expect(error).toMatchObject({ code: 'LS-REPO-004', exit: 1 });
      await flip(fixture, name, at);
    }
  });

  it('by cutting off, continuing or swapping chunks is found, and costs the files in them only', async () => {
    const fixture = await makeEncrypted();
    const { record } = await backUp(fixture.repository, fixture.directory);
    const [pack] = record.packs;
    const name = `packs/prometheus/${pack?.id.slice(0, 2)}/${pack?.id}`;
    const whole = Buffer.from((await fixture.store.get(name)) ?? []);
    const chunk = 65_552;
    const first = pack?.header ?? 0;
    const swapped = Buffer.from(whole);
    whole.copy(swapped, first + chunk, first + 2 * chunk, first + 3 * chunk);
    whole.copy(swapped, first + 2 * chunk, first + chunk, first + 2 * chunk);
    const cut = whole.subarray(0, first + 3 * chunk);
    const changes = [cut, Buffer.concat([whole, randomBytes(100)]), swapped];
    for (const bytes of changes) {
      await fixture.store.put(name, bytes);
      const { findings } = await fixture.repository.verify({ level: 'stored' });
      expect(findings[0]).toMatchObject({ object: name });
      const error = await refusal(
        fixture.repository.restore({ snapshot: record, target: join(scratch(), 't') }),
      );
      expect(error).toMatchObject({ code: 'LS-REPO-005', exit: 1 });
    }
    const target = join(scratch(), 't');
    const { lost } = await fixture.repository.restore({ snapshot: record, target, keepGoing: true });
    expect(lost.map(({ path }) => path)).toEqual(['blocks/A/chunks']);
    expect((await readTree(target)).get('blocks/B/small')?.toString()).toBe(WORDS);
  });
});

describe('the keys that a host keeps', () => {
  const keysOf = async ({ directory }: EncryptedFixture) => {
    const [file] = (await readdir(join(directory, 'keys'))).filter((name) => name.endsWith('.jsonl'));
    const text = file ? await readFile(join(directory, 'keys', file), 'utf8') : '';
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as { readonly pack: string; readonly source: string });
  };
  const changed = (number: number): TreeFile[] => [
    { path: 'wal', content: randomBytes(200_000), mtime: day(number) },
  ];

  it('open the newest two backups of each source, and none before them', async () => {
    const fixture = await makeEncrypted();
    const records: SnapshotRecord[] = [];
    for (let i = 1; i <= 4; i++)
      records.push((await backUp(await fixture.again(), fixture.directory, changed(i))).record);
    const other = await backUp(await fixture.again(), fixture.directory, changed(9), 'loki');
    const stolen = await fixture.again();
    for (const record of records.slice(2)) expect(await stolen.missingKey(record)).toBeUndefined();
    expect(await stolen.missingKey(other.record)).toBeUndefined();
    for (const record of records.slice(0, 2)) {
      const error = await refusal(stolen.restore({ snapshot: record, target: join(scratch(), 't') }));
      expect(error).toMatchObject({ code: 'LS-REPO-029', exit: 12 });
      expect(await restored(await fixture.recovered(), record, [])).toBe(true);
    }
    // Whatever lies in the directory of keys does not have it.
    const known = (await keysOf(fixture)).map(({ pack }) => pack).sort();
    expect(known).toEqual(
      [...records.slice(2), other.record].flatMap(({ packs }) => packs.map(({ id }) => id)).sort(),
    );
    const { undecoded, findings } = await stolen.verify({ level: 'content' });
    expect(findings).toEqual([]);
    expect(undecoded).toEqual(
      records
        .slice(0, 2)
        .flatMap(({ packs }) => packs.map(({ id }) => `packs/prometheus/${id.slice(0, 2)}/${id}`))
        .sort(),
    );
  });

  it('are lost: then the next backup stores everything anew, and can be restored here', async () => {
    const fixture = await makeEncrypted();
    const first = await backUp(fixture.repository, fixture.directory);
    for (const name of await readdir(join(fixture.directory, 'keys')))
      if (name.endsWith('.jsonl')) await rm(join(fixture.directory, 'keys', name));
    const without = await fixture.again();
    expect((await without.missingKey(first.record))?.code).toBe('LS-REPO-029');
    const second = await backUp(without, fixture.directory);
    expect([second.reusedBytes, second.damage]).toEqual([0, []]);
    expect(await restored(await fixture.again(), second.record)).toBe(true);
    expect(await restored(await fixture.recovered(), first.record)).toBe(true);
  });

  it('are lost with the key of the host: the same, and older lists open with the recovery key alone', async () => {
    const fixture = await makeEncrypted();
    const first = await backUp(fixture.repository, fixture.directory);
    await rm(join(fixture.directory, 'keys', 'host.age'));
    const second = await backUp(await fixture.again(), fixture.directory);
    expect([second.reusedBytes, second.damage]).toEqual([0, []]);
    expect(await restored(await fixture.again(), second.record)).toBe(true);
    expect(await (await fixture.again()).missingKey(first.record)).toBeDefined();
    expect(await restored(await fixture.recovered(), first.record)).toBe(true);
  });

  it('stay those of a run that others overtake, whose backups need them no more', async () => {
    const fixture = await makeEncrypted();
    await backUp(fixture.repository, fixture.directory);
    let overtaken = false;
    const store: Store = {
      ...fixture.store,
      put: async (name, data) => {
        if (name.startsWith('lists/') && !overtaken) {
          overtaken = true;
          for (const number of [11, 12, 13])
            await backUp(await fixture.again(), fixture.directory, changed(number));
        }
        return fixture.store.put(name, data);
      },
    };
    const options = {
      ...world,
      signingKey: fixture.key,
      encryption: await encryptionOf(fixture.directory, [fixture.recovery.recipient]),
    };
    const files = [...FILES, { path: 'more', content: randomBytes(9999), mtime: day(4) }];
    const slow = await backUp(await openRepository(store, options), fixture.directory, files);
    expect([overtaken, slow.reusedBytes]).toEqual([true, slow.record.totals.bytes - 9999]);
    expect(await restored(await fixture.again(), slow.record, files)).toBe(true);
  });

  it('are written by several processes at once without losing one', async () => {
    const fixture = await makeEncrypted();
    const runs = await Promise.all(
      ['a', 'b', 'c', 'd'].map(async (source) => {
        const files = [{ path: source, content: randomBytes(100_000), mtime: day(1) }];
        const entries = await writeTree(join(fixture.directory, source), files);
        return (await fixture.again()).writeSnapshot(snapshotOf(entries, source));
      }),
    );
    const here = await fixture.again();
    for (const { record } of runs) expect(await here.missingKey(record)).toBeUndefined();
    expect(await keysOf(fixture)).toHaveLength(4);
  });

  it('survive a line that was cut off', async () => {
    const fixture = await makeEncrypted();
    const { record } = await backUp(fixture.repository, fixture.directory);
    const keys = join(fixture.directory, 'keys');
    const [file = ''] = (await readdir(keys)).filter((name) => name.endsWith('.jsonl'));
    await writeFile(
      join(keys, file),
      `${await readFile(join(keys, file), 'utf8')}{"pack":"${'0'.repeat(30)}`,
    );
    const files = [...FILES, { path: 'more', content: randomBytes(9999), mtime: day(4) }];
    const second = await backUp(await fixture.again(), fixture.directory, files);
    expect(second.reusedBytes).toBe(record.totals.bytes);
    expect(await restored(await fixture.again(), second.record, files)).toBe(true);
  });
});

describe('a line with another key than that of the pack', () => {
  /** As the key of each pack another one; what was warned of on reading with these keys. */
  async function spoiled(identities: (fixture: EncryptedFixture) => readonly AgeIdentity[]) {
    const fixture = await makeEncrypted();
    const { record } = await backUp(fixture.repository, fixture.directory);
    const keys = join(fixture.directory, 'keys');
    const [name = ''] = (await readdir(keys)).filter((file) => file.endsWith('.jsonl'));
    const file = join(keys, name);
    const other = randomBytes(32).toString('base64');
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll(/"key":"[^"]+"/g, `"key":"${other}"`));
    const warnings: LeitstandError[] = [];
    const repository = await openRepository(fixture.store, {
      ...world,
      signingKey: fixture.key,
      encryption: await encryptionOf(fixture.directory, [fixture.recovery.recipient]),
      identities: identities(fixture),
      onWarning: (warning) => warnings.push(warning),
    });
    return { fixture, record, repository, warnings, file };
  }

  it('gives way to the recovery key, and is told once with what to do', async () => {
    const { fixture, record, repository, warnings, file } = await spoiled(({ recovery }) => [recovery]);
    expect(await restored(repository, record)).toBe(true);
    expect(await repository.verify({ level: 'content' })).toMatchObject({ findings: [], undecoded: [] });
    expect(warnings.map(({ code, details }) => [code, details.where])).toEqual([['LS-REPO-032', { file }]]);
    const command = /sed [^;]+/.exec(warnings[0]?.details.fix ?? '')?.[0] ?? '';
    await promisify(execFile)('sh', ['-c', command]);
    expect((await readFile(file, 'utf8')).trim()).toBe('');
    const next = await backUp(await fixture.again(), fixture.directory);
    expect(next.reusedBytes).toBe(0);
    expect(await restored(await fixture.again(), next.record)).toBe(true);
  });

  it('gives way for a single file as well', async () => {
    const { record, repository, warnings } = await spoiled(({ recovery }) => [recovery]);
    const [wanted = FILES[0]] = FILES.slice(1);
    const isWanted = (path: string) => path === wanted?.path;
    const file = await repository.openFile({ snapshot: record.id, isWanted, wanted: '' });
    const parts: Uint8Array[] = [];
    for await (const part of file.content) parts.push(part);
    expect(Buffer.concat(parts).equals(wanted?.content ?? Buffer.alloc(0))).toBe(true);
    expect(warnings).toHaveLength(1);
  });

  it('is a missing key and no damage where no recovery key is', async () => {
    const stranger = await makeRecoveryKey();
    for (const identities of [[], [stranger]]) {
      const { record, repository, warnings } = await spoiled(() => identities);
      const error = await refusal(repository.restore({ snapshot: record, target: join(scratch(), 't') }));
      expect(error).toMatchObject({ code: 'LS-REPO-029', exit: 12 });
      const { findings, undecoded } = await repository.verify({ level: 'content' });
      expect([findings, undecoded.length]).toEqual([[], record.packs.length]);
      expect(warnings.map(({ code }) => code)).toEqual(['LS-REPO-032']);
    }
  });

  it('does not hide that a pack is damaged', async () => {
    for (const own of [true, false]) {
      const { fixture, record, repository, warnings } = await spoiled(({ recovery }) =>
        own ? [recovery] : [],
      );
      const [pack] = record.packs;
      const at = (pack?.header ?? 0) + 70 * 65_552 + 9;
      await flip(fixture, `packs/prometheus/${pack?.id.slice(0, 2)}/${pack?.id}`, at);
      const { findings } = await repository.verify({ level: 'content' });
      expect(findings.map(({ problem }) => problem)).toEqual(['was altered']);
      const target = join(scratch(), 't');
      const { lost } = await repository.restore({ snapshot: record, target, keepGoing: true });
      // The recovery key opens what is not in the damaged chunk.
      expect(lost.map(({ path }) => path)).toContain('blocks/A/chunks');
      expect(lost).toHaveLength(own ? 1 : 3);
      expect(warnings).toHaveLength(own ? 1 : 0);
    }
  });

  it('costs nothing where the line is right', async () => {
    const fixture = await makeEncrypted();
    const { record } = await backUp(fixture.repository, fixture.directory);
    const requests = async (identities: readonly AgeIdentity[]) => {
      const asked: string[] = [];
      const get: Store['get'] = (name, ...rest) => {
        asked.push(name);
        return fixture.store.get(name, ...rest);
      };
      const repository = await openRepository(
        { ...fixture.store, get },
        { ...world, signingKey: fixture.key, encryption: fixture.encryption, identities },
      );
      expect(await restored(repository, record)).toBe(true);
      return asked.filter((name) => name.startsWith('packs/')).length;
    };
    // A segment of 4 MiB each, and no header.
    expect(await requests([fixture.recovery])).toBe(await requests([]));
  });
});

describe('who has no key', () => {
  it('prunes and reads stored bytes all the same', async () => {
    const fixture = await makeEncrypted();
    const old = await backUp(fixture.repository, fixture.directory);
    await backUp(await fixture.again(), fixture.directory, [
      { path: 'x', content: randomBytes(50), mtime: day(3) },
    ]);
    const keyless = await openRepository(fixture.store, { ...world, signingKey: fixture.key });
    expect(await keyless.verify({ level: 'stored', rotateDays: 1 })).toMatchObject({
      findings: [],
      undecoded: [],
    });
    const gone = await keyless.prune({
      policy: () => ({ days: 0, weeks: 0, months: 0, years: 0 }),
      verified: new Set(),
      expected: [],
      dryRun: false,
      much: true,
    });
    expect(gone.snapshots.filter(({ kept }) => kept === undefined).map(({ id }) => id)).toEqual([
      old.record.id,
    ]);
    expect(await keyless.verify({ level: 'presence' })).toMatchObject({ findings: [] });
  });

  it('cannot make the commit fail by a directory of keys that is full or locked away', async () => {
    const fixture = await makeEncrypted();
    const keys = openPackKeys(join(fixture.directory, 'keys'));
    const broken: PackKeyFiles = {
      of: (id) => ({
        ...methodsOf(keys.of(id)),
        compact: () => Promise.reject(repositoryErrors.error('LS-REPO-031', { what: 'no room' })),
      }),
    };
    const repository = await openRepository(fixture.store, {
      ...world,
      signingKey: fixture.key,
      encryption: { ...fixture.encryption, packKeys: broken },
    });
    const { record, damage } = await backUp(repository, fixture.directory);
    expect(damage.map(({ code }) => code)).toEqual(['LS-REPO-031']);
    expect(await restored(await fixture.again(), record)).toBe(true);
  });
});

describe('other recipients', () => {
  it('mean a full backup, and the old ones stay with the old key', async () => {
    const fixture = await makeEncrypted();
    const first = await backUp(fixture.repository, fixture.directory);
    const next = await makeRecoveryKey();
    const both = await backUp(
      await fixture.again([next.recipient, fixture.recovery.recipient]),
      fixture.directory,
    );
    expect(both.reusedBytes).toBe(0);
    expect(both.record.encryption?.recipients).toEqual([next.recipient, fixture.recovery.recipient].sort());
    const reordered = await backUp(
      await fixture.again([fixture.recovery.recipient, next.recipient]),
      fixture.directory,
    );
    expect(reordered.reusedBytes).toBe(reordered.record.totals.bytes);
    for (const identity of [next, fixture.recovery])
      expect(await restored(await fixture.recovered([identity]), both.record)).toBe(true);
    const error = await refusal(restored(await fixture.recovered([next]), first.record));
    expect(error).toMatchObject({ exit: 12 });
  });

  it('mix with plain snapshots: neither kind builds upon the other, and all restore', async () => {
    const plain = await makeRepository();
    const first = await backUp(plain.repository, plain.directory);
    const fixture = await makeEncrypted(join(plain.directory, 'encrypted'));
    const options = { ...world, signingKey: plain.key };
    const encrypted = await openRepository(plain.store, { ...options, encryption: fixture.encryption });
    const second = await backUp(encrypted, plain.directory);
    expect(second.reusedBytes).toBe(0);
    const third = await backUp(plain.repository, plain.directory);
    expect(third.record.packs).toEqual(first.record.packs);
    const fourth = await backUp(encrypted, plain.directory);
    expect(fourth.record.packs).toEqual(second.record.packs);
    const reader = await openRepository(plain.store, { ...options, identities: [fixture.recovery] });
    for (const { record } of [first, second, third, fourth])
      expect(await restored(reader, record)).toBe(true);
    for (const repository of [reader, encrypted])
      expect(await repository.verify({ level: 'content' })).toMatchObject({ findings: [], undecoded: [] });
    const without = await plain.repository.verify({ level: 'content' });
    const { packs, lists } = second.record;
    expect([without.findings, without.undecoded.length]).toEqual([[], packs.length + lists.length]);
  });
});
