import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import {
  Agent as HttpAgent,
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { systemErrorCode } from '../../../../platform/errors.ts';
import { networkReason } from '../../../../platform/network-reason.ts';
import { formatElapsed, formatSize } from '../../../../platform/units.ts';
import { SourceRefused } from '../source.ts';

export interface DownloadLimits {
  /** Milliseconds until there is a connection. */
  readonly connectMs: number;
  /** Milliseconds in which at least 16 KiB have to come, or all that is left: a drip must not keep `up` for days. */
  readonly stallMs: number;
}

export const DOWNLOAD_LIMITS: DownloadLimits = { connectMs: 5_000, stallMs: 30_000 };

const MAX_REDIRECTS = 5;
const LEAST_BYTES = 16 * 1024;

export interface Downloads {
  /** HTTP_PROXY, HTTPS_PROXY and NO_PROXY are honoured. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
  readonly limits: DownloadLimits;
  /** Hosts that did not answer in this run → why; they are not waited for again. */
  readonly silent: Map<string, string>;
}

export interface DownloadOptions {
  readonly maxBytes: number;
  /** Called with each piece; `size` in bytes where the server told it. */
  readonly onBytes?: (received: number, size: number | undefined) => void;
}

/** Writes a new file; returns its SHA-256. Rejects with `SourceRefused`, or with the errors of the file system. */
export async function downloadFile(
  url: URL,
  path: string,
  downloads: Downloads,
  options: DownloadOptions,
): Promise<string> {
  const hash = createHash('sha256');
  await receive(url, downloads, options, async (pieces) => {
    const hashed = async function* () {
      for await (const piece of pieces) {
        hash.update(piece);
        yield piece;
      }
    };
    await pipeline(hashed, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
  });
  return hash.digest('hex');
}

export async function downloadText(
  url: URL,
  downloads: Downloads,
  options: DownloadOptions,
): Promise<string> {
  const chunks: Buffer[] = [];
  await receive(url, downloads, options, async (pieces) => {
    for await (const piece of pieces) chunks.push(piece);
  });
  return Buffer.concat(chunks).toString('utf8');
}

async function receive(
  url: URL,
  downloads: Downloads,
  { maxBytes, onBytes }: DownloadOptions,
  take: (pieces: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  const exchange = await follow(url, downloads);
  const { response, watchdog } = exchange;
  const size = Number(response.headers['content-length'] ?? Number.NaN);
  const told = Number.isSafeInteger(size) ? size : undefined;
  let received = 0;
  const tooMuch = () =>
    new SourceRefused(`${url.href} has over ${formatSize(maxBytes)}, which is not believed`);
  const pieces = async function* () {
    try {
      for await (const piece of response as AsyncIterable<Buffer>) {
        watchdog.feed(piece.length);
        received += piece.length;
        if (received > maxBytes) throw tooMuch();
        onBytes?.(received, told);
        yield piece;
      }
    } catch (error) {
      downloads.signal?.throwIfAborted();
      if (error instanceof SourceRefused) throw error;
      const part = `${formatSize(received)}${told === undefined ? '' : ` of ${formatSize(told)}`}`;
      const why = watchdog.expired === undefined ? '' : `: ${watchdog.expired}`;
      throw new SourceRefused(`the download of ${url.href} broke off after ${part}${why}`);
    }
  };
  try {
    if (told !== undefined && told > maxBytes) throw tooMuch();
    await take(pieces());
  } finally {
    exchange.close();
  }
}

interface Exchange {
  readonly response: IncomingMessage;
  readonly watchdog: Watchdog;
  close(): void;
}

/** Redirects go to https only: GitHub's do, and whoever redirects elsewhere is not GitHub. */
async function follow(start: URL, downloads: Downloads): Promise<Exchange> {
  let url = start;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const exchange = await ask(url, downloads);
    const { statusCode: status = 0, headers } = exchange.response;
    if (status === 200) return exchange;
    exchange.close();
    const target = [301, 302, 303, 307, 308].includes(status) ? headers.location : undefined;
    if (target === undefined) throw new SourceRefused(`${url.href} ${statusText(status)}`);
    const next = URL.parse(target, url.href);
    if (next?.protocol !== 'https:')
      throw new SourceRefused(`${url.href} redirects to ${next?.origin ?? 'nowhere'}, which is not https`);
    url = next;
  }
  throw new SourceRefused(`${start.href} redirects more than ${MAX_REDIRECTS} times`);
}

function statusText(status: number): string {
  if (status === 404 || status === 410) return `is not there (${status})`;
  if (status === 401 || status === 403 || status === 407) return `may not be read from here (${status})`;
  return `answers ${status}`;
}

async function ask(url: URL, downloads: Downloads): Promise<Exchange> {
  downloads.signal?.throwIfAborted();
  const before = downloads.silent.get(url.host);
  if (before !== undefined) throw new SourceRefused(before);
  try {
    return await exchangeWith(url, downloads);
  } catch (error) {
    downloads.signal?.throwIfAborted();
    const reason = `${url.host} cannot be reached: ${unreachableReason(url, error)}`;
    downloads.silent.set(url.host, reason);
    throw new SourceRefused(reason);
  }
}

/** Node's words about a proxy hold its URL, which may hold a password; without words, it would pass for the host. */
function unreachableReason(url: URL, error: unknown): string {
  const code = systemErrorCode(error) ?? '';
  const proxy = 'the proxy in HTTP_PROXY or HTTPS_PROXY';
  if (code.startsWith('ERR_PROXY')) {
    const status = /HTTP\/1\.\d (\d{3})/.exec((error as Error).message)?.[1];
    return `${proxy} does not let it through${status === undefined ? '' : ` (it answers ${status})`}`;
  }
  const { port } = error as { readonly port?: unknown };
  const isOther = typeof port === 'number' && port !== portOf(url);
  return isOther ? `${proxy} (port ${port}): ${networkReason(error)}` : networkReason(error);
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

function exchangeWith(url: URL, { env, signal, limits }: Downloads): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const isTls = url.protocol === 'https:';
    const agent = isTls ? new HttpsAgent({ proxyEnv: env }) : new HttpAgent({ proxyEnv: env });
    const headers = { 'user-agent': 'leitstand', accept: '*/*', 'accept-encoding': 'identity' };
    const request = (isTls ? httpsRequest : httpRequest)(url, { agent, headers });
    const watchdog = new Watchdog(request, limits);
    const abort = () => request.destroy(signal?.reason as Error);
    signal?.addEventListener('abort', abort, { once: true });
    const close = () => {
      watchdog.stop();
      signal?.removeEventListener('abort', abort);
      request.destroy();
      agent.destroy();
    };
    request.on('error', (error) => {
      close();
      reject(error);
    });
    request.on('socket', (socket) => {
      if (socket.connecting) socket.once('connect', () => watchdog.feed());
      else watchdog.feed();
    });
    request.on('response', (response) => {
      watchdog.feed();
      resolve({ response, watchdog, close });
    });
    request.end();
  });
}

