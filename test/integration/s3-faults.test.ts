import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadOrCreateSigningKey } from '../../src/repository/keys.ts';
import { initialiseRepository, openRepository, type Repository } from '../../src/repository/repository.ts';
import { openS3Store } from '../../src/repository/stores/s3/index.ts';
import type { S3Settings } from '../../src/repository/stores/s3/settings.ts';
import type { CaptureEntry } from '../../src/stack/source.ts';
import {
  objectNames,
  readTree,
  refusal,
  scratch,
  snapshotOf,
  world,
  writeTree,
} from '../repository/fixture.ts';
import { type Asked, type Fault, type FaultyProxy, startFaultyProxy } from './faulty-proxy.ts';
import { type LiveS3, startS3, versitygwServer } from './live-s3.ts';
import { findProgram } from './programs.ts';

const versitygw = await findProgram('versitygw');
if (!versitygw) process.stderr.write('faults of an S3 server: SKIPPED: no versitygw on this machine\n');

/** So that what never goes well is over soon. */
const CONTENT_BYTES = 30_002;
const PATIENCE = { attempts: 3, connectMs: 2_000, idleMs: 400 };

describe.skipIf(!versitygw)('a backup to an S3 server', () => {
  let directory = '';
  let server: LiveS3;
  let proxy: FaultyProxy;
  let world3: { settings: S3Settings; repository: Repository; entries: CaptureEntry[]; place: string };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leitstand-s3-'));
    server = await startS3(versitygwServer(versitygw?.path ?? ''), directory);
    proxy = await startFaultyProxy(server.settings.endpoint ?? '');
  }, 60_000);

  afterAll(async () => {
    await proxy?.close();
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  beforeEach(async () => {
    const place = scratch();
    const bucket = await server.newBucket();
    const settings = { ...bucket, prefix: 'north', endpoint: proxy.endpoint, patience: PATIENCE };
    const signingKey = await loadOrCreateSigningKey(join(place, 'keys'));
    await initialiseRepository(openS3Store(settings), { ...world, signingKey });
    const repository = await openRepository(openS3Store(settings), { ...world, signingKey });
    const entries = await writeTree(join(place, 's'), [
      { path: 'blocks/A/index', content: randomBytes(CONTENT_BYTES - 2) },
      { path: 'blocks/A/meta.json', content: Buffer.from('{}'), mtime: new Date('2026-07-01T12:00:00Z') },
    ]);
    world3 = { settings, repository, entries, place };
    proxy.asked.splice(0);
  });

  afterEach(() => {
    proxy.fault = () => undefined;
  });

  /** The fault at the first requests of an operation, as many as are said. */
  function atFirst(operation: Asked['operation'], fault: Fault, times = 1): void {
    let left = times;
    proxy.fault = (asked) => (asked.operation === operation && left-- > 0 ? fault : undefined);
  }

  const backUp = (entries = world3.entries) => world3.repository.writeSnapshot(snapshotOf(entries));

  async function expectValid(snapshots: number): Promise<void> {
    proxy.fault = () => undefined;
    await proxy.settled();
    const { repository } = world3;
    expect(await repository.snapshots()).toHaveLength(snapshots);
    expect((await repository.verify({ level: 'content' })).findings).toEqual([]);
  }

  const MOMENTARY: readonly (readonly [string, Fault])[] = [
    ['fails (500)', { kind: 'answer', status: 500, code: 'InternalError' }],
    ['is too busy (503 SlowDown)', { kind: 'answer', status: 503, code: 'SlowDown' }],
    ['has waited too long for us (400)', { kind: 'answer', status: 400, code: 'RequestTimeout' }],
    ['breaks the connection', { kind: 'reset' }],
    ['breaks the connection when all is done', { kind: 'reset-after' }],
    ['fails when all is done (500)', { kind: 'answer-after', status: 500, code: 'InternalError' }],
    ['never answers', { kind: 'silence' }],
    ['is behind a proxy that fails (502, HTML)', { kind: 'page', status: 502, body: '<html>Bad Gateway' }],
  ];
  const OPERATIONS: readonly Asked['operation'][] = ['list', 'get', 'head', 'put'];

  it.each(MOMENTARY)('that for a moment %s is none the worse', async (_, fault) => {
    // The SDK waits longer then; and with 400 S3 does not answer a HEAD, which has no body to say why.
    const isSlow = fault.kind === 'silence' || (fault.kind === 'answer' && fault.status !== 500);
    const operations = isSlow ? OPERATIONS.slice(0, 2) : OPERATIONS;
    for (const operation of operations) {
      atFirst(operation, fault);
      await backUp();
      atFirst(operation, fault);
      expect((await world3.repository.verify({ level: 'content' })).findings).toEqual([]);
    }
    atFirst('get', fault);
    const target = join(world3.place, 'target');
    const [newest] = await world3.repository.snapshots();
    await world3.repository.restore({ snapshot: newest?.id ?? '', target });
    expect((await readTree(target)).size).toBe(2);
    await expectValid(operations.length);
  });

  const PERSISTENT: readonly (readonly [string, Fault, string, RegExp, RegExp])[] = [
    [
      'fails',
      { kind: 'answer', status: 500, code: 'InternalError' },
      'LS-REPO-024',
      /InternalError.*500/,
      /log/,
    ],
    [
      'is too busy',
      { kind: 'answer', status: 503, code: 'SlowDown' },
      'LS-REPO-024',
      /SlowDown.*503/,
      /again/,
    ],
    ['breaks connections', { kind: 'reset' }, 'LS-REPO-020', /./, /endpoint/],
    ['never answers', { kind: 'silence' }, 'LS-REPO-020', /./, /endpoint/],
    [
      'is a web page',
      { kind: 'page', status: 502, body: '<html>Bad Gateway' },
      'LS-REPO-024',
      /502/,
      /server/,
    ],
    [
      'takes the token for expired',
      { kind: 'answer', status: 400, code: 'ExpiredToken' },
      'LS-REPO-021',
      /ExpiredToken/,
      /access_key_id/,
    ],
    [
      'forbids it',
      { kind: 'answer', status: 403, code: 'AccessDenied' },
      'LS-REPO-021',
      /AccessDenied/,
      /may do/,
    ],
    [
      'has another time',
      { kind: 'answer', status: 403, code: 'RequestTimeTooSkewed' },
      'LS-REPO-022',
      /RequestTimeTooSkewed/,
      /timedatectl/,
    ],
    [
      'is in another region',
      {
        kind: 'answer',
        status: 301,
        code: 'PermanentRedirect',
        headers: { 'x-amz-bucket-region': 'eu-west-1' },
      },
      'LS-REPO-023',
      /PermanentRedirect/,
      /region/,
    ],
    [
      'wants the signature of another region',
      { kind: 'answer', status: 400, code: 'AuthorizationHeaderMalformed' },
      'LS-REPO-023',
      /AuthorizationHeaderMalformed/,
      /region/,
    ],
    ['is full', { kind: 'answer', status: 507, code: 'XMinioStorageFull' }, 'LS-REPO-006', /XMinio/, /quota/],
  ];

  it.each(PERSISTENT)(
    'that %s says so, tries no more often than it may, and goes on later',
    async (_, fault, code, why, fix) => {
      for (const operation of ['list', 'get', 'put'] as const) {
        if (operation === 'get') await backUp();
        proxy.asked.splice(0);
        atFirst(operation, fault, Number.POSITIVE_INFINITY);
        const error = await refusal(
          operation === 'get' ? world3.repository.verify({ level: 'content' }) : backUp(),
        );
        expect({ operation, code: error.code }).toEqual({ operation, code });
        expect(error.details.why).toMatch(why);
        expect(error.details.fix).toMatch(fix);
        expect(error.details.what).toContain(world3.settings.bucket);
        expect(JSON.stringify(error)).not.toContain(world3.settings.credentials?.secretAccessKey.reveal());
        const tries = Map.groupBy(proxy.asked, ({ method, key, prefix }) => `${method} ${key} ${prefix}`);
        for (const [request, times] of tries)
          expect([request, times.length <= 2 * PATIENCE.attempts]).toEqual([request, true]);
        proxy.fault = () => undefined;
      }
      await backUp();
      await expectValid(2);
    },
  );

  it('that breaks off in the middle of answers, or passes a half for the whole, is found out', async () => {
    await backUp();
    for (const passes of [false, true])
      for (const operation of ['get', 'list'] as const) {
        atFirst(operation, { kind: 'half', passes });
        expect((await world3.repository.verify({ level: 'content' })).findings).toEqual([]);
      }
    for (const operation of ['get', 'list'] as const) {
      atFirst(operation, { kind: 'half', passes: true }, Number.POSITIVE_INFINITY);
      const outcome = await world3.repository.verify({ level: 'content' }).then(
        ({ findings }) => findings.length,
        (error: unknown) => (error as { code: string }).code,
      );
      expect(outcome).not.toBe(0);
    }
    await expectValid(1);
  });

  it('that gives another byte once is asked again, and is no damage', async () => {
    await backUp();
    for (const part of ['packs/', 'lists/', 'snapshots/', 'lsb1.json', 'README.txt']) {
      let isOver = false;
      proxy.fault = ({ operation, key }) => {
        if (isOver || operation !== 'get' || !key.includes(part)) return undefined;
        isOver = true;
        return { kind: 'flip' };
      };
      const { findings } = await world3.repository.verify({ level: 'content' });
      expect([part, isOver, findings]).toEqual([part, true, []]);
    }
  });

  it('of whose lists a half is missing is not pruned', async () => {
    const { record } = await backUp();
    for (let i = 0; i < 5; i++) await backUp();
    const before = await objectNames(openS3Store(world3.settings));
    for (const prefix of ['snapshots/', 'gc/', 'packs/']) {
      proxy.fault = (asked) =>
        asked.operation === 'list' && asked.prefix.endsWith(prefix)
          ? { kind: 'half', passes: true }
          : undefined;
      await world3.repository
        .prune({
          policy: () => ({ days: 30, weeks: 0, months: 0, years: 0 }),
          verified: new Set(),
          expected: [record.id],
          dryRun: false,
          much: true,
        })
        .catch(() => undefined);
    }
    proxy.fault = () => undefined;
    expect(await objectNames(openS3Store(world3.settings))).toEqual(before);
    await expectValid(6);
  });

  it('whose puts appear late, after the run has given up, has what they brought and stays valid', async () => {
    for (const kind of ['packs/', 'lists/', 'snapshots/']) {
      proxy.fault = ({ operation, key }) =>
        operation === 'put' && key.includes(kind) ? { kind: 'late', ms: 200 } : undefined;
      const error = await refusal(backUp());
      expect(error.code).toBe('LS-REPO-020');
    }
    proxy.fault = () => undefined;
    await proxy.settled();
    expect((await backUp()).reusedBytes).toBe(CONTENT_BYTES);
    const { repository } = world3;
    expect((await repository.verify({ level: 'content' })).findings).toEqual([]);
    // The record that came late is a snapshot like any other.
    expect((await repository.snapshots()).length).toBeGreaterThan(1);
  });

  it('that tells of the credentials only where it may is asked there', async () => {
    proxy.fault = ({ operation }) =>
      operation === 'put' ? undefined : { kind: 'answer', status: 400, code: 'ExpiredToken' };
    const store = openS3Store(world3.settings);
    expect((await refusal(store.head('lsb1.json'))).code).toBe('LS-REPO-021');
  });

  it('whose credentials expire in the middle has no snapshot, and the next run sends nothing twice', async () => {
    let puts = 0;
    proxy.fault = ({ operation }) =>
      operation === 'put' && ++puts > 1 ? { kind: 'answer', status: 400, code: 'ExpiredToken' } : undefined;
    expect(await refusal(backUp())).toMatchObject({ code: 'LS-REPO-021', exit: 4 });
    await expectValid(0);
    expect((await backUp()).reusedBytes).toBe(CONTENT_BYTES);
    await expectValid(1);
  });

  it('that is no S3 server at all is not taken for an empty bucket', async () => {
    proxy.fault = () => ({
      kind: 'page',
      status: 200,
      body: '<html><body>Welcome to the wireless network</body></html>',
    });
    const { settings, place } = world3;
    const signingKey = await loadOrCreateSigningKey(join(place, 'keys'));
    const opened = await refusal(openRepository(openS3Store(settings), { ...world, signingKey }));
    expect(['LS-REPO-003', 'LS-REPO-024']).toContain(opened.code);
    const made = await refusal(initialiseRepository(openS3Store(settings), { ...world, signingKey }));
    expect(made.code).toBe('LS-REPO-024');
    const listed = await refusal(objectNames(openS3Store(settings)));
    expect(listed.code).toBe('LS-REPO-024');
  });
});
