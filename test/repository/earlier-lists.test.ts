import { hash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodedLine,
  type EarlierLine,
  EarlierLines,
  type UnchangedLines,
} from '../../src/repository/earlier-lists.ts';
import { decodeLine, encodeLine } from '../../src/repository/entry-text.ts';
import type { FileEntry } from '../../src/repository/file-entry.ts';
import { SHA256_DIGITS } from '../../src/repository/format.ts';
import { dayIn, dayOf } from '../../src/repository/list-spans.ts';
import {
  FoundBatch,
  type PlannedEntry,
  type PlannedRows,
  RowsOfBatch,
  rowOf,
} from '../../src/repository/found-batch.ts';
import { ListText } from '../../src/repository/list-text.ts';
import { firstLines, ListEncoder } from '../../src/repository/lists.ts';
import type { ListReference, PackReference } from '../../src/repository/records.ts';
import type { FileFacts } from '../../src/repository/workers/read-files.ts';
import type { CaptureEntry } from '../../src/stack/source.ts';
import { world } from './fixture.ts';

const NS_PER_DAY = 86_400_000_000_000n;
const SHA256 = '0'.repeat(64);
const PACK = 'ab'.repeat(32);
const PACKS: ReadonlyMap<string, PackReference> = new Map([[PACK, { id: PACK, size: 1 }]]);
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
): PlannedRows {
  const { day, facts, entry: its } = plannedAs(entry, other);
  return rowOf({ day, facts, entry: { ...its, ...named } });
}

/** Of files that are as those entries say, all of one day. */
function rowsAs(entries: readonly FileEntry[], root = '/'): PlannedRows {
  const named = ({ path }: FileEntry) => ({ path, file: root + path, class: 'immutable' as const });
  const batch = new FoundBatch(entries.map(named));
  const all = (value: number) => Uint32Array.from(entries, () => value);
  batch.found = {
    modes: Uint32Array.from(entries, ({ mode }) => 0o100000 + mode),
    uids: all(7),
    gids: all(8),
    sizes: Float64Array.from(entries, ({ size }) => size),
    seconds: Float64Array.from(entries, ({ mtime }) => Number(mtime.slice(0, -9))),
    nanoseconds: Uint32Array.from(entries, ({ mtime }) => Number(mtime.slice(-9))),
    linked: new Map(),
    problems: new Map(),
  };
  return new RowsOfBatch(batch, Uint32Array.from(entries.keys()), dayOf(entries[0]?.mtime ?? ''));
}

/** The pack of the line that says the same, byte by byte. */
function packIn(text: string, rows: PlannedRows, i = 0): string | undefined {
  const before = 'before\n';
  const bytes = Buffer.from(`${before}${text}\nbehind`);
  const found = rows.findIn(bytes, before.length, i);
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
  return listsWith(
    all.map(({ lines, ...days }) => ({
      ...days,
      entries: lines.map(([path, of]) => entryOf(path, mtimeOn(of))),
    })),
  );
}

