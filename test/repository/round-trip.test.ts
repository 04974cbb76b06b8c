import { randomBytes } from 'node:crypto';
import { appendFileSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FRAME_BYTES } from '../../src/repository/frames.ts';
import { openRepository } from '../../src/repository/repository.ts';
import type { CaptureEntry } from '../../src/stack/source.ts';
import { captureOf, makeRepository, objectNames, readTree, refusal, scratch, snapshotOf } from './fixture.ts';
import { type TreeFile, world, writeTree } from './fixture.ts';

const MIB = 1024 * 1024;
const day = (number: number) => new Date(Date.UTC(2026, 6, number, 12));

/** Random bytes do not compress, repeated ones do, and equal seeds are equal content. */
function contentOf(kind: 'random' | 'text', seed: number, size: number): Buffer {
  const pattern = Buffer.alloc(kind === 'text' ? 97 : 7919, `seed ${seed} `);
  const content = Buffer.alloc(size, pattern);
  if (kind === 'random') {
    let state = seed + 1;
    for (let i = 0; i + 4 <= size; i += 4) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      content.writeUInt32LE((state ^ (state >>> 13)) >>> 0, i);
    }
  }
  return content;
}

const segment = fc.oneof(
  fc.constantFrom(
    'a',
    'blocks',
    'mit Leerzeichen',
    'äöü-日本語',
    'quote\'"$(x)',
    'x'.repeat(200),
    '-n',
    '~',
    '\u00e9',
  ),
  fc
    .string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
    .filter((text) => !/^\.{1,2}$|[/\0]/.test(text)),
);
const size = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 0, max: 20_000 }) },
  fc.constantFrom(FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 2 * FRAME_BYTES, 2 * FRAME_BYTES + 1),
  fc.integer({ min: 0, max: 10 * MIB }),
);
const file = fc.record({
  path: fc.array(segment, { minLength: 1, maxLength: 4 }),
  size,
  kind: fc.constantFrom('random' as const, 'text' as const),
  seed: fc.integer({ min: 0, max: 3 }),
  day: fc.integer({ min: 1, max: 4 }),
  mode: fc.constantFrom(0o600, 0o644, 0o640, 0o444),
});

/** No path may be another's directory; the top folder keeps folders and files apart. */
function treeOf(
  files: readonly {
    path: string[];
    size: number;
    kind: 'random' | 'text';
    seed: number;
    day: number;
    mode: number;
  }[],
): TreeFile[] {
  const byPath = new Map<string, TreeFile>();
  for (const { path, ...rest } of files) {
    const name = `${path.length}/${path.map((part, i) => (i === path.length - 1 ? `f${part}` : `d${part}`)).join('/')}`;
    byPath.set(name, {
      path: name,
      content: contentOf(rest.kind, rest.seed, rest.size),
      mtime: day(rest.day),
      mode: rest.mode,
    });
  }
  return [...byPath.values()];
}

