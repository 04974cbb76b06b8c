import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runBackup } from '../../src/backup/run-backup.ts';
import type { BackupRequest, BackupSource } from '../../src/backup/report.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { LeitstandError } from '../../src/platform/errors.ts';
import { tryLock } from '../../src/platform/lock.ts';
import { loadOrCreateSigningKey } from '../../src/repository/keys.ts';
import { initialiseRepository, type Repository } from '../../src/repository/repository.ts';
import { openDirectoryStore } from '../../src/repository/stores/directory/index.ts';
import type { ProofClaim } from '../../src/stack/proof.ts';
import type { ProgramSource } from '../../src/stack/source.ts';

describe('runBackup', () => {
  let directory: string;
  let repository: Repository;
  let claims: ProofClaim[];
  let released: string[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leitstand-'));
    claims = [];
    released = [];
    await mkdir(join(directory, 'repository'));
    repository = await initialiseRepository(openDirectoryStore(join(directory, 'repository')), {
      signingKey: await loadOrCreateSigningKey(directory),
      clock: systemClock,
      random: (size) => randomBytes(size),
    });
    await writeFile(join(directory, 'data'), 'content');
  });
  afterEach(() => rm(directory, { recursive: true }));

  interface Behaviour {
    readonly capture?: Error;
    readonly release?: Error;
    /** A file that is not there: the repository refuses it. */
    readonly missing?: boolean;
  }

  function sourceNamed(component: string, behaviour: Behaviour = {}): BackupSource {
    const source: ProgramSource = {
      component,
      capture: async () => {
        if (behaviour.capture) throw behaviour.capture;
        return {
          cutoff: '2026-01-01T00:00:00.000Z',
          entries: [
            behaviour.missing
              ? { path: 'data', file: join(directory, 'missing'), class: 'immutable' }
              : { path: 'data', file: join(directory, 'data'), class: 'mutable' },
          ],
          expectations: [{ kind: 'size', subject: 'data', value: 7 }],
          knownLoss: ['something'],
          writer: { program: component, version: '1.0.0' },
          release: async () => {
            released.push(component);
            if (behaviour.release) throw behaviour.release;
          },
        };
      },
      restorePath: (path) => path,
      twinPlan: () => expect.fail('a backup starts no twin'),
      compare: () => expect.fail('a backup compares nothing'),
      damage: () => expect.fail('a backup damages nothing'),
      notProven: [],
    };
    return { component, source, url: 'http://127.0.0.1:1', dataDir: directory };
  }

  const run = (sources: readonly BackupSource[], more: Partial<BackupRequest> = {}) =>
    runBackup({
      stack: 'test',
      sources,
      repository,
      proofs: { append: (claim) => claims.push(claim) },
      lockFile: join(directory, 'backup.lock'),
      scratchDir: join(directory, 'copies'),
      clock: systemClock,
      ...more,
    });

  const known = (code: string) => new LeitstandError(code, 5, { what: 'it failed' });

  it('stores every source, then one backup record that names the snapshots', async () => {
    const report = await run([sourceNamed('one'), sourceNamed('two')]);
    expect(report).toMatchObject({ exit: 0, sources: [{ ok: true, files: 1 }, { ok: true }] });
    const [backup] = await repository.backups();
    const ids = report.sources.map((source) => (source.ok ? source.snapshot : ''));
    expect(backup).toMatchObject({ id: report.backupId, snapshots: ids });
    expect(released).toEqual(['one', 'two']);
    expect(claims.map(({ kind, subject, verdict }) => [kind, subject, verdict])).toEqual([
      ['backup', 'one', 'proven'],
      ['backup', 'two', 'proven'],
    ]);
    expect(claims[0]?.facts).toMatchObject({ knownLoss: ['something'] });
  });

  it('goes on after a source that failed, and says that the backup is partial', async () => {
    const report = await run([sourceNamed('bad', { capture: known('LS-X-001') }), sourceNamed('good')]);
    expect(report).toMatchObject({
      exit: 3,
      sources: [{ ok: false, error: { code: 'LS-X-001' } }, { ok: true }],
    });
    expect((await repository.backups())[0]?.snapshots).toHaveLength(1);
    expect(claims.map(({ verdict }) => verdict)).toEqual(['refuted', 'proven']);
  });

  it('makes no record when every source failed', async () => {
    const report = await run([sourceNamed('bad', { capture: new TypeError('a bug') })]);
    expect(report).toMatchObject({ exit: 6, sources: [{ ok: false, error: { code: 'LS-BACKUP-003' } }] });
    expect(report.backupId).toBeUndefined();
    expect(await repository.backups()).toEqual([]);
  });

  it.each([
    ['ENOSPC', 'df -h'],
    ['EIO', 'dmesg'],
    ['EACCES', 'ls -l'],
  ])('tells what is wrong with a disk from a bug, and leaves no copies behind: %s', async (code, fix) => {
    const capture = Object.assign(new Error(`${code}: write`), { code });
    const report = await run([sourceNamed('bad', { capture }), sourceNamed('good')]);
    expect(report.sources[0]).toMatchObject({
      error: { code: 'LS-BACKUP-006', details: { fix: expect.stringContaining(fix) } },
    });
    await expect(stat(join(directory, 'copies'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('asks first whether a program is the one of the stack', async () => {
    const source = sourceNamed('other');
    const report = await run([
      { ...source, assertOurs: () => Promise.reject(known('LS-CLI-006')) } as BackupSource,
      sourceNamed('good'),
    ]);
    expect(report).toMatchObject({ exit: 3, sources: [{ error: { code: 'LS-CLI-006' } }, { ok: true }] });
  });

  it('releases the capture also when the repository refuses it', async () => {
    const report = await run([sourceNamed('bad', { missing: true })]);
    expect(report).toMatchObject({ exit: 6, sources: [{ ok: false, error: { code: 'LS-REPO-009' } }] });
    expect(released).toEqual(['bad']);
  });

  it('keeps a snapshot whose capture cannot be released, with a warning', async () => {
    const report = await run([sourceNamed('stuck', { release: known('LS-X-002') })]);
    expect(report).toMatchObject({ exit: 3, sources: [{ ok: true, warnings: [{ code: 'LS-X-002' }] }] });
    expect(await repository.backups()).toHaveLength(1);
  });

  it('refuses to run beside another, names it, and can run after it', async () => {
    const lock = await tryLock(join(directory, 'backup.lock'), 'backup');
    if (!lock.held) throw new Error('the lock is not free');
    await expect(run([sourceNamed('one')])).rejects.toMatchObject({
      code: 'LS-BACKUP-001',
      exit: 11,
      details: { why: expect.stringContaining(String(process.pid)) },
    });
    lock.release();
    expect(await run([sourceNamed('one')])).toMatchObject({ exit: 0 });
  });

  it('rejects with the reason when cancelled, releases, and records nothing', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const onProgress: BackupRequest['onProgress'] = (event) => {
      if (event.type === 'done') controller.abort(reason);
    };
    const sources = [sourceNamed('one'), sourceNamed('two')];
    await expect(run(sources, { signal: controller.signal, onProgress })).rejects.toBe(reason);
    expect(released).toEqual(['one', 'two']);
    expect(await repository.backups()).toEqual([]);
  });

  it('refuses to back up nothing', async () => {
    await expect(run([])).rejects.toMatchObject({ code: 'LS-BACKUP-002', exit: 2 });
  });
});
