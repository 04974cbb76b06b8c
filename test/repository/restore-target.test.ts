import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeitstandError } from '../../src/platform/errors.ts';
import { EXIT } from '../../src/platform/exit-codes.ts';
import type { FileEntry } from '../../src/repository/file-entry.ts';
import { FRAME_BYTES } from '../../src/repository/frames.ts';
import { forge, forgedDirectory, forgedFile, forgedLink } from './forged.ts';
import { makeRepository, readTree, refusal, scratch, snapshotOf, writeTree } from './fixture.ts';
import { memoryRepository, treeSnapshot } from './tree-round-trip.ts';

async function oneFile() {
  const fixture = await makeRepository();
  const entries = await writeTree(join(fixture.directory, 's'), [
    { path: 'blocks/A/index', content: Buffer.from('index') },
    { path: 'blocks/B', content: Buffer.from('b') },
  ]);
  const { record } = await fixture.repository.writeSnapshot(snapshotOf(entries));
  return { ...fixture, record, target: join(fixture.directory, 'target') };
}

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

  it('tells what the system says of its mark, too', async () => {
    const { repository, record, target } = await oneFile();
    const restored = repository.restore({
      snapshot: record,
      target,
      onProgress: () => rmSync(`${target}.restoring`, { force: true }),
    });
    expect(await refusal(restored)).toMatchObject({
      code: 'LS-REPO-018',
      details: { why: 'ENOENT', where: { file: target } },
    });
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
    const { record, target, ...fixture } = await oneFile();
    await forge(fixture, record, [forgedFile('x', change)]);
    return refusal(fixture.repository.restore({ snapshot: record.id, target }));
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

  const hidden = '0'.repeat(64);

  it.each([
    ['a file below a link', [forgedLink('a', '/etc'), forgedFile('a/x')], 'LS-REPO-018'],
    ['a file below a link that comes later', [forgedFile('z/x'), forgedLink('z', '/etc')], 'LS-REPO-018'],
    ['a directory below a link', [forgedLink('a', '..'), forgedDirectory('a/d')], 'LS-REPO-018'],
    ['a link below a link', [forgedLink('a', '..'), forgedLink('a/b', 'c')], 'LS-REPO-011'],
    ['a link in the place of a file', [forgedFile('a'), forgedLink('a', '/etc/passwd')], 'LS-REPO-018'],
    ['a link in the place of a link', [forgedLink('a', 'b'), forgedLink('a', '/etc')], 'LS-REPO-018'],
    ['a directory over a file', [forgedFile('a'), forgedDirectory('a')], 'LS-REPO-011'],
    ['a file over a directory', [forgedDirectory('a'), forgedFile('a')], 'LS-REPO-018'],
    ['a file below a file', [forgedFile('a'), forgedFile('a/b')], 'LS-REPO-011'],
    ['two files of one name', [forgedFile('a'), forgedFile('a', { mode: 0o600 })], 'LS-REPO-018'],
    ['a directory outside', [forgedDirectory('../d')], 'LS-REPO-011'],
    ['a link outside', [forgedLink('../l', 'x')], 'LS-REPO-011'],
    ['a link at an absolute path', [forgedLink('/l', 'x')], 'LS-REPO-011'],
    ['a link at the root', [forgedLink('', 'x')], 'LS-REPO-011'],
    ['a directory that is the target', [forgedDirectory('.')], 'LS-REPO-011'],
    ['a spelled slash', [forgedFile('..␛2Fx', { escaped: true })], 'LS-REPO-004'],
    ['spelled dots', [forgedFile('␛2E␛2E/x', { escaped: true })], 'LS-REPO-004'],
    ['a spelled NUL', [forgedFile('a␛00', { escaped: true })], 'LS-REPO-004'],
    ['a second spelling', [forgedFile('␛C3␛A9', { escaped: true })], 'LS-REPO-004'],
    ['half a character', [forgedFile('a\ud800')], 'LS-REPO-004'],
    ['a spelled target with a NUL', [forgedLink('l', '␛00', { escaped: true })], 'LS-REPO-004'],
    ['a link to nothing', [forgedLink('l', '')], 'LS-REPO-004'],
    ['a link with a NUL', [forgedLink('l', 'a\0b')], 'LS-REPO-004'],
    [
      'a hole in the place of a pack',
      [forgedFile('a', { size: 1, pieces: [['hole', 0, 0, 0, 1, hidden]] })],
      'LS-REPO-004',
    ],
    ['a device', [{ ...forgedFile('null'), type: 'device', rdev: 259 }], 'LS-REPO-015'],
    ['a FIFO', [{ ...forgedFile('pipe'), type: 'fifo' }], 'LS-REPO-015'],
    ['a hard link by its target', [{ ...forgedLink('x', '/etc/passwd'), type: 'hardlink' }], 'LS-REPO-015'],
  ] as const)('cannot have %s', async (_, entries, code) => {
    const directory = scratch();
    const target = join(directory, 'target');
    const fixture = await memoryRepository();
    const { record } = await fixture.repository.writeSnapshot(treeSnapshot([]));
    await forge(fixture, record, entries);
    expect((await refusal(fixture.repository.restore({ snapshot: record.id, target }))).code).toBe(code);
    for (const name of await readdir(directory)) expect(['target', 'target.restoring']).toContain(name);
    // The same to a restore that goes on, and to one that goes around damage.
    for (const keepGoing of [false, true]) {
      const again = fixture.repository.restore({ snapshot: record.id, target, keepGoing });
      if (code !== 'LS-REPO-004' || !keepGoing) expect((await refusal(again)).code).toBe(code);
      else expect((await again).lost).toHaveLength(1);
    }
  });

  it('has names apart that only look the same, and no place for both where the file system takes them as one', async () => {
    const { record, target, ...fixture } = await oneFile();
    const names = ['a', 'A', 'é', 'e\u0301', 'ß', 'ss', 'a.', 'con'];
    await forge(
      fixture,
      record,
      names.map((name) => forgedFile(name)),
    );
    await fixture.repository.restore({ snapshot: record.id, target });
    expect((await readdir(target)).sort()).toEqual(names.toSorted());
    // What such a file system does: another name leads to the same place.
    const other = `${target}-2`;
    const mapPath = (path: string) => path.toLowerCase();
    const work = fixture.repository.restore({ snapshot: record.id, target: other, mapPath });
    expect((await refusal(work)).code).toBe('LS-REPO-018');
  });

  it('makes a link as its last deed: what was there outside is as it was', async () => {
    const { record, target, directory, ...fixture } = await oneFile();
    const outside = join(directory, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'precious'), 'precious');
    await forge(fixture, record, [
      forgedLink('a', outside),
      forgedLink('b', join(outside, 'precious')),
      forgedLink('c', 'a/precious', { mtime: '5000000000' }),
      forgedDirectory('d', { mode: 0o700 }),
      forgedFile('d/precious'),
    ]);
    const before = await stat(join(outside, 'precious'));
    await fixture.repository.restore({ snapshot: record.id, target });
    await writeFile(`${target}.restoring`, JSON.stringify({ snapshot: record.id }));
    await fixture.repository.restore({ snapshot: record.id, target });
    expect(await readdir(outside)).toEqual(['precious']);
    expect(await stat(join(outside, 'precious'))).toEqual(before);
    expect(await readlink(join(target, 'a'))).toBe(outside);
  });

  it('links no name to what somebody put in the place of its file', async () => {
    const { record, target, directory, ...fixture } = await oneFile();
    const { linkSync, unlinkSync } = await import('node:fs');
    await writeFile(join(directory, 'precious'), 'precious');
    await forge(fixture, record, [
      forgedFile('a', { link: 'a' }),
      forgedFile('b'),
      forgedFile('c', { link: 'a' }),
    ]);
    const mapPath = (path: string) => {
      if (path === 'c') {
        unlinkSync(join(target, 'a'));
        linkSync(join(directory, 'precious'), join(target, 'a'));
      }
      return path;
    };
    const error = await refusal(fixture.repository.restore({ snapshot: record.id, target, mapPath }));
    expect(error.code).toBe('LS-REPO-011');
    expect(await readdir(target)).not.toContain('c');
    expect((await stat(join(directory, 'precious'))).nlink).toBe(2);
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
    const directory = scratch();
    const { repository, store, key } = await memoryRepository();
    const entries = await writeTree(join(scratch(), 's'), [{ path: 'f', content: Buffer.from('index') }]);
    const { record } = await repository.writeSnapshot(treeSnapshot(entries));
    const packs = fc.constantFrom(...record.packs.map(({ id }) => id), '0'.repeat(64));
    const piece = fc.tuple(packs, number, number, number, number, hex);
    const entry = fc.record({ path, pieces: fc.array(piece, { maxLength: 3 }), sha256: hex });
    const other = fc.oneof(
      path.map((at) => forgedDirectory(at)),
      fc.tuple(path, fc.constantFrom('/etc', '..', 'a', 'a/b', '')).map(([at, to]) => forgedLink(at, to)),
      path.map((at) => forgedFile(at, { link: 'a', size: 9, pieces: [['hole', 0, 0, 0, 9]], sparse: true })),
      path.map((at) => forgedFile(`${at}␛E9`, { escaped: true, link: '../x' })),
    );
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 4 }),
        fc.array(other, { maxLength: 4 }),
        fc.boolean(),
        async (made, others, keepGoing) => {
          const files = made.map(({ pieces, ...one }) => {
            const size = pieces.reduce((sum, part) => sum + part[4], 0);
            return forgedFile(one.path, { ...one, mode: 0o777, uid: 0, gid: 0, size, pieces });
          });
          await forge({ store, key }, record, [...files, ...others]);
          const target = join(directory, `target-${round++}`);
          const outcome = await repository
            .restore({ snapshot: record.id, target, keepGoing })
            .catch((error: unknown) => error);
          if (outcome instanceof Error) expect(outcome).toBeInstanceOf(LeitstandError);
          const { findings } = await repository.verify({ level: 'content' });
          if (made.some(({ pieces }) => pieces.length > 0)) expect(findings).not.toEqual([]);
          await rm(target, { recursive: true, force: true });
          await rm(`${target}.restoring`, { force: true });
          expect(await readdir(directory)).toEqual([]);
        },
      ),
      { numRuns: 80 },
    );
  }, 60_000);
});
