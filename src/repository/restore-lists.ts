import type { RepositoryContext } from './context.ts';
import { release } from './buffers.ts';
import { isFile, type ListEntry } from './file-entry.ts';
import { readTwice } from './list-batches.ts';
import { decodeListLine, fetchList, textOf } from './lists.ts';
import { readAhead } from './read-ahead.ts';
import type { ListReference } from './records.ts';
import { rawPath } from './restore-paths.ts';
import { type WholeFile, wholeFileOf } from './whole-file.ts';
import { WholeFileLine } from './whole-file-line.ts';
import { WholeFiles } from './whole-files.ts';

/** What some lists hold. */
export interface RestoreBatch {
  /** Of these only what is wanted. */
  readonly files: WholeFiles;
  /** Everything else, in the order of the lists. */
  readonly others: readonly ListEntry[];
}

export interface BatchReading {
  readonly context: Pick<RepositoryContext, 'store' | 'keyring'>;
  /** Where it belongs below the target; undefined: it is not wanted. */
  readonly pathOf: (path: string) => string | undefined;
  /** A list that cannot be read; nothing of it comes. May throw. */
  readonly onDamage: (list: ListReference, error: unknown) => void;
  readonly breathe: () => Promise<void>;
}

const REQUESTS = 4;
const LINE_FEED = 0x0a;

/** Throws LS-REPO-011 for a path that would leave the target. */
export async function readBatch(
  { context, pathOf, onDamage, breathe }: BatchReading,
  lists: readonly ListReference[],
): Promise<RestoreBatch> {
  const files = new WholeFiles(lists.reduce((sum, list) => sum + list.files, 0));
  const others: ListEntry[] = [];
  const line = new WholeFileLine();
  const add = (file: WholeFile) => {
    const path = pathOf(file.path);
    if (path !== undefined) files.add(file, rawPath(path, {}));
  };
  const take = (list: ListReference, text: Buffer, start: number, end: number) => {
    if (line.read(text, start, end)) return add(line);
    const entry = decodeListLine(list, text.toString('utf8', start, end));
    const file = isFile(entry) ? wholeFileOf(entry) : undefined;
    if (file) add(file);
    else others.push(entry);
  };
  const fetched = readAhead(lists, {
    work: async (list) => ({ list, compressed: await fetchOrSay(context, list) }),
    count: REQUESTS,
  });
  for await (const { list, compressed } of fetched) {
    const before = { files: files.count, others: others.length };
    try {
      if ('error' in compressed) throw compressed.error;
      for await (const text of textOf(list, compressed.bytes)) {
        for (let start = 0; start < text.length; ) {
          const end = text.indexOf(LINE_FEED, start);
          take(list, text, start, end);
          start = end + 1;
        }
        await breathe();
      }
      release(compressed.bytes);
    } catch (error) {
      files.truncate(before.files);
      others.length = before.others;
      onDamage(list, error);
    }
  }
  return { files, others };
}

async function fetchOrSay(
  context: BatchReading['context'],
  list: ListReference,
): Promise<{ readonly bytes: Uint8Array } | { readonly error: unknown }> {
  try {
    return { bytes: await readTwice(() => fetchList(context, list)) };
  } catch (error) {
    return { error };
  }
}
