import { hash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeitstandError } from '../../src/platform/errors.ts';
import { EXIT } from '../../src/platform/exit-codes.ts';
import type { FileEntry } from '../../src/repository/file-entry.ts';
import { FRAME_BYTES } from '../../src/repository/frames.ts';
import { writeList } from '../../src/repository/lists.ts';
import { encodeRecord, signRecord } from '../../src/repository/signed-record.ts';
import { makeRepository, readTree, refusal, snapshotOf, writeTree } from './fixture.ts';

async function oneFile() {
  const fixture = await makeRepository();
  const entries = await writeTree(join(fixture.directory, 's'), [
    { path: 'blocks/A/index', content: Buffer.from('index') },
    { path: 'blocks/B', content: Buffer.from('b') },
  ]);
  const { record } = await fixture.repository.writeSnapshot(snapshotOf(entries));
  return { ...fixture, record, target: join(fixture.directory, 'target') };
}

const NOTHING = { has: () => false, salt: () => '', damage: [] };

describe('a restore', () => {
  it('fills an existing empty directory and leaves no mark', async () => {
    const { repository, record, target, directory } = await oneFile();
    await mkdir(target);
    await repository.restore({ snapshot: record, target });
    expect([...(await readTree(target)).keys()].sort()).toEqual(['blocks/A/index', 'blocks/B']);
    expect(await readdir(directory)).not.toContain('target.restoring');
  });

  it('is marked as unfinished from before the first file to after the last', async () => {
    const { repository, record, target, directory } = await oneFile();
    const seen: string[][] = [];
    const { readdirSync } = await import('node:fs');
    await repository.restore({
      snapshot: record,
      target,
      mapPath: (path) => {
        seen.push(readdirSync(directory));
        return path;
      },
      onProgress: () => seen.push(readdirSync(directory)),
    });
    expect(seen).toHaveLength(4);
    for (const names of seen) expect(names).toContain('target.restoring');
  });

  it.each([
    [
      'a directory with something in it',
      async (target: string) => {
        await mkdir(target);
        await writeFile(join(target, 'precious'), 'x');
      },
    ],
    ['a file', (target: string) => writeFile(target, 'x')],
    [
      'a symbolic link to an empty directory',
      async (target: string) => {
        await mkdir(`${target}-real`);
        await symlink(`${target}-real`, target);
      },
    ],
    ['the mark of an unfinished restore', (target: string) => writeFile(`${target}.restoring`, '{}')],
  ])('refuses %s', async (_, prepare) => {
    const { repository, record, target, directory } = await oneFile();
    await prepare(target);
    const before = (await readdir(directory, { recursive: true })).sort();
    const error = await refusal(repository.restore({ snapshot: record, target }));
    expect(error).toMatchObject({ code: 'LS-REPO-010', exit: EXIT.couldNotDo });
    expect(error.details.where?.file).toBe(target);
    expect((await readdir(directory, { recursive: true })).sort()).toEqual(before);
  });

  it.each(['../out', '/tmp/out', 'a/../../out', 'a//b', './a', 'a\0b', ''])(
    'never writes to %j, wherever it comes from',
    async (path) => {
      const { repository, record, target } = await oneFile();
      const error = await refusal(repository.restore({ snapshot: record, target, mapPath: () => path }));
      expect(error).toMatchObject({ code: 'LS-REPO-011', exit: EXIT.no });
      expect(await readTree(target)).toEqual(new Map());
    },
  );

  it('never follows a link that appears in the target', async () => {
    const { repository, record, target, directory } = await oneFile();
    await mkdir(join(directory, 'outside'));
    const { symlinkSync } = await import('node:fs');
    let isPlanted = false;
    const mapPath = (path: string) => {
      if (!isPlanted) symlinkSync(join(directory, 'outside'), join(target, 'blocks'));
      isPlanted = true;
      return path;
    };
    const error = await refusal(repository.restore({ snapshot: record, target, mapPath }));
    expect(error.code).toBe('LS-REPO-011');
    expect(await readdir(join(directory, 'outside'))).toEqual([]);
  });

  it('never leaves through a directory that becomes a link, nor through a file that becomes one', async () => {
    const { renameSync, symlinkSync, unlinkSync } = await import('node:fs');
    const { repository, directory, target } = await oneFile();
    const outside = join(directory, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'precious'), 'precious');
    const big = randomBytes(3 * FRAME_BYTES);
    const entries = await writeTree(join(directory, 's2'), [
      { path: 'd/a', content: Buffer.from('a') },
      { path: 'd/big', content: big },
      { path: 'd/z', content: Buffer.from('z') },
    ]);
    const { record } = await repository.writeSnapshot(snapshotOf(entries));
    let pieces = 0;
    await repository.restore({
      snapshot: record,
      target,
      onProgress: () => {
        pieces += 1;
        if (pieces === 2) {
          renameSync(join(target, 'd'), join(target, 'moved'));
          symlinkSync(outside, join(target, 'd'));
        }
        if (pieces === 3) {
          unlinkSync(join(target, 'moved', 'big'));
          symlinkSync(join(outside, 'precious'), join(target, 'moved', 'big'));
        }
      },
    });
    expect(await readdir(outside)).toEqual(['precious']);
    expect(await readFile(join(outside, 'precious'), 'utf8')).toBe('precious');
  });

  it('never writes one file over another', async () => {
    const { repository, record, target } = await oneFile();
    const error = await refusal(repository.restore({ snapshot: record, target, mapPath: () => 'same' }));
    expect(error).toMatchObject({ code: 'LS-REPO-018', exit: EXIT.couldNotDo });
  });
});

