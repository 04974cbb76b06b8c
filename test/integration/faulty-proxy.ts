import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as ask,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to one request on its way to the server and back. */
export type Fault =
  /** The server does not see it. */
  | { readonly kind: 'answer'; readonly status: number; readonly code: string; readonly headers?: Headers }
  /** The server has done it, and the answer is another one. */
  | { readonly kind: 'answer-after'; readonly status: number; readonly code: string }
  /** An answer that S3 never gives. */
  | { readonly kind: 'page'; readonly status: number; readonly body: string }
  | { readonly kind: 'reset' }
  | { readonly kind: 'reset-after' }
  /** No answer ever comes. */
  | { readonly kind: 'silence' }
  /** The connection breaks, and the server gets the request so many milliseconds later. */
  | { readonly kind: 'late'; readonly ms: number }
  /** Of the body of the answer a half: the connection breaks, or it passes for the whole. */
  | { readonly kind: 'half'; readonly passes: boolean }
  /** One byte of the body of the answer is another one. */
  | { readonly kind: 'flip' };

type Headers = Readonly<Record<string, string>>;

export interface Asked {
  readonly method: string;
  /** Below the bucket; empty for a list. */
  readonly key: string;
  /** Of a list. */
  readonly prefix: string;
  /** What S3 calls it. */
  readonly operation: 'list' | 'get' | 'head' | 'put' | 'delete';
}

export interface FaultyProxy {
  readonly endpoint: string;
  /** Every request that came, faulty or not. */
  readonly asked: Asked[];
  /** Decides on each request; nothing happens unless it is set. */
  fault: (asked: Asked) => Fault | undefined;
  /** What was late has come by now. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Between a client and an S3 server, over HTTP; the host's name stays, so that signatures hold. */
export async function startFaultyProxy(upstream: string): Promise<FaultyProxy> {
  const late = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    void pass(request, response).catch(() => response.destroy());
  });
  const pass = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await bytesOf(request);
    const asked = askedBy(request);
    proxy.asked.push(asked);
    const fault = proxy.fault(asked);
    const forwarded = () => forward(new URL(upstream), request, body);
    switch (fault?.kind) {
      case undefined:
        return answer(response, await forwarded());
      case 'answer':
        return answer(response, errorAnswer(fault.status, fault.code, fault.headers));
      case 'answer-after':
        await forwarded();
        return answer(response, errorAnswer(fault.status, fault.code));
      case 'page':
        return answer(response, pageAnswer(fault.status, fault.body));
      case 'reset':
        return void request.socket.resetAndDestroy();
      case 'reset-after':
        await forwarded();
        return void request.socket.resetAndDestroy();
      case 'silence':
        return;
      case 'late': {
        const coming = new Promise<void>((resolve) => {
          setTimeout(() => void forwarded().then(() => resolve()), fault.ms);
        });
        late.add(coming);
        return void request.socket.resetAndDestroy();
      }
      case 'half':
        return halve(response, await forwarded(), fault.passes);
      case 'flip':
        return answer(response, flipped(await forwarded()));
    }
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: FaultyProxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    fault: () => undefined,
    settled: async () => void (await Promise.all(late)),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function askedBy({ method = '', url = '' }: IncomingMessage): Asked {
  const { pathname, searchParams } = new URL(url, 'http://proxy');
  const key = decodeURIComponent(pathname.split('/').slice(2).join('/'));
  const operation = method === 'GET' && key === '' ? 'list' : (method.toLowerCase() as Asked['operation']);
  return { method, key, prefix: searchParams.get('prefix') ?? '', operation };
}

function forward(upstream: URL, request: IncomingMessage, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method, url, headers } = request;
    const options = {
      host: upstream.hostname,
      port: upstream.port,
      method,
      path: url,
      headers,
      agent: false,
    };
    const onward = ask(options, (answer) => {
      bytesOf(answer).then(
        (bytes) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: bytes }),
        reject,
      );
    });
    onward.on('error', reject);
    onward.end(body);
  });
}

function errorAnswer(status: number, code: string, headers: Headers = {}): Answer {
  const body = Buffer.from(`<Error><Code>${code}</Code><Message>as the test wishes</Message></Error>`);
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body };
}

function pageAnswer(status: number, text: string): Answer {
  return {
    status,
    headers: { 'content-type': 'text/html', date: new Date().toUTCString() },
    body: Buffer.from(text),
  };
}

function flipped({ status, headers, body }: Answer): Answer {
  const other = Buffer.from(body);
  if (other.length > 0) other.writeUInt8(other.readUInt8(other.length >> 1) ^ 1, other.length >> 1);
  return { status, headers, body: other };
}

function answer(response: ServerResponse, { status, headers, body }: Answer, length = body.length): void {
  const own = { ...headers };
  for (const name of ['transfer-encoding', 'connection', 'content-length']) delete own[name];
  // A HEAD says how long the body would be, and has none.
  const isHead = response.req.method === 'HEAD';
  const said = isHead ? (headers['content-length'] ?? String(length)) : String(length);
  response.writeHead(status, { ...own, 'content-length': said });
  response.end(isHead ? undefined : body);
}

function halve(response: ServerResponse, whole: Answer, passes: boolean): void {
  const body = whole.body.subarray(0, whole.body.length >> 1);
  if (passes) return answer(response, { ...whole, body });
  const own = { ...whole.headers };
  delete own['transfer-encoding'];
  response.writeHead(whole.status, { ...own, 'content-length': String(whole.body.length) });
  response.write(body, () => response.destroy());
}
