import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeLine, encodeLine } from '../../src/repository/entry-text.ts';
import type { FileEntry } from '../../src/repository/file-entry.ts';
import { planByPack } from '../../src/repository/pack-plan.ts';
import { utimeOf, utimeSince1970 } from '../../src/repository/restore-times.ts';
import { entryOf, type WholeFile, wholeFileOf } from '../../src/repository/whole-file.ts';
import { WholeFileLine } from '../../src/repository/whole-file-line.ts';
import { WholeFiles } from '../../src/repository/whole-files.ts';

const SECOND_NS = 1_000_000_000n;
const sha256 = fc.stringMatching(/^[0-9a-f]{64}$/);
const count = fc.oneof(fc.nat(20), fc.nat(2 ** 31 - 1));
const mtime = fc.oneof(
  fc.bigInt(0n, 10n * SECOND_NS),
  fc.bigInt(1_700_000_000n * SECOND_NS, 2_200_000_000n * SECOND_NS),
);
const path = fc.oneof(
  fc.stringMatching(/^[a-z0-9:./ _-]{1,40}$/),
  fc.string({ minLength: 1, unit: 'grapheme' }),
);

/** A file of one part. */
const wholeEntry: fc.Arbitrary<FileEntry> = fc
  .record({
    path,
    mode: fc.integer({ min: 0, max: 0o7777 }),
    uid: count,
    gid: count,
    mtime: mtime.map(String),
    sha256,
    piece: fc.tuple(sha256, count, count, count, count),
  })
  .map(({ piece, ...entry }) => ({ ...entry, type: 'file', size: piece[4], pieces: [piece] }));

const line = new WholeFileLine();

function read(text: string): WholeFile | undefined {
  const bytes = Buffer.from(`before\n${text}\nafter`);
  return line.read(bytes, 7, bytes.length - 6) ? Object.assign(Object.create(null), line) : undefined;
}

const FILE: FileEntry = {
  path: 'chunks/a b',
  type: 'file',
  mode: 0o640,
  uid: 10_001,
  gid: 0,
  mtime: '1785585600123456789',
  size: 14,
  sha256: 'a'.repeat(64),
  pieces: [['b'.repeat(64), 0, 26, 7, 14]],
};

