import type { WorkName } from './work.ts';

/** Of all work, what one thread has. */
export interface Share {
  readonly isReady: boolean;
  /** The weight of what it was given and has not answered. */
  readonly taken: number;
}

/** Work that waits in the thread itself, so that it has something to do while the next is on its way. */
const AHEAD = 2;
/** Takes ten times as long as other work: what waited behind it would hold up all that comes after that. */
const LONG: WorkName = 'closePack';

export function weightOf(name: WorkName): number {
  return name === LONG ? AHEAD : 1;
}

/** Who takes what comes next; undefined: nobody may take more. */
export function takerAmong<One extends Share>(crew: readonly One[]): One | undefined {
  const free = crew.filter(({ isReady, taken }) => isReady && taken < AHEAD);
  return free.sort((a, b) => a.taken - b.taken)[0];
}
