import { createHash, hash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { FileEntry, PieceReference } from '../../src/repository/file-entry.ts';
import { encodeFrame, FRAME_BYTES } from '../../src/repository/frames.ts';
import { RestoreTarget } from '../../src/repository/restore-target.ts';
import { WrittenHashes } from '../../src/repository/written-hash.ts';
import { openSegment, STATE } from '../../src/repository/workers/open-segment.ts';
import { type PartToWrite, writePartNow } from '../../src/repository/workers/write-parts.ts';
import { forge } from './forged.ts';
import { makeRepository, objectNames, readTree, refusal, scratch, snapshotOf, writeTree } from './fixture.ts';

const PIECE = 300_000;
const breathe = async () => undefined;

function fileOf(pieces: readonly Uint8Array[], path = 'big'): FileEntry {
  const whole = createHash('sha256');
  for (const piece of pieces) whole.update(piece);
  return {
    path,
    type: 'file',
    mode: 0o640,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    mtime: '0',
    size: pieces.reduce((sum, { length }) => sum + length, 0),
    sha256: whole.digest('hex'),
    pieces: pieces.map(
      (piece, i): PieceReference => [
        'a'.repeat(64),
        i * PIECE,
        PIECE,
        0,
        piece.length,
        hash('sha256', piece),
      ],
    ),
  };
}

function openFile(file: string, flags = constants.O_CREAT | constants.O_RDWR): number {
  const descriptor = openSync(file, flags, 0o600);
  onTestFinished(() => closeSync(descriptor));
  return descriptor;
}

describe('a part that a thread writes', () => {
  function part(change: Partial<PartToWrite> = {}) {
    const file = join(scratch(), 'file');
    const descriptor = openFile(file);
    return { file, to: { descriptor, at: 0, sparse: false, path: file, ...change } };
  }

  it('goes where it belongs, and nowhere else', async () => {
    const { file, to } = part();
    writePartNow({ ...to, at: 3 }, Buffer.from('def'));
    writePartNow(to, Buffer.from('abc'));
    expect(await readFile(file, 'utf8')).toBe('abcdef');
  });

  it('is written only if it is right', async () => {
    const { file, to } = part();
    const content = randomBytes(1_000);
    const stored = new Uint8Array(encodeFrame(content));
    const { length } = stored;
    for (const [sha256, state, written] of [
      ['0'.repeat(64), STATE.wrong, Buffer.alloc(0)],
      [hash('sha256', content), STATE.placed, content],
    ] as const) {
      const frame = {
        offset: 0,
        length,
        plainLength: 65_536,
        offsets: Uint32Array.of(0),
        lengths: Uint32Array.of(content.length),
        sha256: new TextEncoder().encode(sha256),
        writes: [[0, to]] as const,
        isWanted: false,
      };
      const opened = openSegment({
        buffer: new Uint8Array(stored).buffer,
        storedLength: length,
        length,
        pack: { size: length },
        wanted: { offset: 0, length },
        frames: [frame],
        buffers: [],
      });
      expect(opened.frames).toEqual([{ states: Uint8Array.of(state) }]);
      expect((await readFile(file)).equals(written)).toBe(true);
    }
  });

  it('leaves holes where a sparse file has blocks of zeros', async () => {
    const { file, to } = part({ sparse: true });
    ftruncateSync(to.descriptor, FRAME_BYTES);
    const content = Buffer.alloc(FRAME_BYTES);
    content.write('x', FRAME_BYTES / 2);
    writePartNow(to, content);
    expect((await readFile(file)).equals(content)).toBe(true);
    expect(statSync(file).blocks * 512).toBeLessThan(FRAME_BYTES / 4);
  });

  it('names the file where it cannot be written', async () => {
    const { file, to } = part();
    const descriptor = openFile(file, constants.O_RDONLY);
    const error = await refusal((async () => writePartNow({ ...to, descriptor }, Buffer.from('x')))());
    expect(error).toMatchObject({ code: 'LS-REPO-018', details: { where: { file }, why: 'EBADF' } });
  });
});

describe('a file of several pieces', () => {
  const pieces = [PIECE, PIECE, PIECE, 1_000].map((size) => randomBytes(size));

  /** Its pieces are put into a file in that order. */
  async function hashed(order: readonly number[], entry = fileOf(pieces), written = pieces) {
    const descriptor = openFile(join(scratch(), 'file'));
    const hashes = new WrittenHashes();
    const states: string[] = [];
    for (const index of order) {
      writeSync(descriptor, written[index] ?? Buffer.alloc(0), 0, undefined, index * PIECE);
      states.push(await hashes.add(entry, index, { descriptor, breathe }));
    }
    return states;
  }

  it('is right in whichever order they come', async () => {
    for (const order of [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [2, 0, 3, 1],
    ])
      expect(await hashed(order)).toEqual(['open', 'open', 'open', 'right']);
  });

  it('is wrong where what stands in it is something else', async () => {
    const [first = Buffer.alloc(0), ...others] = pieces;
    const flipped = Buffer.from(first);
    flipped.writeUInt8(flipped.readUInt8(7) ^ 1, 7);
    expect((await hashed([0, 1, 2, 3], fileOf(pieces), [flipped, ...others])).at(-1)).toBe('wrong');
    const [second = first] = others;
    expect((await hashed([0, 1, 2, 3], fileOf(pieces), [second, first, ...others.slice(1)])).at(-1)).toBe(
      'wrong',
    );
  });

  it('is wrong where it has been cut off', async () => {
    expect((await hashed([0, 1, 3, 2], fileOf(pieces), pieces.slice(0, -1))).at(-1)).toBe('wrong');
  });

  it('has zeros where its holes are', async () => {
    const zeros = Buffer.alloc(PIECE);
    const entry = fileOf([pieces[0] ?? zeros, zeros, pieces[2] ?? zeros]);
    const holes = { ...entry, pieces: entry.pieces.with(1, ['hole', 0, 0, 0, PIECE]) };
    expect(await hashed([2, 0], holes)).toEqual(['open', 'right']);
  });
});

describe('a target whose files are written by threads', () => {
  /** Its number may be another file's by now. */
  function isOpen(descriptor: number, ino: number): boolean {
    try {
      return fstatSync(descriptor).ino === ino;
    } catch {
      return false;
    }
  }

  /** Held open here: the file that is made next would get the number of one that is gone. */
  function inodeOf(path: string): number {
    const descriptor = openSync(path, 'r');
    onTestFinished(() => closeSync(descriptor));
    return fstatSync(descriptor).ino;
  }

  async function openTarget() {
    const root = join(scratch(), 'target');
    const target = await RestoreTarget.open(
      root,
      { snapshot: 'x' },
      { startedAt: '2026-08-01T12:00:00.000Z' },
    );
    onTestFinished(() => target.dispose());
    return { root, target };
  }

  it('keeps each open until they are done with it, also when it will not be complete', async () => {
    const { root, target } = await openTarget();
    const entry = fileOf([randomBytes(PIECE), randomBytes(PIECE)]);
    const parts = [0, PIECE].map((at) => target.begun.beginPart('big', entry, at));
    const ino = inodeOf(join(root, 'big'));
    target.begun.drop(entry);
    target.begun.endPart(entry);
    for (const part of parts) expect(fstatSync(part?.descriptor ?? -1).ino).toBe(ino);
    writePartNow(parts[1] as PartToWrite, Buffer.from('late'));
    target.begun.endPart(entry);
    expect((await readTree(root)).size).toBe(0);
    expect(isOpen(parts[0]?.descriptor ?? -1, ino)).toBe(false);
  });

  it('closes others rather than those that are written, where many have been begun', async () => {
    const { root, target } = await openTarget();
    const busy = fileOf([randomBytes(PIECE)], 'busy');
    const { descriptor } = target.begun.beginPart('busy', busy, 0) as PartToWrite;
    const { ino } = statSync(join(root, 'busy'));
    for (let i = 0; i < 200; i += 1) target.begun.begin(`${i}`, fileOf([], `${i}`));
    expect(fstatSync(descriptor).ino).toBe(ino);
  });

  it('writes no more of them at once than may be open, however many have a part in one frame', async () => {
    const { target } = await openTarget();
    const entries = Array.from({ length: 100 }, (_, i) => fileOf([randomBytes(8), randomBytes(8)], `${i}`));
    const begun = entries.filter((entry) => target.begun.beginPart(entry.path, entry, 0));
    expect(begun.length).toBe(64);
    // A further part of one that is open anyway.
    expect(target.begun.beginPart('0', entries[0] as FileEntry, 8)).toBeDefined();
    target.begun.endPart(entries[1] as FileEntry);
    expect(target.begun.beginPart('99', entries[99] as FileEntry, 0)).toBeDefined();
    expect(target.begun.beginPart('98', entries[98] as FileEntry, 0)).toBeUndefined();
  });

  it('makes nothing any more once it is closed', async () => {
    const { root, target } = await openTarget();
    const [entry, late] = ['a', 'd/late'].map((path) => fileOf([randomBytes(8)], path)) as [
      FileEntry,
      FileEntry,
    ];
    target.begun.beginPart('a', entry, 0);
    target.dispose();
    // The numbers of its descriptors may be another directory's by now.
    expect(() => target.begun.beginPart('d/late', late, 0)).toThrow('closed');
    expect(() => target.begun.beginPart('late', late, 0)).toThrow('closed');
    expect([...(await readTree(root)).keys()]).toEqual(['a']);
  });

  it('closes others rather than one that is looked into, and that one once it is done with and to go', async () => {
    const { root, target } = await openTarget();
    const busy = fileOf([randomBytes(PIECE)], 'busy');
    const [held, inode] = await target.begun.holding('busy', busy, async (descriptor) => {
      const ino = inodeOf(join(root, 'busy'));
      for (let i = 0; i < 200; i += 1) target.begun.begin(`${i}`, fileOf([], `${i}`));
      target.begun.drop(busy);
      await breathe();
      expect(fstatSync(descriptor).ino).toBe(ino);
      return [descriptor, ino] as const;
    });
    expect(isOpen(held, inode)).toBe(false);
    expect([...(await readTree(root)).keys()]).not.toContain('busy');
  });
});

describe('large files', () => {
  async function stored(files: readonly { readonly path: string; readonly content: Buffer }[]) {
    const fixture = await makeRepository();
    const entries = await writeTree(join(fixture.directory, 's'), files);
    const { record } = await fixture.repository.writeSnapshot(snapshotOf(entries));
    const listed: FileEntry[] = [];
    for await (const entry of fixture.repository.files(record)) if (entry.type === 'file') listed.push(entry);
    return { ...fixture, record, listed, target: join(fixture.directory, 'target') };
  }
  /** More than is restored without threads. */
  const files = ['a', 'b', 'c'].map((path) => ({ path, content: randomBytes(3 * FRAME_BYTES + 17) }));

  it('are what they were', async () => {
    const { repository, record, target } = await stored(files);
    const done = await repository.restore({ snapshot: record, target });
    expect([done.files, done.bytes, done.lost]).toEqual([3, record.totals.bytes, []]);
    for (const { path, content } of files)
      expect(readFileSync(join(target, path)).equals(content)).toBe(true);
  });

  it('are refused where a list, properly signed, puts their sound pieces together wrongly', async () => {
    const { repository, store, key, record, listed, target } = await stored(files);
    const swapped = listed.map((entry) => {
      const [first, second, ...rest] = entry.pieces;
      return entry.path === 'b' && first && second ? { ...entry, pieces: [second, first, ...rest] } : entry;
    });
    await forge({ store, key }, record, swapped);
    const error = await refusal(repository.restore({ snapshot: record.id, target }));
    expect(error).toMatchObject({
      code: 'LS-REPO-016',
      details: { what: expect.stringContaining('b does not') },
    });
    const other = `${target}2`;
    const { lost } = await repository.restore({ snapshot: record.id, target: other, keepGoing: true });
    expect(lost.map(({ path }) => path)).toEqual(['b']);
    expect([...(await readTree(other)).keys()].sort()).toEqual(['a', 'c']);
  });

  it('are lost alone where one of their pieces is damaged, and nothing is left of them', async () => {
    const { repository, store, directory, record, listed, target } = await stored(files);
    const [piece] = listed.find(({ path }) => path === 'a')?.pieces ?? [];
    const name = (await objectNames(store, 'packs/')).find((pack) => pack.endsWith(String(piece?.[0]))) ?? '';
    const pack = await readFile(join(directory, 'repository', name));
    const at = Number(piece?.[1]) + 1_000;
    pack.writeUInt8(pack.readUInt8(at) ^ 1, at);
    await writeFile(join(directory, 'repository', name), pack);
    const { lost } = await repository.restore({ snapshot: record, target, keepGoing: true });
    expect(lost.map(({ path }) => path)).toEqual(['a']);
    const found = await readTree(target);
    expect([...found.keys()].sort()).toEqual(['b', 'c']);
    for (const { path, content } of files.slice(1)) expect(found.get(path)?.equals(content)).toBe(true);
  });
});
