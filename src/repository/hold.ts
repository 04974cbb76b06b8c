import { LeitstandError } from '../platform/errors.ts';
import type { Store } from '../stack/store.ts';

/** What a store would not delete. */
export interface Held {
  readonly why: string | undefined;
  /** Locked by the store, as it was asked to; else these credentials may not delete. */
  readonly isLocked: boolean;
}

const NO_RIGHT = ['LS-REPO-007', 'LS-REPO-021'];

/** Undefined when it is gone. Rejects with everything else that a store may fail with. */
export async function deleteUnlessHeld(store: Store, name: string): Promise<Held | undefined> {
  try {
    await store.delete(name);
    return undefined;
  } catch (error) {
    if (!(error instanceof LeitstandError)) throw error;
    const isLocked = error.code === 'LS-REPO-036';
    if (!isLocked && !NO_RIGHT.includes(error.code)) throw error;
    return { why: error.details.why, isLocked };
  }
}
