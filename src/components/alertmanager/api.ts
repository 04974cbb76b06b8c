import { z } from 'zod';
import { systemErrorCode } from '../../platform/errors.ts';
import { type HttpRequest, type HttpResponse, httpExchange } from '../../platform/http.ts';
import { type MetricSample, parseMetrics } from '../../platform/metrics-text.ts';
import { alertmanagerErrors } from './errors.ts';

const TIMEOUT_MS = 5_000;

const receiverName = z.object({ name: z.string() });

const alertSchema = z.object({
  labels: z.record(z.string(), z.string()),
  receivers: z.array(receiverName),
  status: z.object({
    state: z.string(),
    silencedBy: z.array(z.string()),
    inhibitedBy: z.array(z.string()),
    /** Since 0.28; before, an alert in a muted interval looks active. */
    mutedBy: z.array(z.string()).optional(),
  }),
});

const groupSchema = z.object({ receiver: receiverName, alerts: z.array(alertSchema) });

export type AlertGroup = z.infer<typeof groupSchema>;

export interface PostableAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: Date;
  readonly endsAt: Date;
}

/** Typed client of one Alertmanager, wherever it runs. Rejects with LS-ALERTMANAGER errors or the signal's reason. */
export interface AlertmanagerApi {
  /** Rejects with -004 when it answers but is not ready. */
  assertReady(): Promise<void>;
  post(alerts: readonly PostableAlert[]): Promise<void>;
  /** Groups with alerts whose label has the value, one for each receiver they are routed to; `mutedBy` is right here only. */
  groups(label: string, value: string): Promise<AlertGroup[]>;
  /** Whether alerts with that label are still firing, muted ones included. */
  isFiring(label: string, value: string): Promise<boolean>;
  metrics(): Promise<MetricSample[]>;
}

export function createAlertmanagerApi(baseUrl: string, signal?: AbortSignal): AlertmanagerApi {
  const url = withoutCredentials(baseUrl);
  const ask = (path: string, request: HttpRequest = {}) => exchange(baseUrl, path, { signal, ...request });
  const filter = (label: string, value: string) => encodeURIComponent(`${label}=${JSON.stringify(value)}`);
  return {
    assertReady: async () => {
      const { status } = await ask('/-/ready');
      if (status === 200) return;
      throw alertmanagerErrors.error('LS-ALERTMANAGER-004', {
        what: `Alertmanager at ${url} is not ready (${status})`,
        fix: 'wait a moment and try again; `leitstand status` shows its state',
      });
    },
    post: async (alerts) => {
      const body = JSON.stringify(alerts);
      const headers = { 'content-type': 'application/json' };
      expectOk(url, await ask('/api/v2/alerts', { method: 'POST', headers, body }));
    },
    groups: async (label, value) => {
      const response = expectOk(url, await ask(`/api/v2/alerts/groups?filter=${filter(label, value)}`));
      return read(url, response, z.array(groupSchema));
    },
    isFiring: async (label, value) => {
      const response = expectOk(url, await ask(`/api/v2/alerts?filter=${filter(label, value)}`));
      return read(url, response, z.array(alertSchema)).length > 0;
    },
    metrics: async () => parseMetrics(expectOk(url, await ask('/metrics')).body),
  };
}

/** For errors. */
function withoutCredentials(baseUrl: string): string {
  const url = new URL(baseUrl);
  [url.username, url.password] = ['', ''];
  return url.href.replace(/\/$/, '');
}

async function exchange(baseUrl: string, path: string, request: HttpRequest): Promise<HttpResponse> {
  const url = withoutCredentials(baseUrl);
  let response: HttpResponse;
  try {
    response = await httpExchange(new URL(path.slice(1), baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`), {
      timeoutMs: TIMEOUT_MS,
      ...request,
    });
  } catch (error) {
    if (request.signal?.aborted) throw request.signal.reason;
    throw alertmanagerErrors.error('LS-ALERTMANAGER-001', {
      what: `Alertmanager at ${url} cannot be reached`,
      why: reasonOf(error),
      fix: 'leitstand status shows whether it runs; leitstand up starts it',
      cause: error,
    });
  }
  if (response.status === 401 || response.status === 403) {
    throw alertmanagerErrors.error('LS-ALERTMANAGER-002', {
      what: `Alertmanager at ${url} refuses the credentials (${response.status})`,
      fix: 'give it the right ones in the URL or the configuration',
    });
  }
  return response;
}

function reasonOf(error: unknown): string {
  const code = systemErrorCode(error);
  if (code === 'ECONNREFUSED') return 'connection refused: nothing listens there';
  if (code === 'ETIMEDOUT')
    return `no answer within ${TIMEOUT_MS / 1000} s: it hangs, or the network drops it`;
  return error instanceof Error ? error.message : String(error);
}

function expectOk(url: string, response: HttpResponse): HttpResponse {
  if (response.status === 200) return response;
  throw unexpected(url, `${response.status}: ${response.body.slice(0, 200)}`);
}

function read<T>(url: string, response: HttpResponse, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(response.body));
  } catch (error) {
    throw unexpected(url, error instanceof Error ? error.message.slice(0, 200) : 'not JSON');
  }
}

function unexpected(url: string, why: string) {
  return alertmanagerErrors.error('LS-ALERTMANAGER-003', {
    what: `what answers at ${url} does not answer as Alertmanager does`,
    why,
    fix: 'look whether another program has that port: leitstand status',
  });
}
