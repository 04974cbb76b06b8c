import type { Clock } from '../../platform/clock.ts';
import { systemErrorCode } from '../../platform/errors.ts';
import { httpExchange } from '../../platform/http.ts';

export type Probe = { readonly ready: true } | { readonly ready: false; readonly reason: string };

const PROBE_TIMEOUT_MS = 2_000;
const RELOAD_TIMEOUT_MS = 30_000;
/** Somebody else on the port may say anything, every few seconds. */
const MAX_ANSWER_BYTES = 1024 ** 2;

/** One GET; 200 is ready. Never rejects except when aborted. */
export async function probe(url: string, signal?: AbortSignal): Promise<Probe> {
  try {
    const { status, body } = await httpExchange(url, {
      timeoutMs: PROBE_TIMEOUT_MS,
      signal,
      maxBytes: MAX_ANSWER_BYTES,
    });
    if (status === 200) return { ready: true };
    const text = firstLine(body);
    return { ready: false, reason: `${url} answers ${status}${text === '' ? '' : `: ${text}`}` };
  } catch (error) {
    signal?.throwIfAborted();
    const code = systemErrorCode(error);
    const words =
      code === 'ECONNREFUSED'
        ? 'refuses the connection'
        : code === 'ETIMEDOUT'
          ? `does not answer within ${PROBE_TIMEOUT_MS / 1000} s`
          : `cannot be reached (${code ?? String(error)})`;
    return { ready: false, reason: `${url} ${words}` };
  }
}

export interface WaitOptions {
  readonly clock: Clock;
  readonly pollMs: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Asked between probes; a text says how the process ended. */
  ended(): Promise<string | undefined>;
}

export type WaitResult =
  | { readonly outcome: 'ready' }
  | { readonly outcome: 'ended'; readonly how: string }
  | { readonly outcome: 'late'; readonly reason: string };

/** Polls until ready, ended or late; rejects only with the signal's reason. */
export async function waitUntilReady(url: string, options: WaitOptions): Promise<WaitResult> {
  const deadline = options.clock.monotonic() + options.timeoutMs;
  for (;;) {
    options.signal?.throwIfAborted();
    const result = await probe(url, options.signal);
    // In this order: somebody else on the port must not make a dead program look ready.
    const how = await options.ended();
    if (how !== undefined) return { outcome: 'ended', how };
    if (result.ready) return { outcome: 'ready' };
    if (options.clock.monotonic() >= deadline) return { outcome: 'late', reason: result.reason };
    await options.clock.sleep(options.pollMs, options.signal);
  }
}

/** Undefined when the program has taken its files over; else why not, in its own words. */
export async function requestReload(url: string): Promise<string | undefined> {
  try {
    const { status, body } = await httpExchange(url, { method: 'POST', timeoutMs: RELOAD_TIMEOUT_MS });
    return status === 200 ? undefined : `it answers ${status}: ${firstLine(body)}`;
  } catch (error) {
    return `the request failed: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function firstLine(text: string): string {
  return (text.trim().split('\n')[0] ?? '').trim().slice(0, 300);
}
