import { execFileSync } from 'node:child_process';
import { createHash, hash, randomBytes } from 'node:crypto';
import { statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/platform/canonical-json.ts';
import { decodeLine, encodeAround, encodeLine, encodePlace } from '../../src/repository/entry-text.ts';
import { decodeEntry } from '../../src/repository/entry-schema.ts';
import { FrameTable } from '../../src/repository/frame-table.ts';
import { FRAME_BYTES } from '../../src/repository/frames.ts';
import { GappedLines } from '../../src/repository/gapped-lines.ts';
import { PieceIndex } from '../../src/repository/piece-index.ts';
import { type PlannedEntry, planEntries } from '../../src/repository/planned-entries.ts';
import { dayOf, dayOfSecond } from '../../src/repository/list-spans.ts';
import { openRepository } from '../../src/repository/repository.ts';
import { Spool } from '../../src/repository/spool.ts';
import { TextChunks } from '../../src/repository/text-chunks.ts';
import { type Crew, makeCrew } from '../../src/repository/workers/crew.ts';
import { type FileNames, packNames, unpackNames } from '../../src/repository/workers/file-names.ts';
import { mtimeText } from '../../src/repository/workers/read-files.ts';
import { takerAmong, weightOf } from '../../src/repository/workers/share-work.ts';
import { type FilesFound, statFiles } from '../../src/repository/workers/stat-files.ts';
import type { WorkName } from '../../src/repository/workers/work.ts';
import type { CaptureEntry } from '../../src/stack/source.ts';
import { makeRepository, objectNames, scratch, snapshotOf, world, writeTree } from './fixture.ts';

const MIB = 1024 * 1024;
const breathe = async () => undefined;

interface Found {
  readonly file: string;
  readonly size: number;
  readonly mtime: string;
}

function asFound(file: string, size: number): Found {
  return { file, size, mtime: String(statSync(file, { bigint: true }).mtimeNs) };
}

function reading(found: Found, buffer: ArrayBuffer) {
  return { ...packNames([found]), sizes: Float64Array.of(found.size), mtimes: found.mtime, buffer };
}

describe('a crew', () => {
  it.each([0, 2])('of %i threads gives the same results', async (threads) => {
    const crew = makeCrew({ threads, breathe });
    const directory = scratch();
    const files = await writeTree(directory, [
      { path: 'a', content: Buffer.alloc(20 * MIB, 'abc') },
      { path: 'b', content: Buffer.from('small') },
    ]);
    const large = new ArrayBuffer(24 * MIB);
    const first = await crew.run('readFiles', reading(asFound(files[0]?.file ?? '', 20 * MIB), large));
    expect(first).toMatchObject({
      sha256: hash('sha256', Buffer.alloc(20 * MIB, 'abc'), 'hex'),
      problems: new Map(),
    });
    for (let i = 0; i < 50; i++) {
      const job = reading(asFound(files[1]?.file ?? '', 5), new ArrayBuffer(FRAME_BYTES));
      const read = await crew.run('readFiles', job);
      expect(Buffer.from(read.buffer, 0, 5).toString()).toBe('small');
      // Until the threads have begun, this one works.
      await world.clock.sleep(i < 20 ? 5 : 0);
    }
    await crew.close();
  });

  it('tells what is wrong with a file, and passes on what fails in a thread', async () => {
    const crew = makeCrew({ threads: 1, breathe });
    const [entry] = await writeTree(scratch(), [{ path: 'a', content: Buffer.alloc(20 * MIB) }]);
    const file = entry?.file ?? '';
    const read = async (found: Found) => {
      const { problems } = await crew.run('readFiles', reading(found, new ArrayBuffer(found.size)));
      return problems.get(0);
    };
    for (let i = 0; i < 2; i++) {
      expect(await read(asFound(file, 20 * MIB))).toBeUndefined();
      expect(await read(asFound(file, 5))).toEqual({ problem: 'it has another size or time' });
      expect(await read({ ...asFound(file, 20 * MIB), mtime: '1' })).toEqual({
        problem: 'it has another size or time',
      });
      expect(await read({ ...asFound(file, 5), file: `${file}-not-there` })).toEqual({ problem: 'ENOENT' });
      expect(await read(asFound(join(file, '..'), 5))).toEqual({ problem: 'it is no regular file' });
      const broken = crew.run('encodeInPlace', { buffer: new ArrayBuffer(4), length: 8 });
      await expect(broken).rejects.toThrow(RangeError);
      await world.clock.sleep(i === 0 ? 500 : 0);
    }
    await crew.close();
    await expect(crew.run('statFiles', packNames([]))).rejects.toThrow('ended');
  });
});

describe('work that is shared', () => {
  it('waits in a thread only behind short work', () => {
    const crew = [1, 2, 3].map((number) => ({ number, isReady: number < 3, taken: 0 }));
    const give = (name: WorkName) => {
      const taker = takerAmong(crew);
      if (taker) taker.taken += weightOf(name);
      return taker?.number;
    };
    expect([give('closePack'), give('readFiles'), give('encodeInPlace'), give('readFiles')]).toEqual([
      1,
      2,
      2,
      undefined,
    ]);
  });
});

describe('a crew that has ended', () => {
  it('does nothing any more, and begins no threads', async () => {
    let go = () => undefined as unknown;
    const held = new Promise((resolve) => {
      go = () => resolve(undefined);
    });
    const crew = makeCrew({ threads: 0, breathe: async () => void (await held) });
    const [entry] = await writeTree(scratch(), [{ path: 'a', content: Buffer.from('x') }]);
    const late = crew.run('statFiles', packNames([{ file: entry?.file ?? '' }]));
    late.catch(() => undefined);
    await crew.close();
    go();
    await expect(late).rejects.toThrow('ended');
    const closed = makeCrew({ threads: 2, breathe });
    await closed.close();
    const much = closed.run('encodeInPlace', { buffer: new ArrayBuffer(8), length: 20 * MIB });
    await expect(much).rejects.toThrow('ended');
  });
});

describe('the packs', () => {
  it('are the same however the work is shared, and so is what a second run makes of it', async () => {
    const source = scratch();
    const files = Array.from({ length: 300 }, (_, i) => ({
      path: `d${i % 7}/f${i}`,
      content: i % 3 === 0 ? randomBytes(90_000 + i) : Buffer.alloc(200_000, `text ${i} `),
      mtime: new Date(Date.UTC(2026, 6, 1 + (i % 5), 12)),
    }));
    files.push({ path: 'large', content: randomBytes(5 * FRAME_BYTES + 77), mtime: new Date(0) });
    const entries = await writeTree(source, files);
    const made: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      const { repository } = await makeRepository();
      const { record } = await repository.writeSnapshot(snapshotOf(i === 0 ? entries : entries.toReversed()));
      made.push([record.packs, record.lists]);
      expect((await repository.verify({ level: 'content' })).findings).toEqual([]);
    }
    expect(made[1]).toEqual(made[0]);
  }, 60_000);

  it('are cut by the length of their footers where files are very small', async () => {
    const { repository, store } = await makeRepository();
    const folder = Array.from({ length: 4 }, () => 'x'.repeat(225)).join('/');
    const files = Array.from({ length: 3000 }, (_, i) => ({
      path: `${folder}/${i}`,
      content: Buffer.from(`${i}`),
    }));
    const entries = await writeTree(scratch(), files);
    await repository.writeSnapshot(snapshotOf(entries));
    expect((await objectNames(store, 'packs/')).length).toBe(2);
    expect((await repository.verify({ level: 'content' })).findings).toEqual([]);
  }, 60_000);

  it('wait for each other: one at a time is on its way', async () => {
    const { repository: _, store, key, directory } = await makeRepository();
    const entries = await writeTree(join(directory, 's'), [{ path: 'large', content: Buffer.alloc(1) }]);
    truncateSync(entries[0]?.file ?? '', 0);
    let [atOnce, most] = [0, 0];
    const slow = {
      ...store,
      put: async (name: string, data: Uint8Array) => {
        if (!name.startsWith('packs/')) return store.put(name, data);
        most = Math.max(most, (atOnce += 1));
        await world.clock.sleep(30);
        await store.put(name, data);
        atOnce -= 1;
      },
    };
    const repository = await openRepository(slow, { ...world, signingKey: key });
    const many = await writeTree(
      join(directory, 'm'),
      Array.from({ length: 7 }, (_, i) => ({ path: `${i}`, content: randomBytes(33 * MIB) })),
    );
    const { record } = await repository.writeSnapshot(snapshotOf(many));
    expect(record.packs.length).toBeGreaterThan(6);
    // Of a run that is cut off, no more than one pack is sent again.
    expect(most).toBe(1);
  }, 60_000);

  it('leave nothing waiting when the store fails', async () => {
    const { store, key, directory } = await makeRepository();
    const full = {
      ...store,
      put: async (name: string, data: Uint8Array) => {
        if (name.startsWith('packs/')) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
        await store.put(name, data);
      },
    };
    const repository = await openRepository(full, { ...world, signingKey: key });
    const entries = await writeTree(
      directory,
      Array.from({ length: 6 }, (_, i) => ({ path: `s/${i}`, content: randomBytes(40 * MIB) })),
    );
    await expect(repository.writeSnapshot(snapshotOf(entries))).rejects.toMatchObject({
      code: 'LS-REPO-006',
    });
  }, 60_000);
});

