import { type IncomingMessage, request } from 'node:http';
import { lstat } from 'node:fs/promises';
import { z } from 'zod';
import { systemErrorCode } from '../../platform/errors.ts';
import { readTextIfExists } from '../../platform/files.ts';
import { type HttpRequest, httpExchange } from '../../platform/http.ts';
import type { ComponentActions } from '../../stack/runtime.ts';
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
  logsAnswer,
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

  async logs(component: string, lines: number): Promise<string[]> {
    return logsAnswer.parse(await this.#ask(`/v1/logs/${encodeURIComponent(component)}?lines=${lines}`, {}))
      .lines;
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
      const { status, body } = await httpExchange(`http://daemon${path}`, {
        ...options,
        socketPath: this.#socket,
      });
      if (status === 200) return JSON.parse(body);
      throw refused(body, status);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (systemErrorCode(error) === undefined || isLeitstand(error)) throw error;
      throw silent(this.#socket, error);
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

/**
 * The running daemon of a stack, or undefined when nobody answers at its address. Throws LS-RUNTIME-021 when
 * somebody listens there and does not answer.
 */
export async function connectDaemon(
  layout: NativeLayout,
  env: Readonly<Record<string, string | undefined>>,
  uid: number,
): Promise<DaemonClient | undefined> {
  for (const path of await addresses(layout, env, uid)) {
    const found = await lstat(path).catch(() => undefined);
    // In a directory that anybody can make, a stranger's socket is nobody's daemon.
    if (!found?.isSocket() || (uid !== 0 && found.uid !== uid)) continue;
    const client = new DaemonClient(path);
    try {
      await client.status();
      return client;
    } catch (error) {
      if (!['ECONNREFUSED', 'ENOENT', 'ECONNRESET'].includes(systemErrorCodeBelow(error) ?? '')) throw error;
    }
  }
  return undefined;
}

const address = z.object({ socket: z.string() });

async function addresses(
  layout: NativeLayout,
  env: Readonly<Record<string, string | undefined>>,
  uid: number,
): Promise<Set<string>> {
  const text = await readTextIfExists(layout.daemonAddress);
  let written: string[] = [];
  try {
    if (text !== undefined) written = [address.parse(JSON.parse(text)).socket];
  } catch {
    written = [];
  }
  return new Set([...written, await socketPath(layout.stateDir, env, uid)]);
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

function silent(where: string, cause: unknown): Error {
  return runtimeErrors.error('LS-RUNTIME-021', {
    what: 'the daemon does not answer',
    why: `${where}: ${cause instanceof Error ? cause.message : String(cause)}`,
    fix: 'see logs/daemon.log in the state directory; `leitstand up` starts the daemon again and takes the running programs over',
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

function isLeitstand(error: unknown): boolean {
  return error instanceof Error && error.name === 'LeitstandError';
}

/** Our own errors carry a `code` as well; the system's is the cause's. */
function systemErrorCodeBelow(error: unknown): string | undefined {
  return error instanceof Error ? systemErrorCode(error.cause) : undefined;
}