function listsWith(
  all: readonly { readonly day: string; readonly until?: string; readonly entries: readonly FileEntry[] }[],
  packs = PACKS,
) {
  const stored = new Map<string, Buffer>();
  const fetched: string[] = [];
  const lists = all.map(({ day, until, entries }): ListReference => {
    const text = entries.map((entry) => `${encodeLine(entry)}\n`);
    const bytes = zstdCompressSync(text.join(''));
    const sha256 = hash('sha256', bytes, 'hex');
    stored.set(`lists/${sha256}.jsonl.zst`, bytes);
    const reference = { day, sha256, size: bytes.length, files: entries.length, bytes: 0 };
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
    earlier: new EarlierLines({ context: { store, keyring: {} } as never, onDamage }, lists, packs),
    fetched,
  };
}

async function lineOf(
  earlier: EarlierLines,
  row: PlannedRows,
): Promise<EarlierLine | UnchangedLines | undefined> {
  for (;;) {
    const line = earlier.unchanged(row, 0, 1) ?? earlier.find(row.day, row.path(0));
    if (line !== 'more') return line;
    await earlier.more(row.day);
  }
}

/** Of files that are as they were; `mode`: of which it is not so. */
async function found(earlier: EarlierLines, wanted: readonly Line[], mode = 0o100640): Promise<string[]> {
  const paths: string[] = [];
  for (const [path, day] of wanted) {
    const line = await lineOf(earlier, rowAs(entryOf(path, mtimeOn(day)), { mode }));
    if (!line) continue;
    // Only a line that was decoded says more than that it is the same.
    if ('pack' in line) expect([line.count, line.pack.id]).toEqual([1, PACK]);
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

describe('the lines of files that are as they were', () => {
  const OTHER = 'cd'.repeat(32);
  const LOST = 'ef'.repeat(32);
  const packs = new Map([...PACKS, [OTHER, { id: OTHER, size: 1 }]]);
  const file = fc.record({
    wasThere: fc.boolean(),
    isThere: fc.boolean(),
    isChanged: fc.boolean(),
    pack: fc.constantFrom(PACK, PACK, OTHER, LOST),
  });

  it('are found together, as far as they are of one pack that is sound', async () => {
    const files = fc.array(file, { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(files, fc.integer({ min: 1, max: 40 }), async (all, most) => {
        const named = all.map((one, i) => {
          const entry = entryOf(`f${i + 10}`, mtimeOn('2026-07-01'));
          return { ...one, entry: { ...entry, pieces: [[one.pack, 0, 99, 5, SIZE]] } as FileEntry };
        });
        const before = named.filter(({ wasThere }) => wasThere);
        const now = named.filter(({ isThere }) => isThere);
        fc.pre(now.length > 0);
        const { earlier } = listsWith(
          [{ day: '2026-07-01', entries: before.map(({ entry }) => entry) }],
          packs,
        );
        const rows = rowsAs(
          now.map(({ entry, isChanged }) => (isChanged ? { ...entry, mode: 0o600 } : entry)),
        );
        const found: string[] = [];
        for (let i = 0; i < rows.count; ) {
          const lines = earlier.unchanged(rows, i, Math.min(rows.count, i + most));
          if (lines) {
            const text = lines.bytes.toString('utf8', lines.from, lines.end);
            const together = now.slice(i, i + lines.count);
            expect(text).toBe(together.map(({ entry }) => `${encodeLine(entry)}\n`).join(''));
            expect(new Set(together.map(({ pack }) => pack))).toEqual(new Set([lines.pack.id]));
            const [first] = together;
            expect(lines.line).toBe(before.findIndex((one) => one === first));
            found.push(...together.map(({ entry }) => entry.path));
            i += lines.count;
            continue;
          }
          const line = earlier.find(rows.day, rows.path(i));
          if (line === 'more') await earlier.more(rows.day);
          else {
            if (line) found.push(line.entry.path);
            i += 1;
          }
        }
        expect(found).toEqual(now.filter(({ wasThere }) => wasThere).map(({ entry }) => entry.path));
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
        const rows = rowsAs(
          paths.map((name) => entryOf(name, mtime)),
          `/${root}/`,
        );
        for (const [i, name] of paths.entries()) {
          const { facts, entry } = rows.planned(i);
          expect([rows.path(i), rows.pathLength(i), facts.mtime, rows.size(i)]).toEqual([
            name,
            name.length,
            mtime,
            SIZE,
          ]);
          expect(entry).toEqual(entries[i]);
          const known = packIn(encodeLine(entryOf(name, mtime)), rows, i);
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
        const line = await lineOf(earlier, rowAs(entryOf(name, mtimeOn('2026-07-01'))));
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

describe('lines that are kept together', () => {
  const names = Array.from({ length: 1_000 }, (_, i) => `f${10_000 + i}`);
  const entries = names.map((name) => entryOf(name, mtimeOn('2026-07-01')));
  const texts = entries.map((entry) => `${encodeLine(entry)}\n`);

  it('are written in their places, also where they come before others', async () => {
    const together = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(together, fc.boolean(), async (counts, areThere) => {
        const { earlier } = listsWith([{ day: '2026-07-01', entries }]);
        const rows = rowsAs(entries);
        const text = new ListText();
        const late: (() => void)[] = [];
        const expected: string[] = [];
        for (let [i, stretch] = [0, 0]; i < rows.count; ) {
          const count = counts[stretch % counts.length] ?? 1;
          const lines = earlier.unchanged(rows, i, Math.min(rows.count, i + count));
          if (!lines) {
            expect(earlier.find(rows.day, rows.path(i))).toBe('more');
            await earlier.more(rows.day);
            continue;
          }
          const [index, of] = [i, texts.slice(i, i + lines.count)];
          // Of every third it is known only when all others are.
          const isLate = stretch % 3 === 2;
          if (!isLate) text.enter(i, lines);
          else
            late.push(() =>
              of.forEach((one, j) => text.enter(index + j, areThere ? one.trimEnd() : undefined)),
            );
          if (!isLate || areThere) expected.push(...of);
          i += lines.count;
          stretch += 1;
        }
        for (const enter of late.toReversed()) enter();
        const begun = texts.slice(0, text.beginning?.lines ?? 0);
        expect(begun.join('') + Buffer.concat(text.chunks).toString()).toBe(expected.join(''));
      }),
      { numRuns: 30 },
    );
  });
});

describe('a list that is written', () => {
  it('has the same bytes however fast its text comes', async () => {
    const text = Array.from({ length: 9_000 }, (_, i) =>
      encodeLine(entryOf(`f${i}-${hash('sha1', `${i}`)}`, `${i}`)),
    );
    const written = async (pauseMs: number) => {
      const encoder = new ListEncoder();
      for (let i = 0; i < 3; i += 1) {
        encoder.write([Buffer.from(text.slice(i * 3_000, (i + 1) * 3_000).join('\n'))]);
        if (pauseMs > 0) await world.clock.sleep(pauseMs);
      }
      return hash('sha256', await encoder.finish(), 'hex');
    };
    expect(await written(0)).toBe(await written(50));
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
