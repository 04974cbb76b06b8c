import { spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesPath } from '../../src/platform/path-patterns.ts';
import { runProgram } from '../../src/platform/processes.ts';
import { decodeEntries, encodeLine } from '../../src/repository/entry-text.ts';
import { pathBytes } from '../../src/repository/file-entry.ts';
import { FRAME_BYTES } from '../../src/repository/frames.ts';
import { writeRestoredFile } from '../../src/repository/restore-file.ts';
import { utimeOf } from '../../src/repository/restore-times.ts';
import { refusal, scratch } from './fixture.ts';
import { forge, forgedFile } from './forged.ts';
import { memoryRepository, roundTrip, treeSnapshot } from './tree-round-trip.ts';
import { captureTree, differences, digDeep, makeFifo, observe, plant, removeTree, tree } from './trees.ts';

const NOBODY = 65534;
const MIB = 1024 * 1024;

const choosing = (pattern: string) => ({
  words: pattern,
  includes: (path: string) => matchesPath(path, pattern),
});

/** A directory of the test's own with a tree in it, and a repository. */
async function prepared(fill: (source: string) => void) {
  const directory = scratch();
  const [source, target] = [join(directory, 'source'), join(directory, 'target')];
  mkdirSync(source);
  fill(source);
  const world = await memoryRepository();
  const store = async () => (await world.repository.writeSnapshot(treeSnapshot(captureTree(source)))).record;
  return { ...world, directory, source, target, snapshot: store };
}