describe('a plan', () => {
  /** Of files that are nowhere. */
  const seeming: Crew = {
    run: async (name, job) => {
      if (name !== 'statFiles') throw new TypeError(name);
      const numbers = unpackNames(job as FileNames).map(({ file }) => Number(file));
      const found: FilesFound = {
        modes: Uint32Array.from(numbers, () => 0o100644),
        uids: new Uint32Array(numbers.length),
        gids: new Uint32Array(numbers.length),
        sizes: Float64Array.from(numbers, (at) => at % 9),
        seconds: Float64Array.from(numbers, (at) => (at % 3) * 86_400),
        nanoseconds: Uint32Array.from(numbers),
        linked: new Map(numbers.flatMap((at, i) => (at % 5 === 0 ? [[i, `1:${at % 10}`]] : []))),
        problems: new Map(),
      };
      return found as never;
    },
    close: async () => undefined,
  };
  const paths = (count: number) =>
    Array.from({ length: count }, (_, i) => `p/${hash('sha1', String(i), 'hex')}`);

  async function planOf(entries: readonly CaptureEntry[]) {
    const spool = new Spool(scratch());
    const plan = await planEntries(entries, { crew: seeming, spool, onVanished: () => undefined });
    const lists: PlannedEntry[][] = [];
    for (const [rows, beginsList] of plan.entries) {
      if (beginsList) lists.push([]);
      for (let i = 0; i < rows.count; i += 1) lists.at(-1)?.push(rows.planned(i));
    }
    return lists;
  }

  it('sorts more entries than it holds, and loses none', async () => {
    const entries = paths(300_000).map(
      (path, i): CaptureEntry => ({ path, file: String(i), class: 'immutable' }),
    );
    const lists = await planOf(entries);
    const found = lists.flat().map(({ day, entry }) => `${day} ${entry.path}`);
    expect(found.length).toBe(300_000);
    expect(found).toEqual(found.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(new Set(found).size).toBe(300_000);
    expect(Math.max(...lists.map((list) => list.length))).toBeLessThanOrEqual(64 * 1024);
    // One path less changes one list, or two, and none that comes later.
    const fewer = await planOf(entries.filter(({ path }) => path !== lists[0]?.[7]?.entry.path));
    const names = (all: typeof lists) =>
      all.map((list) => JSON.stringify(list.map(({ entry }) => entry.path)));
    const before = new Set(names(lists));
    expect(names(fewer).filter((name) => !before.has(name)).length).toBeLessThanOrEqual(2);
  }, 60_000);

  it('says the same of an entry whether it was held or not', async () => {
    const entries = paths(140_000).map((path, i): CaptureEntry => {
      const named = { path, file: String(i), class: i % 2 === 0 ? 'immutable' : 'mutable' } as const;
      const entry: CaptureEntry = i % 4 < 2 ? { ...named, mayBeLinked: true } : named;
      // Longer than what is read at once, and of characters that a reading cuts in two.
      if (i % 20_000 === 6) return { ...entry, path: `${path}${'€'.repeat(15_000)}` };
      if (i % 7 === 0) return { ...entry, kind: i % 2 === 0 ? 'directory' : 'symlink' };
      return i % 3 === 0 ? { ...entry, path: `␛FF${path}`, escaped: true } : entry;
    });
    const all = (await planOf(entries)).flat();
    const among = new Map(all.map((planned) => [planned.entry.path, planned]));
    const held = (await planOf(entries.slice(0, 500))).flat();
    expect(held.length).toBe(500);
    for (const planned of held) expect(among.get(planned.entry.path)).toEqual(planned);
    expect(held.filter(({ facts }) => facts.linked !== undefined).length).toBe(50);
  });

  it('gives entries with long lines more room, and stops when it is told to', async () => {
    const entry = (path: string, i: number): CaptureEntry => ({ path, file: String(i), class: 'immutable' });
    const long = Array.from({ length: 300 }, (_, i) => entry(`${'x'.repeat(640)}${i}`, i * 3));
    const plan = async (entries: readonly CaptureEntry[], signal?: AbortSignal) => {
      const spool = new Spool(scratch());
      const request = { crew: seeming, spool, onVanished: () => undefined, listEntries: 300, signal };
      return [...(await planEntries(entries, request)).entries].filter(([, begins]) => begins).length;
    };
    expect(await plan(long.map(({ file }, i) => entry(`${i}`, Number(file))))).toBe(1);
    expect(await plan(long)).toBeGreaterThan(2);
    await expect(plan(long, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
  });

  it('refuses a path twice on a day, also among many', async () => {
    const entries = paths(60_000).map(
      (path, i): CaptureEntry => ({ path, file: String(i), class: 'immutable' }),
    );
    const [first] = entries;
    if (!first) throw new Error('no entry');
    await expect(planOf([...entries, first])).rejects.toThrow(/twice/);
  });
});

describe('a file that is looked at', () => {
  it.each(['0', '0.000000001', '-0.5', '-1', '-86400.000000001', '1700000000.123456789', '15000000000.5'])(
    'has its time to the nanosecond: %s',
    async (time) => {
      const [{ file } = { file: '' }] = await writeTree(scratch(), [
        { path: 'a', content: Buffer.from('x') },
      ]);
      execFileSync('touch', ['-d', `@${time}`, file]);
      const { seconds, nanoseconds } = statFiles(packNames([{ file }]));
      const { mtimeNs } = statSync(file, { bigint: true });
      expect(mtimeText(seconds[0] ?? 0, nanoseconds[0] ?? 0)).toBe(String(mtimeNs));
    },
  );

  it('is named as it is spelled, and its day is that of its time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' }).filter((name) => !name.includes('\0'))),
        (files) => {
          const names = files.map((file, i) => (i % 3 === 0 ? { file, escaped: true as const } : { file }));
          expect(unpackNames(packNames(names))).toEqual(names);
        },
      ),
    );
    expect(() => unpackNames(packNames([{ file: 'a\0b' }]))).toThrow('NUL');
    fc.assert(
      fc.property(
        fc.integer({ min: -(2 ** 45), max: 2 ** 45 }),
        fc.nat(999_999_999),
        (second, nanoseconds) => {
          expect(dayOfSecond(second)).toBe(dayOf(mtimeText(second, nanoseconds)));
        },
      ),
    );
  });
});

