import type { z } from 'zod';
import type { LeitstandError } from '../../../platform/errors.ts';
import { type HttpResponse, httpExchange } from '../../../platform/http.ts';
import {
  type Address,
  exchangeOf,
  refusedFix,
  shownUrl,
  unreachable,
  withoutCredentials,
} from '../../../stack/connection.ts';
import { prometheusErrors } from '../errors.ts';
import { Failure } from './schema.ts';

const FORM = 'application/x-www-form-urlencoded';

export interface Ask {
  readonly method?: 'GET' | 'POST';
  readonly params?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Any status but 401, 403 is a result; whoever calls knows which one is good. */
export async function exchange(base: Address, path: string, ask: Ask = {}): Promise<HttpResponse> {
  const { url, access } = exchangeOf(base, path);
  const form = new URLSearchParams(ask.params ?? {}).toString();
  const post = ask.method === 'POST';
  if (!post) url.search = form;
  let response: HttpResponse;
  try {
    response = await httpExchange(url, {
      method: ask.method ?? 'GET',
      ...access,
      ...(post ? { body: form, headers: { ...access.headers, 'content-type': FORM } } : {}),
      timeoutMs: ask.timeoutMs ?? 30_000,
      signal: ask.signal,
    });
  } catch (error) {
    if (ask.signal?.aborted) throw error;
    throw notReached(base, error);
  }
  if (response.status === 401 || response.status === 403) throw refused(base, response.status);
  return { ...response, body: withoutCredentials(base, response.body) };
}

/** The `data` of an answer of the HTTP API, checked. Undefined: the server does not know this path. */
export async function askApi<Schema extends z.ZodType>(
  base: Address,
  path: string,
  schema: Schema,
  ask: Ask = {},
): Promise<z.output<Schema> | undefined> {
  const response = await exchange(base, path, ask);
  const body = parseJson(response.body);
  const failure = Failure.safeParse(body);
  if (failure.success) throw failed(base, path, response.status, failure.data);
  if (response.status === 404) return undefined;
  if (response.status === 503) throw starting(base, response.body);
  const data = schema.safeParse((body as { data?: unknown } | undefined)?.data);
  if (response.status !== 200 || !data.success) throw notPrometheus(base, path, response);
  return data.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function notReached(base: Address, cause: unknown): LeitstandError {
  return prometheusErrors.error('LS-PROMETHEUS-001', {
    what: `Prometheus at ${shownUrl(base)} cannot be reached`,
    ...unreachable(
      base,
      cause,
      'see whether it runs with `leitstand status`, and why not with `leitstand logs prometheus`',
    ),
    cause,
  });
}

function starting(base: Address, body: string): LeitstandError {
  return prometheusErrors.error('LS-PROMETHEUS-001', {
    what: `Prometheus at ${shownUrl(base)} is not ready`,
    why: body.trim().slice(0, 200) || 'it answered 503',
    fix: 'wait until it has read its write-ahead log; `leitstand status` shows it',
  });
}

function refused(base: Address, status: number): LeitstandError {
  return prometheusErrors.error('LS-PROMETHEUS-002', {
    what: `Prometheus at ${shownUrl(base)} refuses access`,
    why: `it answered ${status}`,
    fix: refusedFix(
      base,
      status,
      'give a user and password that its web.config.file or the proxy in front of it accepts',
    ),
  });
}

export function notPrometheus(base: Address, path: string, response: HttpResponse): LeitstandError {
  return prometheusErrors.error('LS-PROMETHEUS-006', {
    what: `the answer of ${shownUrl(base)} to /${path} is not one of Prometheus`,
    why: `status ${response.status}: ${response.body.trim().slice(0, 200) || '(empty)'}`,
    fix: 'check the URL, its port and its path prefix (--web.route-prefix)',
  });
}

function failed(
  base: Address,
  path: string,
  status: number,
  failure: { errorType: string; error: string },
): LeitstandError {
  const at = shownUrl(base);
  const why = failure.error;
  if (failure.errorType === 'unavailable' && why.includes('admin')) {
    return prometheusErrors.error('LS-PROMETHEUS-003', {
      what: `the admin API of Prometheus at ${at} is off`,
      why,
      fix: 'start Prometheus with --web.enable-admin-api and keep its port on loopback',
    });
  }
  if (failure.errorType === 'timeout' || failure.errorType === 'canceled' || /too many samples/.test(why)) {
    return prometheusErrors.error('LS-PROMETHEUS-005', {
      what: `a query of Prometheus at ${at} ran into a limit`,
      why,
      fix: 'try again when the server is less busy, or raise --query.timeout or --query.max-samples',
    });
  }
  if (path.startsWith('api/v1/admin/')) {
    return prometheusErrors.error('LS-PROMETHEUS-008', {
      what: `Prometheus at ${at} could not make a snapshot`,
      why,
      fix: /not permitted/.test(why)
        ? 'give the whole data directory to the user Prometheus runs as (chown -R), then try again'
        : `look for the same time in its log${typeof base === 'string' ? ': `leitstand logs prometheus`' : ''}`,
    });
  }
  return prometheusErrors.error('LS-PROMETHEUS-004', {
    what: `Prometheus at ${at} could not execute a query`,
    why: `${why} (status ${status})`,
    fix: 'if the text names a block or a checksum, restore that data from a proven backup',
  });
}
