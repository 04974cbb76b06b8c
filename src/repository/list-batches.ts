import type { RepositoryContext } from './context.ts';
import type { ListEntry } from './file-entry.ts';
import { readList } from './lists.ts';
import { readAhead } from './read-ahead.ts';
import type { ListReference } from './records.ts';

/** Entries that are held in memory at the same time; one list may have more. */
const BATCH_ENTRIES = 30_000;
const REQUESTS = 4;
/** Lists with more are decoded one after the other: their text takes much more room for a moment. */
const DECODED_ENTRIES = 10_000;

interface HasReference {
  readonly reference: ListReference;
}

interface ListEntries<List> {
  readonly list: List;
  readonly entries: readonly ListEntry[];
}

/**
 * Lists with their entries, in order, in batches that fit into memory, one batch at a time. `read` says what a list holds
 * and may pass over it.
 */
export async function* listBatches<List extends HasReference>(
  lists: readonly List[],
  read: (list: List) => Promise<readonly ListEntry[]>,
): AsyncGenerator<readonly ListEntries<List>[]> {
  for (const batch of batchesOf(lists)) {
    const held: ListEntries<List>[] = [];
    const reads = readAhead(batch, {
      work: async (list) => ({ list, entries: await read(list) }),
      count: REQUESTS,
      size: ({ reference }) => reference.files,
      room: DECODED_ENTRIES,
    });
    for await (const one of reads) held.push(one);
    yield held;
  }
}

/** Lists that may be held at the same time. */
export function batchesOf<List extends HasReference>(lists: readonly List[]): List[][] {
  const batches: List[][] = [];
  let held = Number.POSITIVE_INFINITY;
  for (const list of lists) {
    const { files } = list.reference;
    if (held + files > BATCH_ENTRIES) {
      batches.push([]);
      held = 0;
    }
    batches.at(-1)?.push(list);
    held += files;
  }
  return batches;
}

/** Reads a list, once more when it does not come right. Throws as `readList` does. */
export async function readListTwice(
  context: Pick<RepositoryContext, 'store' | 'keyring'>,
  reference: ListReference,
): Promise<ListEntry[]> {
  return readTwice(() => readList(context, reference));
}

export async function readTwice<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch {
    return read();
  }
}
