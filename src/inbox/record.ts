import type { InboxMessage } from '../stack/sandbox.ts';

export type NewMessage = Omit<InboxMessage, 'id'>;

/** Where messages are kept: `MessageLog` of the history. */
export interface MessageStore {
  append(message: NewMessage): unknown;
  /** All or none, in this order. Absent: one after the other. */
  appendAll?(messages: readonly NewMessage[]): unknown;
}

/** Resolves once the message is kept; rejects when it cannot be. */
export type Keep = (message: NewMessage) => Promise<void>;

interface Waiting {
  readonly message: NewMessage;
  readonly done: () => void;
  readonly fail: (error: unknown) => void;
}

/** Whatever arrives in one turn of the event loop is written in one go: a commit costs more than a message. */
export function keeper(store: MessageStore): Keep {
  let waiting: Waiting[] = [];
  const write = () => {
    const batch = waiting;
    waiting = [];
    if (!tryTogether(store, batch)) for (const one of batch) writeAlone(store, one);
  };
  return (message) =>
    new Promise((done, fail) => {
      if (waiting.length === 0) setImmediate(write);
      waiting.push({ message, done, fail });
    });
}

/** False when it did not work: then each is tried alone, so that one bad message fails no other. */
function tryTogether(store: MessageStore, batch: readonly Waiting[]): boolean {
  if (!store.appendAll || batch.length === 1) return false;
  try {
    store.appendAll(batch.map(({ message }) => message));
  } catch {
    return false;
  }
  for (const { done } of batch) done();
  return true;
}

function writeAlone(store: MessageStore, { message, done, fail }: Waiting): void {
  try {
    store.append(message);
  } catch (error) {
    fail(error);
    return;
  }
  done();
}
