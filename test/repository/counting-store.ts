import type { Store } from '../../src/stack/store.ts';

export interface Fetches {
  /** Each `get`: its name and how many bytes came. */
  readonly gets: { readonly name: string; readonly bytes: number }[];
  /** Requests, and bytes of packs, that were asked for at the same time, at most. */
  mostAtOnce: number;
  mostBytesAtOnce: number;
  bytesOf(prefix: string): number;
  clear(): void;
}

/** The same store, and what was fetched from it. */
export function countingStore(store: Store): { readonly store: Store; readonly fetches: Fetches } {
  let [atOnce, bytesAtOnce] = [0, 0];
  const fetches: Fetches = {
    gets: [],
    mostAtOnce: 0,
    mostBytesAtOnce: 0,
    bytesOf: (prefix) =>
      fetches.gets.reduce((sum, { name, bytes }) => sum + (name.startsWith(prefix) ? bytes : 0), 0),
    clear: () => {
      fetches.gets.splice(0);
      [fetches.mostAtOnce, fetches.mostBytesAtOnce] = [0, 0];
    },
  };
  const get: Store['get'] = async (name, range) => {
    const length = name.startsWith('packs/') ? (range?.length ?? 0) : 0;
    atOnce += 1;
    bytesAtOnce += length;
    fetches.mostAtOnce = Math.max(fetches.mostAtOnce, atOnce);
    fetches.mostBytesAtOnce = Math.max(fetches.mostBytesAtOnce, bytesAtOnce);
    try {
      const bytes = await store.get(name, range);
      fetches.gets.push({ name, bytes: bytes?.length ?? 0 });
      return bytes;
    } finally {
      atOnce -= 1;
      bytesAtOnce -= length;
    }
  };
  return { store: { ...store, get }, fetches };
}
