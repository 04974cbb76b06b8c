import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectRetentionCommand,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findExecutable } from '../../src/platform/files.ts';
import { s3Client } from '../../src/repository/stores/s3/client.ts';
import { openS3Store } from '../../src/repository/stores/s3/index.ts';
import { loadOrCreateSigningKey } from '../../src/repository/keys.ts';
import { packName } from '../../src/repository/names.ts';
import { initialiseRepository } from '../../src/repository/repository.ts';
import { bucketLock } from '../../src/repository/stores/s3/object-lock.ts';
import type { S3Settings } from '../../src/repository/stores/s3/settings.ts';
import type { Store } from '../../src/stack/store.ts';
import { scratch, snapshotOf, world, writeTree } from '../repository/fixture.ts';
import { type LiveS3, type S3Server, seaweedServer, startS3, versitygwServer } from './live-s3.ts';
import { findProgram } from './programs.ts';

const versitygw = await findProgram('versitygw');
const weed = await findExecutable('weed', process.env['PATH'] ?? '');
if (!versitygw) process.stderr.write('object lock in versitygw: SKIPPED: not on this machine\n');
if (weed === undefined) process.stderr.write('object lock in SeaweedFS: SKIPPED: no `weed` on PATH\n');

interface LockingServer {
  readonly program: S3Server;
  /** A delete hides what is locked, and the bytes stay as an old version. */
  readonly keepsVersions: boolean;
}

const servers: (readonly [string, LockingServer])[] = [
  ...(versitygw
    ? [
        ['versitygw', { program: versitygwServer(versitygw.path), keepsVersions: false }] as const,
        [
          'versitygw with versions',
          { program: versitygwServer(versitygw.path, { versions: true }), keepsVersions: true },
        ] as const,
      ]
    : []),
  ...(weed === undefined
    ? []
    : [['SeaweedFS', { program: seaweedServer(weed), keepsVersions: true }] as const]),
];

const HOUR = 3_600_000;
const inSeconds = (time: number) => new Date(Math.ceil(time / 1_000) * 1_000);

async function namesIn(store: Store): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of store.list('')) names.push(name);
  return names;
}

