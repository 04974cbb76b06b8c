import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '../platform/clock.ts';
import { systemErrorCode } from '../platform/errors.ts';
import { findPortHolder } from '../platform/process-table.ts';
import type { HttpSandbox, InboxMessage, SandboxEndpoint, SandboxReply } from '../stack/sandbox.ts';
import { inboxErrors } from './errors.ts';

const REQUEST_TIMEOUT_MS = 30_000;
/** Headers whose values are for the receiver only (`authorization`, `x-api-key`): that they were there is kept. */
const CREDENTIALS = /authorization|cookie|token|secret|password|key/;

export interface InboxOptions {
  /** 0 lets the kernel pick. */
  readonly port: number;
  readonly host: string;
  readonly endpoints: readonly SandboxEndpoint[];
  readonly messages: { append(message: Omit<InboxMessage, 'id'>): unknown };
  readonly clock: Clock;
}

export interface Inbox {
  readonly port: number;
  close(): Promise<void>;
}

/** Keeps every request that reached an endpoint, with its answer. Throws LS-INBOX-001 when it cannot listen. */
export async function startInbox(options: InboxOptions): Promise<Inbox> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    answer(options, request, response).catch((error: unknown) => fail(response, error));
  });
  // A client that breaks off or speaks no HTTP is its own affair.
  server.on('clientError', (_error, socket) => socket.destroy());
  await listen(server, options);
  // A connection that could not be accepted (no file descriptor left) is no reason to stop accepting.
  server.on('error', () => undefined);
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function listen(server: Server, { port, host }: InboxOptions): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, host, exclusive: true }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    const code = systemErrorCode(error);
    const holder = code === 'EADDRINUSE' ? await findPortHolder(port) : undefined;
    throw inboxErrors.error('LS-INBOX-001', {
      what: `the inbox cannot listen on port ${port}`,
      why: holder ? `${holder} has it` : code,
      fix: 'choose another with `inbox: {port: …}` in leitstand.yaml, or stop what has it',
      cause: error,
    });
  }
}

/** The message is kept before it is answered: what a sender was told is never missing here. */
async function answer(
  options: InboxOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url ?? '/';
  const endpoint = endpointFor(options.endpoints, path);
  if (request.method === 'GET' && path === '/') return greet(options, response);
  if (!endpoint) return reply(response, 404, 'no endpoint here\n');
  if (request.method !== 'POST') return reply(response, 405, 'POST only\n', { allow: 'POST' });
  const body = await readBody(request, endpoint.maxBodyBytes);
  const headers = flatten(request);
  const receivedAt = options.clock.now().toISOString();
  const result =
    body === undefined
      ? tooLarge(endpoint)
      : endpoint.receive({ method: request.method, path, headers, body });
  options.messages.append({
    receivedAt,
    type: endpoint.type,
    path,
    recipient: result.message?.recipient ?? '',
    headers,
    body: body ?? '',
    replyStatus: result.status,
    accepted: result.accepted,
    problems: result.problems,
    title: result.message?.title ?? '',
    text: result.message?.text ?? '',
    status: result.message?.status ?? 'unknown',
  });
  response.writeHead(result.status, { ...result.headers });
  response.end(result.body);
}

/** What cannot be judged or kept is not accepted: the sender tries again, and its log says why. */
function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) response.destroy();
  else
    reply(
      response,
      503,
      `the inbox has a problem: ${error instanceof Error ? error.message : 'unknown error'}\n`,
    );
}

function greet({ endpoints }: InboxOptions, response: ServerResponse): void {
  const places = endpoints.map(({ type, example }) => `${type}: ${example}`);
  reply(
    response,
    200,
    `Leitstand inbox. It takes POST at\n${places.join('\n')}\nand shows what came with: leitstand inbox list\n`,
  );
}

function endpointFor(endpoints: readonly SandboxEndpoint[], path: string): HttpSandbox | undefined {
  const [, first = '', ...rest] = (path.split('?')[0] ?? '').split('/');
  return endpoints
    .filter((endpoint) => endpoint.protocol === 'http')
    .find(({ mounts }) => mounts.includes(first) && (first !== '' || rest.length === 0));
}

/** Undefined when it is larger than that. The rest is read and dropped: a sender that is cut off sees no answer. */
async function readBody(request: IncomingMessage, limit: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= limit) chunks.push(chunk);
    else chunks.length = 0;
  }
  return length > limit ? undefined : Buffer.concat(chunks).toString('utf8');
}

function tooLarge({ maxBodyBytes }: HttpSandbox): SandboxReply {
  const problem = `the body is larger than ${maxBodyBytes} bytes`;
  return {
    status: 413,
    body: `${problem}\n`,
    accepted: false,
    problems: [problem],
  };
}

function flatten(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      CREDENTIALS.test(name) ? '<hidden>' : Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}

function reply(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers });
  response.end(text);
}
