import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FRAME_BYTES } from '../../src/repository/frames.ts';
import { openRepository, type Repository } from '../../src/repository/repository.ts';
import { dueForRereading } from '../../src/repository/reread.ts';
import type { CaptureEntry } from '../../src/stack/source.ts';
import { type Fixture, makeRepository, objectNames, readTree, scratch, snapshotOf } from './fixture.ts';
import { refusal, world, writeTree } from './fixture.ts';

const DAY_MS = 86_400_000;
const START = Date.parse('2026-08-01T02:00:00Z');
const day = (number: number) => new Date(Date.UTC(2026, 6, number, 12));

/** The same repository, as it is opened so many days later. */
async function onDay({ store, key }: Fixture, number: number): Promise<Repository> {
  const clock = { ...world.clock, now: () => new Date(START + number * DAY_MS) };
  return openRepository(store, { ...world, clock, signingKey: key });
}

/** Other content, with the size and the time of before. */
function rot(file: string, at: number): void {
  const bytes = readFileSync(file);
  const { atime, mtime } = statSync(file);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  writeFileSync(file, bytes);
  utimesSync(file, atime, mtime);
}

async function filled(sizes: readonly number[]) {
  const fixture = await makeRepository();
  const source = join(fixture.directory, 'source');
  const files = sizes.map((size, i) => ({
    path: `f${i}`,
    content: randomBytes(size),
    mtime: day(1 + (i % 3)),
  }));
  const entries = await writeTree(source, files);
  const first = await (await onDay(fixture, 0)).writeSnapshot(snapshotOf(entries));
  return { ...fixture, source, files, entries, first, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

describe('what a program never changes', () => {
  it('is not read again while its size and time are the same, and its lists are used again', async () => {
    const fixture = await filled(Array.from({ length: 60 }, () => 2000));
    const again = await (await onDay(fixture, 1)).writeSnapshot(snapshotOf(fixture.entries));
    expect(again.record.lists).toEqual(fixture.first.record.lists);
    expect(again.record.packs).toEqual(fixture.first.record.packs);
    expect(again).toMatchObject({ reusedBytes: fixture.bytes, damage: [], losses: [] });
    expect(again.readBytes).toBe(again.rereadBytes);
    expect(again.skippedBytes + again.rereadBytes).toBe(fixture.bytes);
    expect(again.rereadBytes).toBeLessThan(fixture.bytes / 4);
  });

  it('is described as it is now, although its content was not read', async () => {
    const fixture = await filled([3000]);
    const [file = ''] = fixture.entries.map((entry) => entry.file);
    chmodSync(file, 0o600);
    const { record } = await (await onDay(fixture, 1)).writeSnapshot(snapshotOf(fixture.entries));
    const target = join(scratch(), 't');
    await fixture.repository.restore({ snapshot: record, target });
    expect(statSync(join(target, 'f0')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(target, 'f0')).equals(fixture.files[0]?.content ?? Buffer.alloc(0))).toBe(true);
  });

  it('is read again once its size or its time is another one', async () => {
    const fixture = await filled([3000, 3000]);
    const [first = '', second = ''] = fixture.entries.map((entry) => entry.file);
    writeFileSync(first, 'longer or shorter');
    utimesSync(first, day(1), day(1));
    rot(second, 5);
    utimesSync(second, day(2), new Date(day(2).getTime() + 1));
    const { record } = await (await onDay(fixture, 1)).writeSnapshot(snapshotOf(fixture.entries));
    const target = join(scratch(), 't');
    await fixture.repository.restore({ snapshot: record, target });
    const found = await readTree(target);
    expect(found.get('f0')?.toString()).toBe('longer or shorter');
    expect(found.get('f1')?.equals(readFileSync(second))).toBe(true);
  });

  it('is stored anew when its pack is gone, without being asked', async () => {
    const fixture = await filled([3000]);
    for (const name of await objectNames(fixture.store, 'packs/')) await fixture.store.delete(name);
    const again = await (await onDay(fixture, 1)).writeSnapshot(snapshotOf(fixture.entries));
    expect(again).toMatchObject({ skippedBytes: 0, reusedBytes: 0, readBytes: 3000 });
    expect(
      (await fixture.repository.verify({ level: 'content', snapshot: again.record.id })).findings,
    ).toEqual([]);
  });
});

describe('what may change', () => {
  it('is read each time, and its list is used again when it is the same', async () => {
    const fixture = await filled([3000, FRAME_BYTES + 5]);
    const entries = fixture.entries.map((entry): CaptureEntry => ({ ...entry, class: 'mutable' }));
    const again = await (await onDay(fixture, 1)).writeSnapshot(snapshotOf(entries));
    expect(again).toMatchObject({ readBytes: fixture.bytes, skippedBytes: 0, rereadBytes: 0 });
    expect(again.record.lists).toEqual(fixture.first.record.lists);
    rot(entries[0]?.file ?? '', 7);
    const changed = await (await onDay(fixture, 2)).writeSnapshot(snapshotOf(entries));
    expect(changed).toMatchObject({ damage: [], reusedBytes: FRAME_BYTES + 5 });
  });

  it('is left out when it vanished, and the snapshot says so', async () => {
    const fixture = await filled([3000]);
    const gone = { path: 'gone', file: join(fixture.source, 'gone'), class: 'mutable' as const };
    const { record, losses, damage } = await fixture.repository.writeSnapshot(
      snapshotOf([...fixture.entries, gone]),
    );
    expect(losses).toEqual([expect.stringContaining('gone was deleted')]);
    expect(damage).toMatchObject([{ code: 'LS-REPO-040', exit: 3 }]);
    expect((await fixture.repository.facts(record)).knownLoss).toEqual(['nothing of note', ...losses]);
    expect(record.totals.files).toBe(1);
    const never = { ...gone, class: 'immutable' as const };
    const refused = fixture.repository.writeSnapshot(snapshotOf([...fixture.entries, never]));
    expect((await refusal(refused)).code).toBe('LS-REPO-009');
  });
});

describe('unchanged content', () => {
  it('is all read again within 30 days, however often runs come', async () => {
    const sizes = [...Array.from({ length: 40 }, () => 1000), 40 * FRAME_BYTES + 1];
    const parts = sizes.flatMap((size, i) =>
      Array.from({ length: Math.ceil(size / FRAME_BYTES) }, (_, piece) => [`f${i}`, piece] as const),
    );
    for (const step of [0.5, 1, 2, 3, 7, 10, 40]) {
      const read = new Set<string>();
      for (let at = 0; at < 30; at += step) {
        const isDue = dueForRereading(new Date(START + at * DAY_MS), new Date(START + (at + step) * DAY_MS));
        for (const [path, piece] of parts) if (isDue?.(path, piece)) read.add(`${path} ${piece}`);
      }
      expect([step, read.size]).toEqual([step, parts.length]);
    }
    // The first run of a day has read its share; a run of tomorrow says nothing.
    const isDueOn = (last: number, now: number) => {
      const isDue = dueForRereading(new Date(START + last * DAY_MS), new Date(START + now * DAY_MS));
      return parts.filter(([path, piece]) => isDue?.(path, piece)).length;
    };
    expect(isDueOn(5.2, 5.9)).toBe(0);
    expect(isDueOn(7, 5)).toBe(isDueOn(4, 5));
    // A thirtieth a day, also of one large file.
    const isDue = dueForRereading(new Date(START), new Date(START + DAY_MS));
    const share = Array.from({ length: 300 }, (_, piece) => isDue?.('block', piece)).filter(Boolean).length;
    expect(share).toBe(10);
  });

  it('is all read again also where modes change every day', async () => {
    const fixture = await filled(Array.from({ length: 60 }, () => 100));
    let read = 0;
    for (let number = 1; number <= 31; number += 1) {
      for (const { file } of fixture.entries) chmodSync(file, number % 2 === 0 ? 0o600 : 0o640);
      const cutoff = new Date(START + number * DAY_MS).toISOString();
      const request = snapshotOf(fixture.entries);
      const repository = await onDay(fixture, number);
      const done = await repository.writeSnapshot({ ...request, capture: { ...request.capture, cutoff } });
      read += done.readBytes;
    }
    expect(read).toBeGreaterThanOrEqual(fixture.bytes);
  }, 60_000);

  it('is told when it is not what it was: the content of now is stored, that of before stays where it is', async () => {
    const fixture = await filled([3000, 2 * FRAME_BYTES + 9]);
    for (const { file } of fixture.entries) rot(file, 2500);
    const result = await (await onDay(fixture, 31)).writeSnapshot(snapshotOf(fixture.entries));
    expect(result.damage.map(({ code, exit }) => [code, exit])).toEqual([
      ['LS-REPO-038', 3],
      ['LS-REPO-038', 3],
    ]);
    expect(result.damage.map(({ message }) => message).join()).toContain(fixture.first.record.id);
    expect((await fixture.repository.facts(result.record)).knownLoss.join()).toContain(
      'f0 has other content',
    );
    const restored = async (snapshot: string) => {
      const target = join(scratch(), 't');
      await fixture.repository.restore({ snapshot, target });
      return readTree(target);
    };
    const before = await restored(fixture.first.record.id);
    for (const { path, content } of fixture.files) expect(before.get(path)?.equals(content)).toBe(true);
    const now = await restored(result.record.id);
    for (const { path, file } of fixture.entries)
      expect(now.get(path)?.equals(readFileSync(file))).toBe(true);
    const next = await (await onDay(fixture, 62)).writeSnapshot(snapshotOf(fixture.entries));
    expect(next.damage).toEqual([]);
  });

  it('is found on one of 30 daily runs', async () => {
    const fixture = await filled([3000]);
    rot(fixture.entries[0]?.file ?? '', 100);
    const found: string[] = [];
    for (let number = 1; number <= 30; number++) {
      const { damage } = await (await onDay(fixture, number)).writeSnapshot(snapshotOf(fixture.entries));
      found.push(...damage.map(({ code }) => code));
    }
    expect(found).toEqual(['LS-REPO-038']);
  }, 60_000);
});
