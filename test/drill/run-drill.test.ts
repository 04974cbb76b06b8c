import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DrillRequest } from '../../src/drill/report.ts';
import { runDrill } from '../../src/drill/run-drill.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { LeitstandError } from '../../src/platform/errors.ts';
import { httpExchange } from '../../src/platform/http.ts';
import { tryLock } from '../../src/platform/lock.ts';
import { loadOrCreateSigningKey } from '../../src/repository/keys.ts';
import {
  initialiseRepository,
  loadOrCreateHostKey,
  makeRecoveryKey,
  openPackKeys,
  openRepository,
  type Repository,
} from '../../src/repository/repository.ts';
import { openDirectoryStore } from '../../src/repository/stores/directory/index.ts';
import type { Place } from '../../src/stack/plan.ts';
import type { ProofClaim } from '../../src/stack/proof.ts';
import type { Runtime } from '../../src/stack/runtime.ts';
import type { Comparison, FileSource, ProgramSource } from '../../src/stack/source.ts';

const CONTENT = 'everything the program knows';
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

/** A source of one file, which its twin serves; `compare` may be blind on purpose. */
function fileSource(compare?: (found: string) => Comparison['verdict']): ProgramSource {
  return {
    component: 'toy',
    capture: () => expect.fail('a drill captures nothing'),
    restorePath: (path) => path.replace('live/', ''),
    twinPlan: ({ program, port }) => ({
      component: 'toy',
      program,
      args: [],
      env: {},
      files: [],
      secrets: [],
      ports: [{ name: 'http', port }],
      ready: { port, path: '/' },
      validators: [],
    }),
    compare: async ({ url, expectations }) => {
      const found = hashOf((await httpExchange(url)).body);
      const verdict = compare?.(found) ?? (found === expectations[0]?.value ? 'match' : 'mismatch');
      return [{ kind: 'content', subject: 'file', verdict, expected: 'as sealed', found }];
    },
    damage: async (dataDir) => {
      await rm(join(dataDir, 'file'));
      await writeFile(join(dataDir, 'file'), 'damaged');
      return 'the file replaced';
    },
    neverRewrites: () => true,
    notProven: ['everything else'],
  };
}

const place = (directory: string): Place => ({
  config: join(directory, 'config'),
  data: join(directory, 'data'),
  secret: () => '',
  listen: (port) => `127.0.0.1:${port}`,
  address: () => '',
  externalUrl: () => '',
});

/** Serves the restored file; ends at once when the file has that content. */
function fileRuntime(endsOn?: string): Pick<Runtime, 'twinPlace' | 'startTwin'> & {
  running: number;
  ending: string | undefined;
} {
  const runtime = {
    running: 0,
    /** How the program is said to have ended while it was asked. */
    ending: undefined as string | undefined,
    twinPlace: place,
    startTwin: async ({ directory }: { directory: string }) => {
      const content = await readFile(join(place(directory).data, 'file'), 'utf8');
      if (content === endsOn)
        throw new LeitstandError('LS-RUNTIME-002', 6, { what: 'ended', why: 'bad file' });
      const server = createServer((_request, response) => response.end(content));
      await once(server.listen(0, '127.0.0.1'), 'listening');
      runtime.running += 1;
      return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        ended: async () => runtime.ending,
        logTail: async () => [],
        stop: async () => {
          runtime.running -= 1;
          server.closeAllConnections();
          server.close();
        },
      };
    },
  };
  return runtime;
}