describe('a snapshot', () => {
  it('restores every generated tree as it was, also when parts of it were stored before', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(file, { maxLength: 12 }),
        fc.array(file, { maxLength: 4 }),
        async (first, more) => {
          const fixture = await makeRepository();
          for (const [round, files] of [treeOf(first), treeOf([...first, ...more])].entries()) {
            const source = join(fixture.directory, `source-${round}`);
            const entries = await writeTree(source, files);
            const { record } = await fixture.repository.writeSnapshot(snapshotOf(entries));
            const target = join(fixture.directory, `target-${round}`);
            const restored = await fixture.repository.restore({ snapshot: record.id, target });
            expect(restored.files).toBe(files.length);
            const found = await readTree(target);
            expect([...found.keys()].sort()).toEqual(files.map(({ path }) => path).sort());
            for (const { path, content, mtime, mode } of files) {
              expect(found.get(path)?.equals(content)).toBe(true);
              const { mode: foundMode, mtimeMs } = await stat(join(target, path));
              expect([foundMode & 0o777, mtimeMs]).toEqual([mode, mtime?.getTime()]);
            }
          }
          expect((await fixture.repository.verify({ level: 'content' })).findings).toEqual([]);
          await rm(fixture.directory, { recursive: true });
        },
      ),
      { numRuns: 10 },
    );
  }, 120_000);

  it('restores empty snapshots and empty files', async () => {
    const { repository, directory } = await makeRepository();
    const none = await repository.writeSnapshot(snapshotOf([]));
    await repository.restore({ snapshot: none.record, target: join(directory, 'none') });
    expect(await readTree(join(directory, 'none'))).toEqual(new Map());
    const entries = await writeTree(join(directory, 's'), [{ path: 'empty', content: Buffer.alloc(0) }]);
    const { record } = await repository.writeSnapshot(snapshotOf(entries));
    expect(record.packs).toEqual([]);
    await repository.restore({ snapshot: record.id, target: join(directory, 'one') });
    expect(await readFile(join(directory, 'one', 'empty'))).toEqual(Buffer.alloc(0));
  });

  it('holds what the capture said, and nothing of the machine it was read on', async () => {
    const { repository, directory, store } = await makeRepository();
    const entries = await writeTree(join(directory, 's'), [
      { path: 'blocks/A/index', content: Buffer.from('index'), mtime: day(1), mode: 0o640 },
      { path: 'blocks/A/chunks/000001', content: randomBytes(FRAME_BYTES + 1), mtime: day(2) },
    ]);
    const { record, files } = await repository.writeSnapshot(snapshotOf(entries));
    expect(files).toBe(2);
    expect(record).toMatchObject({
      format: 'lsb1',
      source: 'prometheus',
      stack: 'demo',
      cutoff: '2026-08-01T12:00:00.000Z',
      expectations: [{ kind: 'sample-counts', subject: 'up', value: { count: 42 } }],
      knownLoss: ['nothing of note'],
      writer: { program: 'prometheus', version: '3.16.0' },
      totals: { files: 2, bytes: FRAME_BYTES + 6 },
    });
    expect(record.lists).toMatchObject([{ day: '2026-07-01', until: '2026-07-02', files: 2 }]);
    const lines = await Promise.all(
      record.lists.map(async ({ sha256 }) => {
        const stored = await store.get(`lists/${sha256}.jsonl.zst`);
        return zstdDecompressSync(stored ?? Buffer.alloc(0)).toString();
      }),
    );
    const members = ['gid', 'mode', 'mtime', 'path', 'pieces', 'sha256', 'size', 'type', 'uid'];
    for (const line of lines.join('').trim().split('\n'))
      expect(Object.keys(JSON.parse(line))).toEqual(members);
    expect(lines.join('') + JSON.stringify(record)).not.toContain(directory);
  });

  it('maps paths when it is restored', async () => {
    const { repository, directory } = await makeRepository();
    const entries = await writeTree(join(directory, 's'), [
      { path: 'blocks/A/x', content: Buffer.from('1') },
    ]);
    const { record } = await repository.writeSnapshot(snapshotOf(entries));
    const target = join(directory, 'deep', 'target');
    await repository.restore({ snapshot: record, target, mapPath: (path) => path.replace('blocks/', '') });
    expect([...(await readTree(target)).keys()]).toEqual(['A/x']);
  });

  it('can be read with the public key alone, which cannot write', async () => {
    const { repository, directory, key, store } = await makeRepository();
    const entries = await writeTree(join(directory, 's'), [{ path: 'x', content: Buffer.from('1') }]);
    const { record } = await repository.writeSnapshot(snapshotOf(entries));
    const reader = await openRepository(store, { ...world, publicKey: key.publicKey });
    await reader.restore({ snapshot: record.id, target: join(directory, 't') });
    expect(await refusal(reader.writeSnapshot(snapshotOf(entries)))).toMatchObject({ code: 'LS-REPO-014' });
  });
});

function mutable(entries: readonly CaptureEntry[]): CaptureEntry[] {
  return entries.map((entry) => ({ ...entry, class: 'mutable' }));
}