describe.each(servers)('an object lock in %s', (_, { program, keepsVersions }) => {
  let directory = '';
  let server: LiveS3;
  const until = inSeconds(Date.now() + HOUR);

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leitstand-s3-'));
    server = await startS3(program, directory);
  }, 60_000);

  afterAll(async () => {
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function locking(mode: 'governance' | 'compliance' = 'compliance') {
    const settings: S3Settings = { ...(await server.newBucket({ locks: true })), objectLock: { mode } };
    const store = openS3Store(settings);
    const client = s3Client(settings);
    const lockOf = async (name: string) => {
      const { Retention } = await client.send(
        new GetObjectRetentionCommand({ Bucket: settings.bucket, Key: name }),
      );
      return [Retention?.Mode, Retention?.RetainUntilDate?.toISOString()];
    };
    return { settings, store, client, lockOf };
  }

  it.each(['governance', 'compliance'] as const)(
    'of mode %s is put with the object, and extended',
    async (mode) => {
      const { store, lockOf } = await locking(mode);
      await store.put('packs/a', Buffer.from('1'), { lockUntil: until });
      expect(await lockOf('packs/a')).toEqual([mode.toUpperCase(), until.toISOString()]);
      const later = inSeconds(until.getTime() + HOUR);
      await store.extendLock?.('packs/a', later);
      expect(await lockOf('packs/a')).toEqual([mode.toUpperCase(), later.toISOString()]);
      await store.extendLock?.('packs/a', until);
      expect(await lockOf('packs/a')).toEqual([mode.toUpperCase(), later.toISOString()]);
    },
  );

  it('is given to what had none', async () => {
    const { store, lockOf } = await locking();
    await store.put('a', Buffer.from('1'));
    await store.extendLock?.('a', until);
    expect(await lockOf('a')).toEqual(['COMPLIANCE', until.toISOString()]);
  });

  it('is extended in the mode that the object has', async () => {
    const { settings, store, lockOf } = await locking('compliance');
    await store.put('a', Buffer.from('1'), { lockUntil: until });
    const later = inSeconds(until.getTime() + HOUR);
    await openS3Store({ ...settings, objectLock: { mode: 'governance' } }).extendLock?.('a', later);
    expect(await lockOf('a')).toEqual(['COMPLIANCE', later.toISOString()]);
  });

  it('lets the same object be put again', async () => {
    const { store } = await locking();
    for (let time = 0; time < 2; time++) await store.put('a', Buffer.from('same'), { lockUntil: until });
    expect(Buffer.from((await store.get('a')) ?? []).toString()).toBe('same');
  });

  it('keeps the bytes from being deleted and replaced', async () => {
    const { settings, store, client } = await locking();
    await store.put('a', Buffer.from('precious'), { lockUntil: until });
    const deleted = await store.delete('a').catch((error) => error);
    const replaced = await store.put('a', Buffer.from('other')).catch((error) => error);
    if (!keepsVersions) {
      expect(deleted).toMatchObject({ code: 'LS-REPO-036' });
      expect(deleted.details.why).toContain(until.toISOString());
      expect(replaced).toMatchObject({ code: 'LS-REPO-021' });
      expect(Buffer.from((await store.get('a')) ?? []).toString()).toBe('precious');
      return;
    }
    expect([deleted, replaced]).toEqual([undefined, undefined]);
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: settings.bucket }));
    const first = Versions.find(({ Size }) => Size === 'precious'.length);
    expect(first).toBeDefined();
    const erase = new DeleteObjectCommand({
      Bucket: settings.bucket,
      Key: 'a',
      VersionId: first?.VersionId ?? '',
    });
    await expect(client.send(erase)).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it.skipIf(!keepsVersions)(
    'has what was deleted out of sight, and back when the marker is gone',
    async () => {
      const { settings, store, client } = await locking();
      await store.put('a', Buffer.from('precious'), { lockUntil: until });
      await store.put('b', Buffer.from('2'));
      await store.delete('a');
      expect(await namesIn(store)).toEqual(['b']);
      expect([await store.head('a'), await store.get('a')]).toEqual([undefined, undefined]);
      const { DeleteMarkers: markers = [] } = await client.send(
        new ListObjectVersionsCommand({ Bucket: settings.bucket }),
      );
      const latest = markers.find(({ IsLatest }) => IsLatest);
      await client.send(
        new DeleteObjectCommand({ Bucket: settings.bucket, Key: 'a', VersionId: latest?.VersionId ?? '' }),
      );
      expect(await namesIn(store)).toEqual(['a', 'b']);
      expect(Buffer.from((await store.get('a')) ?? []).toString()).toBe('precious');
    },
  );

  it('is switched on for a bucket that a component of the stack makes', async () => {
    const settings: S3Settings = {
      ...server.settings,
      bucket: `own-${Date.now()}`,
      component: 'versitygw',
      objectLock: { mode: 'compliance' },
    };
    await openS3Store(settings).put('a', Buffer.from('1'), { lockUntil: until });
    expect(await bucketLock(s3Client(settings), settings.bucket)).toMatchObject({ isEnabled: true });
  });

  it('holds all that a backup needs until the time that its record tells, and a prune says so', async () => {
    const { store, lockOf } = await locking();
    const place = scratch();
    const signingKey = await loadOrCreateSigningKey(join(place, 'keys'));
    const repository = await initialiseRepository(store, { ...world, signingKey, lockDays: () => 3 });
    const entries = await writeTree(join(place, 's'), [{ path: 'a', content: Buffer.from('a') }]);
    const { record } = await repository.writeSnapshot(snapshotOf(entries));
    await repository.writeBackup({ stack: 'demo', snapshots: [record], startedAt: new Date() });
    for (const name of await namesIn(store)) expect((await lockOf(name))[0]).toBe('COMPLIANCE');
    for (const { id, lockUntil } of record.packs)
      expect(await lockOf(packName(record.source, id))).toEqual(['COMPLIANCE', lockUntil]);
    expect(await lockOf('lsb1.json')).toEqual(['COMPLIANCE', record.lock?.repository]);
    expect(Date.parse(record.lock?.until ?? '') - Date.now()).toBeGreaterThan(2.9 * 24 * HOUR);
    const again = await repository.writeSnapshot(snapshotOf(entries));
    expect(again.record.packs).toEqual(record.packs);
    const policy = () => ({ days: -1, weeks: 0, months: 0, years: 0 });
    const request = { policy, verified: new Set<string>(), expected: [], dryRun: false, much: true };
    const { snapshots } = await repository.prune(request);
    expect(snapshots.map(({ kept }) => kept)).toEqual(['the newest', `locked until ${record.lock?.until}`]);
  });

  it('that the bucket does not have is said, and nothing is taken to be locked', async () => {
    const plain = { ...(await server.newBucket()), objectLock: { mode: 'governance' } as const };
    await expect(openS3Store(plain).put('a', Buffer.from('1'), { lockUntil: until })).rejects.toMatchObject({
      code: 'LS-REPO-035',
      exit: 2,
    });
  });
});

it('is tried on servers of more than one make, where there are any', () => {
  expect(new Set(servers.map(([name]) => name)).size).toBe(servers.length);
});
