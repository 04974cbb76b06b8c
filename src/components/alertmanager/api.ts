import { z } from 'zod';
import { type HttpRequest, type HttpResponse, httpExchange } from '../../platform/http.ts';
import { type MetricSample, parseMetrics } from '../../platform/metrics-text.ts';
import {
  type Address,
  exchangeOf,
  refusedFix,
  shownUrl,
  unreachable,
  withoutCredentials,
} from '../../stack/connection.ts';
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

const groupLabels = z.object({ labels: z.record(z.string(), z.string()) });

export type AlertGroup = z.infer<typeof groupSchema>;

const silenceSchema = z.object({
  id: z.string(),
  status: z.object({ state: z.enum(['active', 'pending', 'expired']) }),
  /** RFC 3339. */
  updatedAt: z.string(),
  startsAt: z.string(),
  endsAt: z.string(),
  createdBy: z.string(),
  comment: z.string(),
  matchers: z.array(
    z.object({
      name: z.string(),
      value: z.string(),
      isRegex: z.boolean(),
      isEqual: z.boolean().default(true),
    }),
  ),
});

export type Silence = z.infer<typeof silenceSchema>;

const statusSchema = z.object({
  config: z.object({ original: z.string() }),
  versionInfo: z.object({ version: z.string() }),
  cluster: z.object({
    /** Of this member; empty text without a cluster. */
    name: z.string().default(''),
    peers: z.array(z.object({ name: z.string(), address: z.string() })).nullish(),
  }),
});

export interface PostableAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: Date;
  readonly endsAt: Date;
  /** Of the query behind it, as Prometheus sends it. */
  readonly generatorURL?: string;
}

/** Typed client of one Alertmanager, wherever it runs. Rejects with LS-ALERTMANAGER errors or the signal's reason. */
export interface AlertmanagerApi {
  /** Rejects with -004 when it answers but is not ready. */
  assertReady(): Promise<void>;
  post(alerts: readonly PostableAlert[]): Promise<void>;
  /** Groups with alerts whose label has the value, one for each receiver they are routed to; `mutedBy` is right here only. */
  groups(label: string, value: string): Promise<AlertGroup[]>;
  /** The labels of each group that this receiver has, muted ones included. */
  groupsOf(receiver: string): Promise<Readonly<Record<string, string>>[]>;
  /** Of every alert that fires and that nothing holds back: what may inhibit others. */
  activeLabels(): Promise<Readonly<Record<string, string>>[]>;
  /** Whether alerts with that label are still firing, muted ones included. */
  isFiring(label: string, value: string): Promise<boolean>;
  /** Ids of the silences that mute each of the alerts with that label; an unmuted one has none. */
  silencedBy(label: string, value: string): Promise<(readonly string[])[]>;
  /** Expired ones included, as long as Alertmanager keeps them. */
  silences(): Promise<Silence[]>;
  metrics(): Promise<MetricSample[]>;
  status(): Promise<AlertmanagerStatus>;
}

export interface AlertmanagerStatus {
  /** Empty text when the build does not say. */
  readonly version: string;
  /** The loaded configuration as YAML with every default written out; secrets read `<secret>`. */
  readonly config: string;
  /** The members that this one sees, itself included; empty when it is alone. */
  readonly peers: readonly Peer[];
  /** Its own name among them. */
  readonly peerName: string;
}

/** A member of a cluster, by what the gossip knows of it. */
export interface Peer {
  readonly name: string;
  /** `10.0.0.2:9094`: of the gossip, not of the API. */
  readonly address: string;
}

export function createAlertmanagerApi(address: Address, signal?: AbortSignal): AlertmanagerApi {
  const url = shownUrl(address);
  const ask = (path: string, request: HttpRequest = {}) => exchange(address, path, { signal, ...request });
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
    groupsOf: async (receiver) => {
      // Alertmanager puts `^(?:…)$` around it.
      const expression = encodeURIComponent(receiver.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
      const response = expectOk(url, await ask(`/api/v2/alerts/groups?receiver=${expression}`));
      return read(url, response, z.array(groupLabels)).map(({ labels }) => labels);
    },
    activeLabels: async () => {
      const query = 'active=true&silenced=false&inhibited=false&unprocessed=false';
      const response = expectOk(url, await ask(`/api/v2/alerts?${query}`));
      return read(url, response, z.array(alertSchema)).map(({ labels }) => labels);
    },
    isFiring: async (label, value) => {
      const response = expectOk(url, await ask(`/api/v2/alerts?filter=${filter(label, value)}`));
      return read(url, response, z.array(alertSchema)).length > 0;
    },
    silencedBy: async (label, value) => {
      const response = expectOk(url, await ask(`/api/v2/alerts?filter=${filter(label, value)}`));
      return read(url, response, z.array(alertSchema)).map(({ status }) => status.silencedBy);
    },
    silences: async () => read(url, expectOk(url, await ask('/api/v2/silences')), z.array(silenceSchema)),
    metrics: async () => parseMetrics(expectOk(url, await ask('/metrics')).body),
    status: async () => {
      const response = expectOk(url, await ask('/api/v2/status'));
      const { versionInfo, config, cluster } = read(url, response, statusSchema);
      return {
        version: versionInfo.version,
        config: config.original,
        peers: cluster.peers ?? [],
        peerName: cluster.name,
      };
    },
  };
}

async function exchange(address: Address, path: string, request: HttpRequest): Promise<HttpResponse> {
  const shown = shownUrl(address);
  const { url, access } = exchangeOf(address, path.slice(1));
  let response: HttpResponse;
  try {
    response = await httpExchange(url, {
      timeoutMs: TIMEOUT_MS,
      ...access,
      ...request,
      headers: { ...access.headers, ...request.headers },
    });
  } catch (error) {
    if (request.signal?.aborted) throw request.signal.reason;
    throw alertmanagerErrors.error('LS-ALERTMANAGER-001', {
      what: `Alertmanager at ${shown} cannot be reached`,
      ...unreachable(
        address,
        error,
        'check the address, and whether it runs; of your own stack: leitstand status, leitstand up',
      ),
      cause: error,
    });
  }
  if (response.status === 401 || response.status === 403) {
    throw alertmanagerErrors.error('LS-ALERTMANAGER-002', {
      what: `Alertmanager at ${shown} refuses the credentials (${response.status})`,
      fix: refusedFix(address, response.status, 'give it the right ones in the URL or the configuration'),
    });
  }
  return { ...response, body: withoutCredentials(address, response.body) };
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
    fix: 'check the address: another program may have that port',
  });
}
