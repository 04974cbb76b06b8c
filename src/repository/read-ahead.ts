export interface ReadAhead<Item, Result> {
  /** Begins the work on an item. */
  readonly work: (item: Item) => Promise<Result>;
  /** Items under way at the same time. */
  readonly count: number;
  /** What an item takes of `room`, while it is under way and until it has been used; absent: nothing. */
  readonly size?: (item: Item) => number;
  /** One item may take more than all of it. */
  readonly room?: number;
}

/**
 * The results in the order of the items, with the work on the next ones under way meanwhile. Rejects with the first
 * failure in that order; who stops early leaves nothing unhandled.
 */
export async function* readAhead<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  { work, count, size = () => 0, room = Number.POSITIVE_INFINITY }: ReadAhead<Item, Result>,
): AsyncGenerator<Result> {
  const source = iteratorOf(items);
  const waiting: { readonly result: Promise<Result>; readonly size: number }[] = [];
  let taken = 0;
  let next = await source.next();
  try {
    for (;;) {
      while (next.done !== true && waiting.length < count) {
        const needed = size(next.value);
        if (waiting.length > 0 && taken + needed > room) break;
        const result = work(next.value);
        // Whoever fails while an earlier one is still awaited is looked at in its turn.
        result.catch(() => undefined);
        waiting.push({ result, size: needed });
        taken += needed;
        next = await source.next();
      }
      const [first] = waiting;
      if (!first) return;
      yield await first.result;
      waiting.shift();
      taken -= first.size;
    }
  } finally {
    await source.return?.();
  }
}

function iteratorOf<Item>(items: Iterable<Item> | AsyncIterable<Item>): AsyncIterator<Item> {
  if (Symbol.asyncIterator in items) return items[Symbol.asyncIterator]();
  const iterator = items[Symbol.iterator]();
  return {
    next: async () => iterator.next(),
    return: async () => iterator.return?.() ?? { done: true, value: undefined },
  };
}
