import { hash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodedLine, EarlierLines } from '../../src/repository/earlier-lists.ts';
import { decodeLine, encodeLine } from '../../src/repository/entry-text.ts';
import type { FileEntry } from '../../src/repository/file-entry.ts';
import { SHA256_DIGITS } from '../../src/repository/format.ts';
import { dayIn, dayOf } from '../../src/repository/list-spans.ts';
import {
  FoundBatch,
  type PlannedEntry,
  type PlannedRow,
  RowOfBatch,
  rowOf,
} from '../../src/repository/found-batch.ts';
import { ListText } from '../../src/repository/list-text.ts';
import { firstLines, ListEncoder } from '../../src/repository/lists.ts';
import type { ListReference } from '../../src/repository/records.ts';
import type { FileFacts } from '../../src/repository/workers/read-files.ts';
import type { CaptureEntry } from '../../src/stack/source.ts';

const NS_PER_DAY = 86_400_000_000_000n;
const SHA256 = '0'.repeat(64);
const PACK = 'ab'.repeat(32);
const SIZE = 77;

type Line = readonly [path: string, day: string];

function mtimeOn(day: string): string {
  return String(BigInt(dayIn(day)) * NS_PER_DAY + 5n);
}

function entryOf(path: string, mtime: string): FileEntry {
  const described = { path, type: 'file' as const, mode: 0o640, uid: 7, gid: 8, mtime };
  return { ...described, size: SIZE, sha256: SHA256, pieces: [[PACK, 0, 99, 5, SIZE]] };
}

/** As a file of that entry is found, unless something is said to be otherwise. */
function rowAs(
  entry: FileEntry,
  other: Partial<FileFacts> = {},
  named: Partial<CaptureEntry> = {},
): PlannedRow {
  const { day, facts, entry: its } = plannedAs(entry, other);
  return rowOf({ day, facts, entry: { ...its, ...named } });
}

/** The pack of the line that says the same, byte by byte. */
function packIn(text: string, row: PlannedRow): string | undefined {
  const before = 'before\n';
  const bytes = Buffer.from(`${before}${text}\nbehind`);
  const found = row.findIn(bytes, before.length);
  if (!found) return undefined;
  expect(bytes.toString('utf8', before.length, found.end)).toBe(`${text}\n`);
  return bytes.toString('latin1', found.pack, found.pack + SHA256_DIGITS);
}

function plannedAs({ path, mtime }: FileEntry, other: Partial<FileFacts> = {}): PlannedEntry {
  const facts = { mode: 0o100640, uid: 7, gid: 8, mtime, size: SIZE, ...other };
  return { entry: { path, file: `/${path}`, class: 'immutable' }, facts, day: dayOf(facts.mtime) };
}

/** Lists of a snapshot, and which of them were fetched. */
function listsOf(
  ...all: readonly { readonly day: string; readonly until?: string; readonly lines: readonly Line[] }[]
) {
  const stored = new Map<string, Buffer>();
  const fetched: string[] = [];
  const lists = all.map(({ day, until, lines }): ListReference => {
    const text = lines.map(([path, of]) => `${encodeLine(entryOf(path, mtimeOn(of)))}\n`);
    const bytes = zstdCompressSync(text.join(''));
    const sha256 = hash('sha256', bytes, 'hex');
    stored.set(`lists/${sha256}.jsonl.zst`, bytes);
    const reference = { day, sha256, size: bytes.length, files: lines.length, bytes: 0 };
    return until === undefined ? reference : { ...reference, until };
  });
  const store = {
    get: async (name: string) => {
      fetched.push(name);
      return stored.get(name);
    },
  };
  const onDamage = (_: ListReference, error: unknown) => {
    throw error;
  };
  return {
    earlier: new EarlierLines({ context: { store, keyring: {} } as never, onDamage }, lists),
    fetched,
  };
}

