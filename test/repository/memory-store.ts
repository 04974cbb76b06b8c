import type { Store } from '../../src/stack/store.ts';

export interface MemoryStore extends Store {
  readonly objects: Map<string, { readonly data: Buffer; readonly modifiedAt: Date }>;
  /** The store's own clock. */
  now: number;
}

/** A store whose time the test decides, and which may be asked to wait before each operation. */
export function memoryStore(
  before: (operation: string, name: string) => Promise<void> = async () => undefined,
) {
  const objects = new Map<string, { readonly data: Buffer; readonly modifiedAt: Date }>();
  const store: MemoryStore = {
    label: 'memory',
    objects,
    now: Date.parse('2026-01-01T00:00:00.000Z'),
    put: async (name, data) => {
      const copy = Buffer.from(data);
      await before('put', name);
      objects.set(name, { data: copy, modifiedAt: new Date(store.now) });
    },
    get: async (name, range) => {
      await before('get', name);
      const data = objects.get(name)?.data;
      return range ? data?.subarray(range.offset, range.offset + range.length) : data;
    },
    head: async (name) => {
      await before('head', name);
      const found = objects.get(name);
      return found && { size: found.data.length };
    },
    list: async function* (prefix) {
      await before('list', prefix);
      // What is there now, as a strongly consistent server answers.
      const found = [...objects].filter(([name]) => name.startsWith(prefix));
      for (const [name, { data, modifiedAt }] of found.sort(([a], [b]) => (a < b ? -1 : 1)))
        yield { name, size: data.length, modifiedAt };
    },
    delete: async (name) => {
      await before('delete', name);
      objects.delete(name);
    },
    time: async () => {
      await before('time', '');
      return new Date(store.now);
    },
  };
  return store;
}