describe('an index of pieces', () => {
  it('finds all that was added, first come, and nothing else', () => {
    const spool = new Spool(scratch());
    const index = new PieceIndex(spool);
    const count = 200_000;
    const name = (i: number) => hash('sha256', String(i), 'hex');
    for (let i = 0; i < count; i++) index.add(name(i), { frame: i, offset: i % 77, length: i % 99 });
    index.add(name(5), { frame: 1, offset: 1, length: 1 });
    for (let i = 0; i < count; i += 7)
      expect(index.get(name(i))).toEqual({ frame: i, offset: i % 77, length: i % 99 });
    for (let i = 0; i < 1000; i++) expect(index.get(name(-1 - i))).toBeUndefined();
    expect(spool.length).toBeGreaterThan(0);
    spool.close();
  });

  it('knows frames by their number, those that are not stored yet as well', () => {
    const frames = new FrameTable();
    const [frame, pack] = [frames.openFrame(), frames.openPack()];
    const reference = { id: 'ab', size: 5 };
    expect(frames.stored(frame)).toBeUndefined();
    frames.placeFrame(frame, { pack, offset: 3, length: 4 });
    expect(frames.stored(frame)).toBeUndefined();
    frames.storePack(pack, reference);
    expect(frames.stored(frame)).toEqual({ pack: reference, offset: 3, length: 4 });
    expect(frames.known(reference, 9, 2)).toBe(frames.known(reference, 9, 2));
    expect(frames.stored(frames.known(reference, 9, 2))).toEqual({ pack: reference, offset: 9, length: 2 });
  });
});