/** Of files that are as they were; `mode`: of which it is not so. */
async function found(earlier: EarlierLines, wanted: readonly Line[], mode = 0o100640): Promise<string[]> {
  const paths: string[] = [];
  for (const [path, day] of wanted) {
    const row = rowAs(entryOf(path, mtimeOn(day)), { mode });
    let line = earlier.find(row);
    for (; line === 'more'; line = earlier.find(row)) await earlier.more(row.day);
    if (!line) continue;
    // Only a line that was decoded says more than that it is the same.
    if ('pack' in line) expect(line.pack).toBe(PACK);
    paths.push(('pack' in line ? decodedLine(line) : line).entry.path);
  }
  return paths;
}

describe('the lines of an earlier snapshot', () => {
  it.each([
    ['are the same', 0o100640],
    ['are not', 0o100600],
  ])('are found by day and path where files %s; what ends earlier is not fetched', async (_, mode) => {
    const { earlier, fetched } = listsOf(
      { day: '2026-07-01', lines: [['z', '2026-07-01']] },
      {
        day: '2026-07-02',
        until: '2026-07-03',
        lines: [
          ['b', '2026-07-02'],
          ['a', '2026-07-03'],
          ['c', '2026-07-03'],
        ],
      },
      { day: '2026-07-04', lines: [['a', '2026-07-04']] },
      { day: '2026-07-04', lines: [['b', '2026-07-04']] },
    );
    const wanted: Line[] = [
      ['b', '2026-07-02'],
      ['a', '2026-07-03'],
      ['b', '2026-07-03'],
      ['c', '2026-07-03'],
      ['b', '2026-07-04'],
      ['x', '2026-07-05'],
    ];
    expect(await found(earlier, wanted, mode)).toEqual(['b', 'a', 'c', 'b']);
    expect(fetched.length).toBe(3);
  });

  it('are found where they are longer than what is decoded at once', async () => {
    const lines = ['a', 'b', 'c'].map((name): Line => [name + 'x'.repeat(600_000), '2026-07-01']);
    const { earlier } = listsOf({ day: '2026-07-01', lines });
    expect(await found(earlier, lines)).toEqual(lines.map(([path]) => path));
  });

  it('are found behind that of a file which changed while it was read, to a later day or an earlier one', async () => {
    for (const other of ['2026-07-09', '1999-01-01', '2026-07-02']) {
      const { earlier } = listsOf({
        day: '2026-07-01',
        until: '2026-07-02',
        lines: [
          ['0', '2026-07-01'],
          ['a', other],
          ['b', '2026-07-01'],
          ['c', '2026-07-02'],
        ],
      });
      const wanted: Line[] = [
        ['b', '2026-07-01'],
        ['c', '2026-07-02'],
      ];
      expect(await found(earlier, wanted)).toEqual(['b', 'c']);
    }
  });

  it('are found the same whether files are as they were or not, among others that came and went', async () => {
    const names = fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 30 });
    const paths = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b).map((n) => `f${n + 10}`);
    await fc.assert(
      fc.asyncProperty(names, names, fc.array(fc.boolean()), async (before, now, changed) => {
        const lines = paths(before).map((path): Line => [path, '2026-07-01']);
        const { earlier } = listsOf({ day: '2026-07-01', lines });
        const all: string[] = [];
        for (const [i, path] of paths(now).entries())
          all.push(...(await found(earlier, [[path, '2026-07-01']], changed[i] ? 0o100600 : undefined)));
        expect(all).toEqual(paths(now.filter((n) => before.includes(n))));
      }),
    );
  });
});

