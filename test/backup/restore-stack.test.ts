import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { restoreStack, type RestoreStackRequest } from '../../src/backup/restore-stack.ts';
import { systemClock } from '../../src/platform/clock.ts';
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
import type { Json } from '../../src/platform/canonical-json.ts';

let root: string;
let repository: Repository;
let target: string;
/** As another machine has it: by the recovery key alone. */
let elsewhere: Repository;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'leitstand-all-'));
  target = join(root, 'new', 'town');
  const keys = join(root, 'keys');
  await mkdir(join(root, 'repository'));
  const store = openDirectoryStore(join(root, 'repository'));
  const world = { clock: systemClock, random: (size: number) => randomBytes(size) };
  const recovery = await makeRecoveryKey();
  const signingKey = await loadOrCreateSigningKey(keys);
  repository = await initialiseRepository(store, {
    ...world,
    signingKey,
    encryption: {
      recipients: [recovery.recipient],
      hostKey: await loadOrCreateHostKey(keys),
      packKeys: openPackKeys(keys),
    },
  });
  elsewhere = await openRepository(store, {
    ...world,
    publicKey: signingKey.publicKey,
    identities: [recovery],
  });
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function store(source: string, files: Readonly<Record<string, string>>, facts?: Json) {
  const scratch = await mkdtemp(join(root, 'source-'));
  const entries = [];
  for (const [path, text] of Object.entries(files)) {
    const file = join(scratch, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    entries.push({ path, file, class: 'mutable' as const });
  }
  return repository.writeSnapshot({
    source,
    stack: 'town',
    capture: {
      cutoff: systemClock.now().toISOString(),
      entries,
      expectations: facts === undefined ? [] : [{ kind: 'configuration', subject: 'stack', value: facts }],
      knownLoss: [],
      writer: { program: source, version: '1' },
      release: async () => undefined,
    },
  });
}

const OWN = {
  'config/leitstand.yaml': 'stack: town\n',
  'config/rules/own.yml': 'groups: []\n',
  'config/secrets.json': '[{"kind":"secret","name":"KEY","from":"secrets/KEY","mode":"600","bytes":3}]\n',
  'state/leitstand.db': 'the history',
  'state/keys/signing.pem': 'the key',
};
const FACTS = { file: 'config/leitstand.yaml', stack: 'town', secrets: ['KEY'], environment: 'production' };

const request = (more: Partial<RestoreStackRequest> = {}): RestoreStackRequest => ({
  repository: elsewhere,
  target,
  restorePath: (_, path) => path,
  ...more,
});

async function tree(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .toSorted();
}

describe('a whole stack is restored', () => {
  it('with each part in its place, the newest of each source', async () => {
    await store('prometheus', { 'blocks/a': 'old' });
    await store('leitstand', OWN, { ...FACTS, stateDir: 'state', attached: ['loki'] });
    await store('prometheus', { 'blocks/a': 'new' });
    await store('loki', { chunk: 'logs' });
    const restored = await restoreStack(request());
    expect(await tree(dirname(target))).toEqual([
      'town/leitstand.yaml',
      'town/rules/own.yml',
      'town/secrets.json',
      'town/state/data/prometheus/blocks/a',
      'town/state/keys/signing.pem',
      'town/state/leitstand.db',
      'town/state/restored/loki/chunk',
    ]);
    expect(await readFile(join(target, 'state/data/prometheus/blocks/a'), 'utf8')).toBe('new');
    expect(restored).toMatchObject({
      environment: 'production',
      file: 'leitstand.yaml',
      stateDir: join(target, 'state'),
      outside: [{ kind: 'secret', name: 'KEY', from: 'secrets/KEY' }],
    });
    expect(restored.parts.filter(({ isAside }) => isAside).map(({ component }) => component)).toEqual([
      'loki',
    ]);
  });

  it('with a state directory that lies elsewhere', async () => {
    const stateDir = join(root, 'var', 'lib');
    await store('leitstand', OWN, { ...FACTS, stateDir });
    await restoreStack(request());
    expect(await tree(stateDir)).toEqual(['keys/signing.pem', 'leitstand.db']);
    for (const directory of [stateDir, join(stateDir, 'keys')])
      expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it('of a backup that says nothing of its places', async () => {
    const { environment: _environment, ...facts } = FACTS;
    await store('leitstand', OWN, facts);
    await store('prometheus', { a: 'b' });
    const restored = await restoreStack(request());
    expect(restored.environment).toBeUndefined();
    expect(await tree(join(target, '.leitstand/data'))).toEqual(['prometheus/a']);
  });

  it('after it was broken off anywhere, by the same command and with the same snapshots', async () => {
    await store('alertmanager', { silences: 'none' });
    await store('leitstand', OWN, FACTS);
    await store('prometheus', { 'blocks/a': 'the data' });
    const parts = 4;
    for (let broken = 0; broken < parts; broken += 1) {
      let restores = 0;
      const failing = {
        ...elsewhere,
        restore: async (one: Parameters<Repository['restore']>[0]) => {
          restores += 1;
          if (restores === broken + 1) throw new Error('the machine went down');
          return elsewhere.restore(one);
        },
      };
      await expect(restoreStack(request({ repository: failing }))).rejects.toThrow('went down');
      expect(await readdir(dirname(target))).toContain('town.restoring-all');
      const newer = await store('prometheus', { 'blocks/a': `newer ${broken}` });
      const restored = await restoreStack(request());
      expect(restored.parts.map(({ wasThere }) => wasThere)).toEqual(
        Array.from({ length: parts }, (_, i) => i < broken),
      );
      expect(restored.parts.map(({ snapshot }) => snapshot)).not.toContain(newer.record.id);
      expect(await readdir(dirname(target))).toEqual(['town']);
      expect(await tree(target)).toContain('.leitstand/data/prometheus/blocks/a');
      await rm(dirname(target), { recursive: true });
    }
  });

  it('with what could not be restored in the report, also of a run that was broken off', async () => {
    const { record } = await store('alertmanager', { silences: 'none' });
    const own = await store('leitstand', OWN, FACTS);
    await store('prometheus', { 'blocks/a': 'the data' });
    await rm(join(root, 'repository', 'packs', 'leitstand'), { recursive: true });
    const failing = {
      ...elsewhere,
      restore: async (one: Parameters<Repository['restore']>[0]) => {
        if (one.snapshot !== record.id && one.snapshot !== own.record.id)
          throw new Error('the machine went down');
        const lost = one.snapshot === record.id ? [{ path: 'nflog', problem: 'its pack is missing' }] : [];
        return { ...(await elsewhere.restore(one)), lost };
      },
    };
    await expect(restoreStack(request({ repository: failing, keepGoing: true }))).rejects.toThrow(
      'went down',
    );
    const { parts } = await restoreStack(request({ keepGoing: true }));
    expect(parts.find(({ component }) => component === 'alertmanager')).toMatchObject({
      wasThere: true,
      lost: [{ path: 'nflog' }],
    });
  });

  it('over nothing, and not without the stack itself or its key', async () => {
    await store('prometheus', { a: 'b' });
    await expect(restoreStack(request())).rejects.toThrow('no backup of the stack itself');
    await store('leitstand', OWN, FACTS);
    const { restore, facts, snapshots } = elsewhere;
    const locked = {
      restore,
      facts,
      snapshots,
      missingKey: async () => new Error('LS-REPO-029') as never,
    };
    await expect(restoreStack(request({ repository: locked }))).rejects.toThrow('LS-REPO-029');
    await expect(readdir(dirname(target))).rejects.toThrow('ENOENT');
    await mkdir(target, { recursive: true });
    await writeFile(join(target, 'mine'), 'mine');
    await expect(restoreStack(request())).rejects.toThrow('LS-BACKUP-012');
    expect(await tree(dirname(target))).toEqual(['town/mine']);
    await writeFile(`${target}.restoring-all`, 'not json');
    await expect(restoreStack(request())).rejects.toThrow('mark of an unfinished restore');
  });
});
