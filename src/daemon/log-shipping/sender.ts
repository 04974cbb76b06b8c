import { Agent, request } from 'node:http';
import { systemErrorCode } from '../../platform/errors.ts';
import { httpExchange } from '../../platform/http.ts';

export type SendResult =
  | {
      readonly outcome: 'taken';
      /** Not on the connection before: the store may be another process by now. */
      readonly newConnection: boolean;
    }
  /** As it is, it will never be taken: too much of it, or a line in it is not wanted. */
  | { readonly outcome: 'refused'; readonly reason: string }
  | { readonly outcome: 'failed'; readonly reason: string; readonly retryAfterMs: number | undefined };

export interface SendRequest {
  readonly body: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const LONGEST_ANSWER = 2_000;
const LONGEST_PAGE_BYTES = 16 * 1024 ** 2;
/** 400: Loki's answer to a line that it does not take; 413: too much at once; 422 of proxies for either. */
const REFUSALS: readonly (number | undefined)[] = [400, 413, 422];

/** Pushes to one log store over one connection. */
export class LogSender {
  readonly #url: URL;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #onBreak: () => void;

  /** `onBreak`: the connection has ended, whoever ended it. */
  constructor(url: string, onBreak: () => void) {
    this.#url = new URL(url);
    this.#onBreak = onBreak;
  }

  /** Never rejects. */
  send({ body, timeoutMs, signal }: SendRequest): Promise<SendResult> {
    return new Promise((resolve) => {
      const fail = (error: Error) =>
        resolve({ outcome: 'failed', reason: inWords(error, timeoutMs), retryAfterMs: undefined });
      const sent = request(this.#url, {
        method: 'POST',
        agent: this.#agent,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      });
      const timer = setTimeout(
        () => sent.destroy(Object.assign(new Error('late'), { code: 'ETIMEDOUT' })),
        timeoutMs,
      );
      const abort = () => sent.destroy(new Error('the daemon ends'));
      signal.addEventListener('abort', abort, { once: true });
      sent.once('socket', (socket) => {
        if (!sent.reusedSocket) socket.once('close', this.#onBreak);
      });
      sent.once('close', () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
      });
      sent.once('error', fail);
      sent.once('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          if (text.length < LONGEST_ANSWER) text += part;
        });
        response.once('error', fail);
        response.once('end', () =>
          resolve(judge(response.statusCode ?? 0, response.headers['retry-after'], text, !sent.reusedSocket)),
        );
      });
      sent.end(body);
    });
  }

  /** The start time of the store's process; '' when it does not say. Rejects with words when it cannot be asked. */
  async identify(timeoutMs: number, signal: AbortSignal): Promise<string> {
    const asked = httpExchange(new URL('/metrics', this.#url), {
      timeoutMs,
      signal,
      maxBytes: LONGEST_PAGE_BYTES,
    });
    const { status, body } = await asked.catch((error: Error) => {
      throw new Error(inWords(error, timeoutMs), { cause: error });
    });
    if (status >= 500) throw new Error(`answers ${status} at /metrics`);
    return (status === 200 && /^process_start_time_seconds (\S+)/m.exec(body)?.[1]) || '';
  }

  close(): void {
    this.#agent.destroy();
  }
}

function judge(
  status: number,
  retryAfter: string | undefined,
  text: string,
  newConnection: boolean,
): SendResult {
  if (status >= 200 && status < 300) return { outcome: 'taken', newConnection };
  const words = text.trim().split('\n')[0] ?? '';
  const reason = `answers ${status}${words === '' ? '' : `: ${words.slice(0, 300)}`}`;
  if (REFUSALS.includes(status)) return { outcome: 'refused', reason };
  const seconds = Number(retryAfter);
  const retryAfterMs = retryAfter !== undefined && seconds >= 0 ? seconds * 1000 : undefined;
  return { outcome: 'failed', reason, retryAfterMs };
}

function inWords(error: Error, timeoutMs: number): string {
  const code = systemErrorCode(error);
  if (code === 'ECONNREFUSED') return 'refuses the connection';
  if (code === 'ETIMEDOUT') return `does not answer within ${timeoutMs / 1000} s`;
  return `cannot be reached (${code ?? error.message})`;
}
