import { hash, randomBytes } from 'node:crypto';
import { on } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { zstdCompressSync } from 'node:zlib';
import { onTestFinished, describe, expect, it } from 'vitest';
import type { FileEntry } from '../../src/repository/file-entry.ts';
import { encodeFrame, FRAME_BYTES } from '../../src/repository/frames.ts';
import { planByPack } from '../../src/repository/pack-plan.ts';
import type { Answer } from '../../src/repository/workers/crew.ts';
import { type FrameToOpen, openSegment, STATE } from '../../src/repository/workers/open-segment.ts';
import { type FilesToPlace, forgetTarget, placeFile } from '../../src/repository/workers/place-files.ts';
import { makeRepository, objectNames, readTree, refusal, scratch, snapshotOf, writeTree } from './fixture.ts';

const FILES = 400;

function manyFiles() {
  return Array.from({ length: FILES }, (_, i) => ({
    path: `${i % 40}/${i}`,
    content: randomBytes(i % 97 === 0 ? 70_000 : i % 500),
    mtime: new Date(Date.UTC(2026, 6, 1 + (i % 3), 12, 0, i % 60)),
    mode: i % 2 === 0 ? 0o640 : 0o600,
  }));
}

async function stored() {
  const fixture = await makeRepository();
  const files = manyFiles();
  const entries = await writeTree(join(fixture.directory, 'source'), files);
  const { record } = await fixture.repository.writeSnapshot(snapshotOf(entries));
  return { ...fixture, files, record, target: join(fixture.directory, 'target') };
}

describe('many small files', () => {
  it('are made as they were, with their modes and times', async () => {
    const { repository, record, target, files } = await stored();
    const done = await repository.restore({ snapshot: record, target });
    expect([done.files, done.bytes]).toEqual([FILES, record.totals.bytes]);
    const found = await readTree(target);
    expect(found.size).toBe(FILES);
    for (const { path, content, mtime, mode } of files) {
      const { mode: restored, mtimeMs } = await stat(join(target, path));
      expect([path, found.get(path)?.equals(content), restored & 0o777, mtimeMs]).toEqual([
        path,
        true,
        mode,
        mtime.getTime(),
      ]);
    }
  });

  it('are all there but for those that a flipped byte hit', async () => {
    const { repository, store, directory, record, target } = await stored();
    const [pack = ''] = await objectNames(store, 'packs/');
    const file = join(directory, 'repository', pack);
    const bytes = await readFile(file);
    bytes.writeUInt8(bytes.readUInt8(90_000) ^ 1, 90_000);
    await writeFile(file, bytes);
    const { lost, files } = await repository.restore({ snapshot: record, target, keepGoing: true });
    expect(lost.length).toBeGreaterThan(0);
    expect([files, (await readTree(target)).size]).toEqual([FILES - lost.length, FILES - lost.length]);
    const { findings } = await repository.verify({ level: 'content' });
    expect(findings.map(({ object, paths }) => [object, paths])).toEqual([
      [pack, lost.map(({ path }) => path).sort()],
    ]);
  });

  it('are told by their names in the snapshot where they are lost, wherever they belong', async () => {
    const { repository, store, directory, record, target, files } = await stored();
    const [pack = ''] = await objectNames(store, 'packs/');
    const file = join(directory, 'repository', pack);
    const bytes = await readFile(file);
    bytes.writeUInt8(bytes.readUInt8(90_000) ^ 1, 90_000);
    await writeFile(file, bytes);
    const mapPath = (path: string) => `below/${path}`;
    const { lost } = await repository.restore({ snapshot: record, target, mapPath, keepGoing: true });
    const gone = new Set(lost.map(({ path }) => path));
    expect(gone.size).toBeGreaterThan(0);
    const left = files.filter(({ path }) => !gone.has(path)).map(({ path }) => mapPath(path));
    expect([...(await readTree(target)).keys()].sort()).toEqual(left.sort());
  });

  it('are as many as a list says that comes in several parts, whatever their names', async () => {
    const { repository, directory } = await makeRepository();
    const time = new Date(Date.UTC(2026, 6, 1));
    const many = Array.from({ length: 1_500 }, (_, i) => ({
      path: `${i % 7}/${i % 3 === 0 ? 'ü' : 'u'} "${i % 5}" ${i}`,
      content: Buffer.from(`${i}`),
      mtime: time,
    }));
    const { record } = await repository.writeSnapshot(
      snapshotOf(await writeTree(join(directory, 'source'), many)),
    );
    expect(record.lists).toHaveLength(1);
    const target = join(directory, 'target');
    let [told, last] = [0, 0];
    const onProgress = (bytes: number) => {
      [told, last] = [told + 1, bytes];
    };
    await repository.restore({ snapshot: record, target, onProgress });
    expect([told, last]).toEqual([many.length, record.totals.bytes]);
    const found = await readTree(target);
    expect(found.size).toBe(many.length);
    for (const { path, content } of many)
      expect([path, found.get(path)?.equals(content)]).toEqual([path, true]);
  });

  it('stop at the first that is in the way', async () => {
    const { repository, record, target } = await stored();
    await mkdir(target);
    const watch = repository.restore({
      snapshot: record,
      target,
      onProgress: () => undefined,
      mapPath: (path) => (path.endsWith('/7') ? '8/8' : path),
    });
    expect(await refusal(watch)).toMatchObject({ code: 'LS-REPO-018' });
  });
});

