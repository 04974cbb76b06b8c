import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectRetentionCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LiveS3, startS3, versitygwServer } from '../integration/live-s3.ts';
import { findProgram, generations } from '../integration/programs.ts';
import { httpExchange } from '../../src/platform/http.ts';
import { s3Client } from '../../src/repository/stores/s3/client.ts';
import { openS3Store } from '../../src/repository/stores/s3/index.ts';
import type { S3Settings } from '../../src/repository/stores/s3/settings.ts';
import { eventually } from '../runtimes/native/harness.ts';
import { makeStack, type StackUnderTest } from './stack-under-test.ts';

const program = await findProgram('versitygw');

async function namesIn(bucket: S3Settings): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of openS3Store({ ...bucket, prefix: 'towns/north' }).list('')) names.push(name);
  return names;
}
const [generation] = generations;

/** The other end of the wire is a real S3 server; nothing of the backup lies on this machine otherwise. */
describe.skipIf(!program || !generation)('backups in an S3 bucket', () => {
  let directory = '';
  let server: LiveS3;
  let bucket: S3Settings;
  let stack: StackUnderTest;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leitstand-s3-'));
    server = await startS3(versitygwServer(program?.path ?? ''), directory);
    bucket = await server.newBucket({ locks: true });
    stack = await makeStack(generation ?? 'current');
    await stack.configure({
      extra: `backup:
  s3: {bucket: ${bucket.bucket}, endpoint: '${bucket.endpoint}', prefix: towns/north, access_key_id: '\${secret:S3_ID}', secret_access_key: '\${secret:S3_KEY}', object_lock: {mode: governance}}
`,
    });
    const { accessKeyId, secretAccessKey } = bucket.credentials ?? {};
    await appendFile(
      join(stack.directory, '.env'),
      `S3_ID=${accessKeyId?.reveal()}\nS3_KEY=${secretAccessKey?.reveal()}\n`,
    );
  }, 120_000);

  afterAll(async () => {
    await stack?.destroy();
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it('are made, read, verified and drilled as those in a directory', async () => {
    const up = await stack.run('up');
    expect(up.exit, `${up.stderr}`).toBe(0);
    let backup = await stack.run('backup');
    // A backup needs samples of every target.
    await eventually(
      async () => {
        if (backup.exit !== 0) backup = await stack.run('backup');
        return backup.exit === 0;
      },
      'the first backup',
      60_000,
    );
    const names = await namesIn(bucket);
    expect(names).toContain('lsb1.json');
    expect(names.some((name) => name.startsWith('packs/'))).toBe(true);
    for (const words of [
      ['backup', 'list'],
      ['backup', 'verify'],
      ['drill', '--source', 'prometheus'],
      ['backup', 'prune'],
    ]) {
      const { exit, stdout, stderr } = await stack.run(...words);
      expect(exit, `${words.join(' ')}\n${stdout}${stderr}`).toBe(0);
    }
  }, 180_000);

  it('are locked for as long as they are kept, and a week', async () => {
    const Key = `towns/north/${(await namesIn(bucket)).find((name) => name.startsWith('packs/'))}`;
    const command = new GetObjectRetentionCommand({ Bucket: bucket.bucket, Key });
    const { Retention } = await s3Client(bucket).send(command);
    const days = (Number(Retention?.RetainUntilDate) - Date.now()) / 86_400_000;
    expect(Retention?.Mode).toBe('GOVERNANCE');
    expect(days).toBeGreaterThan(36.9);
    expect(days).toBeLessThanOrEqual(37.01);
    const { stdout } = await stack.run('doctor', '--all');
    expect(stdout).toContain('locks objects, mode governance');
  }, 60_000);

  it('tell Prometheus by the names that the first users chose', async () => {
    const url = `http://127.0.0.1:${stack.ports.pushgateway}/metrics`;
    const page = (await httpExchange(url)).body;
    const [, timestamp] =
      /^sva_backup_timestamp\{.*job="backup",.*service="monitoring".*\} (\S+)$/m.exec(page) ?? [];
    expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(600);
    expect(page).toMatch(/^sva_backup_size_bytes\{/m);
    expect(page).toMatch(/^sva_backup_duration_seconds\{/m);
  });

  it('are not reached without the server, and nobody says that they are gone', async () => {
    await server.stop();
    const backup = await stack.run('backup');
    expect(backup.exit).toBe(6);
    expect(backup.stderr).toContain('LS-REPO-020');
    expect(backup.stderr).not.toContain(bucket.credentials?.secretAccessKey.reveal() ?? '');
    const status = await stack.run('status');
    expect(status.stdout).toContain('could not be looked at');
    expect(status.stdout).not.toContain('gone');
  }, 120_000);
});
