import type { z } from 'zod';
import type { LeitstandError } from '../../../platform/errors.ts';
import { type HttpRequest, type HttpResponse, httpExchange } from '../../../platform/http.ts';
import { httpLines } from '../../../platform/http-lines.ts';
import { networkReason } from '../../../platform/network-reason.ts';
import {
  type Address,
  exchangeOf,
  refusedFix,
  shownUrl,
  unreachable,
  withoutCredentials,
} from '../../../stack/connection.ts';
import { victoriaLogsErrors } from '../errors.ts';
import { Failure, Row } from './schema.ts';

/** Of a refusal; what follows is no reason any more. */
const REFUSAL_LINES = 20;

export interface Ask {
  readonly params?: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Any status but 401, 403 is a result; whoever calls knows which one is good. */
export async function exchange(base: Address, path: string, ask: Ask = {}): Promise<HttpResponse> {
  const response = await httpExchange(...requestOf(base, path, ask)).catch((error: unknown) => {
    if (ask.signal?.aborted) throw error;
    throw notReached(base, error);
  });
  refuseAccess(base, response.status);
  return { ...response, body: withoutCredentials(base, response.body) };
}

/** An answer in JSON, checked. `refused` makes the error of what VictoriaLogs itself declines. */
export async function askJson<Schema extends z.ZodType>(
  base: Address,
  path: string,
  schema: Schema,
  refused: (base: Address, status: number, why: string) => LeitstandError,
  ask: Ask = {},
): Promise<z.output<Schema>> {
  const response = await exchange(base, path, ask);
  if (response.status !== 200) throw refused(base, response.status, reasonIn(response.body));
  const data = schema.safeParse(parseJson(response.body));
  if (!data.success) throw notVictoriaLogs(base, path, response.status, response.body);
  return data.data;
}

/** The rows of a query as they come. An answer that breaks off throws LS-VICTORIALOGS-005 after the last whole row. */
export async function* askRows(
  base: Address,
  path: string,
  ask: Ask,
): AsyncGenerator<Readonly<Record<string, string>>> {
  const answer = await httpLines(...requestOf(base, path, ask)).catch((error: unknown) => {
    if (ask.signal?.aborted) throw error;
    throw notReached(base, error);
  });
  refuseAccess(base, answer.status);
  const lines = answer.lines();
  const refusal: string[] = [];
  try {
    for (;;) {
      const next = await lines.next().catch((error: unknown) => {
        if (ask.signal?.aborted) throw error;
        throw brokeOff(base, error);
      });
      if (next.done) break;
      if (next.value === '') continue;
      if (answer.status !== 200) {
        refusal.push(withoutCredentials(base, next.value));
        if (refusal.length === REFUSAL_LINES) break;
        continue;
      }
      const row = Row.safeParse(parseJson(next.value));
      if (!row.success)
        throw notVictoriaLogs(base, path, answer.status, withoutCredentials(base, next.value));
      yield row.data;
    }
  } finally {
    await lines.return(undefined);
  }
  if (answer.status !== 200) throw queryRefused(base, answer.status, reasonIn(refusal.join('\n')));
}

function requestOf(base: Address, path: string, ask: Ask): [URL, HttpRequest] {
  const { url, access } = exchangeOf(base, path);
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(ask.params ?? {}))
    if (value !== undefined) params.set(name, value);
  return [
    url,
    {
      // A query can be longer than a URL may be.
      method: 'POST',
      ...access,
      body: params.toString(),
      headers: { ...access.headers, 'content-type': 'application/x-www-form-urlencoded' },
      timeoutMs: ask.timeoutMs ?? 30_000,
      signal: ask.signal,
    },
  ];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Some calls refuse in JSON, the others in plain text. */
function reasonIn(body: string): string {
  const failure = Failure.safeParse(parseJson(body));
  return (failure.success ? failure.data.error : body).trim().slice(0, 500) || '(it gave no reason)';
}

function refuseAccess(base: Address, status: number): void {
  if (status !== 401 && status !== 403) return;
  throw victoriaLogsErrors.error('LS-VICTORIALOGS-002', {
    what: `VictoriaLogs at ${shownUrl(base)} refuses access`,
    why: `it answered ${status}`,
    fix: refusedFix(
      base,
      status,
      'give a user and password that it, or the proxy in front of it, accepts, and start it without -partitionManageAuthKey',
    ),
  });
}

function notReached(base: Address, cause: unknown): LeitstandError {
  return victoriaLogsErrors.error('LS-VICTORIALOGS-001', {
    what: `VictoriaLogs at ${shownUrl(base)} cannot be reached`,
    ...unreachable(
      base,
      cause,
      'see whether it runs with `leitstand status`, and why not with `leitstand logs victoria-logs`',
    ),
    cause,
  });
}

function brokeOff(base: Address, cause: unknown): LeitstandError {
  return victoriaLogsErrors.error('LS-VICTORIALOGS-005', {
    what: `the answer of VictoriaLogs at ${shownUrl(base)} broke off`,
    why: networkReason(cause),
    fix: 'see whether it panicked: `leitstand logs victoria-logs`; if so, restore the data from a proven backup',
    cause,
  });
}

export function notVictoriaLogs(base: Address, path: string, status: number, body: string): LeitstandError {
  return victoriaLogsErrors.error('LS-VICTORIALOGS-003', {
    what: `the answer of ${shownUrl(base)} to /${path} is not one of VictoriaLogs`,
    why: `status ${status}: ${body.trim().slice(0, 200) || '(empty)'}`,
    fix: 'check the URL, its port and its path prefix (-http.pathPrefix)',
  });
}

export function queryRefused(base: Address, status: number, why: string): LeitstandError {
  return victoriaLogsErrors.error('LS-VICTORIALOGS-004', {
    what: `VictoriaLogs at ${shownUrl(base)} could not execute a query`,
    why: `${why} (status ${status})`,
    fix: 'look for the same time in its log: `leitstand logs victoria-logs`',
  });
}

export function partitionRefused(base: Address, status: number, why: string): LeitstandError {
  return victoriaLogsErrors.error('LS-VICTORIALOGS-006', {
    what: `VictoriaLogs at ${shownUrl(base)} refuses a call about its partitions`,
    why: `${why} (status ${status})`,
    fix: why.startsWith('unsupported path')
      ? 'run VictoriaLogs 1.44 or newer'
      : 'look for the same time in its log: `leitstand logs victoria-logs`',
  });
}
