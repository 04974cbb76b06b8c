import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { formatSize } from './units.ts';

export interface HttpRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds for the whole exchange. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** PEM text of the only authorities whose signature under the server's certificate counts. */
  readonly ca?: string;
  /** A Unix socket to connect to instead of the URL's host. */
  readonly socketPath?: string;
  /** Longest body that is taken; 256 MiB unless said, which still is one text. */
  readonly maxBytes?: number;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

const MAX_BYTES = 256 * 1024 ** 2;

/** Why an answer is not read to its end. */
export function tooLong(maxBytes: number): Error {
  const text = `its answer is longer than ${formatSize(maxBytes)}, which nobody of its kind gives`;
  return Object.assign(new Error(text), { code: 'EMSGSIZE' });
}

/**
 * One exchange; any status is a result. Rejects with Node's system errors (`ECONNREFUSED`, …), with
 * `ETIMEDOUT` after `timeoutMs` (10 s unless said), `EMSGSIZE` for a body that is too long, or with the signal's reason.
 * Never follows redirects.
 */
export function httpExchange(url: string | URL, options: HttpRequest = {}): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    options.signal?.throwIfAborted();
    const target = new URL(url);
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const { timeoutMs = 10_000, maxBytes = MAX_BYTES } = options;
    const request = send(target, {
      method: options.method ?? 'GET',
      headers: {
        ...(options.body === undefined ? {} : { 'content-length': Buffer.byteLength(options.body) }),
        ...options.headers,
      },
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      ...(options.socketPath === undefined ? {} : { socketPath: options.socketPath }),
    });
    const timer = setTimeout(() => {
      request.destroy(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: 'ETIMEDOUT' }));
    }, timeoutMs);
    const abort = () => request.destroy(options.signal?.reason as Error);
    options.signal?.addEventListener('abort', abort, { once: true });
    const finish = () => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
    };
    const refuse = (error: Error) => {
      finish();
      reject(error);
    };
    request.on('error', refuse);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let received = 0;
      response.on('data', (chunk: Buffer) => {
        received += chunk.length;
        if (received > maxBytes) request.destroy(tooLong(maxBytes));
        else chunks.push(chunk);
      });
      response.on('error', refuse);
      response.on('end', () => {
        finish();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        });
      });
    });
    request.end(options.body);
  });
}
