import { setTimeout as delay } from 'node:timers/promises';

/** Time as an argument, so that tests decide what time it is. */
export interface Clock {
  /** Wall clock. */
  now(): Date;
  /** Milliseconds that only grow; for durations, never for dates. */
  monotonic(): number;
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
  },
};
