import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { httpExchange } from '../../src/platform/http.ts';
import { httpLines } from '../../src/platform/http-lines.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serverThat(answers: RequestListener): Promise<string> {
  const server = createServer(answers).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  closing.push(
    () =>
      new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Sends for as long as anybody takes it. */
const endless: RequestListener = (_request, response) => {
  const piece = Buffer.alloc(1024 ** 2, 'a');
  const send = () => {
    while (response.write(piece)) continue;
  };
  response.on('drain', send);
  send();
};

describe('an answer without an end', () => {
  it('is not held in memory', async () => {
    const url = await serverThat(endless);
    await expect(httpExchange(url, { maxBytes: 3 * 1024 ** 2 })).rejects.toMatchObject({
      code: 'EMSGSIZE',
      message: expect.stringContaining('3.0 MiB'),
    });
  });

  it('has a limit also where none is asked for', async () => {
    const url = await serverThat(endless);
    await expect(httpExchange(url, { timeoutMs: 30_000 })).rejects.toMatchObject({ code: 'EMSGSIZE' });
  });

  it('is no line', async () => {
    const { lines } = await httpLines(await serverThat(endless));
    await expect(lines().next()).rejects.toMatchObject({ code: 'EMSGSIZE' });
  });
});

it('lines are put together from any pieces', async () => {
  const url = await serverThat((_request, response) => {
    const pieces = ['a', 'b\nc\n', '\nd', 'e', '\n', 'f'];
    const send = () => {
      const piece = pieces.shift();
      if (piece === undefined) response.end();
      else response.write(piece, () => setTimeout(send, 5));
    };
    send();
  });
  const { lines } = await httpLines(url);
  const found: string[] = [];
  for await (const line of lines()) found.push(line);
  expect(found).toEqual(['ab', 'c', '', 'de', 'f']);
});
