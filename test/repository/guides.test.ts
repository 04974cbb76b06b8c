import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { LeitstandError } from '../../src/platform/errors.ts';
import { readGuides } from '../../src/repository/guides/guides.ts';
import type { SigningKey } from '../../src/repository/keys.ts';
import { loadOrCreateSigningKey } from '../../src/repository/keys.ts';
import type { LockDays } from '../../src/repository/repository.ts';
import { initialiseRepository, openRepository } from '../../src/repository/repository.ts';
import type { Store } from '../../src/stack/store.ts';
import { encodeRecord, signRecord } from '../../src/repository/signed-record.ts';
import { countingStore } from './counting-store.ts';
import { scratch, snapshotOf, world, writeTree } from './fixture.ts';
import { lockingStore } from './locking-store.ts';
import { memoryStore } from './memory-store.ts';

const guides = await readGuides();
const EARLIER = { 'README.txt': 'the first text\n', 'restore.sh': '#!/bin/sh\n# the first script\n' };
const DAY = 86_400_000;

/** `put`: what is there otherwise than this version makes it. */
async function makeWorld(
  put: (store: Store, key: SigningKey) => Promise<void>,
  store: Store = memoryStore(),
  lockDays?: LockDays,
) {
  const directory = scratch();
  const key = await loadOrCreateSigningKey(directory);
  const options = { ...world, signingKey: key, lockDays };
  await initialiseRepository(store, options);
  await put(store, key);
  const entries = await writeTree(directory, [{ path: 'a', content: Buffer.from('a') }]);
  const warnings: LeitstandError[] = [];
  const backUp = async (into: Store = store) => {
    const onWarning = (warning: LeitstandError) => warnings.push(warning);
    const repository = await openRepository(into, { ...options, onWarning });
    const { record } = await repository.writeSnapshot(snapshotOf(entries));
    await repository.writeBackup({ stack: 'demo', snapshots: [record], startedAt: new Date() });
    return record;
  };
  const textOf = async (name: string) => Buffer.from((await store.get(name)) ?? []).toString();
  const mark = async () => JSON.parse(await textOf('lsb1.json')) as Record<string, unknown>;
  const findings = async () => {
    const repository = await openRepository(store, options);
    const result = await repository.verify({ level: 'presence' });
    return result.findings.map(({ object, problem }) => `${object} ${problem}`);
  };
  return { store, backUp, textOf, mark, findings, warnings };
}

/** As a version with these texts has made it. */
function madeWith(texts: Readonly<Record<string, string>>, version?: number) {
  return async (store: Store, key: SigningKey) => {
    const {
      signature: _,
      guides: __,
      ...made
    } = JSON.parse(Buffer.from((await store.get('lsb1.json')) ?? []).toString()) as Record<string, unknown>;
    for (const [name, text] of Object.entries(texts)) await store.put(name, Buffer.from(text));
    const body = {
      ...made,
      readme: hash('sha256', texts['README.txt'] ?? '', 'hex'),
      restore: hash('sha256', texts['restore.sh'] ?? '', 'hex'),
      ...(version === undefined ? {} : { guides: version }),
    };
    await store.put('lsb1.json', encodeRecord(signRecord(body, key)));
  };
}

const current = {
  'README.txt': guides.readme.text.toString(),
  'restore.sh': guides.restore.text.toString(),
};