describe('a hostile snapshot, properly signed', () => {
  async function restoreEntry(change: Partial<FileEntry>) {
    const { repository, store, record, key, target } = await oneFile();
    const { pieces } = { pieces: [] as FileEntry['pieces'] };
    const entry: FileEntry = {
      path: 'x',
      type: 'file',
      mode: 0o644,
      uid: process.getuid?.() ?? 0,
      gid: process.getgid?.() ?? 0,
      mtime: '0',
      size: 0,
      sha256: hash('sha256', '', 'hex'),
      pieces,
      ...change,
    };
    const { reference } = await writeList(store, '2026-08-01', { entries: [entry], condemned: NOTHING });
    const { signature: _, ...body } = record;
    const forged = signRecord({ ...body, lists: [reference], totals: { files: 1, bytes: entry.size } }, key);
    await store.put(`snapshots/${record.id}.json`, encodeRecord(forged));
    return refusal(repository.restore({ snapshot: record.id, target }));
  }

  it('cannot name a path outside', async () => {
    expect((await restoreEntry({ path: '../../etc/cron.d/x' })).code).toBe('LS-REPO-011');
    expect((await restoreEntry({ path: '/etc/cron.d/x' })).code).toBe('LS-REPO-011');
  });

  it('cannot put sound pieces together to another file, or claim a wrong size', async () => {
    expect((await restoreEntry({ sha256: '0'.repeat(64) })).code).toBe('LS-REPO-016');
    expect((await restoreEntry({ size: 5 })).code).toBe('LS-REPO-004');
    const missing: FileEntry['pieces'] = [['0'.repeat(64), 0, 10, 0, 5]];
    expect((await restoreEntry({ size: 5, pieces: missing })).code).toBe('LS-REPO-005');
  });

  it('is refused or restored, whatever its lists say, and writes nothing outside', async () => {
    const hex = fc.constantFrom('0'.repeat(64), 'f'.repeat(64));
    const number = fc.constantFrom(0, 1, 9, 26, 31, 200, 65_536, 4_194_304, 2 ** 31, 2 ** 40, 2 ** 53 - 1);
    const path = fc.constantFrom(
      'a',
      'a/b',
      'a/b/c',
      '../x',
      '/etc/x',
      'a/../../x',
      'a\0',
      '',
      '.',
      'x'.repeat(300),
    );
    const { repository, store, record, key, directory } = await oneFile();
    const packs = fc.constantFrom(...record.packs.map(({ id }) => id), '0'.repeat(64));
    const piece = fc.tuple(packs, number, number, number, number, hex);
    const entry = fc.record({ path, pieces: fc.array(piece, { maxLength: 3 }), sha256: hex });
    const before = (await readdir(directory)).sort();
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (made, keepGoing) => {
          const entries = made.map(
            (one): FileEntry => ({
              ...one,
              type: 'file',
              mode: 0o777,
              uid: 0,
              gid: 0,
              mtime: '0',
              size: one.pieces.reduce((sum, part) => sum + part[4], 0),
            }),
          );
          const { reference } = await writeList(store, '2026-08-01', { entries, condemned: NOTHING });
          const { signature: _, ...body } = record;
          const totals = { files: entries.length, bytes: 0 };
          const forged = signRecord({ ...body, lists: [reference], totals }, key);
          await store.put(`snapshots/${record.id}.json`, encodeRecord(forged));
          const target = join(directory, `target-${round++}`);
          const outcome = await repository
            .restore({ snapshot: record.id, target, keepGoing })
            .catch((error: unknown) => error);
          if (outcome instanceof Error) expect(outcome).toBeInstanceOf(LeitstandError);
          const { findings } = await repository.verify({ level: 'content' });
          if (made.some(({ pieces }) => pieces.length > 0)) expect(findings).not.toEqual([]);
          await rm(target, { recursive: true, force: true });
          await rm(`${target}.restoring`, { force: true });
          expect((await readdir(directory)).sort()).toEqual(before);
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);
});