describe('lines with a gap', () => {
  it('come out in the order in which they went in, filled, however many wait', () => {
    const part = fc.string({ unit: 'grapheme', maxLength: 400 });
    const lines = fc.array(fc.tuple(part, part, fc.nat(2 ** 32 - 1), fc.nat(9)), { maxLength: 300 });
    fc.assert(
      fc.property(lines, (all) => {
        const [gapped, text] = [new GappedLines(), new TextChunks()];
        let taken = 0;
        const take = () => {
          expect(gapped.next).toEqual({ first: all[taken]?.[2], second: taken });
          const filling = Buffer.from(`<${taken}>`);
          if (taken % 3 > 0) gapped.take(text, filling);
          else text.write(gapped.takeText(filling));
          taken += 1;
        };
        for (const [i, [head, tail, number, turns]] of all.entries()) {
          gapped.put(head, tail, number, i);
          for (let turn = 0; turn < turns - 4 && taken <= i; turn++) take();
        }
        while (taken < all.length) take();
        expect(gapped.next).toBeUndefined();
        expect(() => gapped.take(text, Buffer.alloc(0))).toThrow(RangeError);
        const expected = all.map(([head, tail], i) => `${head}<${i}>${tail}`).join('');
        expect(text.take().toString('utf8')).toBe(expected);
      }),
    );
  });
});

