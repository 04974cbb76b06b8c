import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesPath } from '../../src/platform/path-patterns.ts';
import { FRAME_BYTES } from '../../src/repository/frames.ts';
import { openRepository } from '../../src/repository/repository.ts';
import { writeRestoredFile } from '../../src/repository/restore-file.ts';
import type { RestoreSelection } from '../../src/repository/restore.ts';
import { countingStore } from './counting-store.ts';
import {
  type Fixture,
  makeRepository,
  objectNames,
  readTree,
  refusal,
  snapshotOf,
  type TreeFile,
  world,
  writeTree,
} from './fixture.ts';

const MIB = 1024 * 1024;
const day = (number: number) => new Date(Date.UTC(2026, 6, number, 12));

function choosing(include: readonly string[], exclude: readonly string[] = []): RestoreSelection {
  const isMeant = (patterns: readonly string[], path: string) =>
    patterns.some((pattern) => matchesPath(path, pattern));
  return {
    words: JSON.stringify([include, exclude]),
    includes: (path) => (include.length === 0 || isMeant(include, path)) && !isMeant(exclude, path),
  };
}

async function stored(files: readonly TreeFile[], listEntries?: number) {
  const fixture = await makeRepository();
  const entries = await writeTree(join(fixture.directory, 's'), files);
  const { record } = await fixture.repository.writeSnapshot({ ...snapshotOf(entries), listEntries });
  return { ...fixture, entries, record, target: join(fixture.directory, 'target') };
}

/** The same repository, and what is fetched from it. */
async function counted({ store, key }: Pick<Fixture, 'store' | 'key'>) {
  const { store: watched, fetches } = countingStore(store);
  const repository = await openRepository(watched, { ...world, signingKey: key });
  fetches.clear();
  return { repository, fetches };
}

function expectTree(found: ReadonlyMap<string, Buffer>, files: readonly TreeFile[]): void {
  expect([...found.keys()].sort()).toEqual(files.map(({ path }) => path).sort());
  for (const { path, content } of files)
    expect([path, found.get(path)?.equals(content)]).toEqual([path, true]);
}

describe('a restore of some files', () => {
  const name = fc.constantFrom('a', 'b', 'meta.json', 'index', '.dot', 'wal', '01A', '01B', 'ä ö');
  const pattern = fc.oneof(
    fc.constantFrom('*.json', '*', '**/index', 'wal', '01*', '.dot', '*/a', '{a,b}', 'nothing', '**'),
    fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/')),
  );

  it('is the source without what was not chosen, for any tree and any patterns', async () => {
    const file = fc.record({
      path: fc.array(name, { minLength: 1, maxLength: 4 }),
      size: fc.integer({ min: 0, max: 3_000 }),
      day: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(file, { maxLength: 15 }),
        fc.array(pattern, { maxLength: 3 }),
        fc.array(pattern, { maxLength: 2 }),
        async (described, include, exclude) => {
          // The depth in front, so that no path is another's directory.
          const byPath = new Map<string, TreeFile>(
            described.map(({ path, size, day: number }) => {
              const full = `${path.length}/${path.map((part, i) => (i < path.length - 1 ? `d${part}` : part)).join('/')}`;
              return [full, { path: full, content: randomBytes(size), mtime: day(number) }];
            }),
          );
          const files = [...byPath.values()];
          const { repository, record, target, directory } = await stored(files);
          const selection = choosing(include, exclude);
          const chosen = files.filter(({ path }) => selection.includes(path, path));
          const work = repository.restore({ snapshot: record, target, selection });
          if (chosen.length === 0) {
            expect(await refusal(work)).toMatchObject({ code: 'LS-REPO-028', exit: 2 });
            expect(await readdir(directory)).not.toContain('target');
          } else {
            expect((await work).files).toBe(chosen.length);
            expectTree(await readTree(target), chosen);
          }
          expect(await readdir(directory)).not.toContain('target.restoring');
          await rm(directory, { recursive: true });
        },
      ),
      { numRuns: 40 },
    );
  }, 60_000);

  it('fetches only the frames in which they lie', async () => {
    const files = Array.from({ length: 40 }, (_, i) => ({
      path: `chunks/${String(i).padStart(2, '0')}`,
      content: randomBytes(900_000),
      mtime: day(1),
    }));
    const fixture = await stored(files);
    const { repository, fetches } = await counted(fixture);
    const { record, target } = fixture;
    const packBytes = record.packs.reduce((sum, { size }) => sum + size, 0);
    expect(packBytes).toBeGreaterThan(30 * MIB);
    await repository.restore({ snapshot: record, target, selection: choosing(['chunks/17']) });
    expectTree(await readTree(target), files.slice(17, 18));
    expect(fetches.bytesOf('packs/')).toBeLessThanOrEqual(FRAME_BYTES + 64);
  });

  it('stops before anything is written when a pack they need is missing, and not for another', async () => {
    const fixture = await stored([{ path: 'a', content: randomBytes(3_000), mtime: day(1) }]);
    const { repository, store, directory, target } = fixture;
    const [first = ''] = await objectNames(store, 'packs/');
    const more = await writeTree(join(directory, 's'), [{ path: 'b', content: randomBytes(3_000) }]);
    const { record } = await repository.writeSnapshot(snapshotOf([...fixture.entries, ...more]));
    await store.delete(first);
    const work = repository.restore({ snapshot: record, target, selection: choosing(['a']) });
    const error = await refusal(work);
    expect(error).toMatchObject({ code: 'LS-REPO-005' });
    expect(error.details.detail).toEqual(['a']);
    expect(await readdir(target)).toEqual([]);
    const other = join(directory, 'other');
    await repository.restore({ snapshot: record, target: other, selection: choosing(['b']) });
    expect([...(await readTree(other)).keys()]).toEqual(['b']);
  });
});

