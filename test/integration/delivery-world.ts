import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalog } from '../../src/catalog.ts';
import { stackAlerting } from '../../src/delivery/alerting.ts';
import type { DeliveryReport, IntegrationReport } from '../../src/delivery/report.ts';
import type { DeliveryRequest } from '../../src/delivery/request.ts';
import { testDelivery } from '../../src/delivery/test-delivery.ts';
import { type History, openHistory } from '../../src/history/history.ts';
import { type Inbox, startInbox } from '../../src/inbox/server.ts';
import { inboxFiles } from '../../src/inbox/place.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { httpExchange } from '../../src/platform/http.ts';
import type { Program } from '../../src/stack/program.ts';
import type { Fault } from '../../src/stack/sandbox.ts';
import type { Stack } from '../../src/stack/stack.ts';
import { type AlertingOptions, alertingStack } from '../fixtures/alerting.ts';
import { type LiveAlertmanager, startAlertmanager } from './live-alertmanager.ts';

/** One real Alertmanager that runs, and the stack after which it is tested. */
export interface Running {
  readonly stack: Stack;
  readonly live: LiveAlertmanager;
}

/** A directory with records and an inbox that can be told to misbehave; Alertmanagers are started in it. */
export interface DeliveryWorld {
  readonly directory: string;
  readonly history: History;
  readonly inbox: Inbox;
  readonly inboxUrl: string;
  /** `127.0.0.1:5001` */
  readonly hostPort: string;
  /** Its PEM file. */
  readonly caFile: string;
  start(program: Program, options: AlertingOptions, more?: StartOptions): Promise<Running>;
  /** For the next `times` messages of the type, `*` for all; undefined: until the test is over. */
  misbehave(type: string, fault: Fault, times?: number): void;
  request(running: Running, more?: Partial<DeliveryRequest>): DeliveryRequest;
  test(running: Running, more?: Partial<DeliveryRequest>): Promise<DeliveryReport>;
  /** Another provider, of which nothing is seen but its answers; undefined: it never answers. */
  elsewhere(answer: (path: string) => Answer | undefined): Promise<string>;
  /** Undone when the world ends, the last first. */
  onEnd(cleanup: () => unknown): void;
  end(): Promise<void>;
}

export interface StartOptions {
  /** Of Alertmanager; default: no cluster. */
  readonly args?: readonly string[];
  /** Below the world's directory; default: the directory itself. */
  readonly name?: string;
}

interface Answer {
  readonly status: number;
  readonly body?: string;
}

export async function makeDeliveryWorld(): Promise<DeliveryWorld> {
  const directory = await mkdtemp(join(tmpdir(), 'delivery-'));
  const cleanups: (() => unknown)[] = [() => rm(directory, { recursive: true, force: true })];
  const history = openHistory(join(directory, 'leitstand.db'));
  cleanups.push(() => history.close());
  const inbox = await startInbox({
    port: 0,
    host: '127.0.0.1',
    endpoints: await catalog.sandboxes(),
    messages: history.messages,
    misbehaviours: history.misbehaviours,
    directory: inboxFiles(directory).directory,
    clock: systemClock,
  });
  cleanups.push(() => inbox.close());
  const hostPort = `127.0.0.1:${inbox.port}`;
  const inboxUrl = `http://${hostPort}`;
  const { caFile } = inboxFiles(directory);
  const request = ({ stack, live }: Running, more: Partial<DeliveryRequest> = {}): DeliveryRequest => ({
    alertmanagers: [live.url],
    alerting: stackAlerting(stack),
    language: stack.language,
    inbox: { baseUrl: inboxUrl, messages: history.messages },
    logTail: (lines) => live.logTail(lines),
    history,
    clock: systemClock,
    random: (bytes) => randomBytes(bytes),
    timeoutMs: 15_000,
    onProgress: () => undefined,
    ...more,
  });
  return {
    directory,
    history,
    inbox,
    inboxUrl,
    hostPort,
    caFile,
    start: async (program, options, { args, name } = {}) => {
      const stack = {
        ...alertingStack({ ...options, inbox: { hostPort, caFile } }),
        inbox: { enabled: true, port: inbox.port },
      };
      const place = name === undefined ? directory : join(directory, name);
      const live = await startAlertmanager(program, stack, place, args);
      cleanups.push(() => live.stop());
      return { stack, live };
    },
    misbehave: (type, fault, times) => void history.misbehaviours.add({ type, fault, times }),
    request,
    test: (running, more) => testDelivery(request(running, more)),
    elsewhere: async (answer) => {
      const { url, close } = await providerElsewhere(answer);
      cleanups.push(close);
      return url;
    },
    onEnd: (cleanup) => void cleanups.push(cleanup),
    end: async () => {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    },
  };
}

async function providerElsewhere(answer: (path: string) => Answer | undefined) {
  const server: Server = createServer((request, response) => {
    request.resume();
    const given = answer(request.url ?? '');
    if (given) response.writeHead(given.status, { 'content-type': 'text/html' }).end(given.body ?? 'ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

/** All four types in one receiver, against the world's inbox. */
export function fourChannels({ inboxUrl, hostPort }: Pick<DeliveryWorld, 'inboxUrl' | 'hostPort'>) {
  return {
    slack: [{ webhook_url: `${inboxUrl}/slack/services/T0/B0/token7f3a` }],
    email: [{ to: 'ops@example.org', from: 'alerts@example.org', smarthost: hostPort }],
    pagerduty: [{ routing_key: 'R7f3aR7f3aR7f3aR7f3aR7f3aR7f3a12', url: `${inboxUrl}/pagerduty/v2/enqueue` }],
    webhook: [{ url: `${inboxUrl}/webhook` }],
  };
}

/** `on-call slack[0] CONFIRMED`, one for each integration. */
export function verdicts({ integrations }: DeliveryReport): string[] {
  return integrations.map(({ receiver, type, index, verdict }) => `${receiver} ${type}[${index}] ${verdict}`);
}

/** The report of one integration: `on-call slack[0]`. */
export function reportOf({ integrations }: DeliveryReport, name: string): IntegrationReport | undefined {
  return integrations.find(({ receiver, type, index }) => `${receiver} ${type}[${index}]` === name);
}

export async function firingTests({ url }: LiveAlertmanager): Promise<number> {
  const { body } = await httpExchange(`${url}/api/v2/alerts?filter=leitstand_test!=""`);
  return (JSON.parse(body) as unknown[]).length;
}

/** Id of a silence for ten minutes. */
export async function silence({ url }: LiveAlertmanager, label: string, value: string): Promise<string> {
  const made = await httpExchange(`${url}/api/v2/silences`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      matchers: [{ name: label, value, isRegex: false, isEqual: true }],
      startsAt: new Date(Date.now() - 1000),
      endsAt: new Date(Date.now() + 600_000),
      createdBy: 'anna',
      comment: 'disk is being replaced',
    }),
  });
  return (JSON.parse(made.body) as { readonly silenceID: string }).silenceID;
}