describe('a line of a file that is one part', () => {
  it('is read from its bytes as JSON is', () => {
    expect(entryOf(read(encodeLine(FILE)) as WholeFile)).toEqual(FILE);
    fc.assert(
      fc.property(wholeEntry, (entry) => {
        const text = encodeLine(entry);
        const found = read(text) ?? wholeFileOf(decodeLine(text) as FileEntry);
        expect(found && entryOf(found)).toEqual(entry);
      }),
    );
  });

  it('is not read where anything is different, unless that reads as JSON as well', () => {
    const characters = fc.constantFrom(...'{}[]":,\\0123456789abcdef-+.eE ünx\t\u0001␛\ud800'.split(''));
    fc.assert(
      fc.property(
        wholeEntry,
        fc.nat(),
        fc.constantFrom(0, 1, 2, 10),
        fc.array(characters, { maxLength: 3 }),
        (entry, at, removed, added) => {
          const text = encodeLine(entry);
          const from = at % text.length;
          const changed = text.slice(0, from) + added.join('') + text.slice(from + removed);
          const found = read(changed);
          if (found) expect(entryOf(found)).toEqual(decodeLine(Buffer.from(changed).toString()));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it.each<[string, object]>([
    ['two parts', { pieces: [FILE.pieces[0], FILE.pieces[0]] }],
    ['no part', { pieces: [] }],
    ['a hole', { pieces: [['hole', 0, 0, 0, 14]] }],
    ['a hash of its part', { pieces: [[...(FILE.pieces[0] ?? []), 'c'.repeat(64)]] }],
    ['another length', { size: 13 }],
    ['a part beyond 4 GiB', { pieces: [['b'.repeat(64), 0, 26, 2 ** 32, 14]] }],
    ['a mode that no file has', { mode: 0o10000 }],
    ['an owner that no file has', { uid: 2 ** 32 }],
    ['a group that no file has', { gid: 2 ** 32 }],
    ['a time before 1970', { mtime: '-5' }],
    ['a time that is spelled oddly', { mtime: '05' }],
    ['a time far away', { mtime: '9'.repeat(20) }],
    ['a number that is not exact', { gid: 2 ** 53 }],
    ['a name with an escape', { path: 'a"b' }],
    ['a name that is no ASCII', { path: 'ü' }],
    ['another type', { type: 'symlink' }],
    ['a hash in capitals', { sha256: 'A'.repeat(64) }],
  ])('is not one with %s', (_, change) => {
    expect(read(encodeLine({ ...FILE, ...change } as FileEntry))).toBeUndefined();
  });

  it.each([
    ['mode', 0o7777],
    ['uid', 2 ** 32 - 1],
    ['gid', 2 ** 32 - 1],
  ])('may have %s %i, and no more', (name, most) => {
    for (const changed of [FILE, { ...FILE, sparse: true as const }]) {
      expect(decodeLine(encodeLine({ ...changed, [name]: most }))).toHaveProperty(name, most);
      const line = encodeLine({ ...changed, [name]: most + 1 });
      expect(read(line)).toBeUndefined();
      expect(() => decodeLine(line)).toThrow(/Too big/);
    }
    expect(read(encodeLine({ ...FILE, [name]: most }))).toHaveProperty(name, most);
  });

  it.each<[string, Partial<FileEntry>]>([
    ['holes that were never written', { sparse: true }],
    ['another name', { link: 'x' }],
    ['a name that is no UTF-8', { escaped: true }],
    ['a hole', { pieces: [['hole', 0, 0, 0, 14]] }],
    ['a time before 1970', { mtime: '-5' }],
  ])('is none either with %s, however it was read', (_, change) => {
    expect(wholeFileOf({ ...FILE, ...change })).toBeUndefined();
  });
});

describe('whole files in columns', () => {
  function tableOf(entries: readonly FileEntry[], pathOf = (entry: FileEntry) => entry.path): WholeFiles {
    const table = new WholeFiles();
    for (const entry of entries)
      table.add(wholeFileOf(entry) as WholeFile, Buffer.from(pathOf(entry)).toString('latin1'));
    return table;
  }

  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.array(wholeEntry, { maxLength: 40 }), fc.boolean(), (entries, isMapped) => {
        const pathOf = ({ path: name }: FileEntry) => (isMapped ? `below/${name}` : name);
        const table = tableOf(entries, pathOf);
        const rows = Uint32Array.from(entries.keys());
        expect(Array.from(rows, (row) => table.useOf(row).entry)).toEqual(entries);
        const { offsets, lengths, sha256: digests } = table.partsOf(rows);
        expect([...offsets]).toEqual(entries.map(({ pieces }) => pieces[0]?.[3]));
        expect([...lengths]).toEqual(entries.map(({ size }) => size));
        expect(Buffer.from(digests).toString()).toBe(entries.map((entry) => entry.sha256).join(''));
        expect(table.pathsOf(rows).toString()).toBe(entries.map(pathOf).join('\0'));
      }),
    );
  });

  it('are thousands as well as few, and those that were too many are forgotten', () => {
    const entries = Array.from({ length: 5_000 }, (_, i) => ({
      ...FILE,
      path: `${'long/'.repeat(i % 40)}${i}`,
      sha256: i.toString(16).padStart(64, '0'),
    }));
    const table = tableOf(entries, ({ path: name }) => `x/${name}`);
    expect([table.count, table.useOf(4_999).entry]).toEqual([5_000, entries[4_999]]);
    table.truncate(1);
    table.add(wholeFileOf({ ...FILE, path: 'other' }) as WholeFile, 'other');
    expect([table.count, table.useOf(1).entry.path]).toEqual([2, 'other']);
    expect(table.pathsOf(Uint32Array.of(0, 1)).toString()).toBe('x/0\0other');
  });

  it('are planned by their packs and frames, each once, beside other files', () => {
    const [one, two] = ['1'.repeat(64), '2'.repeat(64)];
    const at = (pack: string, frame: number, offset: number) =>
      ({ ...FILE, pieces: [[pack, frame, 26, offset, 14]] }) as FileEntry;
    const table = tableOf([at(two, 100, 7), at(one, 0, 0), at(two, 0, 5), at(two, 100, 90)]);
    const other = at(two, 100, 50);
    const plan = planByPack([other], { table, rows: Uint32Array.of(0, 2, 3) }).flatMap(
      ({ frames }) => frames,
    );
    expect(
      plan.map(({ pack, offset, uses, files, end }) => [
        pack,
        offset,
        uses.length,
        [...(files?.rows ?? [])],
        end,
      ]),
    ).toEqual([
      [two, 0, 0, [2], 19],
      [two, 100, 1, [0, 3], 104],
    ]);
  });
});

describe('the time of a file', () => {
  it('is not earlier, and hardly later, whether it comes as text or in two numbers', () => {
    const nanoseconds = fc.bigInt(0n, 4_000_000_000n * SECOND_NS - 1n);
    fc.assert(
      fc.property(fc.oneof(nanoseconds, mtime), (time) => {
        const utime = utimeSince1970(Number(time / SECOND_NS), Number(time % SECOND_NS));
        expect(utimeOf(String(time))).toBe(utime);
        // As libuv makes two numbers of it.
        const whole = Math.trunc(utime);
        const set = BigInt(whole) * SECOND_NS + BigInt(Math.trunc((utime - whole) * 1e9));
        expect(set - time).toBeGreaterThanOrEqual(0n);
        expect(set - time).toBeLessThan(500n);
      }),
      { numRuns: 2_000 },
    );
  });
});