describe('a second snapshot', () => {
  it('stores nothing that the newest ones hold, piece by piece', async () => {
    const { repository, directory } = await makeRepository();
    const big = randomBytes(3 * FRAME_BYTES + 5);
    const small = { path: 'small', content: randomBytes(5000), mtime: day(1) };
    const write = async (name: string, content: Buffer) =>
      mutable(await writeTree(join(directory, name), [small, { path: 'big', content, mtime: day(2) }]));
    const first = await repository.writeSnapshot(snapshotOf(await write('1', big)));
    expect(first.reusedBytes).toBe(0);
    const same = await repository.writeSnapshot(snapshotOf(await write('2', big)));
    expect(same).toMatchObject({ readBytes: big.length + 5000, reusedBytes: big.length + 5000 });
    expect(same.newBytes).toBeLessThan(5000);
    expect([same.record.lists, same.record.packs]).toEqual([first.record.lists, first.record.packs]);
    big.writeUInt8((big.readUInt8(FRAME_BYTES) + 1) % 256, FRAME_BYTES);
    const changed = await repository.writeSnapshot(snapshotOf(await write('3', big)));
    expect(changed.readBytes - changed.reusedBytes).toBe(FRAME_BYTES);
    expect((await repository.verify({ level: 'content' })).findings).toEqual([]);
  });

  it('does not trust size and time of what may change: it is stored when it was rewritten', async () => {
    const { repository, directory } = await makeRepository();
    const write = async (content: string) =>
      mutable(
        await writeTree(join(directory, 's'), [
          { path: 'meta.json', content: Buffer.from(content), mtime: day(1) },
        ]),
      );
    await repository.writeSnapshot(snapshotOf(await write('{"v":1}')));
    const { record } = await repository.writeSnapshot(snapshotOf(await write('{"v":2}')));
    await repository.restore({ snapshot: record, target: join(directory, 't') });
    expect((await readTree(join(directory, 't'))).get('meta.json')?.toString()).toBe('{"v":2}');
  });

  it('stores anew what a lost or short pack held, and says what it met', async () => {
    const { repository, directory, store } = await makeRepository();
    const content = randomBytes(9000);
    const entries = await writeTree(join(directory, 's'), [{ path: 'x', content }]);
    const { record } = await repository.writeSnapshot(snapshotOf(entries));
    const [pack = ''] = await objectNames(store, 'packs/');
    await store.put(pack, content.subarray(0, 100));
    const healed = await repository.writeSnapshot(snapshotOf(entries));
    expect(healed.reusedBytes).toBe(0);
    expect((await repository.verify({ level: 'content' })).findings).toEqual([]);
    await store.put(`lists/${record.lists[0]?.sha256}.jsonl.zst`, Buffer.from('x'));
    const again = await repository.writeSnapshot(snapshotOf(entries));
    expect(again.damage.map((error) => error.code)).toEqual(['LS-REPO-004']);
    expect((await repository.verify({ level: 'content' })).findings).toEqual([]);
  });

  it('never shares packs between sources', async () => {
    const { repository, directory, store } = await makeRepository();
    const entries = await writeTree(join(directory, 's'), [{ path: 'x', content: randomBytes(9000) }]);
    await repository.writeSnapshot(snapshotOf(entries, 'prometheus'));
    const other = await repository.writeSnapshot(snapshotOf(entries, 'loki'));
    expect(other.reusedBytes).toBe(0);
    const packs = await objectNames(store, 'packs/');
    expect(packs.map((name) => name.split('/')[1])).toEqual(['loki', 'prometheus']);
    for (const name of packs.filter((pack) => pack.startsWith('packs/prometheus/'))) await store.delete(name);
    await repository.restore({ snapshot: other.record, target: join(directory, 't') });
  });

  it('is listed newest first and by source', async () => {
    const { repository } = await makeRepository();
    const ids: string[] = [];
    for (const source of ['prometheus', 'alert-manager', 'prometheus']) {
      ids.push((await repository.writeSnapshot(snapshotOf([], source))).record.id);
      await world.clock.sleep(3);
    }
    const list = async (source?: string) => (await repository.snapshots(source)).map(({ id }) => id);
    expect(await list()).toEqual(ids.toReversed());
    expect(await list('prometheus')).toEqual([ids[2], ids[0]]);
    expect(await list('alert-manager')).toEqual([ids[1]]);
    expect(await list('alert')).toEqual([]);
    const backup = await repository.writeBackup({ stack: 'demo', snapshots: ids, startedAt: new Date() });
    expect(await repository.backups()).toEqual([backup]);
    expect(backup.snapshots).toEqual(ids);
    const unknown = repository.writeBackup({ stack: 'demo', snapshots: ['x'], startedAt: new Date() });
    expect((await refusal(unknown)).code).toBe('LS-REPO-012');
    const { code, details } = await refusal(repository.snapshot(backup.id));
    expect([code, details.what]).toEqual([
      'LS-REPO-012',
      `${backup.id} is a backup, not one of its snapshots`,
    ]);
    expect(details.fix).toContain(ids.join(', '));
  });
});

