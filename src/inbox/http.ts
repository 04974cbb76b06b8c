import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../platform/clock.ts';
import type { HttpSandbox, SandboxEndpoint, SandboxReply } from '../stack/sandbox.ts';
import {
  HTML_PAGE,
  type HttpFault,
  isFor,
  isHttpFault,
  type MisbehaviourSource,
  type StatusFault,
  toldTo,
} from './faults.ts';
import type { Keep, NewMessage } from './record.ts';
import { NO_ROOM, type Room, share } from './room.ts';

/** Headers whose values only the endpoint judges (`authorization`, `x-api-key`): that they were there is kept. */
const CREDENTIALS = /authorization|cookie|token|secret|password|key/;

export interface HttpDesk {
  readonly endpoints: readonly SandboxEndpoint[];
  readonly keep: Keep;
  readonly misbehaviours: MisbehaviourSource | undefined;
  readonly room: Room;
  readonly clock: Clock;
}

interface Arrival {
  readonly endpoint: HttpSandbox;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined when it is larger than the endpoint takes. */
  readonly body: string | undefined;
  readonly receivedAt: string;
}

/** Answers what can be answered, and never rejects: what cannot be judged or kept is not accepted. */
export async function answerHttp(
  desk: HttpDesk,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await answer(desk, request, response);
  } catch (error) {
    fail(response, error);
  }
}

async function answer(desk: HttpDesk, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? '/';
  const endpoint = endpointFor(desk.endpoints, path);
  if (request.method === 'GET' && path === '/') return greet(desk, response);
  if (!endpoint) return reply(response, 404, 'no endpoint here\n');
  if (request.method !== 'POST') return reply(response, 405, 'POST only\n', { allow: 'POST' });
  if (request.headers.origin !== undefined) return refuseBrowser(request, response);
  const part = share(desk.room);
  try {
    const body = await readBody(request, endpoint.maxBodyBytes, part);
    await receive(desk, response, { endpoint, path, headers: flatten(request), body });
  } finally {
    part.giveBack();
  }
}

/** A page on the web can make a browser post to this machine, and no sender of alerts is a browser. */
function refuseBrowser(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  reply(response, 403, 'the inbox takes nothing from browsers (the request has an Origin)\n');
}

async function receive(
  desk: HttpDesk,
  response: ServerResponse,
  request: Omit<Arrival, 'receivedAt'>,
): Promise<void> {
  const now = desk.clock.now();
  const arrival = { ...request, receivedAt: now.toISOString() };
  const fault = desk.misbehaviours?.take(now, (one) => isFor(request.endpoint.type, one, isHttpFault))?.fault;
  if (fault && isHttpFault(fault)) return misbehave(desk, { arrival, response, fault });
  return behave(desk, arrival, response);
}

/** The message is kept before it is answered: what a sender was told is never missing here. */
async function behave(desk: HttpDesk, arrival: Arrival, response: ServerResponse): Promise<void> {
  const { endpoint, path, headers, body } = arrival;
  const result =
    body === undefined ? tooLarge(endpoint) : endpoint.receive({ method: 'POST', path, headers, body });
  if (result.forget !== true) await desk.keep(messageOf(arrival, result));
  send(response, result.status, { body: result.body, headers: result.headers ?? {} });
}

async function misbehave(
  desk: HttpDesk,
  { arrival, response, fault }: { arrival: Arrival; response: ServerResponse; fault: HttpFault },
): Promise<void> {
  if (fault.kind === 'slow') {
    if (await isGoneDuring(desk.clock, response, fault.delayMs)) {
      const problem = `${toldTo(fault)}; the sender did not wait for it`;
      return desk.keep(messageOf(arrival, refused(0, problem)));
    }
    return behave(desk, arrival, response);
  }
  if (fault.kind === 'status') return refuse(desk, { arrival, response, fault });
  await desk.keep(messageOf(arrival, refused(fault.kind === 'html' ? 200 : 0, toldTo(fault))));
  if (fault.kind === 'drop') response.destroy();
  if (fault.kind === 'html') reply(response, 200, HTML_PAGE, { 'content-type': 'text/html; charset=utf-8' });
}

