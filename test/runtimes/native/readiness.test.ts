import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../src/platform/clock.ts';
import { probe, requestReload, waitUntilReady } from '../../../src/runtimes/native/readiness.ts';

let status: number;
const server = createServer((_request, response) => response.writeHead(status).end('first line\nsecond'));
let url: string;
beforeEach(async () => {
  status = 200;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const options = { clock: systemClock, pollMs: 5, timeoutMs: 50, ended: async () => undefined };

it('takes 200 for ready and nothing else', async () => {
  expect(await probe(url)).toEqual({ ready: true });
  for (status of [204, 302, 404, 503]) {
    expect(await probe(url)).toEqual({
      ready: false,
      reason: `${url} answers ${status}${status === 204 ? '' : ': first line'}`,
    });
  }
});

it('says in words why nobody answers', async () => {
  await new Promise((resolve) => server.close(resolve));
  expect(await probe(url)).toEqual({ ready: false, reason: `${url} refuses the connection` });
  expect(await waitUntilReady(url, options)).toMatchObject({ outcome: 'late' });
  expect(await requestReload(url)).toContain('ECONNREFUSED');
});

it('does not take somebody else on the port for a program that has ended', async () => {
  const ended = async () => 'exited with code 1';
  expect(await waitUntilReady(url, { ...options, ended })).toEqual({
    outcome: 'ended',
    how: 'exited with code 1',
  });
});

it('ends when it is cancelled', async () => {
  status = 503;
  const signal = AbortSignal.timeout(20);
  await expect(waitUntilReady(url, { ...options, timeoutMs: 60_000, signal })).rejects.toThrow();
});