describe('a file that is placed', () => {
  async function placing() {
    const root = join(scratch(), 'target');
    await mkdir(root);
    const descriptor = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
    const target = { id: -1, root, descriptor };
    onTestFinished(() => {
      forgetTarget(target);
      closeSync(descriptor);
    });
    const files: FilesToPlace = {
      target,
      uses: Uint32Array.of(0),
      paths: new TextEncoder().encode('a/b'),
      modes: Uint32Array.of(0o600),
      times: Float64Array.of(-1.5),
    };
    return { root, files };
  }

  it('has its content, mode and time, also one before 1970', async () => {
    const { root, files } = await placing();
    placeFile(files, 0, 'a/b', Buffer.from('content'));
    const { mtimeMs, mode } = await stat(join(root, 'a/b'));
    expect([await readFile(join(root, 'a/b'), 'utf8'), mtimeMs, mode & 0o777]).toEqual([
      'content',
      -1500,
      0o600,
    ]);
  });

  it('goes into the target that was meant, whatever is put in its place', async () => {
    const { root, files } = await placing();
    await rename(root, `${root}-moved`);
    await symlink('/tmp', root);
    placeFile(files, 0, 'c', Buffer.from('content'));
    expect(await readFile(`${root}-moved/c`, 'utf8')).toBe('content');
  });

  it('follows no link, and writes over nothing', async () => {
    const { root, files } = await placing();
    await mkdir(join(root, 'elsewhere'));
    await symlink('elsewhere', join(root, 'a'));
    await symlink('elsewhere/x', join(root, 'c'));
    const place = (path: string) => refusal((async () => placeFile(files, 0, path, Buffer.from('x')))());
    expect(await place('a/b')).toMatchObject({ code: 'LS-REPO-011' });
    expect(await place('c')).toMatchObject({ code: 'LS-REPO-018' });
    expect((await readTree(root)).size).toBe(0);
  });
});

describe('frames that are opened', () => {
  const content = randomBytes(1_000);
  const frame = encodeFrame(content);

  function segmentOf(stored: Uint8Array, of: Partial<FrameToOpen> = {}) {
    return {
      buffer: new Uint8Array(stored).buffer,
      storedLength: stored.length,
      length: stored.length,
      pack: { size: stored.length },
      wanted: { offset: 0, length: frame.length },
      frames: [
        {
          offset: 0,
          length: frame.length,
          plainLength: 65_536,
          offsets: Uint32Array.of(0),
          lengths: Uint32Array.of(1_000),
          sha256: digits(' '.repeat(64)),
          writes: [],
          isWanted: true,
          ...of,
        },
      ],
      buffers: [],
    };
  }

  function digits(hex: string): Uint8Array<ArrayBuffer> {
    return new TextEncoder().encode(hex);
  }

  function opened(stored: Uint8Array, of: Partial<FrameToOpen> = {}) {
    return openSegment(segmentOf(stored, of)).frames[0];
  }

  it('come with their content, or say what is wrong with them', () => {
    expect(Buffer.from(opened(frame)?.plain ?? []).equals(content)).toBe(true);
    expect(opened(frame.subarray(0, -1))).toMatchObject({ problem: 'is cut off' });
    expect(opened(Buffer.alloc(frame.length))).toMatchObject({ problem: 'was altered' });
    expect(opened(frame, { sha256: digits('0'.repeat(64)) })?.states).toEqual(Uint8Array.of(STATE.wrong));
  });

  it('are opened by a thread just as well, which makes the files', async () => {
    const target = join(scratch(), 'target');
    await mkdir(target);
    const descriptor = openSync(target, constants.O_RDONLY | constants.O_DIRECTORY);
    const worker = new Worker(new URL('../../src/repository/workers/thread.mjs', import.meta.url));
    onTestFinished(async () => {
      await worker.terminate();
      closeSync(descriptor);
    });
    const files = {
      target: { id: -2, root: target, descriptor },
      uses: Uint32Array.of(0),
      paths: new TextEncoder().encode('a/b'),
      modes: Uint32Array.of(0o640),
      times: Float64Array.of(1.5),
    };
    const job = segmentOf(frame, { sha256: digits(hash('sha256', content, 'hex')), files });
    const answers = on(worker, 'message');
    worker.postMessage({ id: 7, name: 'openSegment', job }, [job.buffer]);
    for await (const [answer] of answers as AsyncIterable<[Answer]>) {
      if (answer === 'ready') continue;
      expect(answer).toMatchObject({ id: 7, done: { frames: [{ states: Uint8Array.of(STATE.placed) }] } });
      break;
    }
    expect((await readFile(join(target, 'a/b'))).equals(content)).toBe(true);
  });

  it('are few at a time when little becomes much', () => {
    const bomb = zstdCompressSync(Buffer.alloc(FRAME_BYTES));
    const pieces = Array.from(
      { length: 100 },
      (_, i) => ['a'.repeat(64), i * bomb.length, bomb.length, 0, FRAME_BYTES, 'b'.repeat(64)] as const,
    );
    const entry = {
      path: 'zeros',
      type: 'file',
      mode: 0o600,
      uid: 0,
      gid: 0,
      mtime: '0',
      size: 100 * FRAME_BYTES,
      sha256: 'c'.repeat(64),
      pieces: pieces.map((piece) => [...piece]),
    } as unknown as FileEntry;
    const segments = planByPack([entry]);
    expect(segments.flatMap(({ frames }) => frames)).toHaveLength(100);
    expect(Math.max(...segments.map(({ frames }) => frames.length))).toBeLessThanOrEqual(4);
  });
});
