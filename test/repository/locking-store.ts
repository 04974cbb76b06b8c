import { repositoryErrors } from '../../src/repository/errors.ts';
import { type MemoryStore, memoryStore } from './memory-store.ts';

export interface LockingStore extends MemoryStore {
  /** Object → until when; milliseconds since 1970. */
  readonly locks: Map<string, number>;
  /** Names whose lock was extended, since the test last looked. */
  readonly extended: string[];
}

/** A store that keeps no old versions and deletes nothing before its time. */
export function lockingStore(): LockingStore {
  const store = memoryStore();
  const locks = new Map<string, number>();
  const extended: string[] = [];
  const assertFree = (name: string) => {
    const until = locks.get(name) ?? 0;
    if (until <= store.now) return;
    const why = `locked until ${new Date(until).toISOString()}`;
    throw repositoryErrors.error('LS-REPO-036', { what: name, why, fix: 'wait' });
  };
  const { put, delete: remove } = store;
  return Object.assign(store, {
    locks,
    extended,
    put: (async (name, data, { lockUntil } = {}) => {
      assertFree(name);
      await put(name, data);
      if (lockUntil) locks.set(name, lockUntil.getTime());
    }) satisfies MemoryStore['put'],
    delete: async (name: string) => {
      assertFree(name);
      await remove(name);
    },
    extendLock: async (name: string, until: Date) => {
      if (!store.objects.has(name)) throw new Error(`there is no ${name}`);
      extended.push(name);
      locks.set(name, Math.max(locks.get(name) ?? 0, until.getTime()));
    },
  });
}
