import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findExecutable } from '../../src/platform/files.ts';
import { openS3Store } from '../../src/repository/stores/s3/index.ts';
import type { S3Settings } from '../../src/repository/stores/s3/settings.ts';
import { Secret } from '../../src/stack/secret.ts';
import { describeStore } from '../repository/store-conformance.ts';
import { type LiveS3, seaweedServer, startS3, versitygwServer } from './live-s3.ts';
import { findProgram } from './programs.ts';

const versitygw = await findProgram('versitygw');
const weed = await findExecutable('weed', process.env['PATH'] ?? '');
if (!versitygw) process.stderr.write('S3 store with versitygw: SKIPPED: not on this machine\n');
if (weed === undefined) process.stderr.write('S3 store with SeaweedFS: SKIPPED: no `weed` on PATH\n');

const servers = [
  ...(versitygw ? [['versitygw', versitygwServer(versitygw.path)] as const] : []),
  ...(weed === undefined ? [] : [['SeaweedFS', seaweedServer(weed)] as const]),
];

describe.each(servers)('with %s', (_, program) => {
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

  describeStore('the S3 store', async () => openS3Store(await server.newBucket()));
  describeStore('the S3 store below a prefix', async () =>
    openS3Store({ ...(await server.newBucket()), prefix: 'leitstand/rathaus-nord' }),
  );

  it('keeps what lies beside its prefix out of sight', async () => {
    const bucket = await server.newBucket();
    await openS3Store({ ...bucket, prefix: 'a' }).put('x', Buffer.from('1'));
    await openS3Store({ ...bucket, prefix: 'ab' }).put('y', Buffer.from('2'));
    const names: string[] = [];
    for await (const { name } of openS3Store({ ...bucket, prefix: 'a' }).list('')) names.push(name);
    expect(names).toEqual(['x']);
  });

  it('refuses wrong keys, without saying which', async () => {
    const bucket = await server.newBucket();
    const wrong = {
      accessKeyId: new Secret('AKwrongwrong', 'a'),
      secretAccessKey: new Secret('c'.repeat(40), 'b'),
    };
    const error = await openS3Store({ ...bucket, credentials: wrong })
      .put('x', Buffer.from('1'))
      .catch((one) => one);
    expect(error).toMatchObject({ code: 'LS-REPO-021', exit: 4 });
    expect(JSON.stringify(error.details)).not.toContain('AKwrong');
    await expect(openS3Store({ ...bucket, credentials: wrong }).head('x')).rejects.toMatchObject({ exit: 4 });
  });

  it('makes the bucket of a component of the stack when it is written to, and no sooner', async () => {
    const settings = { ...server.settings, bucket: `own-${Date.now()}`, component: 'versitygw' };
    const store = openS3Store(settings);
    expect([await store.head('x'), await store.get('x')]).toEqual([undefined, undefined]);
    for await (const { name } of store.list('')) expect(name).toBe('nothing');
    await Promise.all(['x', 'y'].map((name) => store.put(name, Buffer.from('1'))));
    await openS3Store(settings).put('z', Buffer.from('1'));
    const names: string[] = [];
    for await (const { name } of store.list('')) names.push(name);
    expect(names).toEqual(['x', 'y', 'z']);
  });

  it('says that there is no such bucket', async () => {
    const store = openS3Store({ ...server.settings, bucket: 'never-made' });
    await expect(store.put('x', Buffer.from('1'))).rejects.toMatchObject({ code: 'LS-REPO-023', exit: 2 });
    await expect(store.head('x')).rejects.toMatchObject({ code: 'LS-REPO-023' });
    await expect(store.list('')[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'LS-REPO-023',
    });
  });
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** What no real server does on request. */
describe('a server that', () => {
  let server: Server;
  let asked = 0;

  async function answering(...answers: readonly Answer[]): Promise<S3Settings> {
    asked = 0;
    server = createServer((request, response) => {
      request.resume();
      const answer = answers[Math.min(asked, answers.length - 1)];
      asked += 1;
      request.on('end', () => answer?.(request, response));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return settingsFor((server.address() as AddressInfo).port);
  }

  const settingsFor = (port: number): S3Settings => ({
    bucket: 'b',
    prefix: '',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: new Secret('a', 'a'), secretAccessKey: new Secret('b', 'b') },
  });

  const error =
    (status: number, code: string): Answer =>
    (_, response) =>
      response
        .writeHead(status, { 'content-type': 'application/xml' })
        .end(`<Error><Code>${code}</Code><Message>no</Message></Error>`);
  const page =
    (names: readonly string[], next?: string): Answer =>
    (_, response) =>
      response
        .writeHead(200, { 'content-type': 'application/xml' })
        .end(
          `<ListBucketResult>${names.map((name) => `<Contents><Key>${name}</Key><Size>1</Size></Contents>`).join('')}<IsTruncated>${next !== undefined}</IsTruncated>${next === undefined ? '' : `<NextContinuationToken>${next}</NextContinuationToken>`}</ListBucketResult>`,
        );
  const ok: Answer = (_, response) => response.writeHead(200, { etag: '"1"' }).end();

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it.each([
    ['is busy', 503, 'SlowDown'],
    ['fails', 500, 'InternalError'],
  ])('%s for a moment is asked again', async (_, status, code) => {
    const store = openS3Store(await answering(page([]), error(status, code), error(status, code), ok));
    await store.put('x', Buffer.from('1'));
    expect(asked).toBe(4);
  });

  it.each([
    ['refuses the token', 400, 'ExpiredToken', 'LS-REPO-021'],
    ['forbids', 403, 'AccessDenied', 'LS-REPO-021'],
    ['has another time', 403, 'RequestTimeTooSkewed', 'LS-REPO-022'],
    ['is of another region', 301, 'PermanentRedirect', 'LS-REPO-023'],
    ['is full', 507, 'InsufficientStorage', 'LS-REPO-006'],
    ['finds fault', 400, 'InvalidDigest', 'LS-REPO-024'],
  ])('%s is told', async (_, status, word, code) => {
    const store = openS3Store(await answering(error(status, word)));
    await expect(store.put('x', Buffer.from('1'))).rejects.toMatchObject({ code });
  });

  it('breaks off in the middle of an object is asked again', async () => {
    const store = openS3Store(
      await answering(
        (_, response) => {
          response.writeHead(200, { 'content-length': '10' });
          response.write('01234', () => response.destroy());
        },
        (_, response) => response.writeHead(200, { 'content-length': '10' }).end('0123456789'),
      ),
    );
    expect(Buffer.from((await store.get('x')) ?? []).toString()).toBe('0123456789');
  });

  it('is told how to store each object', async () => {
    const seen: IncomingMessage['headers'][] = [];
    const settings = await answering((request, response) => {
      if (request.method === 'GET') return page([])(request, response);
      seen.push(request.headers);
      return ok(request, response);
    });
    const store = openS3Store({
      ...settings,
      storageClass: 'STANDARD_IA',
      encryption: 'aws:kms',
      kmsKeyId: 'alias/backups',
    });
    await store.put('x', Buffer.from('1'));
    await openS3Store(settings).put('x', Buffer.from('1'));
    const [told, plain] = seen;
    expect(told).toMatchObject({
      'x-amz-storage-class': 'STANDARD_IA',
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'alias/backups',
      // Hashed and signed, without a trailer that some servers refuse.
      'x-amz-content-sha256': createHash('sha256').update('1').digest('hex'),
    });
    for (const header of [
      'x-amz-storage-class',
      'x-amz-server-side-encryption',
      'x-amz-trailer',
      'content-md5',
    ])
      expect(plain?.[header]).toBeUndefined();
  });

  it('is told until when to lock an object, with the checksum that it wants for that', async () => {
    const seen: IncomingMessage['headers'][] = [];
    const settings = await answering(
      page([]),
      (request, response) => {
        seen.push(request.headers);
        ok(request, response);
      },
      (_, response) =>
        response
          .writeHead(200, { 'content-type': 'application/xml' })
          .end(
            '<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>2026-09-07T12:00:00Z</RetainUntilDate></Retention>',
          ),
    );
    const store = openS3Store({ ...settings, objectLock: { mode: 'compliance' } });
    await store.put('x', Buffer.from('1'), { lockUntil: new Date('2026-09-07T12:00:00.000Z') });
    expect(seen[0]).toMatchObject({
      'x-amz-object-lock-mode': 'COMPLIANCE',
      'x-amz-object-lock-retain-until-date': '2026-09-07T12:00:00Z',
      'content-md5': createHash('md5').update('1').digest('base64'),
    });
  });

  it('takes a lock and forgets it is found out', async () => {
    const settings = await answering(page([]), ok, error(404, 'NoSuchObjectLockConfiguration'));
    const store = openS3Store({ ...settings, objectLock: { mode: 'governance' } });
    await expect(
      store.put('x', Buffer.from('1'), { lockUntil: new Date(Date.now() + 3_600_000) }),
    ).rejects.toMatchObject({ code: 'LS-REPO-035' });
  });

  it('lets nobody ask about locks is believed', async () => {
    const settings = await answering(page([]), ok, error(403, 'AccessDenied'), ok);
    const store = openS3Store({ ...settings, objectLock: { mode: 'governance' } });
    const lockUntil = new Date(Date.now() + 3_600_000);
    await store.put('x', Buffer.from('1'), { lockUntil });
    await store.put('y', Buffer.from('1'), { lockUntil });
    // A list, the object, its lock, and the next object without any more questions.
    expect(asked).toBe(4);
  });

  it('is not there is named', async () => {
    const settings = await answering(ok);
    await new Promise((resolve) => server.close(resolve));
    const store = openS3Store(settings);
    await expect(store.head('x')).rejects.toMatchObject({ code: 'LS-REPO-020' });
  });

  it('lists in pages is listed whole', async () => {
    const store = openS3Store(await answering(page(['a', 'b'], 't'), page(['c'])));
    const names: string[] = [];
    for await (const { name } of store.list('')) names.push(name);
    expect(names).toEqual(['a', 'b', 'c']);
  });
});