describe('a whole restore', () => {
  it('fetches every byte of every pack once at most, few at a time', async () => {
    const big = randomBytes(9 * FRAME_BYTES + 77);
    const files = [
      { path: 'a/big', content: big, mtime: day(1) },
      ...Array.from({ length: 50 }, (_, i) => ({
        path: `b/${i}`,
        content: randomBytes(70_000),
        mtime: day(1 + (i % 5)),
      })),
      { path: 'c/text', content: Buffer.alloc(20 * MIB, 'compressible '), mtime: day(2) },
    ];
    const fixture = await stored(files, 12);
    const { directory, target } = fixture;
    // A piece in the middle is new: the others stand in older packs.
    const changed = Buffer.from(big);
    changed.writeUInt8(changed.readUInt8(4 * FRAME_BYTES) ^ 1, 4 * FRAME_BYTES);
    await writeFile(join(directory, 's/a/big'), changed);
    const { record } = await fixture.repository.writeSnapshot({
      ...snapshotOf(fixture.entries),
      listEntries: 12,
    });
    const { repository, fetches } = await counted(fixture);
    const result = await repository.restore({ snapshot: record, target });
    expect(result).toMatchObject({ files: files.length, kept: 0, lost: [] });
    expectTree(await readTree(target), [{ path: 'a/big', content: changed }, ...files.slice(1)]);
    for (const { id, size } of record.packs)
      expect(fetches.bytesOf(`packs/prometheus/${id.slice(0, 2)}/${id}`)).toBeLessThanOrEqual(size);
    expect(fetches.mostAtOnce).toBeGreaterThan(1);
    expect(fetches.mostAtOnce).toBeLessThanOrEqual(16);
    expect(fetches.mostBytesAtOnce).toBeLessThanOrEqual(5 * FRAME_BYTES);
    const { findings, counts } = await repository.verify({ level: 'content' });
    // The list of the first day is another one; the rest is shared.
    expect([findings, counts.files]).toEqual([[], files.length + 11]);
  }, 60_000);

  it('names a damaged file of many pieces, also one of which came in another order', async () => {
    const big = randomBytes(5 * FRAME_BYTES);
    const fixture = await stored([{ path: 'big', content: big, mtime: day(1) }]);
    const { repository, store, directory, target } = fixture;
    const [older = ''] = await objectNames(store, 'packs/');
    big.writeUInt8(big.readUInt8(0) ^ 1, 0);
    await writeFile(join(directory, 's/big'), big);
    const { record } = await repository.writeSnapshot(snapshotOf(fixture.entries));
    const pack = Buffer.from((await store.get(older)) ?? []);
    pack.writeUInt8(pack.readUInt8(2 * FRAME_BYTES) ^ 1, 2 * FRAME_BYTES);
    await store.put(older, pack);
    const error = await refusal(repository.restore({ snapshot: record, target }));
    expect(error).toMatchObject({ code: 'LS-REPO-005', exit: 1 });
    expect(error.message).toContain(older);
    const { findings } = await repository.verify({ level: 'content' });
    expect(findings).toMatchObject([{ object: older, problem: 'was altered', paths: ['big'] }]);
    expect(findings[0]?.snapshots).toHaveLength(2);
  });

  it('lives with a store that gives wrong bytes once', async () => {
    const files = [
      { path: 'big', content: randomBytes(2 * FRAME_BYTES + 1), mtime: day(1) },
      { path: 'small', content: randomBytes(300), mtime: day(1) },
      { path: 'text', content: Buffer.alloc(FRAME_BYTES, 'text '), mtime: day(2) },
    ];
    const fixture = await stored(files, 1);
    let [packs, wrongs] = [0, 0];
    const lists = new Set<string>();
    const once = {
      ...fixture.store,
      get: async (name: string, range?: { readonly offset: number; readonly length: number }) => {
        const bytes = await fixture.store.get(name, range);
        const isPack = name.startsWith('packs/') && [0, 2].includes(packs++);
        const isList = name.startsWith('lists/') && !lists.has(name);
        lists.add(name);
        if (!bytes || (!isPack && !isList)) return bytes;
        wrongs += 1;
        const wrong = Buffer.from(bytes);
        wrong.writeUInt8(wrong.readUInt8(wrong.length >> 1) ^ 1, wrong.length >> 1);
        return wrong;
      },
    };
    const repository = await openRepository(once, { ...world, signingKey: fixture.key });
    await repository.restore({ snapshot: fixture.record, target: fixture.target });
    expectTree(await readTree(fixture.target), files);
    expect(wrongs).toBe(2 + files.length);
  });
});