describe('a tree of everything that a file system holds', () => {
  it('is restored as it was', async () => {
    const directory = scratch();
    let round = 0;
    await fc.assert(
      fc.asyncProperty(tree, async (nodes) => {
        expect(await roundTrip(join(directory, String(round++)), nodes)).toEqual([]);
      }),
      { numRuns: 15, endOnFailure: true },
    );
  }, 120_000);

  it.skipIf(process.getuid?.() !== 0)(
    'is restored by a plain user as it was, but for the owners',
    async () => {
      const directory = scratch();
      chownSync(directory, NOBODY, NOBODY);
      chmodSync(directory, 0o755);
      const seed = randomInt(2 ** 31);
      const { stdout, stderr } = await runProgram('setpriv', [
        `--reuid=${NOBODY}`,
        `--regid=${NOBODY}`,
        '--clear-groups',
        process.execPath,
        join(import.meta.dirname, 'plain-user.ts'),
        directory,
        String(seed),
        '15',
      ]);
      expect([seed, stderr.slice(0, 2_000), stdout]).toEqual([seed, '', `${NOBODY}: 15 trees`]);
    },
    120_000,
  );

  it('is completed by the same restore, whatever state it was left in', async () => {
    const directory = scratch();
    let round = 0;
    const spoil = fc.array(fc.record({ at: fc.nat(), how: fc.nat({ max: 4 }) }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(tree, spoil, async (nodes, spoils) => {
        const at = join(directory, String(round++));
        mkdirSync(at);
        const [source, target] = [join(at, 'source'), join(at, 'target')];
        plant(source, nodes);
        const before = observe(source);
        const { repository } = await memoryRepository();
        const { record } = await repository.writeSnapshot(treeSnapshot(captureTree(source)));
        await repository.restore({ snapshot: record, target });
        for (const one of spoils) spoilTree(target, one);
        writeFileSync(`${target}.restoring`, JSON.stringify({ snapshot: record.id }));
        await repository.restore({ snapshot: record, target });
        expect(differences(before, observe(target))).toEqual([]);
        expect(existsSync(`${target}.restoring`)).toBe(false);
        removeTree(at);
      }),
      { numRuns: 15, endOnFailure: true },
    );
  }, 120_000);
});

/** As a restore that was killed may leave it: something is missing, half done, or not given its mode and time yet. */
function spoilTree(target: string, { at, how }: { readonly at: number; readonly how: number }): void {
  const paths = [...observe(target)].filter(([, { type }]) => type !== 'directory' || how > 2);
  const [hex = '', seen] = paths[at % Math.max(1, paths.length)] ?? [];
  const names = hex
    .split('/')
    .slice(1)
    .map((name) => Buffer.from(name, 'hex'));
  const path = Buffer.concat([Buffer.from(target), ...names.flatMap((name) => [Buffer.from('/'), name])]);
  if (!seen) return;
  // A plain user could not change what is read-only.
  if (seen.type === 'file') chmodSync(path, 0o600);
  chmodSync(Buffer.from(dirname(path.toString('latin1')), 'latin1'), 0o700);
  if (how === 0) unlinkSync(path);
  if (how === 1 && seen.type === 'file') truncateSync(path, 1);
  if (how === 2 && seen.type === 'file' && seen.room >= seen.size) {
    // A name that is a file of its own.
    const content = readFileSync(path);
    unlinkSync(path);
    writeFileSync(path, content);
  }
  if (how === 2 && seen.type === 'symlink') {
    unlinkSync(path);
    symlinkSync('elsewhere', path);
  }
  // Nor could it read what is shut.
  if (how === 3 && seen.type !== 'symlink') chmodSync(path, process.getuid?.() === 0 ? 0 : 0o700);
  if (how === 4 && seen.type !== 'symlink') utimesSync(path, 7, 7);
}

describe('directories', () => {
  it('are restored empty as well, and with those above them when only they are chosen', async () => {
    const { repository, source, target, snapshot } = await prepared((at) => {
      mkdirSync(join(at, 'a/b/empty'), { recursive: true });
      mkdirSync(join(at, 'other'));
      writeFileSync(join(at, 'a', 'file'), 'x');
      chmodSync(join(at, 'a/b/empty'), 0o2750);
    });
    const record = await snapshot();
    expect(record.totals).toEqual({ files: 5, bytes: 1 });
    await repository.restore({ snapshot: record, target, selection: choosing('empty') });
    expect([...observe(target).keys()].length).toBe(3);
    expect(statSync(join(target, 'a/b/empty')).mode & 0o7777).toBe(0o2750);
    expect(existsSync(join(source, 'other'))).toBe(true);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'keep the bits that say whose new files are, files lose theirs',
    async () => {
      const { repository, target, snapshot } = await prepared((at) => {
        mkdirSync(join(at, 'shared'));
        chmodSync(join(at, 'shared'), 0o7777);
        writeFileSync(join(at, 'program'), 'x');
        chmodSync(join(at, 'program'), 0o7755);
      });
      await repository.restore({ snapshot: await snapshot(), target });
      expect(statSync(join(target, 'shared')).mode & 0o7777).toBe(0o3777);
      expect(statSync(join(target, 'program')).mode & 0o7777).toBe(0o755);
    },
  );
});

describe('symbolic links', () => {
  it('are data: none is followed, neither at the backup nor at the restore', async () => {
    const { repository, directory, target, snapshot } = await prepared((at) => {
      mkdirSync(join(at, 'd'));
      writeFileSync(join(at, 'd', 'file'), 'content');
      for (const [name, to] of [
        ['d/etc', '/etc'],
        ['up', '../../..'],
        ['dangling', 'no/such'],
        ['0', '/outside'],
      ])
        symlinkSync(to ?? '', join(at, name ?? ''));
    });
    const record = await snapshot();
    expect(record.totals.bytes).toBe('content'.length);
    await repository.restore({ snapshot: record, target });
    expect(readlinkSync(join(target, 'd/etc'))).toBe('/etc');
    expect(readlinkSync(join(target, 'up'))).toBe('../../..');
    await repository.restore({
      snapshot: record,
      target: join(directory, 'one'),
      selection: choosing('dangling'),
    });
    expect(readlinkSync(join(directory, 'one', 'dangling'))).toBe('no/such');
  });

  it('come when all files are in place', async () => {
    const { repository, target, snapshot } = await prepared((at) => {
      symlinkSync('z', join(at, 'a'));
      writeFileSync(join(at, 'z'), randomBytes(100));
    });
    const seen: boolean[] = [];
    const isThere = () => lstatSync(join(target, 'a'), { throwIfNoEntry: false }) !== undefined;
    await repository.restore({ snapshot: await snapshot(), target, onProgress: () => seen.push(isThere()) });
    expect(seen).toEqual([false]);
    expect(isThere()).toBe(true);
  });

  it('are not a file that can be asked for by itself, and it is said what they are', async () => {
    const { repository, snapshot } = await prepared((at) => {
      symlinkSync('/etc/passwd', join(at, 'link'));
      mkdirSync(join(at, 'directory'));
    });
    const { id } = await snapshot();
    const open = (path: string) =>
      refusal(repository.openFile({ snapshot: id, wanted: path, isWanted: (name) => name === path }));
    expect(await open('link')).toMatchObject({
      code: 'LS-REPO-028',
      details: { why: /link to \/etc\/passwd/ },
    });
    expect(await open('directory')).toMatchObject({
      code: 'LS-REPO-028',
      details: { why: 'it is a directory' },
    });
  });
});

describe('hard links', () => {
  async function linked() {
    return prepared((at) => {
      mkdirSync(join(at, 'd'));
      writeFileSync(join(at, 'd/b'), randomBytes(FRAME_BYTES + 5));
      for (const name of ['a', 'd/c', 'z']) linkSync(join(at, 'd/b'), join(at, name));
      writeFileSync(join(at, 'alone'), 'alone');
      linkSync(join(at, 'alone'), join(at, '..', 'name-outside'));
    });
  }

  it('are stored once', async () => {
    const { repository, store, snapshot } = await linked();
    const record = await snapshot();
    const packs = [...store.objects].filter(([name]) => name.startsWith('packs/'));
    expect(packs.reduce((sum, [, { data }]) => sum + data.length, 0)).toBeLessThan(FRAME_BYTES + 10_000);
    const links: (string | undefined)[] = [];
    for await (const entry of repository.files(record)) if (entry.type === 'file') links.push(entry.link);
    // A name alone in the capture is a file like any other.
    expect(links.filter((link) => link === 'a')).toHaveLength(4);
    expect(links.filter((link) => link === undefined)).toHaveLength(1);
  });

  it('are links of those that are chosen, whichever these are', async () => {
    const { repository, directory, snapshot } = await linked();
    const record = await snapshot();
    const some = join(directory, 'some');
    const { files, bytes } = await repository.restore({
      snapshot: record,
      target: some,
      selection: choosing('{z,c}'),
    });
    expect([files, bytes]).toEqual([2, 2 * (FRAME_BYTES + 5)]);
    expect(statSync(join(some, 'z')).ino).toBe(statSync(join(some, 'd/c')).ino);
    const one = join(directory, 'one');
    await repository.restore({ snapshot: record, target: one, selection: choosing('z') });
    expect(statSync(join(one, 'z')).nlink).toBe(1);
  });

  it('are lost together when their content is damaged, each named', async () => {
    const { repository, store, target, snapshot } = await linked();
    const record = await snapshot();
    for (const name of store.objects.keys()) if (name.startsWith('packs/')) store.objects.delete(name);
    const { lost } = await repository.restore({ snapshot: record, target, keepGoing: true });
    expect(lost.map(({ path }) => path).sort()).toEqual(['a', 'alone', 'd/b', 'd/c', 'z']);
  });

  it('are files of their own where they cannot be links, and it is said how many', async (context) => {
    const { repository, source, target, snapshot } = await linked();
    const mounted = join(target, 'd');
    const mapPath = (path: string) => {
      if (path !== 'a') return path;
      // Another file system in the target.
      mkdirSync(mounted);
      context.skip(spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', mounted]).status !== 0, 'only root may mount');
      return path;
    };
    try {
      const { copies, files } = await repository.restore({ snapshot: await snapshot(), target, mapPath });
      expect([copies, files]).toEqual([2, 6]);
      expect(statSync(join(target, 'z')).ino).toBe(statSync(join(target, 'a')).ino);
      for (const name of ['d/b', 'd/c']) {
        expect(statSync(join(target, name)).nlink).toBe(1);
        expect(readFileSync(join(target, name)).equals(readFileSync(join(source, name)))).toBe(true);
      }
    } finally {
      spawnSync('umount', [mounted]);
    }
  });

  it('of which a list lies are files of their own', async () => {
    const { repository, key, store, target, snapshot } = await linked();
    const record = await snapshot();
    await forge({ store, key }, record, [
      forgedFile('a', { link: '../../etc/passwd' }),
      forgedFile('b', { link: '../../etc/passwd', mode: 0o600 }),
      forgedFile('c', { link: '../../etc/passwd' }),
    ]);
    await repository.restore({ snapshot: record.id, target });
    const [a, b, c] = ['a', 'b', 'c'].map((name) => statSync(join(target, name)));
    expect(a?.ino).toBe(c?.ino);
    expect(b?.ino).not.toBe(a?.ino);
    expect([b?.nlink, (b?.mode ?? 0) & 0o777]).toEqual([1, 0o600]);
  });
});

describe('sparse files', () => {
  const SIZE = 24 * MIB + 123;

  function digHoles(file: string): void {
    writeFileSync(file, '');
    truncateSync(file, SIZE);
    const descriptor = openSync(file, 'r+');
    writeSync(descriptor, 'island', 9 * MIB);
    writeSync(descriptor, randomBytes(10_000), 0, 10_000, 17 * MIB);
    closeSync(descriptor);
  }

  it('are stored without their holes, and have them again', async () => {
    const { repository, store, directory, source, target, snapshot } = await prepared((at) => {
      digHoles(join(at, 'holes'));
      writeFileSync(join(at, 'only-hole'), '');
      truncateSync(join(at, 'only-hole'), 3 * FRAME_BYTES + 7);
    });
    const record = await snapshot();
    const packs = [...store.objects].filter(([name]) => name.startsWith('packs/'));
    expect(packs.reduce((sum, [, { data }]) => sum + data.length, 0)).toBeLessThan(20_000);
    for await (const entry of repository.files(record)) {
      if (entry.type !== 'file') continue;
      expect(entry.sparse).toBe(true);
      const pieces = entry.pieces.map((piece) => (piece[0] === 'hole' ? -piece[4] : piece[4]));
      expect(pieces).toEqual(
        entry.path === 'holes'
          ? [-2 * FRAME_BYTES, FRAME_BYTES, -FRAME_BYTES, FRAME_BYTES, -FRAME_BYTES - 123]
          : [-3 * FRAME_BYTES - 7],
      );
    }
    const { bytes } = await repository.restore({ snapshot: record, target });
    expect(bytes).toBe(record.totals.bytes);
    expect(differences(observe(source), observe(target))).toEqual([]);
    expect(lstatSync(join(target, 'holes')).blocks * 512).toBeLessThan(200_000);
    const wanted = { wanted: 'holes', isWanted: (path: string) => path === 'holes' };
    const one = join(directory, 'one');
    await writeRestoredFile(one, await repository.openFile({ snapshot: record.id, ...wanted }), undefined);
    expect(readFileSync(one).equals(readFileSync(join(source, 'holes')))).toBe(true);
    expect(lstatSync(one).blocks * 512).toBeLessThan(200_000);
    expect((await repository.verify({ level: 'content' })).findings).toEqual([]);
    const again = await repository.writeSnapshot(treeSnapshot(captureTree(source)));
    expect(again.record.lists).toEqual(record.lists);
  });

  it('are those with holes, not those that are full of zeros', async () => {
    const { repository, target, snapshot } = await prepared((at) =>
      writeFileSync(join(at, 'zeros'), Buffer.alloc(FRAME_BYTES), { flush: true }),
    );
    const record = await snapshot();
    for await (const entry of repository.files(record)) expect(entry).not.toHaveProperty('sparse');
    await repository.restore({ snapshot: record, target });
    expect(lstatSync(join(target, 'zeros')).blocks * 512).toBeGreaterThanOrEqual(FRAME_BYTES);
  });

  it('are found to be others than they were, whatever a list says of their holes', async () => {
    const { repository, key, store, directory, snapshot } = await prepared((at) =>
      writeFileSync(join(at, 'x'), 'x'),
    );
    const record = await snapshot();
    const hole = (length: number) => ['hole', 0, 0, 0, length];
    const outcomes: string[] = [];
    for (const [i, change] of [
      { size: 5000, pieces: [hole(5000)] },
      { size: 5000, pieces: [hole(4000), hole(1000)], sparse: true },
      { size: 5000, pieces: [hole(4999)] },
      { size: 5000, pieces: [['hole', 1, 0, 0, 5000]] },
      { size: 2 ** 52, pieces: [hole(2 ** 52)], sparse: true },
    ].entries()) {
      await forge({ store, key }, record, [forgedFile('f', change)]);
      const work = repository.restore({ snapshot: record.id, target: join(directory, String(i)) });
      outcomes.push((await refusal(work)).code);
    }
    expect(outcomes).toEqual(['LS-REPO-016', 'LS-REPO-016', 'LS-REPO-004', 'LS-REPO-004', 'LS-REPO-018']);
  });
});

describe('special files', () => {
  it('are left out, named, and never opened: a FIFO would wait for ever', async () => {
    const { repository, source, target } = await prepared((at) => {
      makeFifo(join(at, 'fifo'));
      writeFileSync(join(at, 'file'), 'x');
    });
    const left: string[] = [];
    const entries = captureTree(source, (one) => left.push(one));
    const { record } = await repository.writeSnapshot(treeSnapshot(entries));
    await repository.restore({ snapshot: record, target });
    expect([left, [...observe(target).values()].map(({ type }) => type)]).toEqual([['FIFO fifo'], ['file']]);
  });

  it('that are handed over as something else are refused', async () => {
    const { repository, source } = await prepared((at) => makeFifo(join(at, 'fifo')));
    for (const kind of [{}, { kind: 'directory' as const }, { kind: 'symlink' as const }]) {
      const entry = { path: 'fifo', file: join(source, 'fifo'), class: 'mutable' as const, ...kind };
      const error = await refusal(repository.writeSnapshot(treeSnapshot([entry])));
      expect(error).toMatchObject({ code: 'LS-REPO-009', exit: 6 });
    }
  });
});

describe('names', () => {
  it('deeper than a path may be long are restored', async () => {
    const { repository, source, target, directory, snapshot } = await prepared((at) =>
      digDeep(at, { depth: 30, name: 'd'.repeat(250), content: 'treasure' }),
    );
    await repository.restore({ snapshot: await snapshot(), target });
    const [from, to] = [captureTree(source), captureTree(target)];
    expect(to.map(({ path }) => path)).toEqual(from.map(({ path }) => path));
    expect(to).toHaveLength(31);
    expect(to.at(-1)?.path.length).toBeGreaterThan(4096);
    // Nothing else could remove it by its path.
    renameSync(source, join(directory, 's'));
  });
});

describe('modification times', () => {
  it('are the next that can be told, never earlier', () => {
    const ns = fc.bigInt({ min: -(10n ** 18n), max: 4n * 10n ** 18n });
    const file = join(scratch(), 'file');
    writeFileSync(file, '');
    fc.assert(
      fc.property(ns, (wanted) => {
        const time = utimeOf(String(wanted));
        utimesSync(file, time, time);
        const late = statSync(file, { bigint: true }).mtimeNs - wanted;
        expect(late >= 0n && late < 480n).toBe(true);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 41 }), (ms) => {
        const time = utimeOf(String(BigInt(ms) * 1_000_000n));
        utimesSync(file, time, time);
        expect(Math.floor(statSync(file).mtimeMs)).toBe(ms);
      }),
      { numRuns: 500 },
    );
  });
});

describe('lists', () => {
  it('of before read as they always did', () => {
    const line =
      '{"gid":0,"mode":420,"mtime":"1785585600000000000","path":"blocks/A/meta.json","pieces":[["d35e67bc2349cf4ee6528170c8930e8da72731c75935e45716d543253dd17370",0,26,0,14]],"sha256":"50208d78350a7a160dec59a82df1499b6ca7da33e54c5eb11c97e342118e68bb","size":14,"type":"file","uid":0}\n';
    expect(decodeEntries(line)).toEqual([JSON.parse(line)]);
  });

  it('read as docs/formats/lsb1.md says', () => {
    const text = readFileSync(join(import.meta.dirname, '../../docs/formats/lsb1.md'), 'utf8');
    const names = text.slice(text.indexOf('### Names'), text.indexOf('### What a restore gives back'));
    const lines = /```json\n([^`]+)```/.exec(names)?.[1] ?? '';
    const entries = decodeEntries(lines);
    expect(entries.map(({ type }) => type)).toEqual(['directory', 'symlink', 'file']);
    expect(entries.map((entry) => `${encodeLine(entry)}\n`).join('')).toBe(lines);
    expect(pathBytes(entries[0] ?? { path: '' }).toString('hex')).toBe('636166e9');
  });

  it('with a type of later are refused by its name, and the next backup stores anew', async () => {
    const { repository, key, store, target, snapshot } = await prepared((at) =>
      writeFileSync(join(at, 'x'), 'x'),
    );
    const record = await snapshot();
    await forge({ store, key }, record, [forgedFile('door', { type: 'portal' })]);
    const error = await refusal(repository.restore({ snapshot: record.id, target, keepGoing: true }));
    expect(error).toMatchObject({ code: 'LS-REPO-015', exit: 6 });
    expect(error.message).toContain('portal');
    expect((await refusal(repository.verify({ level: 'content' }))).code).toBe('LS-REPO-015');
    const later = await snapshot();
    rmSync(target, { recursive: true, force: true });
    rmSync(`${target}.restoring`, { force: true });
    await repository.restore({ snapshot: later, target });
    expect(readFileSync(join(target, 'x'), 'utf8')).toBe('x');
  });
});
