import { type IncomingMessage, request } from 'node:http';
import { lstat } from 'node:fs/promises';
import { type LeitstandError, systemErrorCode } from '../../platform/errors.ts';
import { type HttpRequest, httpExchange } from '../../platform/http.ts';
import type { ProcessIdentity } from '../../platform/process-table.ts';
import type { ComponentActions } from '../../stack/runtime.ts';
import { findDaemonProcess, readDaemonAddress } from './daemon-address.ts';
import type { DesiredState } from './desired.ts';
import { runtimeErrors } from './errors.ts';
import { type NativeLayout, socketPath } from './layout.ts';
import {
  type ApplyEvent,
  applyLine,
  type DaemonStatus,
  daemonStatus,
  errorAnswer,
  fromWire,
  stopAnswer,
} from './protocol.ts';

const STATUS_TIMEOUT_MS = 5_000;
/** Grace and SIGKILL of the slowest program, and some. */
const STOP_TIMEOUT_MS = 60_000;

/** Speaks with the daemon of one stack. Errors of the daemon arrive as they were thrown there. */
export class DaemonClient {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** Throws LS-RUNTIME-021 when the daemon takes longer than 5 s. */
  async status(signal?: AbortSignal): Promise<DaemonStatus> {
    return daemonStatus.parse(await this.#ask('/v1/status', { timeoutMs: STATUS_TIMEOUT_MS, signal }));
  }

  /** Stops every component and ends the daemon. Returns what was running. */
  async stop(): Promise<string[]> {
    return stopAnswer.parse(await this.#ask('/v1/stop', { method: 'POST', timeoutMs: STOP_TIMEOUT_MS }))
      .stopped;
  }

  /** Aborting ends the waiting; the daemon keeps to the new state all the same. */
  async apply(
    desired: DesiredState,
    onEvent: (event: ApplyEvent) => void | Promise<void>,
    signal?: AbortSignal,
  ): Promise<ComponentActions> {
    for await (const text of this.#lines('/v1/apply', JSON.stringify(desired), signal)) {
      const line = applyLine.parse(JSON.parse(text));
      if (line.type === 'result') return line.actions;
      if (line.type === 'error') throw fromWire(line.errors);
      await onEvent(line);
    }
    throw brokenOff();
  }

  async #ask(path: string, options: HttpRequest): Promise<unknown> {
    try {
      return await exchange(this.#socket, path, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      throw systemErrorCode(error) === undefined ? error : silent(this.#socket, error);
    }
  }

  async *#lines(path: string, body: string, signal: AbortSignal | undefined): AsyncGenerator<string> {
    const answer = await post(this.#socket, path, body, signal).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw silent(this.#socket, error);
    });
    let rest = '';
    try {
      for await (const chunk of answer) {
        const lines = (rest + String(chunk)).split('\n');
        rest = lines.pop() ?? '';
        yield* answer.statusCode === 200 ? lines : [];
        if (answer.statusCode !== 200) rest = [...lines, rest].join('\n');
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw systemErrorCode(error) === 'ECONNRESET' ? brokenOff(error) : error;
    }
    if (answer.statusCode !== 200) throw refused(rest, answer.statusCode ?? 0);
  }
}

/** What became of looking for the daemon. */
export type Contact =
  | { readonly found: 'daemon'; readonly client: DaemonClient }
  | { readonly found: 'nobody' }
  /** It takes connections and says nothing: it hangs, or was stopped (SIGSTOP). */
  | {
      readonly found: 'silence';
      readonly process: ProcessIdentity | undefined;
      readonly error: LeitstandError;
    };

type Environment = Readonly<Record<string, string | undefined>>;

/** Looks for the daemon of a stack. Throws LS-RUNTIME-021 when its socket cannot be used. */
export async function contactDaemon(layout: NativeLayout, env: Environment, uid: number): Promise<Contact> {
  for (const path of await addresses(layout, env, uid)) {
    const found = await lstat(path).catch(() => undefined);
    // In a directory that anybody can make, a stranger's socket is nobody's daemon.
    if (!found?.isSocket() || (uid !== 0 && found.uid !== uid)) continue;
    try {
      await exchange(path, '/v1/status', { timeoutMs: STATUS_TIMEOUT_MS });
      return { found: 'daemon', client: new DaemonClient(path) };
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === undefined) throw error;
      // Nobody, or one that died while it was asked.
      if (['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE'].includes(code)) continue;
      if (code !== 'ETIMEDOUT') throw silent(path, error);
      const process = await findDaemonProcess(layout);
      return { found: 'silence', process, error: silent(path, error, process?.pid) };
    }
  }
  return { found: 'nobody' };
}

/** As `contactDaemon`; undefined for nobody. Throws LS-RUNTIME-021 for silence. */
export async function connectDaemon(
  layout: NativeLayout,
  env: Environment,
  uid: number,
): Promise<DaemonClient | undefined> {
  const contact = await contactDaemon(layout, env, uid);
  if (contact.found === 'silence') throw contact.error;
  return contact.found === 'daemon' ? contact.client : undefined;
}

async function addresses(layout: NativeLayout, env: Environment, uid: number): Promise<Set<string>> {
  const written = await readDaemonAddress(layout);
  return new Set([...(written ? [written.socket] : []), await socketPath(layout.stateDir, env, uid)]);
}

/** Rejects with the system's error, or with what the daemon answered. */
async function exchange(socket: string, path: string, options: HttpRequest): Promise<unknown> {
  const { status, body } = await httpExchange(`http://daemon${path}`, { ...options, socketPath: socket });
  if (status === 200) return JSON.parse(body);
  throw refused(body, status);
}

function post(socketPath: string, path: string, body: string, signal: AbortSignal | undefined) {
  return new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request({
      socketPath,
      path,
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      ...(signal ? { signal } : {}),
    });
    sent.on('error', reject);
    sent.on('response', (response) => resolve(response.setEncoding('utf8')));
    sent.end(body);
  });
}

function refused(body: string, status: number): Error {
  try {
    return fromWire(errorAnswer.parse(JSON.parse(body)).errors);
  } catch {
    return silent(`the answer has status ${status}`, body);
  }
}

function silent(where: string, cause: unknown, pid?: number): LeitstandError {
  return runtimeErrors.error('LS-RUNTIME-021', {
    what: `the daemon${pid === undefined ? '' : ` (pid ${pid})`} does not answer`,
    why: `${where}: ${cause instanceof Error ? cause.message : String(cause)}`,
    fix: 'leitstand up, which replaces the daemon and takes the running programs over; why it hangs may be in logs/daemon.log in the state directory',
    cause,
  });
}

function brokenOff(cause?: unknown): Error {
  return runtimeErrors.error('LS-RUNTIME-022', {
    what: 'the daemon ended before it had said how the change went',
    why: 'it was killed, or ran out of memory',
    fix: 'leitstand status; then `leitstand up` again',
    cause,
  });
}
