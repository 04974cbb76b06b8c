import { createServer, type AddressInfo } from 'node:net';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Inbox, startInbox } from '../../src/inbox/server.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { httpExchange } from '../../src/platform/http.ts';
import type { HttpSandbox, InboxMessage, SandboxReply } from '../../src/stack/sandbox.ts';

const LIMIT = 1000;
const ROOM = 1500;
const clock: Clock = { ...systemClock, now: () => new Date('2026-01-02T03:04:05.678Z') };
const accepted: SandboxReply = {
  status: 202,
  headers: { 'x-test': 'a' },
  body: 'taken',
  accepted: true,
  problems: [],
  message: { title: 'title', text: 'text', status: 'firing' },
};

function endpoint(type: string, mounts: readonly string[], receive: HttpSandbox['receive']): HttpSandbox {
  return { type, protocol: 'http', mounts, example: `/${mounts[0] ?? ''}`, maxBodyBytes: LIMIT, receive };
}

let kept: Omit<InboxMessage, 'id'>[] = [];
let full = false;
let seen: Readonly<Record<string, string>> = {};
let inbox: Inbox;
let base = '';

beforeEach(async () => {
  [kept, full] = [[], false];
  inbox = await startInbox({
    port: 0,
    host: '127.0.0.1',
    endpoints: [
      endpoint('one', ['one'], ({ headers }) => {
        seen = headers;
        return accepted;
      }),
      endpoint('two', ['two', 'alerts', ''], ({ body }) => ({
        status: 400,
        body: 'refused',
        accepted: false,
        problems: [`not ${body}`],
      })),
      endpoint('broken', ['broken'], () => {
        throw new Error('broken endpoint');
      }),
    ],
    messages: {
      append: (message) => {
        if (full) throw new Error('no room');
        kept.push(message);
      },
    },
    roomBytes: ROOM,
    clock,
  });
  base = `http://127.0.0.1:${inbox.port}`;
});
afterEach(() => inbox.close());

const post = (path: string, body = 'x', headers = {}) =>
  httpExchange(base + path, { method: 'POST', body, headers });

/** Sends bytes as they are; resolves with what came back once the other side is done. */
function sendRaw(bytes: Uint8Array, patienceMs = 2_000): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(inbox.port, '127.0.0.1', () => socket.end(bytes));
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
    socket.setTimeout(patienceMs, () => socket.destroy());
  });
}

