import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type HttpRequest, tooLong } from './http.ts';

/** Characters; the longest row of a log store has 2 MiB. */
const LONGEST_LINE = 16 * 1024 ** 2;

export interface HttpLines {
  readonly status: number;
  /** The body line by line, without the line ends; once. Rejects with `ECONNRESET` when it breaks off, `EMSGSIZE` for an endless line. */
  lines(): AsyncGenerator<string>;
}

/**
 * An exchange whose body is too large to be held: any status is a result. Rejects as `httpExchange` does, but
 * `timeoutMs` (30 s unless said) is the longest silence on the connection, not the whole time.
 * Whoever does not read `lines()` to its end or break out of it leaves the connection open.
 */
export function httpLines(url: string | URL, options: HttpRequest = {}): Promise<HttpLines> {
  return new Promise((resolve, reject) => {
    options.signal?.throwIfAborted();
    const target = new URL(url);
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const timeoutMs = options.timeoutMs ?? 30_000;
    const request = send(target, {
      method: options.method ?? 'GET',
      headers: {
        ...(options.body === undefined ? {} : { 'content-length': Buffer.byteLength(options.body) }),
        ...options.headers,
      },
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      timeout: timeoutMs,
      // Not pooled: a stream that is left early must not come back to the pool.
      agent: false,
    });
    const abort = () => request.destroy(options.signal?.reason as Error);
    options.signal?.addEventListener('abort', abort, { once: true });
    request.on('close', () => options.signal?.removeEventListener('abort', abort));
    request.on('timeout', () =>
      request.destroy(Object.assign(new Error(`no answer for ${timeoutMs} ms`), { code: 'ETIMEDOUT' })),
    );
    request.on('error', reject);
    request.on('response', (response) => {
      resolve({ status: response.statusCode ?? 0, lines: () => linesOf(response, options.signal) });
    });
    request.end(options.body);
  });
}

async function* linesOf(response: IncomingMessage, signal: AbortSignal | undefined): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
      const [end = '', ...lines] = chunk.split('\n');
      rest += end;
      if (rest.length > LONGEST_LINE) throw tooLong(LONGEST_LINE);
      const next = lines.pop();
      if (next === undefined) continue;
      yield rest;
      yield* lines;
      rest = next;
    }
  } catch (error) {
    // A stream that we cut ourselves ends with Node's own words; the reason is the signal's.
    signal?.throwIfAborted();
    throw error;
  }
  if (rest !== '') yield rest;
}
