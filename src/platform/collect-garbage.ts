import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/**
 * Has V8 collect all garbage now; takes milliseconds, 5 to 10 for a program of ours. For where much that lived for long has just
 * become garbage at once: V8 comes for it only when the heap is three times as large, and then keeps the room.
 */
export function collectGarbage(): void {
  if (!collect) {
    // Contexts that are made from here on have the function.
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
}