describe('a restore that goes around damage', () => {
  it('restores the rest, leaves nothing half done, and names what is lost', async () => {
    const files = [
      { path: 'big', content: randomBytes(3 * FRAME_BYTES), mtime: day(1) },
      { path: 'small/a', content: randomBytes(2_000), mtime: day(1) },
      { path: 'small/empty', content: Buffer.alloc(0), mtime: day(1) },
    ];
    const { repository, store, record, target, directory } = await stored(files);
    const [name = ''] = await objectNames(store, 'packs/');
    const pack = Buffer.from((await store.get(name)) ?? []);
    pack.writeUInt8(pack.readUInt8(FRAME_BYTES + 500) ^ 1, FRAME_BYTES + 500);
    await store.put(name, pack);
    const result = await repository.restore({ snapshot: record, target, keepGoing: true });
    expect(result.lost).toMatchObject([{ path: 'big' }]);
    expect(result.lost[0]?.problem).toContain(name);
    expectTree(await readTree(target), files.slice(1));
    expect(await readdir(directory)).not.toContain('target.restoring');
    await store.delete(name);
    const bare = await repository.restore({
      snapshot: record,
      target: join(directory, 'bare'),
      keepGoing: true,
    });
    expect(bare.lost.map(({ path }) => path)).toEqual(['big', 'small/a']);
    expectTree(await readTree(join(directory, 'bare')), files.slice(2));
  });

  it('says how many files a lost list had', async () => {
    const files = [
      { path: 'a', content: randomBytes(2_000), mtime: day(1) },
      { path: 'b', content: randomBytes(2_000), mtime: day(2) },
    ];
    const { repository, store, record, target } = await stored(files, 1);
    const list = `lists/${record.lists[0]?.sha256}.jsonl.zst`;
    await store.put(list, Buffer.from('x'));
    const { lost } = await repository.restore({ snapshot: record, target, keepGoing: true });
    expect(lost).toEqual([
      { path: list, problem: expect.stringContaining('1 files last changed on 2026-07-01') },
    ]);
    expectTree(await readTree(target), files.slice(1));
  });
});

