import { z } from 'zod';
import { type HttpRequest, type HttpResponse, httpExchange } from '../../platform/http.ts';
import {
  type Address,
  exchangeOf,
  refusedFix,
  shownUrl,
  unreachable,
  withoutCredentials,
} from '../../stack/connection.ts';
import { pushgatewayErrors } from './errors.ts';

const TIMEOUT_MS = 10_000;

const status = z.object({
  data: z.object({
    build_information: z.record(z.string(), z.string()),
    flags: z.record(z.string(), z.string()),
  }),
});

const family = z.looseObject({ time_stamp: z.string(), type: z.string(), metrics: z.array(z.json()) });

const groups = z.object({
  data: z.array(z.object({ labels: z.record(z.string(), z.string()) }).catchall(z.union([family, z.json()]))),
});

/** One metric family of a group, as the Pushgateway holds it. */
export interface PushedFamily {
  readonly name: string;
  /** When it was pushed: RFC 3339 with up to 9 digits of a second. */
  readonly pushedAt: string;
  readonly type: string;
  /** Values and labels as the API gives them; numbers are text. */
  readonly metrics: z.output<typeof family>['metrics'];
}

/** What jobs pushed under one set of labels; the Pushgateway's own `push_time_seconds` is among the families. */
export interface PushGroup {
  readonly labels: Readonly<Record<string, string>>;
  readonly families: readonly PushedFamily[];
}

/** Typed client of one Pushgateway, wherever it runs. Rejects with LS-PUSHGATEWAY-001 to -003 or the signal's reason. */
export interface PushgatewayApi {
  groups(): Promise<PushGroup[]>;
  /** Flag → value, without dashes: `persistence.file`. */
  flags(): Promise<Readonly<Record<string, string>>>;
  /** Empty text when the build does not say. */
  version(): Promise<string>;
  /** Makes the text (format 0.0.4) all that the job's group holds. */
  replace(job: string, text: string): Promise<void>;
}

export function createPushgatewayApi(address: Address, signal?: AbortSignal): PushgatewayApi {
  const read = async <Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>> => {
    const response = await exchange(address, path, signal);
    const data = schema.safeParse(response.status === 200 ? parseJson(response.body) : undefined);
    if (!data.success) throw notPushgateway(address, path, response);
    return data.data;
  };
  return {
    groups: async () => (await read('api/v1/metrics', groups)).data.map(toGroup),
    flags: async () => (await read('api/v1/status', status)).data.flags,
    version: async () => (await read('api/v1/status', status)).data.build_information['version'] ?? '',
    replace: async (job, text) => {
      const path = `metrics/job/${encodeURIComponent(job)}`;
      const headers = { 'content-type': 'text/plain; version=0.0.4' };
      const response = await exchange(address, path, signal, { method: 'PUT', headers, body: text });
      if (response.status !== 200 && response.status !== 202) throw notPushgateway(address, path, response);
    },
  };
}

function toGroup({ labels, ...rest }: z.output<typeof groups>['data'][number]): PushGroup {
  const families = Object.entries(rest).flatMap(([name, value]) => {
    const parsed = family.safeParse(value);
    if (!parsed.success) return [];
    const { time_stamp: pushedAt, type, metrics } = parsed.data;
    return [{ name, pushedAt, type, metrics }];
  });
  return { labels, families: families.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

async function exchange(
  address: Address,
  path: string,
  signal: AbortSignal | undefined,
  request: Pick<HttpRequest, 'method' | 'headers' | 'body'> = {},
) {
  const { url, access } = exchangeOf(address, path);
  const headers = { ...access.headers, ...request.headers };
  const response = await httpExchange(url, {
    timeoutMs: TIMEOUT_MS,
    signal,
    ...access,
    ...request,
    headers,
  }).catch((error: unknown) => {
    if (signal?.aborted) throw signal.reason;
    throw pushgatewayErrors.error('LS-PUSHGATEWAY-001', {
      what: `the Pushgateway at ${shownUrl(address)} cannot be reached`,
      ...unreachable(address, error, 'leitstand status shows whether it runs; leitstand up starts it'),
      cause: error,
    });
  });
  if (response.status === 401 || response.status === 403) {
    throw pushgatewayErrors.error('LS-PUSHGATEWAY-002', {
      what: `the Pushgateway at ${shownUrl(address)} refuses the credentials (${response.status})`,
      fix: refusedFix(address, response.status, 'give it the right ones in the URL or the configuration'),
    });
  }
  return { ...response, body: withoutCredentials(address, response.body) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function notPushgateway(address: Address, path: string, { status: code, body }: HttpResponse) {
  return pushgatewayErrors.error('LS-PUSHGATEWAY-003', {
    what: `the answer of ${shownUrl(address)} to /${path} is not one of a Pushgateway`,
    why: `status ${code}: ${body.trim().slice(0, 200) || '(empty)'}`,
    fix: 'check the URL, its port and its path prefix: leitstand status',
  });
}