describe('reading the source', () => {
  /** Changes the file after each of the first `times` pieces that are read of it; what it ends with. */
  async function backUpWhileChanging(times: number, immutable: boolean) {
    const { repository, directory } = await makeRepository();
    const path = join(directory, 'growing');
    writeFileSync(path, Buffer.alloc(FRAME_BYTES, 'x'));
    appendFileSync(path, 'start');
    let changes = 0;
    const result = await repository.writeSnapshot({
      ...snapshotOf([{ path: 'growing', file: path, class: immutable ? 'immutable' : 'mutable' }]),
      onProgress: () => {
        if (changes++ < times) appendFileSync(path, 'more');
      },
    });
    await repository.restore({ snapshot: result.record, target: join(directory, 't') });
    return (await readTree(join(directory, 't'))).get('growing')?.toString('utf8', FRAME_BYTES);
  }

  it('reads a file that may change once more', async () => {
    expect(await backUpWhileChanging(1, false)).toBe('startmore');
  });

  it('gives up on a file that keeps changing, and on an immutable one at once', async () => {
    expect(await refusal(backUpWhileChanging(9, false))).toMatchObject({ code: 'LS-REPO-008', exit: 6 });
    expect((await refusal(backUpWhileChanging(1, true))).message).toContain('growing');
  });

  it('refuses what is no readable regular file', async () => {
    const { repository, directory } = await makeRepository();
    await mkdir(join(directory, 'folder'));
    await symlink('/etc/passwd', join(directory, 'link'));
    for (const name of ['folder', 'link', 'missing']) {
      const entry = { path: name, file: join(directory, name), class: 'immutable' as const };
      const error = await refusal(repository.writeSnapshot(snapshotOf([entry])));
      expect(error).toMatchObject({ code: 'LS-REPO-009', exit: 6 });
      expect(error.message).toContain(name);
    }
    expect(await repository.snapshots()).toEqual([]);
  });

  it('calls paths that could not be restored a bug of the source', async () => {
    const { repository, directory } = await makeRepository();
    const [good] = await writeTree(join(directory, 's'), [{ path: 'x', content: Buffer.from('1') }]);
    if (!good) throw new Error('no entry');
    for (const path of ['../x', '/x', 'a//b', '', 'a\0'])
      await expect(repository.writeSnapshot(snapshotOf([{ ...good, path }]))).rejects.toThrow(TypeError);
    await expect(repository.writeSnapshot(snapshotOf([good, good]))).rejects.toThrow(/twice/);
    await expect(repository.writeSnapshot({ ...snapshotOf([good]), source: '../x' })).rejects.toThrow(
      TypeError,
    );
  });

  it('stops between two pieces when cancelled, and leaves no snapshot', async () => {
    const { repository, directory } = await makeRepository();
    const content = randomBytes(3 * FRAME_BYTES);
    const entries = await writeTree(join(directory, 's'), [{ path: 'x', content }]);
    const abort = new AbortController();
    const work = repository.writeSnapshot({
      ...snapshotOf(entries),
      signal: abort.signal,
      onProgress: (read) => read > FRAME_BYTES && abort.abort(new Error('enough')),
    });
    await expect(work).rejects.toThrow('enough');
    expect(await repository.snapshots()).toEqual([]);
    const { record } = await repository.writeSnapshot({
      ...snapshotOf(entries),
      capture: captureOf(entries),
    });
    const stopped = repository.restore({
      snapshot: record,
      target: join(scratch(), 't'),
      signal: abort.signal,
    });
    await expect(stopped).rejects.toThrow('enough');
  });
});
