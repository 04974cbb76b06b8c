import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { httpExchange } from '../../src/platform/http.ts';
import {
  type Client,
  dial,
  dialTls,
  greeted,
  reply,
  startTestInbox,
  type TestInbox,
  web,
} from './harness.ts';

let test: TestInbox;
let port = 0;
let ca = '';

beforeEach(async () => {
  test = await startTestInbox();
  port = test.inbox.port;
  ca = await readFile(test.caFile, 'utf8');
});
afterEach(() => test.stop());

const REQUEST = 'POST /web HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi';
const OK = /^HTTP\/1\.1 200 OK\r\n[^]*?taken/;

async function byteByByte(client: Client, text: string, pauseMs: number): Promise<void> {
  for (const byte of Buffer.from(text)) {
    client.send(Buffer.of(byte));
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

describe('one port', () => {
  it('takes HTTP', async () => {
    const answer = await httpExchange(`http://127.0.0.1:${port}/web`, { method: 'POST', body: 'hi' });
    expect(answer).toMatchObject({ status: 200, body: 'taken' });
    expect(test.kept()).toMatchObject([{ type: 'web', path: '/web', body: 'hi', accepted: true }]);
  });

  it.each(['127.0.0.1', 'localhost'])(
    'takes HTTPS at %s, with a certificate that ca.pem vouches for',
    async (host) => {
      const answer = await httpExchange(`https://${host}:${port}/web`, { method: 'POST', body: 'hi', ca });
      expect(answer).toMatchObject({ status: 200, body: 'taken' });
      expect(test.kept()).toMatchObject([{ type: 'web', body: 'hi' }]);
    },
  );

  it('takes SMTP from those who wait', async () => {
    const client = await dial(port);
    expect(await client.until(reply(220))).toContain('ESMTP');
    client.send('QUIT\r\n');
    await client.until(reply(221));
    await client.closed;
  });

  it('takes SMTPS from those who wait within TLS', async () => {
    const client = await dialTls(port, ca);
    await client.until(reply(220));
    client.send('EHLO me\r\n');
    const capabilities = await client.until(reply(250));
    expect(capabilities).toContain('AUTH PLAIN LOGIN');
    expect(capabilities).not.toContain('STARTTLS');
  });

  it('speaks HTTP with a browser that connects, waits less than 150 ms, and sends one byte after the other', async () => {
    const client = await dial(port);
    await byteByByte(client, REQUEST, 5);
    expect(await client.until(OK)).toContain('taken');
  });

  it('speaks HTTP and SMTP within TLS that comes one byte after the other', async () => {
    const slow = await throttled(port);
    const web = await dialTls(slow.port, ca);
    web.send(REQUEST);
    await web.until(OK);
    const mail = await dialTls(slow.port, ca);
    await mail.until(reply(220));
    slow.close();
  });

  it('answers requests that come together, in their order', async () => {
    const client = await dial(port);
    client.send(REQUEST + REQUEST + REQUEST);
    for (let i = 0; i < 3; i++) await client.until(/HTTP\/1\.1 200 OK\r\n[^]*?taken/);
    expect(test.kept()).toHaveLength(3);
  });

  it('keeps a connection open for the next request', async () => {
    const client = await dial(port);
    for (let i = 0; i < 3; i++) {
      client.send(REQUEST);
      await client.until(/HTTP\/1\.1 200 OK\r\n[^]*?taken/);
    }
  });

  it.each([
    ['zeros', Buffer.alloc(200)],
    ['a line', Buffer.from('EHLO me\r\nMAIL FROM:<a@b.example>\r\n')],
    ['half a TLS record', Buffer.from('16030100', 'hex')],
    ['a TLS record of nonsense', Buffer.concat([Buffer.from('1603010010', 'hex'), Buffer.alloc(16, 7)])],
    ['TLS of another kind', Buffer.from('15030100020100', 'hex')],
  ])('survives %s', async (_name, bytes) => {
    const client = await dial(port);
    client.send(bytes);
    client.socket.end();
    await client.closed;
    expect(test.kept()).toEqual([]);
    expect((await httpExchange(`http://127.0.0.1:${port}/web`, { method: 'POST' })).status).toBe(200);
  });

  it('refuses TLS within TLS', async () => {
    const outer = await dialTls(port, ca);
    outer.send(Buffer.from('1603010010', 'hex'));
    await outer.closed;
    expect(test.kept()).toEqual([]);
  });

  it('lets go of those who hang up without a word', async () => {
    const client = await dial(port);
    client.socket.end();
    await client.closed;
    expect(client.text()).toBe('');
  });

  it('answers a client that has said all and closes its side', async () => {
    const client = await dial(port);
    client.socket.end(REQUEST);
    await client.until(OK);
    await client.closed;
  });

  it('does not take a client of HTTP for one of SMTP because it is busy itself', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => dial(port)));
    await new Promise((resolve) => setTimeout(resolve, 20));
    // In this phase of the event loop: the timers come next, and only then what has been sent.
    await new Promise((resolve) => setImmediate(resolve));
    for (const client of clients) client.send(REQUEST);
    const end = performance.now() + 400;
    while (performance.now() < end);
    for (const client of clients) await client.until(OK);
  });

  it('serves 200 at once, of every kind', async () => {
    const posted = { method: 'POST', body: 'x', timeoutMs: 40_000 } as const;
    const one = async (i: number) => {
      if (i % 4 === 0) return httpExchange(`http://127.0.0.1:${port}/web`, posted);
      if (i % 4 === 1) return httpExchange(`https://127.0.0.1:${port}/web`, { ...posted, ca });
      const client = i % 4 === 2 ? await dial(port) : await dialTls(port, ca);
      await client.until(reply(220));
      client.send('EHLO me\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n');
      await client.until(reply(354));
      client.send('Subject: x\r\n\r\nx\r\n.\r\nQUIT\r\n');
      await client.until(reply(221));
      return client.closed;
    };
    await Promise.all(Array.from({ length: 200 }, (_, i) => one(i)));
    expect(test.kept()).toHaveLength(200);
    expect(test.kept().every(({ accepted }) => accepted)).toBe(true);
  });

  it('says why a client did not want to go on', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const;
    const socket = connectTls({ host: '127.0.0.1', port, ca, ...old });
    await new Promise((resolve) => socket.once('error', resolve));
    await expect.poll(() => test.troubles).toEqual([expect.stringContaining('unsupported protocol')]);
  });

  it('ends at once, with clients of every kind and in every state connected', async () => {
    const clients = [await dial(port), await greeted(port), await dialTls(port, ca)];
    const handshaking = await dial(port);
    handshaking.send(Buffer.from('160301', 'hex'));
    const requesting = await dial(port);
    requesting.send('POST /web HTTP/1.1\r\n');
    const upgrading = await greeted(port);
    upgrading.send('EHLO me\r\nSTARTTLS\r\n');
    await upgrading.until(/^220 (?!.*ESMTP).*\r\n/m);
    upgrading.send(Buffer.from('1603', 'hex'));
    await test.inbox.close();
    for (const { closed } of [...clients, handshaking, requesting, upgrading]) await closed;
  });
});

describe('without an endpoint for mail', () => {
  it('waits for HTTP as long as it takes', async () => {
    const quiet = await startTestInbox({ endpoints: [web] });
    const client = await dial(quiet.inbox.port);
    await new Promise((resolve) => setTimeout(resolve, 300));
    client.send(REQUEST);
    expect(await client.until(OK)).not.toContain('220');
    await quiet.stop();
  });
});

/** Hands on every byte alone, in both directions. */
async function throttled(target: number) {
  const { createServer } = await import('node:net');
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    far.setNoDelay(true);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.on('data', (bytes: Buffer) => {
        for (const byte of bytes) to.write(Buffer.of(byte));
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    close: () => server.close(),
  };
}