describe('a line of a list', () => {
  const sha256 = fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((bytes) => Buffer.from(bytes).toString('hex'));
  const count = fc.nat();
  const piece = fc.tuple(sha256, count, count, count, fc.nat(5), sha256);
  const entry = fc
    .record({
      path: fc.string({ unit: 'grapheme', minLength: 1 }),
      mode: fc.nat(0o7777),
      uid: count,
      gid: count,
      mtime: fc.bigInt().map((time) => String(time).slice(0, 20)),
      sha256,
      pieces: fc.array(piece, { maxLength: 3 }),
    })
    .map(({ pieces, ...rest }) => ({
      ...rest,
      type: 'file' as const,
      size: pieces.reduce((sum, part) => sum + part[4], 0),
      pieces: pieces.length === 1 ? pieces.map((part) => part.slice(0, 5)) : pieces,
    }));
  it('is the same when the place of its only piece is filled in later', () => {
    fc.assert(
      fc.property(entry, (one) => {
        const [[pack = '', frameOffset = 0, frameLength = 0, offset = 0, length = 0] = [], another] =
          one.pieces;
        fc.pre(pack !== '' && another === undefined);
        const [head, tail] = encodeAround(one, { offset: Number(offset), length: Number(length) });
        const place = encodePlace(String(pack), Number(frameOffset), Number(frameLength));
        expect(`${head}${place}${tail}`).toBe(`${encodeLine(one as never)}\n`);
      }),
    );
  });

  /** Something else in one place of it. */
  const damage = fc.record({
    member: fc.constantFrom(
      'gid',
      'mode',
      'mtime',
      'path',
      'pieces',
      'sha256',
      'size',
      'type',
      'uid',
      'link',
      'x',
      '__proto__',
    ),
    value: fc.oneof(
      fc.jsonValue(),
      fc.constant(undefined),
      fc.constantFrom(-1, 1.5, 2 ** 60, '\ud800', [[1]], [['hole', 0, 0, 0, 1]]),
    ),
  });

  it('is canonical JSON, and is read as the schema reads it', () => {
    fc.assert(
      fc.property(entry, (value) => {
        const line = encodeLine(value as never);
        expect(line).toBe(canonicalJson(value as never));
        expect(decodeLine(line)).toEqual(decodeEntry(JSON.parse(line)));
      }),
    );
  });

  it('is refused wherever the schema refuses it', () => {
    const outcome = (decode: () => unknown) => {
      try {
        return { value: decode() };
      } catch {
        return 'refused';
      }
    };
    fc.assert(
      fc.property(entry, damage, fc.boolean(), (value, { member, value: other }, inPiece) => {
        const altered = structuredClone(value) as Record<string, unknown>;
        if (inPiece && value.pieces[0])
          (altered['pieces'] as unknown[][])[0]?.splice(value.size % 6, 1, other);
        else altered[member] = other;
        const line = canonicalOr(altered);
        expect(outcome(() => decodeLine(line))).toEqual(outcome(() => decodeEntry(JSON.parse(line))));
      }),
      { numRuns: 1000 },
    );
  });

  /** With sorted members, as they come from a list; JSON.stringify drops what is undefined. */
  function canonicalOr(value: Record<string, unknown>): string {
    return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));
  }
});

it('hashes of whole files are those of their bytes', async () => {
  const { repository, directory } = await makeRepository();
  const content = randomBytes(2 * FRAME_BYTES + 3);
  const entries = await writeTree(join(directory, 's'), [{ path: 'x', content }]);
  const { record } = await repository.writeSnapshot(snapshotOf(entries));
  const found: string[] = [];
  for await (const line of repository.files(record)) if (line.type === 'file') found.push(line.sha256);
  expect(found).toEqual([createHash('sha256').update(content).digest('hex')]);
});