/** Ends an exchange in which nothing happens any more. */
class Watchdog {
  /** Why it ended the exchange; undefined when it did not. */
  expired: string | undefined;
  readonly #request: ClientRequest;
  readonly #stallMs: number;
  #timer: NodeJS.Timeout;
  /** Bytes since the timer was set. */
  #bytes = 0;
  #words = '';

  constructor(request: ClientRequest, { connectMs, stallMs }: DownloadLimits) {
    this.#request = request;
    this.#stallMs = stallMs;
    this.#timer = this.#arm(connectMs, `no connection within ${formatElapsed(connectMs)}`);
  }

  /** Without a number: something happened that is worth as much as bytes. */
  feed(bytes = LEAST_BYTES): void {
    this.#bytes += bytes;
    if (this.#bytes >= LEAST_BYTES) this.#rearm();
    else this.#words = `only ${formatSize(this.#bytes)} within ${formatElapsed(this.#stallMs)}`;
  }

  #rearm(): void {
    clearTimeout(this.#timer);
    this.#bytes = 0;
    this.#timer = this.#arm(this.#stallMs, `not a byte within ${formatElapsed(this.#stallMs)}`);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(ms: number, words: string): NodeJS.Timeout {
    this.#words = words;
    return setTimeout(() => {
      this.expired = this.#words;
      this.#request.destroy(Object.assign(new Error(this.#words), { code: 'ETIMEDOUT' }));
    }, ms);
  }
}
