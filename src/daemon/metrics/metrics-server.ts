import { createServer, type ServerResponse } from 'node:http';
import type { OpenListener } from '../hosted-listener.ts';

const TEXT_FORMAT = 'text/plain; version=0.0.4; charset=utf-8';

/** `/metrics`, `/-/healthy` and `/-/ready` on a port of the loopback. Rejects when the port is taken. */
export function serveMetrics(port: number, page: () => Promise<string>): Promise<OpenListener> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'only GET\n');
    if (path === '/-/healthy' || path === '/-/ready') return answer(response, 200, 'ok\n');
    if (path !== '/metrics') return answer(response, 404, 'there are /metrics, /-/healthy and /-/ready\n');
    page().then(
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

function answer(response: ServerResponse, status: number, text: string, type = 'text/plain'): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
