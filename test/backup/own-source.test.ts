import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ownSource } from '../../src/backup/own-source.ts';
import type { OwnSourceOptions } from '../../src/backup/own-source/options.ts';
import { runBackup } from '../../src/backup/run-backup.ts';
import { runDrill } from '../../src/drill/run-drill.ts';
import { type History, openHistory } from '../../src/history/history.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { loadOrCreateSigningKey } from '../../src/repository/keys.ts';
import { initialiseRepository, type Repository } from '../../src/repository/repository.ts';
import { openDirectoryStore } from '../../src/repository/stores/directory/index.ts';
import { createNativeRuntime } from '../../src/runtimes/native/index.ts';
import type { Capture } from '../../src/stack/source.ts';

const CONFIGURATION = `stack: town
# \${secret:COMMENTED_OUT}
receivers: {team: {webhook: [{url: "\${secret:HOOK}"}]}, other: {webhook: [{url: "\${secret:TOKEN}"}]}}
inbox: {port: "\${env:PORT:-5001}"}
`;
const VALUE = 'https://hooks.example.org/T0PS3CRET';

describe('the source of Leitstand itself', () => {
  let root: string;
  let stackDir: string;
  let stateDir: string;
  let history: History;
  let repository: Repository;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'leitstand-'));
    stackDir = join(root, 'stack');
    stateDir = join(stackDir, '.leitstand');
    for (const directory of ['secrets', 'rules', '.leitstand/keys'])
      await mkdir(join(stackDir, directory), { recursive: true });
    await writeFile(join(stackDir, 'leitstand.yaml'), CONFIGURATION);
    await writeFile(join(stackDir, 'leitstand.lock'), 'pinned');
    await writeFile(join(stackDir, 'rules/own.yml'), 'groups: []');
    await writeFile(join(root, 'shared.yml'), 'groups: [] # for all towns');
    await writeFile(join(stackDir, 'secrets/HOOK'), VALUE, { mode: 0o600 });
    await writeFile(join(stackDir, '.env'), `TOKEN=${VALUE}\n`, { mode: 0o600 });
    const signingKey = await loadOrCreateSigningKey(join(stateDir, 'keys'));
    history = openHistory(join(stateDir, 'leitstand.db'));
    await mkdir(join(root, 'repository'));
    repository = await initialiseRepository(openDirectoryStore(join(root, 'repository')), {
      signingKey,
      clock: systemClock,
      random: (size) => randomBytes(size),
    });
    prove(3);
  });
  afterEach(async () => {
    history.close();
    await rm(root, { recursive: true });
  });

  function prove(times: number) {
    for (let i = 0; i < times; i += 1)
      history.proofs.append(
        {
          kind: 'backup',
          subject: 'x',
          verdict: 'proven',
          method: 'm',
          facts: { i },
          ageLimitMs: 1,
          notProven: [],
        },
        systemClock.now(),
      );
  }

  const source = (more: Partial<OwnSourceOptions> = {}) =>
    ownSource({
      stack: {
        name: 'town',
        file: join(stackDir, 'leitstand.yaml'),
        stateDir,
        rules: { files: [join(stackDir, 'rules/own.yml'), join(root, 'shared.yml')], alerts: {} },
        environment: 'production',
        components: [],
      },
      isEncrypted: false,
      version: '0.0.1',
      env: { PORT: '5002' },
      lockFile: join(stackDir, 'leitstand.lock'),
      linesWithSecrets: () => [],
      readStack: async (file) => /^stack: (.*)$/m.exec(await readFile(file, 'utf8'))?.[1] ?? '',
      ...more,
    });

  const backup = (more: Partial<OwnSourceOptions> = {}) =>
    runBackup({
      stack: 'town',
      sources: [{ component: 'leitstand', source: source(more) }],
      repository,
      proofs: history.proofs,
      lockFile: join(root, 'backup.lock'),
      scratchDir: join(root, 'copies'),
      clock: systemClock,
    });

  const drill = (more: Partial<OwnSourceOptions> = {}) =>
    runDrill({
      sources: [{ component: 'leitstand', source: source(more) }],
      repository,
      runtime: createNativeRuntime({ stateDir, env: {}, clock: systemClock, daemonCommand: [] }),
      scratchDir: join(root, 'scratch'),
      proofs: history.proofs,
      clock: systemClock,
      random: (size) => randomBytes(size),
    });

  async function restored() {
    const [record] = await repository.snapshots('leitstand');
    const target = join(root, 'restored');
    await repository.restore({
      snapshot: record?.id ?? '',
      target,
      mapPath: (path) => source().restorePath(path),
    });
    return { target, record };
  }

  it('is proven by a drill, and its control is rejected', async () => {
    expect(await backup()).toMatchObject({ exit: 0, sources: [{ ok: true, warnings: [] }] });
    const report = await drill();
    expect(report.sources[0]?.comparisons.filter(({ verdict }) => verdict !== 'match')).toEqual([]);
    expect(report).toMatchObject({ exit: 0, verdict: 'proven' });
    expect(report.sources[0]?.control).toMatchObject({
      rejected: true,
      how: expect.stringContaining('history chain of proofs: broken at proof 3'),
    });
    expect(await readdir(root)).not.toContain('copies');
  });

  it('restores a tree that is the stack again, but for its secrets', async () => {
    await backup();
    const { target } = await restored();
    expect((await readdir(target, { recursive: true })).sort()).toEqual([
      '.leitstand',
      '.leitstand/keys',
      '.leitstand/keys/signing.pub.pem',
      '.leitstand/leitstand.db',
      'leitstand.lock',
      'leitstand.yaml',
      'outside',
      'outside/1',
      'outside/1/shared.yml',
      'rules',
      'rules/own.yml',
      'secrets.json',
    ]);
    expect(await readFile(join(target, 'leitstand.yaml'), 'utf8')).toBe(CONFIGURATION);
    const again = openHistory(join(target, '.leitstand/leitstand.db'));
    expect(again.proofs.verifyChain()).toEqual({ ok: true });
    again.close();
  });

  it('stores no value of a secret, and says which ones are missing', async () => {
    const [report] = (await backup()).sources;
    const { target } = await restored();
    for (const name of await readdir(target, { recursive: true, withFileTypes: true }))
      if (name.isFile())
        expect(await readFile(join(name.parentPath, name.name), 'latin1')).not.toContain('T0PS3CRET');
    expect(JSON.parse(await readFile(join(target, 'secrets.json'), 'utf8'))).toEqual([
      { kind: 'secret', name: 'HOOK', from: 'secrets/HOOK', mode: '600', bytes: VALUE.length },
      { kind: 'secret', name: 'TOKEN', from: '.env' },
      { kind: 'variable', name: 'PORT', from: 'environment' },
    ]);
    const loss = report?.ok ? report.knownLoss : [];
    expect(loss[0]).toMatch(/^the values of HOOK, TOKEN, PORT are not in the backup/);
    expect(loss[1]).toContain('signing.pem is not in the backup');
    expect(loss[2]).toContain('shared.yml is restored below outside/');
  });

  it.each([false, true])(
    'never stores the keys that this host reads backups with (encrypted: %s)',
    async (isEncrypted) => {
      for (const name of ['host.age', 'packs-0123.jsonl', 'packs.lock'])
        await writeFile(join(stateDir, 'keys', name), VALUE, { mode: 0o600 });
      await backup({ isEncrypted });
      const { target } = await restored();
      const keys = await readdir(join(target, '.leitstand/keys'));
      expect(keys).toEqual([...(isEncrypted ? ['signing.pem'] : []), 'signing.pub.pem']);
      const files = (await readdir(target, { recursive: true, withFileTypes: true })).filter((file) =>
        file.isFile(),
      );
      for (const { parentPath, name } of files)
        expect(await readFile(join(parentPath, name), 'latin1')).not.toContain(VALUE);
    },
  );

  it('refuses a configuration with a secret in it', async () => {
    const [report] = (await backup({ linesWithSecrets: () => [3] })).sources;
    expect(report).toMatchObject({
      ok: false,
      error: { code: 'LS-BACKUP-004', details: { where: { line: 3 } } },
    });
  });

  it('holds a history that is written to meanwhile', async () => {
    const writing = setInterval(() => prove(1), 1);
    const report = await backup().finally(() => clearInterval(writing));
    expect(report.exit).toBe(0);
    expect((await drill()).verdict).toBe('proven');
  });

  it('takes what a link points to, and names a rule file that is gone', async () => {
    await rm(join(stackDir, 'rules/own.yml'));
    await rm(join(stackDir, 'leitstand.yaml'));
    await writeFile(join(root, 'managed.yaml'), CONFIGURATION);
    await symlink(join(root, 'managed.yaml'), join(stackDir, 'leitstand.yaml'));
    const [report] = (await backup()).sources;
    expect(report?.ok && report.knownLoss[0]).toContain('own.yml is not there');
    expect((await drill()).verdict).toBe('proven');
  });

  it.skipIf(process.getuid?.() === 0)('says which file it may not read', async () => {
    await chmod(join(stackDir, 'rules/own.yml'), 0);
    expect((await backup()).sources[0]).toMatchObject({ ok: false, error: { code: 'LS-BACKUP-005' } });
  });

  it.each([
    ['config/rules/own.yml', 'file-hashes'],
    ['config/leitstand.yaml', 'file-hashes'],
    ['state/leitstand.db', 'history'],
  ])('notices that %s is another one', async (path, kind) => {
    await backup();
    const { target, record } = await restored();
    const file = join(target, source().restorePath(path));
    const bytes = await readFile(file);
    // Of a database, its header.
    bytes[5] = (bytes[5] ?? 0) ^ 1;
    await writeFile(file, bytes);
    const found = await source().compareFiles({
      dataDir: target,
      expectations: record?.expectations ?? [],
      cutoff: record?.cutoff ?? '',
      clock: systemClock,
    });
    const bad = found.filter(({ verdict }) => verdict === 'mismatch').map((one) => one.kind);
    expect(bad).toContain(kind);
  });

  it('notices proofs that were taken away', async () => {
    await backup();
    const { record } = await restored();
    // What was backed up is older than the facts say.
    const expectations = (record?.expectations ?? []).map((one) =>
      one.kind === 'history'
        ? { ...one, value: { ...(one.value as object), head: { id: 99, hash: 'f'.repeat(64) } } }
        : one,
    );
    const found = await source().compareFiles({
      dataDir: join(root, 'restored'),
      expectations,
      cutoff: '',
      clock: systemClock,
    });
    expect(found.filter(({ verdict }) => verdict !== 'match')).toMatchObject([
      { kind: 'history', subject: 'chain of proofs', found: 'no such proof' },
    ]);
  });

  it('knows nothing without facts, and about facts of the future', async () => {
    const compare = (expectations: Capture['expectations']) =>
      source().compareFiles({ dataDir: stackDir, expectations, cutoff: '', clock: systemClock });
    expect(new Set((await compare([])).map(({ verdict }) => verdict))).toEqual(new Set(['unknown']));
    expect((await compare([{ kind: 'new', subject: 'x', value: 1 }])).at(-1)?.verdict).toBe('unknown');
  });
});
