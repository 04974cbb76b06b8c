import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findExecutable } from '../../src/platform/files.ts';
import { FRAME_BYTES } from '../../src/repository/frames.ts';
import { loadOrCreateSigningKey } from '../../src/repository/keys.ts';
import { initialiseRepository, openRepository } from '../../src/repository/repository.ts';
import { openS3Store } from '../../src/repository/stores/s3/index.ts';
import { matchesPath } from '../../src/platform/path-patterns.ts';
import { countingStore } from '../repository/counting-store.ts';
import {
  objectNames,
  readTree,
  refusal,
  scratch,
  snapshotOf,
  world,
  writeTree,
} from '../repository/fixture.ts';
import { type LiveS3, type S3Server, seaweedServer, startS3, versitygwServer } from './live-s3.ts';
import { findProgram } from './programs.ts';

const versitygw = await findProgram('versitygw');
const weed = await findExecutable('weed', process.env['PATH'] ?? '');

if (!versitygw) process.stderr.write('a repository in versitygw: SKIPPED: not on this machine\n');
if (weed === undefined) process.stderr.write('a repository in SeaweedFS: SKIPPED: no `weed` on PATH\n');
const servers: (readonly [string, S3Server])[] = [
  ...(versitygw ? [['versitygw', versitygwServer(versitygw.path)] as const] : []),
  ...(weed === undefined ? [] : [['SeaweedFS', seaweedServer(weed)] as const]),
];

const day = (number: number) => new Date(Date.UTC(2026, 6, number, 12));
const files = [
  { path: 'blocks/A/chunks/000001', content: randomBytes(3 * FRAME_BYTES + 11), mtime: day(1) },
  ...Array.from({ length: 40 }, (_, i) => ({
    path: `chunks/${i}`,
    content: randomBytes(20_000),
    mtime: day(1 + (i % 4)),
  })),
];

/** The same as in a directory, over the wire of a real server. */
describe.each(servers)('a repository in %s', (_, program) => {
  let directory = '';
  let server: LiveS3;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leitstand-s3-'));
    server = await startS3(program, directory);
  }, 60_000);

  afterAll(async () => {
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function filled() {
    const place = scratch();
    const key = await loadOrCreateSigningKey(join(place, 'keys'));
    const bucket = openS3Store({ ...(await server.newBucket()), prefix: 'towns/north' });
    const { store, fetches } = countingStore(bucket);
    const options = { ...world, signingKey: key };
    await initialiseRepository(store, options);
    const repository = await openRepository(store, options);
    const entries = await writeTree(join(place, 's'), files);
    const { record } = await repository.writeSnapshot(snapshotOf(entries));
    await repository.writeBackup({ stack: 'demo', snapshots: [record], startedAt: new Date() });
    fetches.clear();
    return { store, fetches, repository, record, target: join(place, 'target') };
  }

  it('is read back in shares, and damage in it is found and named', async () => {
    const { store, repository, record } = await filled();
    const first = await repository.verify({ level: 'stored', rotateDays: 30 });
    expect(first).toMatchObject({ findings: [], misread: [] });
    expect(first.counts.objectsRead).toBe(record.packs.length + record.lists.length);
    const second = await repository.verify({ level: 'stored', rotateDays: 30 });
    expect([second.counts.objectsRead, second.findings]).toEqual([0, []]);
    expect(await objectNames(store, 'verify/')).toHaveLength(1);
    for (const prefix of ['packs/', 'lists/', 'snapshots/', 'verify/']) {
      const [object = ''] = await objectNames(store, prefix);
      const sound = Buffer.from((await store.get(object)) ?? []);
      const damaged = Buffer.from(sound);
      damaged.writeUInt8(damaged.readUInt8(sound.length >> 1) ^ 1, sound.length >> 1);
      await store.put(object, damaged);
      const { findings } = await repository.verify({ level: 'content' });
      expect(findings.map((finding) => finding.object)).toContain(object);
      await store.put(object, sound);
    }
    expect((await repository.verify({ level: 'content' })).findings).toEqual([]);
  }, 60_000);

  it('is restored: whole, fetching each pack once, several at a time; in part, fetching a part', async () => {
    const { fetches, repository, record, target } = await filled();
    await repository.restore({ snapshot: record, target });
    const found = await readTree(target);
    for (const { path, content } of files)
      expect([path, found.get(path)?.equals(content)]).toEqual([path, true]);
    const all = record.packs.reduce((sum, { size }) => sum + size, 0);
    expect(fetches.bytesOf('packs/')).toBeLessThanOrEqual(all);
    expect(fetches.mostAtOnce).toBeGreaterThan(1);
    fetches.clear();
    const selection = {
      words: 'chunks/7',
      includes: (path: string) => matchesPath(path, 'chunks/7'),
    };
    await repository.restore({ snapshot: record, target: `${target}-2`, selection });
    expect([...(await readTree(`${target}-2`)).keys()]).toEqual(['chunks/7']);
    expect(fetches.bytesOf('packs/')).toBeLessThanOrEqual(FRAME_BYTES + 100);
  }, 60_000);

  it('of which a pack is gone is said so before anything is written', async () => {
    const { store, repository, record, target } = await filled();
    const [pack = ''] = await objectNames(store, 'packs/');
    await store.delete(pack);
    const error = await refusal(repository.restore({ snapshot: record, target }));
    expect(error).toMatchObject({ code: 'LS-REPO-005' });
    expect(error.message).toContain(pack);
  }, 60_000);
});

it('may lie in a server of more than one make, where there are any', () => {
  expect(new Set(servers.map(([name]) => name)).size).toBe(servers.length);
});
