import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inboxDestinations } from '../../src/cli/inbox-destinations.ts';
import { eventSandbox } from '../../src/components/alertmanager/event-sandbox.ts';
import { type History, openHistory } from '../../src/history/history.ts';
import type { NewMessage } from '../../src/history/messages.ts';
import { recordingStore } from '../../src/inbox/notifications.ts';
import { webhookSandbox } from '../../src/receivers/webhook/sandbox.ts';
import { alertingStack } from '../fixtures/alerting.ts';

const AT = '2026-11-27T10:00:12.500Z';

let directory = '';
let history: History;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'notifications-'));
  history = openHistory(join(directory, 'leitstand.db'));
});

afterEach(async () => {
  history.close();
  await rm(directory, { recursive: true, force: true });
});

function message(more: Partial<NewMessage>): NewMessage {
  return {
    receivedAt: AT,
    type: 'slack',
    path: '/slack/services/T0/B0/one',
    recipient: '',
    headers: {},
    body: '{}',
    replyStatus: 200,
    accepted: true,
    problems: [],
    title: '🚨 CRITICAL: DiskFull',
    text: '',
    status: 'firing',
    ...more,
  };
}

function webhookBody(receiver: string, names: readonly string[]): string {
  return JSON.stringify({
    version: '4',
    groupKey: '{}:{}',
    truncatedAlerts: 0,
    status: 'resolved',
    receiver,
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    externalURL: 'http://am',
    alerts: names.map((alertname, i) => ({
      status: 'resolved',
      labels: { alertname },
      annotations: {},
      startsAt: `2026-11-27T10:00:0${i}.500Z`,
      endsAt: AT,
      generatorURL: '',
      fingerprint: 'f',
    })),
  });
}

function keep(...messages: readonly NewMessage[]) {
  const kept = recordingStore(history).appendAll(messages);
  return { kept, deliveries: history.deliveries.list({ limit: 9 }) };
}

