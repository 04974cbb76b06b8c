import { hash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { EarlierLines } from '../../src/repository/earlier-lists.ts';
import { encodeLine } from '../../src/repository/entry-text.ts';
import { dayIn } from '../../src/repository/list-spans.ts';
import type { ListReference } from '../../src/repository/records.ts';

const NS_PER_DAY = 86_400_000_000_000n;
const SHA256 = '0'.repeat(64);

type Line = readonly [path: string, day: string];

/** Lists of a snapshot, and which of them were fetched. */
function listsOf(
  ...all: readonly { readonly day: string; readonly until?: string; readonly lines: readonly Line[] }[]
) {
  const stored = new Map<string, Buffer>();
  const fetched: string[] = [];
  const lists = all.map(({ day, until, lines }): ListReference => {
    const text = lines.map(([path, of]) => {
      const mtime = String(BigInt(dayIn(of)) * NS_PER_DAY + 5n);
      const entry = {
        path,
        type: 'file' as const,
        mode: 0o640,
        uid: 0,
        gid: 0,
        mtime,
        size: 0,
        sha256: SHA256,
        pieces: [],
      };
      return `${encodeLine(entry)}\n`;
    });
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

async function found(earlier: EarlierLines, wanted: readonly Line[]): Promise<string[]> {
  const paths: string[] = [];
  for (const [path, text] of wanted) {
    const day = dayIn(text);
    while (earlier.needsMore(day, path)) await earlier.more(day);
    const line = earlier.find(day, path);
    if (line) paths.push(line.entry.path);
  }
  return paths;
}

describe('the lines of an earlier snapshot', () => {
  it('are found by day and path, in lists of one day and of many; what ends earlier is not fetched', async () => {
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
    expect(await found(earlier, wanted)).toEqual(['b', 'a', 'c', 'b']);
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
});
