import type { Clock } from '../../platform/clock.ts';
import type { NativeLayout } from './layout.ts';

/** All in milliseconds. */
export interface SupervisionTimes {
  /** Between SIGTERM and SIGKILL. */
  readonly grace: number;
  /** An apply waits this long for ready. */
  readonly readyTimeout: number;
  readonly readyPoll: number;
  /** Between two background probes of a component that is ready, and of one that is not yet. */
  readonly probeInterval: number;
  readonly startingProbeInterval: number;
  /** How soon the death of an adopted process is noticed. */
  readonly watchInterval: number;
  readonly firstBackoff: number;
  readonly longestBackoff: number;
  /** Ready for this long, a component has recovered: the next crash is a first one again. */
  readonly recovery: number;
}

export const DEFAULT_TIMES: SupervisionTimes = {
  grace: 20_000,
  readyTimeout: 30_000,
  readyPoll: 30,
  probeInterval: 5_000,
  startingProbeInterval: 250,
  watchInterval: 1_000,
  firstBackoff: 1_000,
  longestBackoff: 60_000,
  recovery: 60_000,
};

/** What every runner of one supervisor shares. */
export interface Supervision {
  readonly layout: NativeLayout;
  /** Of `stackScopes`: what is started gets the first. */
  readonly scopes: readonly [string, ...string[]];
  readonly bootId: string;
  readonly clock: Clock;
  readonly times: SupervisionTimes;
  /** Aborted when the daemon ends; the programs live on. */
  readonly closing: AbortSignal;
  /** Whether a process is one that this supervisor runs. */
  isOwn(pid: number): boolean;
}

/** Milliseconds to wait after the nth crash in a row: 1 s, 2 s, 4 s … */
export function backoff(crashes: number, times: SupervisionTimes): number {
  return Math.min(times.longestBackoff, times.firstBackoff * 2 ** Math.min(crashes - 1, 30));
}