describe('a restore that was broken off', () => {
  const files: readonly (TreeFile & { readonly mtime: Date })[] = [
    ...Array.from({ length: 30 }, (_, i) => ({
      path: `blocks/${i % 3}/${i}`,
      content: randomBytes(5_000),
      mtime: day(1 + (i % 4)),
      mode: 0o640,
    })),
    { path: 'blocks/big', content: randomBytes(3 * FRAME_BYTES + 5), mtime: day(4) },
    { path: 'empty', content: Buffer.alloc(0), mtime: day(1) },
  ];

  async function brokenOff() {
    const fixture = await stored(files);
    const { repository, record, target } = fixture;
    const cancel = new AbortController();
    let pieces = 0;
    const work = repository.restore({
      snapshot: record,
      target,
      signal: cancel.signal,
      onProgress: () => {
        pieces += 1;
        if (pieces === 20) cancel.abort(new Error('enough'));
      },
    });
    await expect(work).rejects.toThrow('enough');
    return fixture;
  }

  it('goes on where it stopped: what is right stays, what is half done or changed is written anew', async () => {
    const fixture = await brokenOff();
    const { record, target, directory } = fixture;
    const there = [...(await readTree(target))]
      .filter(([path]) => path.startsWith('blocks/'))
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    expect(there.length).toBeGreaterThan(10);
    const [changed = '', cut = '', moved = ''] = there.map(([path]) => path);
    await writeFile(join(target, changed), randomBytes(5_000));
    await writeFile(join(target, cut), 'half');
    await chmod(join(target, moved), 0o600);
    const { repository, fetches } = await counted(fixture);
    const { kept, files: restored } = await repository.restore({ snapshot: record, target });
    expect(restored).toBe(files.length);
    expect(kept).toBeGreaterThanOrEqual(there.length - 3);
    expect(kept).toBeLessThan(files.length);
    expectTree(await readTree(target), files);
    for (const { path, mtime, mode } of files) {
      const found = await stat(join(target, path));
      expect(found.mtimeMs).toBe(mtime.getTime());
      if (mode !== undefined) expect(found.mode & 0o777).toBe(mode);
    }
    expect(await readdir(directory)).not.toContain('target.restoring');
    const all = record.packs.reduce((sum, { size }) => sum + size, 0);
    expect(fetches.bytesOf('packs/')).toBeLessThan(all);
  });

  it('is not mixed with another snapshot, or another choice of files', async () => {
    const { repository, record, target, entries } = await brokenOff();
    const other = await repository.writeSnapshot(snapshotOf(entries.slice(1)));
    for (const request of [
      { snapshot: other.record, target },
      { snapshot: record, target, selection: choosing(['blocks']) },
    ]) {
      const error = await refusal(repository.restore(request));
      expect(error).toMatchObject({ code: 'LS-REPO-010', exit: 6 });
      expect(error.details.why).toContain('something else');
      expect(error.details.fix).toContain(`--snapshot ${record.id}`);
    }
    await repository.restore({ snapshot: record, target });
  });

  it('is gone on with by one process at a time', async () => {
    const { repository, record, target, store, key } = await brokenOff();
    let second: Promise<unknown> | undefined;
    const first = await openRepository(
      {
        ...store,
        get: async (name, ...range) => {
          // It goes on once the other one has been refused.
          if (name.startsWith('packs/'))
            await (second ??= refusal(repository.restore({ snapshot: record, target })));
          return store.get(name, ...range);
        },
      },
      { ...world, signingKey: key },
    );
    await first.restore({ snapshot: record, target });
    expect(await second).toMatchObject({ code: 'LS-REPO-010', details: { why: /at work/ } });
    expectTree(await readTree(target), files);
  });

  it('still lets no two files of the snapshot have one place', async () => {
    const { repository, record, target } = await brokenOff();
    const error = await refusal(
      repository.restore({ snapshot: record, target, mapPath: () => 'blocks/0/0' }),
    );
    expect(error.code).toBe('LS-REPO-018');
  });

  it('goes on though its directory was not made yet, and refuses a mark that cannot be read', async () => {
    const { repository, record, target } = await brokenOff();
    await rm(target, { recursive: true });
    await repository.restore({ snapshot: record, target });
    expectTree(await readTree(target), files);
    await rm(target, { recursive: true });
    await mkdir(`${target}.restoring`);
    expect(await refusal(repository.restore({ snapshot: record, target }))).toMatchObject({
      code: 'LS-REPO-010',
    });
  });
});