async function refuse(
  desk: HttpDesk,
  { arrival, response, fault }: { arrival: Arrival; response: ServerResponse; fault: StatusFault },
): Promise<void> {
  const { status, retryAfter } = fault;
  const own = arrival.endpoint.refusal?.(status, retryAfter);
  await desk.keep(messageOf(arrival, refused(status, toldTo(fault, own?.body))));
  const waiting = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  reply(response, status, own?.body ?? `the inbox was told to answer ${status}\n`, {
    ...own?.headers,
    ...waiting,
  });
}

/** Waits so long; true when the connection ended before. */
async function isGoneDuring(clock: Clock, response: ServerResponse, delayMs: number): Promise<boolean> {
  const gone = new AbortController();
  const leave = () => gone.abort();
  response.once('close', leave);
  try {
    await clock.sleep(delayMs, gone.signal);
    return false;
  } catch (error) {
    if (gone.signal.aborted) return true;
    throw error;
  } finally {
    response.off('close', leave);
  }
}

function messageOf(arrival: Arrival, result: SandboxReply): NewMessage {
  const { endpoint, path, headers, body, receivedAt } = arrival;
  return {
    receivedAt,
    type: endpoint.type,
    path,
    recipient: result.message?.recipient ?? recipientOf(arrival) ?? '',
    headers: withoutCredentials(headers),
    body: body === undefined ? '' : (endpoint.concealed?.(body) ?? body),
    replyStatus: result.status,
    accepted: result.accepted,
    problems: result.problems,
    title: result.message?.title ?? '',
    text: result.message?.text ?? '',
    status: result.message?.status ?? 'unknown',
  };
}

/** Also of what is refused: whoever sent it looks for it by this. */
function recipientOf({ endpoint, path, headers, body }: Arrival): string | undefined {
  return body === undefined ? undefined : endpoint.recipientOf?.({ method: 'POST', path, headers, body });
}

/** The sender tries again, and its log says why. */
function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) response.destroy();
  else
    reply(
      response,
      503,
      `the inbox has a problem: ${error instanceof Error ? error.message : 'unknown error'}\n`,
    );
}

function greet({ endpoints }: HttpDesk, response: ServerResponse): void {
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

/**
 * Undefined when it is larger than that. The rest is read and dropped: a sender that is cut off sees no answer. Rejects
 * when the sender breaks off, or when there is no room for it.
 */
function readBody(
  request: IncomingMessage,
  limit: number,
  part: ReturnType<typeof share>,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    let fits = true;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      fits &&= length > limit || part.take(chunk.length);
      if (length <= limit && fits) {
        chunks.push(chunk);
        return;
      }
      chunks.length = 0;
      part.giveBack();
    });
    request.on('error', reject);
    request.on('end', () => {
      if (!fits) reject(new Error(NO_ROOM));
      else resolve(length > limit ? undefined : Buffer.concat(chunks).toString('utf8'));
    });
  });
}

function tooLarge({ maxBodyBytes }: HttpSandbox): SandboxReply {
  const problem = `the body is larger than ${maxBodyBytes} bytes`;
  return { ...refused(413, problem), body: `${problem}\n` };
}

function refused(status: number, problem: string): SandboxReply {
  return { status, body: '', accepted: false, problems: [problem] };
}

function flatten(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, CREDENTIALS.test(name) ? '<hidden>' : value]),
  );
}

function reply(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  send(response, status, {
    body: text,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
  });
}

/** With its length, so that it goes out in one piece. */
function send(
  response: ServerResponse,
  status: number,
  { body, headers }: { readonly body: string; readonly headers: Readonly<Record<string, string>> },
): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
