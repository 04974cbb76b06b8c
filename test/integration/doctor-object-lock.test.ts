import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectLockConfigurationCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyStack } from '../../src/cli/stack-of-document.ts';
import type { DoctorLine, DoctorWorld } from '../../src/inspection/doctor/check.ts';
import { objectLockCheck } from '../../src/inspection/doctor/checks/object-lock.ts';
import { s3Client } from '../../src/repository/stores/s3/client.ts';
import type { S3Settings } from '../../src/repository/stores/s3/settings.ts';
import type { ObjectLock, Stack } from '../../src/stack/stack.ts';
import { type LiveS3, startS3, versitygwServer } from './live-s3.ts';
import { findProgram } from './programs.ts';

const program = await findProgram('versitygw');

describe.skipIf(!program)('doctor, of a bucket whose objects are to be locked', () => {
  let directory = '';
  let server: LiveS3;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leitstand-lock-'));
    server = await startS3(versitygwServer(program?.path ?? ''), directory);
  }, 60_000);

  afterAll(async () => {
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function look(
    settings: S3Settings,
    objectLock: ObjectLock | undefined,
  ): Promise<readonly DoctorLine[]> {
    const retention = { days: 30, weeks: 0, months: 0, years: 0 };
    const stack: Stack = {
      ...emptyStack('under-test', join(directory, 'leitstand.yaml'), directory),
      backup: {
        store: { ...settings, kind: 's3', objectLock },
        retention,
        retentionOf: { logs: { ...retention, days: 10 } },
        schedule: { enabled: false, location: 'UTC', jitterMs: 0, times: {}, maxAgeMs: {} },
        recoveryKeys: [],
        verify: { days: 30 },
        metrics: { prefix: 'sva', service: 'monitoring' },
      },
      provision: { sources: [], paths: {}, cacheDir: directory },
    };
    return objectLockCheck.run({ stack, signal: AbortSignal.timeout(30_000) } as DoctorWorld);
  }

  it('says nothing where none is wanted', async () => {
    expect(await look(server.settings, undefined)).toEqual([]);
  });

  it('is content with a bucket that locks', async () => {
    expect(await look(await server.newBucket({ locks: true }), { mode: 'governance' })).toMatchObject([
      { verdict: 'ok' },
    ]);
  });

  it('finds one that does not', async () => {
    expect(await look(await server.newBucket(), { mode: 'governance' })).toMatchObject([
      { verdict: 'fail', found: 'does not lock objects' },
    ]);
  });

  it('finds a default of another mode', async () => {
    const bucket = await server.newBucket({ locks: true });
    await s3Client(bucket).send(
      new PutObjectLockConfigurationCommand({
        Bucket: bucket.bucket,
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Years: 1 } },
        },
      }),
    );
    const [line] = await look(bucket, { mode: 'governance' });
    expect(line).toMatchObject({ verdict: 'warn', wanted: 'no default retention' });
    expect(line?.found).toContain('compliance for 365 d, while backups are put with governance');
  });

  it('finds times that do not fit how long backups are kept', async () => {
    const lines = await look(await server.newBucket({ locks: true }), { mode: 'governance', days: 20 });
    expect(lines.map(({ verdict, subject, found }) => [verdict, subject, found])).toEqual([
      ['warn', 'backups', 'locked for 20 d, kept for 30 d: their last days are not locked'],
      ['warn', 'logs', 'locked for 20 d, kept for 10 d: they stay until the lock is over'],
      ['ok', expect.stringContaining('bucket'), 'locks objects, mode governance'],
    ]);
  });

  it('knows that a bucket of the stack is made later, and that what cannot be asked is not ok', async () => {
    const own = { ...server.settings, bucket: 'not-made-yet', component: 'versitygw' };
    expect(await look(own, { mode: 'governance' })).toMatchObject([{ verdict: 'ok' }]);
    const wrong = { ...server.settings, bucket: 'not-made-yet' };
    expect(await look(wrong, { mode: 'governance' })).toMatchObject([{ verdict: 'unknown', matters: true }]);
  });
});