describe('runDrill', () => {
  let directory: string;
  let repository: Repository;
  let claims: ProofClaim[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leitstand-'));
    claims = [];
    await mkdir(join(directory, 'repository'));
    repository = await initialiseRepository(openDirectoryStore(join(directory, 'repository')), {
      signingKey: await loadOrCreateSigningKey(directory),
      clock: systemClock,
      random: (size) => randomBytes(size),
    });
  });
  afterEach(async () => {
    const left = (await readdir(join(directory, 'scratch'))).filter((name) => name.startsWith('drill-'));
    await rm(directory, { recursive: true });
    if (left.length > 0) throw new Error(`left in the scratch directory: ${left.join(', ')}`);
  });

  async function backUp(sealed = CONTENT): Promise<string> {
    await writeFile(join(directory, 'file'), CONTENT);
    const { record } = await repository.writeSnapshot({
      source: 'toy',
      stack: 'test',
      capture: {
        cutoff: '2026-01-01T00:00:00.000Z',
        entries: [{ path: 'live/file', file: join(directory, 'file'), class: 'mutable' }],
        expectations: [{ kind: 'content', subject: 'file', value: hashOf(sealed) }],
        knownLoss: [],
        writer: { program: 'toy', version: '1.0.0' },
        release: async () => undefined,
      },
    });
    return record.id;
  }

  const drill = (source: ProgramSource, more: Partial<DrillRequest> = {}) =>
    runDrill({
      sources: [
        {
          component: 'toy',
          source,
          program: {
            name: 'toy',
            path: '/toy',
            version: { major: 1, minor: 0, patch: 0 },
            origin: 'configured',
          },
        },
      ],
      repository,
      runtime: fileRuntime(),
      scratchDir: join(directory, 'scratch'),
      proofs: { append: (claim) => claims.push(claim) },
      clock: systemClock,
      random: (size) => randomBytes(size),
      ...more,
    });

  it('proves a snapshot that restores, and whose damaged copy is rejected', async () => {
    const snapshot = await backUp();
    const runtime = fileRuntime();
    const report = await drill(fileSource(), { runtime });
    expect(report).toMatchObject({ exit: 0, verdict: 'proven', sources: [{ snapshot, errors: [] }] });
    expect(report.sources[0]?.control).toMatchObject({ rejected: true, damage: 'the file replaced' });
    expect(runtime.running).toBe(0);
    expect(claims).toMatchObject([{ kind: 'drill', subject: 'toy', verdict: 'proven' }]);
    expect(claims[0]?.notProven).toEqual(['everything else']);
    expect(claims[0]?.facts).toMatchObject({ snapshot, compared: { match: 1, mismatch: 0, unknown: 0 } });
  });

  it('proves an encrypted snapshot without the recovery key, and knows nothing where the keys of its packs are lost', async () => {
    const keys = join(directory, 'keys');
    const { recipient } = await makeRecoveryKey();
    const reopen = async (recipients: readonly string[]) => {
      repository = await openRepository(openDirectoryStore(join(directory, 'repository')), {
        signingKey: await loadOrCreateSigningKey(directory),
        encryption: { recipients, hostKey: await loadOrCreateHostKey(keys), packKeys: openPackKeys(keys) },
        clock: systemClock,
        random: (size) => randomBytes(size),
      });
    };
    await reopen([recipient]);
    const snapshot = await backUp();
    await reopen([]);
    expect(await drill(fileSource())).toMatchObject({ exit: 0, sources: [{ snapshot, errors: [] }] });
    for (const name of await readdir(keys)) if (name.endsWith('.jsonl')) await rm(join(keys, name));
    await reopen([]);
    const report = await drill(fileSource());
    expect(report).toMatchObject({
      exit: 5,
      sources: [{ verdict: 'unknown', errors: [{ code: 'LS-REPO-029' }] }],
    });
    await expect(drill(fileSource(), { snapshot })).rejects.toMatchObject({ code: 'LS-REPO-029', exit: 12 });
  });

  it('counts a program that ends on the damaged copy as a rejection', async () => {
    await backUp();
    const report = await drill(fileSource(), { runtime: fileRuntime('damaged') });
    expect(report.verdict).toBe('proven');
    expect(report.sources[0]?.control?.how).toContain('bad file');
  });

  it('refutes what differs from the sealed facts, and runs no control then', async () => {
    await backUp('something else');
    const report = await drill(fileSource());
    expect(report).toMatchObject({ exit: 1, verdict: 'refuted' });
    expect(report.sources[0]?.control).toBeUndefined();
  });

  it('refutes restored data on which the program ends', async () => {
    await backUp();
    const report = await drill(fileSource(), { runtime: fileRuntime(CONTENT) });
    expect(report).toMatchObject({ exit: 1, sources: [{ errors: [{ code: 'LS-RUNTIME-002' }] }] });
  });

  it('knows nothing when the comparison does not notice the damage', async () => {
    await backUp();
    const report = await drill(fileSource(() => 'match'));
    expect(report).toMatchObject({ exit: 5, verdict: 'unknown' });
    expect(report.sources[0]?.control).toMatchObject({ rejected: false });
  });

  it('knows nothing when something could not be asked, in the data or in the control', async () => {
    await backUp();
    expect(await drill(fileSource(() => 'unknown'))).toMatchObject({ exit: 5 });
    const blindForDamage = fileSource((found) => (found === hashOf(CONTENT) ? 'match' : 'unknown'));
    const report = await drill(blindForDamage);
    expect(report).toMatchObject({ exit: 5, sources: [{ control: { rejected: false } }] });
  });

  it('refutes restored data on which the program dies while it is asked', async () => {
    await backUp();
    const dying = fileRuntime();
    dying.ending = 'exited with code 2; it wrote: panic';
    const report = await drill(fileSource(), { runtime: dying });
    expect(report).toMatchObject({ exit: 1, verdict: 'refuted' });
    expect(report.sources[0]?.comparisons.at(-1)).toMatchObject({
      kind: 'program',
      verdict: 'mismatch',
      found: 'it exited with code 2; it wrote: panic',
    });
    expect(dying.running).toBe(0);
  });

  it('drills data that no program reads', async () => {
    await backUp();
    const { compare: _, twinPlan: __, ...base } = fileSource();
    const source: FileSource = {
      ...base,
      capture: () => expect.fail('a drill captures nothing'),
      compareFiles: async ({ dataDir, expectations }) => {
        const found = hashOf(await readFile(join(dataDir, 'file'), 'utf8'));
        const verdict = found === expectations[0]?.value ? 'match' : 'mismatch';
        return [{ kind: 'content', subject: 'file', verdict, expected: 'as sealed', found }];
      },
    };
    const report = await drill(fileSource(), { sources: [{ component: 'toy', source }] });
    expect(report).toMatchObject({ exit: 0, verdict: 'proven', sources: [{ control: { rejected: true } }] });
    expect(report.sources[0]?.bootMs).toBeUndefined();
    expect(claims[0]?.method).toContain('read as files');
  });

  it('knows nothing when nothing was compared', async () => {
    await backUp();
    const silent: ProgramSource = { ...fileSource(), compare: async () => [] };
    expect(await drill(silent)).toMatchObject({ exit: 5, verdict: 'unknown' });
  });

  it('has nothing to say about a source without a snapshot', async () => {
    const report = await drill(fileSource());
    expect(report).toMatchObject({ exit: 5, sources: [{ errors: [{ code: 'LS-DRILL-002' }] }] });
  });

  it('is not content with an older snapshot when the newest that this host has made is gone', async () => {
    const older = await backUp();
    const newest = await backUp();
    expect(await drill(fileSource(), { made: new Map([['toy', newest]]) })).toMatchObject({ exit: 0 });
    await rm(join(directory, 'repository', 'snapshots', `${newest}.json`));
    const report = await drill(fileSource(), { made: new Map([['toy', newest]]) });
    expect(report).toMatchObject({
      exit: 1,
      verdict: 'refuted',
      sources: [{ errors: [{ code: 'LS-DRILL-007' }] }],
    });
    expect(report.sources[0]?.errors[0]?.details.why).toContain(older);
  });

  it('drills the snapshot it is told to', async () => {
    const older = await backUp();
    await backUp('something else');
    expect(await drill(fileSource(), { snapshot: older })).toMatchObject({ exit: 0 });
  });

  it('removes what killed drills left, but runs beside none', async () => {
    await backUp();
    const scratch = join(directory, 'scratch');
    await mkdir(join(scratch, 'drill-killed', 'toy'), { recursive: true });
    const lock = await tryLock(join(scratch, 'drill.lock'), 'drill');
    if (!lock.held) throw new Error('the lock is not free');
    await expect(drill(fileSource())).rejects.toMatchObject({ code: 'LS-DRILL-001', exit: 11 });
    lock.release();
    expect(await drill(fileSource())).toMatchObject({ exit: 0 });
  });

  it('stops the twin and cleans up when cancelled', async () => {
    await backUp();
    const controller = new AbortController();
    const reason = new Error('enough');
    const runtime = fileRuntime();
    const source: ProgramSource = {
      ...fileSource(),
      compare: async () => {
        controller.abort(reason);
        throw reason;
      },
    };
    await expect(drill(source, { runtime, signal: controller.signal })).rejects.toBe(reason);
    expect(runtime.running).toBe(0);
    expect(claims).toEqual([]);
  });
});