describe('a line that is what would be said of a file today', () => {
  const mtime = mtimeOn('2026-07-01');
  const path = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
  /** ASCII that JSON writes as it is. */
  const isPlain = (name: string) => /^[ !#-[\]-\u007f]+$/.test(name);

  it('is known byte by byte, unless its path is rare', () => {
    const number = fc.nat(0xffffffff);
    const time = fc.bigInt({ min: -5n, max: 10n ** 19n });
    fc.assert(
      fc.property(
        path,
        number,
        number,
        time,
        fc.nat(4 * 1024 * 1024),
        (name, uid, gid, nanoseconds, size) => {
          const [piece] = [[PACK, gid, uid, 5, size]] as const;
          const one = {
            ...entryOf(name, String(nanoseconds)),
            uid,
            gid,
            size,
            pieces: [piece],
          } as never as FileEntry;
          const isRare = !isPlain(name) || nanoseconds < 10n ** 9n || size === 0;
          expect(packIn(encodeLine(one), rowAs(one, { uid, gid, size }))).toBe(isRare ? undefined : PACK);
        },
      ),
    );
  });

  it('is known the same of a file in a batch of others', () => {
    fc.assert(
      fc.property(fc.array(path, { minLength: 1, maxLength: 20 }), fc.string(), (paths, root) => {
        const entries = paths.map((name) => ({
          path: name,
          file: `/${root}/${name}`,
          class: 'immutable' as const,
        }));
        fc.pre(!entries.some(({ file }) => file.includes('\0')));
        const batch = new FoundBatch(entries);
        const all = (value: number) => Uint32Array.from(paths, () => value);
        batch.found = {
          modes: all(0o100640),
          uids: all(7),
          gids: all(8),
          sizes: Float64Array.from(paths, () => SIZE),
          seconds: Float64Array.from(paths, () => Number(mtime.slice(0, -9))),
          nanoseconds: all(Number(mtime.slice(-9))),
          linked: new Map(),
          problems: new Map(),
        };
        for (const [i, name] of paths.entries()) {
          const row = new RowOfBatch(batch, i, dayOf(mtime));
          const { path: its, planned } = row;
          expect([its, planned.facts.mtime, row.size]).toEqual([name, mtime, SIZE]);
          expect(planned.entry).toEqual(entries[i]);
          const known = packIn(encodeLine(entryOf(name, mtime)), row);
          const isRare = !isPlain(name) || entries.some(({ file }) => !/^[^"\\\u0080-\uffff]+$/.test(file));
          expect(known).toBe(isRare ? undefined : PACK);
        }
      }),
    );
  });

  it.each([
    ['a\\b', 'a\\\\b'],
    ['a\nb', 'a\\nb'],
    ['a"b', 'a\\"b'],
    ['a\u0001b', 'a\\u0001b'],
  ])('of %j is not known as that of %j, which JSON spells so', async (one, other) => {
    const line: Line = [one, '2026-07-01'];
    expect(packIn(encodeLine(entryOf(one, mtime)), rowAs(entryOf(other, mtime)))).toBeUndefined();
    expect(await found(listsOf({ day: '2026-07-01', lines: [line] }).earlier, [line])).toEqual([one]);
    const { earlier } = listsOf({ day: '2026-07-01', lines: [line] });
    expect(await found(earlier, [[other, '2026-07-01']])).toEqual([]);
  });

  it('is not known where anything else is said, or nothing that a writer says', () => {
    const one = entryOf('a/b', mtime);
    const line = encodeLine(one);
    expect(packIn(line, rowAs(one))).toBe(PACK);
    const others: Partial<FileFacts>[] = [
      { mode: 0o100600 },
      { uid: 0 },
      { gid: 0 },
      { size: SIZE + 1 },
      { mtime: `${mtime}0` },
      { mtime: `${mtime.slice(0, -1)}6` },
      { mode: 0o040640 },
      { linked: '1:2' },
    ];
    for (const other of others) expect([other, packIn(line, rowAs(one, other))]).toEqual([other, undefined]);
    const named: Partial<CaptureEntry>[] = [
      { class: 'mutable' },
      { kind: 'symlink' },
      { escaped: true },
      { path: 'a' },
      { path: 'a/bc' },
    ];
    for (const other of named)
      expect([other, packIn(line, rowAs(one, {}, other))]).toEqual([other, undefined]);
    const damaged = [
      encodeLine({ ...one, sparse: true }),
      encodeLine({ ...one, link: 'x' }),
      encodeLine({ ...one, pieces: [[PACK, 0, 99, 5, SIZE - 1]] }),
      encodeLine({
        ...one,
        pieces: [
          [PACK, 0, 99, 5, 7, SHA256],
          [PACK, 0, 99, 12, SIZE - 7, SHA256],
        ],
      }),
      encodeLine({ ...one, pieces: [['hole', 0, 0, 0, SIZE]] }),
      line.replace(PACK, PACK.slice(1)),
      line.replace(',99,', ',099,'),
      line.replace(',99,', ',,'),
      line.replace(',99,', ',-9,'),
      line.replace(',99,', `,${'9'.repeat(17)},`),
      line.replace(SHA256, SHA256.slice(1)),
      line.replace('"type"', '"more":1,"type"'),
      `${line} `,
      line.slice(0, -1),
    ];
    for (const text of damaged) expect([text, packIn(text, rowAs(one))]).toEqual([text, undefined]);
    fc.assert(
      fc.property(
        fc.nat(line.length - 1),
        fc.constantFrom('', ' ', '0', 'g', '"', '\\', 'é'),
        (at, other) => {
          const text = line.slice(0, at) + other + line.slice(at + 1);
          // Where it still is a line of that file, it says another place or hash, and is well formed.
          if (packIn(text, rowAs(one)) !== undefined && text !== line)
            expect(decodeLine(text)).toMatchObject({
              ...one,
              pieces: expect.anything(),
              sha256: expect.anything(),
            });
        },
      ),
    );
  });
});

describe('a list like an earlier one', () => {
  it('is written down once more only from where it differs', async () => {
    const lines = Array.from({ length: 2_000 }, (_, i): Line => [`f${10_000 + i}`, '2026-07-01']);
    const texts = lines.map(([name]) => `${encodeLine(entryOf(name, mtimeOn('2026-07-01')))}\n`);
    const others = [0, 1, 1_999, 2_000].flatMap((differs) => [
      [differs, false],
      [differs, true],
    ]) as [number, boolean][];
    for (const [differs, comesLast] of others) {
      const { earlier } = listsOf({ day: '2026-07-01', lines });
      const text = new ListText();
      for (const [i, [name]] of lines.entries()) {
        const row = rowAs(entryOf(name, mtimeOn('2026-07-01')));
        let line = earlier.find(row);
        for (; line === 'more'; line = earlier.find(row)) await earlier.more(row.day);
        // Of those that were looked into once more it is known by then that they are the same.
        if (i !== differs) text.enter(i, i % 3 === 0 && line && 'pack' in line ? decodedLine(line) : line);
        else if (!comesLast) text.enter(i, 'other');
      }
      if (comesLast && differs < lines.length) text.enter(differs, 'other');
      const { beginning } = text;
      expect(beginning?.lines ?? 0).toBe(differs);
      expect(Buffer.concat(text.chunks).toString().split('\n').length - 1).toBe(2_000 - differs);
      const first: Buffer[] = [];
      if (beginning) {
        const { list, lines: count } = beginning;
        for await (const part of firstLines(list.reference, list.compressed, count))
          first.push(Buffer.from(part));
      }
      const written = Buffer.concat([...first, ...text.chunks]).toString();
      expect(written).toBe(texts.map((one, i) => (i === differs ? 'other\n' : one)).join(''));
    }
  });
});

describe('a list that is longer than it may be', () => {
  it('is not written, since nobody would read it', async () => {
    const written = async (parts: number) => {
      const encoder = new ListEncoder();
      for (let i = 0; i < parts; i += 1) encoder.write([Buffer.alloc(1024 * 1024, 'x')]);
      return encoder.finish();
    };
    expect((await written(256)).length).toBeGreaterThan(0);
    await expect(written(257)).rejects.toMatchObject({ code: 'LS-REPO-041', exit: 6 });
  });
});
