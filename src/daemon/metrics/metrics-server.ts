import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { OpenListener } from '../hosted-listener.ts';
import { SEEN_PREFIX, type SeenServer } from '../seen/seen-server.ts';

const TEXT_FORMAT = 'text/plain; version=0.0.4; charset=utf-8';
const REQUEST_TIMEOUT_MS = 10_000;

export interface MetricsServerOptions {
  readonly page: () => Promise<string>;
  /** Everything below /seen/. */
  readonly seen: SeenServer;
}

/**
 * `/metrics`, `/-/healthy`, `/-/ready` and `/seen/…` on a port of the loopback. Through a proxy there is nothing but
 * `/seen/…`, whatever the proxy lets through. Rejects when the port is taken.
 */
export function serveMetrics(port: number, options: MetricsServerOptions): Promise<OpenListener> {
  const timeouts = { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS };
  const server = createServer(timeouts, (request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (path.startsWith(SEEN_PREFIX)) return options.seen(request, response);
    if (isProxied(request)) return answer(response, 404, 'nothing here\n');
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'only GET\n');
    if (path === '/-/healthy' || path === '/-/ready') return answer(response, 200, 'ok\n');
    if (path !== '/metrics') return answer(response, 404, 'there are /metrics, /-/healthy and /-/ready\n');
    options.page().then(
      (text) => answer(response, 200, text, TEXT_FORMAT),
      (error: unknown) => answer(response, 500, `${String(error)}\n`),
    );
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.off('error', reject);
      resolve({
        port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      });
    });
  });
}

/** What the usual reverse proxies add to a request. */
const PROXY_HEADERS = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-real-ip',
];

function isProxied({ headers }: IncomingMessage): boolean {
  return PROXY_HEADERS.some((name) => headers[name] !== undefined);
}

function answer(response: ServerResponse, status: number, text: string, type = 'text/plain'): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
