import { backoff, type Supervision } from './supervision.ts';

/** At most one restart is pending; a new one, `cancel` or the daemon's end takes its place. */
export class RestartTimer {
  readonly #supervision: Supervision;
  #pending: { readonly cancel: AbortController; readonly at: number } | undefined;

  constructor(supervision: Supervision) {
    this.#supervision = supervision;
  }

  /** Milliseconds until the pending restart; undefined when there is none. */
  get inMs(): number | undefined {
    return this.#pending && this.#pending.at - this.#supervision.clock.monotonic();
  }

  /** Calls `restart` after the pause that the nth crash in a row earns; `isDue` tells it whether that still holds. */
  schedule(crashes: number, restart: (isDue: () => boolean) => Promise<void>): void {
    const { clock, closing, times } = this.#supervision;
    this.cancel();
    const cancel = new AbortController();
    const { signal } = cancel;
    const delay = backoff(crashes, times);
    this.#pending = { cancel, at: clock.monotonic() + delay };
    // By hand: `AbortSignal.any` on a signal that lives as long as the daemon leaks (nodejs/node #54614).
    const end = () => cancel.abort();
    closing.addEventListener('abort', end, { once: true });
    const attempt = async () => {
      await clock.sleep(delay, signal);
      await restart(() => !signal.aborted);
    };
    attempt()
      .catch((error: unknown) => {
        if (!signal.aborted) throw error;
      })
      .finally(() => closing.removeEventListener('abort', end));
  }

  /** The restart has begun: nothing is pending any more. */
  begun(): void {
    this.#pending = undefined;
  }

  cancel(): void {
    this.#pending?.cancel.abort();
    this.#pending = undefined;
  }
}