describe('a message of a real alert becomes a delivery', () => {
  it('of nobody, where nobody is known who sends there', () => {
    const { kept, deliveries } = keep(message({}));
    expect(deliveries).toEqual([
      {
        id: 1,
        at: AT,
        receiver: '',
        type: 'slack',
        index: 0,
        verdict: 'CONFIRMED',
        evidence: 'inbox',
        alert: '🚨 CRITICAL: DiskFull',
        status: 'firing',
        message: kept[0]?.id,
      },
    ]);
  });

  it('of the receiver whose path it came by, or whose recipient it names', () => {
    history.destinations.replace([
      { receiver: 'on-call', type: 'slack', index: 1, path: '/slack/services/T0/B0/one' },
      { receiver: 'team', type: 'email', index: 0, recipient: 'ops@example.org' },
      { receiver: 'a', type: 'webhook', index: 0, path: '/webhook' },
      { receiver: 'b', type: 'webhook', index: 2, path: '/webhook' },
    ]);
    const { deliveries } = keep(
      message({}),
      message({ type: 'email', path: '', recipient: 'ops@example.org' }),
      message({ type: 'webhook', path: '/webhook', body: webhookBody('b', ['DiskFull']) }),
      message({ type: 'webhook', path: '/webhook', body: 'not JSON' }),
      message({ path: '/slack/services/T0/B0/two' }),
    );
    expect(deliveries.map(({ receiver, type, index }) => `${receiver} ${type}[${index}]`).reverse()).toEqual([
      'on-call slack[1]',
      'team email[0]',
      'b webhook[2]',
      ' webhook[0]',
      ' slack[0]',
    ]);
  });

  it('with all that a webhook tells: receiver, alerts, and how old they were', () => {
    const body = webhookBody('somebody', ['DiskFull', 'DiskSlow', 'DiskFull']);
    const accepted = webhookSandbox.receive({
      method: 'POST',
      path: '/webhook',
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect(accepted.accepted).toBe(true);
    const { deliveries } = keep(message({ type: 'webhook', path: '/webhook', body, status: 'resolved' }));
    expect(deliveries).toMatchObject([
      {
        receiver: 'somebody',
        alert: 'DiskFull, DiskSlow',
        ageMs: 12_000,
        status: 'resolved',
        verdict: 'CONFIRMED',
      },
    ]);
  });

  it('that failed, with the reason, where the provider would refuse it or nobody answered', () => {
    const { deliveries } = keep(
      message({ accepted: false, replyStatus: 410, problems: ['channel_is_archived'], status: 'unknown' }),
      message({ accepted: false, replyStatus: 0, problems: [] }),
    );
    expect(deliveries.reverse()).toMatchObject([
      { verdict: 'FAILED', stage: 'receive', reason: '410: channel_is_archived' },
      { verdict: 'FAILED', stage: 'receive', reason: 'no answer' },
    ]);
    expect(deliveries[0]).not.toHaveProperty('status');
  });

  it('but not what a test sent: that is in the row of the test', () => {
    const { kept, deliveries } = keep(
      message({ title: '🧪 TEST CRITICAL: LeitstandTest_abcx0x' }),
      message({ type: 'webhook', title: '', body: webhookBody('team', ['LeitstandTest_abcx1x']) }),
    );
    expect(kept).toHaveLength(2);
    expect(deliveries).toEqual([]);
  });
});

describe("an event of Alertmanager's event recorder", () => {
  const event = JSON.stringify({
    '@timestamp': AT,
    instance: 'am',
    data: {
      '@type': 'x',
      notification: {
        alerts: [{ details: { labels: { labels: [{ key: 'alertname', value: 'Disk "full"' }] } } }],
        firingAlerts: [{}],
        groupInfo: { groupKey: '{}:{}', receiverName: 'on-call' },
        integration: { name: 'pagerduty', index: 1 },
      },
    },
  });

  function eventMessage(): NewMessage {
    const reply = eventSandbox.receive({ method: 'POST', path: '/events', headers: {}, body: event });
    const { title = '', text = '', status = 'unknown', recipient = '' } = reply.message ?? {};
    return message({ type: eventSandbox.type, path: '/events', body: event, title, text, status, recipient });
  }

  it('says that an integration elsewhere took it', () => {
    expect(keep(eventMessage()).deliveries).toMatchObject([
      {
        receiver: 'on-call',
        type: 'pagerduty',
        index: 1,
        verdict: 'ACCEPTED',
        evidence: 'events',
        alert: 'Disk "full"',
        status: 'firing',
      },
    ]);
  });

  it('is not counted beside the message that came here itself', () => {
    history.destinations.replace([{ receiver: 'on-call', type: 'pagerduty', index: 1, recipient: 'key' }]);
    expect(keep(eventMessage()).deliveries).toEqual([]);
  });
});

it('the messages are kept whatever becomes of the statistics', () => {
  const { messages, destinations, together } = history;
  const deliveries = {
    appendAll: () => {
      throw new Error('disk full');
    },
  };
  const store = recordingStore({ messages, destinations, deliveries, together });
  expect(store.append(message({}))).toMatchObject([{ id: 1 }]);
  expect(messages.list({ limit: 9 })).toHaveLength(1);
});

it('the destinations of a stack are those of its integrations that send to its inbox', () => {
  const stack = alertingStack({
    receivers: {
      'on-call': {
        slack: [
          { webhook_url: 'https://hooks.slack.com/services/T0/B0/x' },
          { webhook_url: 'http://127.0.0.1:5001/slack/services/T0/B0/one' },
        ],
      },
      team: {
        webhook: [{ url: 'http://localhost:5001/webhook?team=1' }, { url: 'http://127.0.0.1:5002/webhook' }],
      },
    },
    default: 'team',
  });
  expect(inboxDestinations(stack)).toEqual([
    { receiver: 'on-call', type: 'slack', index: 1, path: '/slack/services/T0/B0/one' },
    { receiver: 'team', type: 'webhook', index: 0, path: '/webhook?team=1' },
  ]);
});
