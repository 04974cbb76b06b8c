import type { Store } from '../stack/store.ts';
import type { FileEntry } from './file-entry.ts';
import { readList } from './lists.ts';
import { readAhead } from './read-ahead.ts';
import type { ListReference } from './records.ts';

/** Entries that are held in memory at the same time; one list may have more. */
const BATCH_ENTRIES = 60_000;
const REQUESTS = 4;

interface HasReference {
  readonly reference: ListReference;
}

/**
 * Lists with their entries, in order, in batches that fit into memory. `read` says what a list holds and may pass over it.
 */
export async function* listBatches<List extends HasReference>(
  lists: readonly List[],
  read: (list: List) => Promise<readonly FileEntry[]>,
): AsyncGenerator<readonly { readonly list: List; readonly entries: readonly FileEntry[] }[]> {
  let batch: { readonly list: List; readonly entries: readonly FileEntry[] }[] = [];
  let held = 0;
  const reads = readAhead(lists, {
    work: async (list) => ({ list, entries: await read(list) }),
    count: REQUESTS,
    size: ({ reference }) => reference.files,
    room: BATCH_ENTRIES,
  });
  for await (const one of reads) {
    if (batch.length > 0 && held + one.entries.length > BATCH_ENTRIES) {
      yield batch;
      [batch, held] = [[], 0];
    }
    batch.push(one);
    held += one.entries.length;
  }
  if (batch.length > 0) yield batch;
}

/** Reads a list, once more when it does not come right. Throws LS-REPO-004. */
export async function readListTwice(store: Store, reference: ListReference): Promise<FileEntry[]> {
  try {
    return await readList(store, reference);
  } catch {
    return readList(store, reference);
  }
}
