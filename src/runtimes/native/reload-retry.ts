import { type DesiredComponent, launchHash } from './desired.ts';
import type { ProcessRecord } from './process-record.ts';
import { backoff, type Supervision } from './supervision.ts';

/** Whether the program runs as it should and has not read the files it should. */
export function isReloadOwed(record: ProcessRecord, wanted: DesiredComponent | undefined): boolean {
  return (
    wanted?.reloadUrl !== undefined &&
    record.launchHash === launchHash(wanted) &&
    record.filesHash !== wanted.filesHash
  );
}

/** When a reload that was refused, or was cancelled before it came to it, is tried again. */
export class ReloadRetry {
  readonly #supervision: Supervision;
  #tries = 0;
  #at = 0;

  constructor(supervision: Supervision) {
    this.#supervision = supervision;
  }

  isDue(): boolean {
    return this.#supervision.clock.monotonic() >= this.#at;
  }

  /** Next after 1 s, 2 s, 4 s … */
  postpone(): void {
    const { clock, times } = this.#supervision;
    this.#tries += 1;
    this.#at = clock.monotonic() + backoff(this.#tries, times);
  }

  reset(): void {
    this.#tries = 0;
    this.#at = 0;
  }
}