describe('the inbox', () => {
  it('keeps what it took, with the answer that was given', async () => {
    const reply = await post('/one/a?b=c', 'body', {
      'x-a': '1',
      authorization: 'Bearer hidden-7f3a',
      'X-Api-Key': 'hidden-7f3a',
      cookie: 'a=hidden-7f3a',
    });
    expect(reply).toMatchObject({ status: 202, body: 'taken', headers: { 'x-test': 'a' } });
    expect(kept).toMatchObject([
      {
        receivedAt: '2026-01-02T03:04:05.678Z',
        type: 'one',
        path: '/one/a?b=c',
        body: 'body',
        replyStatus: 202,
        accepted: true,
        problems: [],
        title: 'title',
        text: 'text',
        status: 'firing',
      },
    ]);
    expect(kept[0]?.headers['x-a']).toBe('1');
    expect(JSON.stringify(kept)).not.toContain('7f3a');
    expect(kept[0]?.headers['authorization']).toBe('<hidden>');
    expect(seen['authorization']).toBe('Bearer hidden-7f3a');
  });

  it('keeps what it refused, with the reason', async () => {
    expect((await post('/two')).status).toBe(400);
    expect(kept).toMatchObject([{ type: 'two', accepted: false, problems: ['not x'], status: 'unknown' }]);
  });

  it.each(['/', '/alerts', '/two/deep/er'])('gives %s to the endpoint that has it mounted', async (path) => {
    expect((await post(path)).body).toBe('refused');
  });

  it.each(['/three', '/oneone', '//one', '/favicon.ico'])('has nothing at %s', async (path) => {
    expect((await post(path)).status).toBe(404);
    expect(kept).toEqual([]);
  });

  it('takes POST only, and says what it is to people', async () => {
    expect(await httpExchange(`${base}/one`)).toMatchObject({ status: 405, headers: { allow: 'POST' } });
    const greeting = await httpExchange(`${base}/`);
    expect(greeting.status).toBe(200);
    expect(greeting.body).toContain('/one');
    expect(kept).toEqual([]);
  });

  it('takes nothing from a page in a browser', async () => {
    for (const origin of ['https://evil.example', 'null'])
      expect((await post('/one', 'x', { origin })).status).toBe(403);
    expect(kept).toEqual([]);
  });

  it('holds only so much at once, and takes the next when there is room again', async () => {
    const begin = `POST /one HTTP/1.1\r\nhost: a\r\ncontent-length: ${LIMIT}\r\n\r\n${'x'.repeat(900)}`;
    const slow = connect(inbox.port, '127.0.0.1', () => slow.write(begin));
    await expect.poll(async () => (await post('/one', 'x'.repeat(900))).status).toBe(503);
    expect((await post('/one', 'x'.repeat(500))).status).toBe(202);
    slow.destroy();
    await expect.poll(async () => (await post('/one', 'x'.repeat(900))).status).toBe(202);
  });

  it('refuses a body over the limit, however it is announced', async () => {
    expect((await post('/one', 'x'.repeat(LIMIT))).status).toBe(202);
    expect(await post('/one', 'x'.repeat(LIMIT + 1))).toMatchObject({ status: 413 });
    expect((await post('/one', 'x'.repeat(5_000_000))).status).toBe(413);
    const chunked = `POST /one HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n${'3e8\r\n'}${'x'.repeat(1000)}\r\n1\r\nx\r\n0\r\n\r\n`;
    expect(await sendRaw(Buffer.from(chunked))).toMatch(/^HTTP\/1.1 413 /);
    expect(kept.map(({ replyStatus, body }) => [replyStatus, body.length])).toEqual([
      [202, LIMIT],
      [413, 0],
      [413, 0],
      [413, 0],
    ]);
  });

  it('does not accept what it cannot keep, and says why', async () => {
    full = true;
    expect(await post('/one')).toMatchObject({ status: 503, body: expect.stringContaining('no room') });
    full = false;
    expect((await post('/one')).status).toBe(202);
  });

  it('survives an endpoint that throws', async () => {
    expect((await post('/broken')).status).toBe(503);
    expect((await post('/one')).status).toBe(202);
  });

  it('says who has its port', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const starting = startInbox({
      port,
      host: '127.0.0.1',
      endpoints: [],
      messages: { append: () => undefined },
      clock,
    });
    await expect(starting).rejects.toMatchObject({
      code: 'LS-INBOX-001',
      details: { why: expect.stringContaining(`pid ${process.pid}`) },
    });
    await new Promise((resolve) => other.close(resolve));
  });

  it('closes at once, with clients still connected', async () => {
    const socket = connect(inbox.port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await inbox.close();
    await closed;
  });

  it('survives whatever bytes come', async () => {
    const garbage = fc.uint8Array({ maxLength: 400 });
    const header = fc.oneof(
      fc.string(),
      fc.constant('content-length: 5'),
      fc.constant('transfer-encoding: chunked'),
    );
    const request = fc
      .tuple(
        fc.constantFrom('POST', 'GET', 'PUT', 'PRI', 'CONNECT', 'HEAD', ''),
        fc.oneof(fc.constantFrom('/one', '/', '*', 'http://a/one', '/%', '/one?\u0000'), fc.string()),
        fc.array(header, { maxLength: 5 }),
        fc.oneof(fc.string({ unit: 'binary' }), fc.constant('5\r\nhello\r\n0\r\n\r\n')),
      )
      .map(([method, path, headers, body]) =>
        Buffer.from(`${method} ${path} HTTP/1.1\r\nhost: a\r\n${headers.join('\r\n')}\r\n\r\n${body}`),
      );
    await fc.assert(
      fc.asyncProperty(fc.oneof(garbage, request), async (bytes) => {
        await sendRaw(bytes, 500);
        return true;
      }),
      { numRuns: 150 },
    );
    expect((await post('/one')).status).toBe(202);
    for (const message of kept) expect(message.replyStatus).toBeGreaterThanOrEqual(200);
  });
});