describe('README.txt and restore.sh', () => {
  it('are those of their version: whoever changes one gives it the next number, or no repository gets it', () => {
    expect([guides.version, guides.readme.sha256, guides.restore.sha256]).toEqual([
      2,
      '9e27ee86f0b4d555b4ab8edac0d26642738581859c0d43520fb16ba222c98b74',
      '9db8c499b8337cba94997a62c8077bd1cd7e0113c63340d1d992908b29cf8be7',
    ]);
  });

  it('are not asked for by a backup where they are of this version', async () => {
    const { store, backUp } = await makeWorld(async () => undefined);
    const counted = countingStore(store);
    await backUp(counted.store);
    const names = counted.fetches.gets.map(({ name }) => name);
    expect(names.filter((name) => ['README.txt', 'restore.sh', 'lsb1.json'].includes(name))).toEqual([
      'lsb1.json',
    ]);
  });

  it('of an earlier version are renewed by the next backup, once', async () => {
    const { store, backUp, textOf, mark, findings, warnings } = await makeWorld(madeWith(EARLIER));
    const before = await mark();
    await backUp();
    for (const [name, text] of Object.entries(current)) expect(await textOf(name)).toBe(text);
    const { signature: _, ...after } = await mark();
    const { signature: __, ...same } = before;
    expect(after).toEqual({
      ...same,
      readme: guides.readme.sha256,
      restore: guides.restore.sha256,
      guides: guides.version,
    });
    expect(await findings()).toEqual([]);
    const counted = countingStore(store);
    await backUp(counted.store);
    expect(counted.fetches.gets.some(({ name }) => name === 'restore.sh')).toBe(false);
    expect(warnings).toEqual([]);
  });

  it('that somebody has changed stay, and are still named by a verification', async () => {
    const { store, backUp, textOf, findings } = await makeWorld(madeWith(EARLIER));
    await store.put('README.txt', Buffer.from('the key is in the safe of room 12\n'));
    await backUp();
    await backUp();
    expect(await textOf('README.txt')).toBe('the key is in the safe of room 12\n');
    expect(await textOf('restore.sh')).toBe(current['restore.sh']);
    expect(await findings()).toEqual(['README.txt was altered']);
  });

  it('of a later version stay', async () => {
    const later = { 'README.txt': 'a later text\n', 'restore.sh': '# version: 99\n' };
    const { backUp, textOf, findings } = await makeWorld(madeWith(later, 99));
    await backUp();
    for (const [name, text] of Object.entries(later)) expect(await textOf(name)).toBe(text);
    expect(await findings()).toEqual([]);
  });

  it('come where there is none', async () => {
    const { store, backUp, textOf, findings } = await makeWorld(madeWith(EARLIER));
    await store.delete('restore.sh');
    await backUp();
    expect(await textOf('restore.sh')).toBe(current['restore.sh']);
    expect(await findings()).toEqual([]);
  });

  it.each(['README.txt', 'restore.sh', 'lsb1.json'])(
    'are whole again after a run that died before it put %s',
    async (last) => {
      const { store, backUp, textOf, mark, findings } = await makeWorld(madeWith(EARLIER));
      const put: Store['put'] = async (name, ...rest) => {
        if (name === last) throw new Error('killed');
        await store.put(name, ...rest);
      };
      await expect(backUp({ ...store, put })).rejects.toThrow('killed');
      expect(await findings()).toEqual([]);
      await backUp();
      for (const [name, text] of Object.entries(current)) expect(await textOf(name)).toBe(text);
      expect(await mark()).toMatchObject({ guides: guides.version });
    },
  );

  it('that cannot be written are told, and the backup stands', async () => {
    const { store, backUp, warnings } = await makeWorld(madeWith(EARLIER));
    const put: Store['put'] = async (name, ...rest) => {
      if (name === 'README.txt') throw Object.assign(new Error('read-only'), { code: 'EROFS' });
      await store.put(name, ...rest);
    };
    await backUp({ ...store, put });
    expect(warnings.map(({ code }) => code)).toEqual(['LS-REPO-007']);
  });

  it('are locked for as long as a backup says of those before', async () => {
    const store = lockingStore();
    const made = await makeWorld(madeWith(EARLIER), store, (source) => (source ? 90 : 7));
    const record = await made.backUp({
      ...store,
      put: async (name, data, options) => {
        // As in a bucket that keeps versions: the new one comes above the one that is locked.
        if (name in current || name === 'lsb1.json') store.locks.delete(name);
        await store.put(name, data, options);
      },
    });
    expect(await made.textOf('restore.sh')).toBe(current['restore.sh']);
    for (const name of [...Object.keys(current), 'lsb1.json'])
      expect(store.locks.get(name)).toBe(Date.parse(record.lock?.repository ?? ''));
    expect(Date.parse(record.lock?.repository ?? '')).toBeGreaterThan(store.now + 89 * DAY);
  });

  it('stay where the store refuses to replace what is locked, and nobody is told each night', async () => {
    const made = await makeWorld(madeWith(EARLIER), lockingStore(), () => 30);
    await made.backUp();
    await made.backUp();
    expect(await made.textOf('restore.sh')).toBe(EARLIER['restore.sh']);
    expect([made.warnings, await made.findings()]).toEqual([[], []]);
  });
});
