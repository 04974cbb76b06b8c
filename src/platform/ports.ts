import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** True when a server could listen there now. */
export function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * Below Linux' range for outgoing connections (32768 to 60999, ip(7)): a port from in there may be taken by somebody's
 * next request before it is used.
 */
const RANGE = [20_000, 32_000] as const;
const ATTEMPTS = 100;

/** The port itself when it is free, else a random one that is. Somebody may still take it before it is used. */
export async function findFreePort(preferred: number, host = '127.0.0.1'): Promise<number> {
  if (preferred !== 0 && (await isPortFree(preferred, host))) return preferred;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = randomInt(...RANGE);
    if (await isPortFree(port, host)) return port;
  }
  throw new Error(`no free port between ${RANGE.join(' and ')} on ${host}`);
}