describe('one file', () => {
  const big = randomBytes(3 * FRAME_BYTES + 9);
  const files = [
    { path: 'a/big', content: big, mtime: day(1), mode: 0o640 },
    ...Array.from({ length: 30 }, (_, i) => ({
      path: `b/${i}`,
      content: randomBytes(400_000),
      mtime: day(2),
    })),
    { path: 'c/empty', content: Buffer.alloc(0), mtime: day(3) },
  ];
  const wanted = (path: string) => ({ wanted: path, isWanted: (name: string) => name === path });

  async function contentOf(repository: Fixture['repository'], snapshot: string, path: string) {
    const { content } = await repository.openFile({ snapshot, ...wanted(path) });
    const parts: Uint8Array[] = [];
    for await (const part of content) parts.push(part);
    return Buffer.concat(parts);
  }

  it('comes in order and checked, by ranged reads of its frames alone', async () => {
    const fixture = await stored(files);
    const { repository, fetches } = await counted(fixture);
    const { record } = fixture;
    for (const { path, content } of [...files.slice(0, 1), ...files.slice(15, 16), ...files.slice(-1)]) {
      fetches.clear();
      expect((await contentOf(repository, record.id, path)).equals(content)).toBe(true);
      const frames = Math.ceil(content.length / FRAME_BYTES) + (content.length < FRAME_BYTES ? 0 : 1);
      expect(fetches.bytesOf('packs/')).toBeLessThanOrEqual(frames * (FRAME_BYTES + 200));
    }
    fetches.clear();
    await contentOf(repository, record.id, 'b/7');
    // One frame, where the pack has three.
    expect(fetches.bytesOf('packs/')).toBeLessThanOrEqual(FRAME_BYTES + 200);
    expect(fetches.gets.filter(({ name }) => name.startsWith('packs/'))).toHaveLength(1);
  });

  it('is written under its name once it is whole, and over nothing', async () => {
    const { repository, record, directory, store } = await stored(files);
    const out = join(directory, 'out', 'big');
    const open = () => repository.openFile({ snapshot: record.id, ...wanted('a/big') });
    await writeRestoredFile(out, await open(), undefined);
    expect((await readFile(out)).equals(big)).toBe(true);
    const { mode, mtimeMs } = await stat(out);
    expect([mode & 0o777, mtimeMs]).toEqual([0o640, day(1).getTime()]);
    expect(await readdir(join(directory, 'out'))).toEqual(['big']);
    expect(await refusal(writeRestoredFile(out, await open(), undefined))).toMatchObject({
      code: 'LS-REPO-010',
      exit: 6,
    });
    const [name = ''] = await objectNames(store, 'packs/');
    const pack = Buffer.from((await store.get(name)) ?? []);
    pack.writeUInt8(pack.readUInt8(2 * FRAME_BYTES) ^ 1, 2 * FRAME_BYTES);
    await store.put(name, pack);
    const other = join(directory, 'out', 'other');
    expect(await refusal(writeRestoredFile(other, await open(), undefined))).toMatchObject({
      code: 'LS-REPO-005',
    });
    expect(existsSync(other)).toBe(false);
  });

  it('that is not there is said', async () => {
    const { repository, record } = await stored(files);
    const error = await refusal(repository.openFile({ snapshot: record.id, ...wanted('a') }));
    expect(error).toMatchObject({ code: 'LS-REPO-028', exit: 2 });
    expect(error.details.fix).toContain(record.id);
  });
});

describe.skipIf(process.getuid?.() !== 0)('owners, as root', () => {
  const someone = { uid: 4711, gid: 4712 };

  it.each([
    ['as recorded', undefined, someone],
    ['as recorded', 'recorded', someone],
    ['of whoever restores', 'own', { uid: 0, gid: 0 }],
    ['of somebody', { uid: 1, gid: 2 }, { uid: 1, gid: 2 }],
  ] as const)('are %s (%j)', async (_, owner, expected) => {
    const { chownSync } = await import('node:fs');
    const fixture = await makeRepository();
    const entries = await writeTree(join(fixture.directory, 's'), [
      { path: 'd/x', content: Buffer.from('x') },
      { path: 'd/empty', content: Buffer.alloc(0) },
    ]);
    for (const { file } of entries) chownSync(file, someone.uid, someone.gid);
    const { record } = await fixture.repository.writeSnapshot(snapshotOf(entries));
    const target = join(fixture.directory, 'target');
    await fixture.repository.restore({ snapshot: record, target, owner });
    for (const path of ['d', 'd/x', 'd/empty']) {
      const { uid, gid } = await stat(join(target, path));
      expect({ uid, gid }).toEqual(expected);
    }
  });
});

describe('what is restored', () => {
  it('needs no right but to write into its place', async () => {
    const fixture = await stored([{ path: 'read-only', content: Buffer.from('x') }]);
    const { repository, target, directory, entries } = fixture;
    await chmod(join(directory, 's', 'read-only'), 0o400);
    const { record } = await repository.writeSnapshot(snapshotOf(entries));
    await repository.restore({ snapshot: record, target });
    expect(readFileSync(join(target, 'read-only'), 'utf8')).toBe('x');
  });
});
