import { expect, it } from 'vitest';
import { receiverPlugins } from '../../src/receivers/registry.ts';
import { slack } from '../../src/receivers/slack/index.ts';
import { webhook } from '../../src/receivers/webhook/index.ts';
import { makeIntegration } from '../fixtures/alerting.ts';
import { describeHttpSandbox, describeReceiver, httpSandbox, NO_URLS } from './conformance.ts';

const json = (value: unknown) => ({ body: JSON.stringify(value) });
const plain = { headers: { 'content-type': 'text/plain' } };

describeReceiver({
  plugin: slack,
  config: (url) => ({ webhook_url: url, channel: '#alerts' }),
  goodSecret: 'https://hooks.slack.com/services/T024BE7LD/B024BE7LH/abcDEF123',
  destination: 'https://hooks.slack.com/services/T024BE7LD/B024BE7LH/abcDEF123',
  fileSince: '0.22.0',
  badSecrets: NO_URLS,
});

describeHttpSandbox({
  sandbox: slack.sandbox,
  path: '/slack/services/T024BE7LD/B024BE7LH/abcDEF123',
  success: 200,
  goodBody: {
    channel: '#alerts',
    username: 'Alertmanager',
    attachments: [
      { title: 'a', title_link: 'b', text: 'c', fallback: 'd', callback_id: '', footer: '', color: 'danger' },
    ],
  },
  refused: [
    { what: 'what is not JSON', request: { body: 'payload' }, status: 400, word: 'invalid_payload' },
    { what: 'a list', request: json([]), status: 400, word: 'invalid_payload' },
    { what: 'another content type', request: plain, status: 400, word: 'invalid_payload' },
    { what: 'nothing to say', request: json({}), status: 400, word: 'no_text' },
    { what: 'an empty attachment', request: json({ attachments: [{}] }), status: 400, word: 'no_text' },
    {
      what: 'attachments that are none',
      request: json({ attachments: ['a'] }),
      status: 400,
      word: 'invalid_attachments',
    },
    {
      what: 'a hundred and one attachments',
      request: json({ attachments: Array.from({ length: 101 }, () => ({ text: 'a' })) }),
      status: 400,
      word: 'too_many_attachments',
    },
    { what: 'another path', request: { path: '/slack/hook' }, status: 404, word: 'no_service' },
    {
      what: 'an example nobody filled in',
      request: { path: '/slack/services/YOUR/WEBHOOK/HERE' },
      status: 404,
      word: 'no_service',
    },
    { what: 'no token', request: { path: '/slack/services/T0/B0/' }, status: 403, word: 'invalid_token' },
    {
      what: 'half a token',
      request: { path: '/slack/services/T0/B0/a…' },
      status: 403,
      word: 'invalid_token',
    },
  ],
});

const labels = { alertname: 'DiskFull', severity: 'critical' };
const v4 = {
  version: '4',
  groupKey: '{}:{alertname="DiskFull"}',
  truncatedAlerts: 0,
  status: 'firing',
  receiver: 'on-call',
  groupLabels: { alertname: 'DiskFull' },
  commonLabels: labels,
  commonAnnotations: {},
  externalURL: 'http://alertmanager:9093',
  alerts: [
    {
      status: 'firing',
      labels,
      annotations: { summary: 'full' },
      startsAt: '2026-01-02T03:04:05.678Z',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: '',
      fingerprint: 'd8b9949cea22889e',
    },
  ],
};

describeReceiver({
  plugin: webhook,
  config: (url) => ({ url }),
  goodSecret: 'https://example.org/hook?token=a7f3',
  destination: 'https://example.org/hook?token=a7f3',
  fileSince: '0.28.0',
  badSecrets: NO_URLS,
});

describeHttpSandbox({
  sandbox: webhook.sandbox,
  path: '/webhook',
  success: 200,
  goodBody: v4,
  refused: [
    { what: 'what is not JSON', request: { body: '{' }, status: 400, word: 'not JSON' },
    { what: 'another content type', request: plain, status: 415, word: 'content type' },
    { what: 'another version', request: json({ ...v4, version: '3' }), status: 400, word: 'version' },
    { what: 'a number as version', request: json({ ...v4, version: 4 }), status: 400, word: 'version' },
    { what: 'no alerts', request: json({ ...v4, alerts: [] }), status: 400, word: 'alerts' },
    {
      what: 'a label that is a number',
      request: json({ ...v4, commonLabels: { a: 1 } }),
      status: 400,
      word: 'commonLabels',
    },
    {
      what: 'an alert without a status',
      request: json({ ...v4, alerts: [{ ...v4.alerts[0], status: undefined }] }),
      status: 400,
      word: 'alerts.0.status',
    },
    ...Object.keys(v4).map((missing) => ({
      what: `a body without ${missing}`,
      request: json({ ...v4, [missing]: undefined }),
      status: 400,
      word: missing,
    })),
  ],
});

it('every plug-in of the registry is covered here, and its mounts are its own', () => {
  expect(receiverPlugins).toEqual([slack, webhook]);
  const mounts = receiverPlugins.flatMap(({ sandbox }) =>
    sandbox?.protocol === 'http' ? sandbox.mounts : [],
  );
  expect(new Set(mounts).size).toBe(mounts.length);
});

it('webhook passes newer fields, and max_alerts on', () => {
  const { config } = makeIntegration('webhook', { url: 'http://a/', max_alerts: 5 }).render({
    alertmanager: { major: 0, minor: 31, patch: 1 },
    secretPath: (name) => name,
  });
  expect(config).toEqual({ url_file: 'on-call-webhook-0', send_resolved: true, max_alerts: 5 });
  const reply = httpSandbox(webhook.sandbox).receive({
    method: 'POST',
    path: '/',
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ ...v4, status: 'resolved', notification_reason: 'x', routeLabels: {} }),
  });
  expect(reply).toMatchObject({ accepted: true, message: { status: 'resolved', text: 'full' } });
});

it.each([
  ['alerts that are none', `{"alerts":[${'0,'.repeat(2_000_000)}0]}`],
  [
    'labels that are none',
    `{"commonLabels":{${Array.from({ length: 300_000 }, (_, i) => `"${i}":0`).join()}}}`,
  ],
])('webhook finds fault with millions of %s without drowning in findings', (_, body) => {
  const started = performance.now();
  const headers = { 'content-type': 'application/json' };
  const { problems } = httpSandbox(webhook.sandbox).receive({ method: 'POST', path: '/', headers, body });
  expect(problems.length).toBeLessThanOrEqual(10);
  // One finding for each took six seconds for this body and gigabytes for a larger one.
  expect(performance.now() - started).toBeLessThan(3_000);
});

it.each(['https://hooks.slack.com/triggers/T0/1/2', 'https://hooks.slack.com/services/YOUR/WEBHOOK/HERE'])(
  'slack refuses %s, which no incoming webhook has',
  (webhook_url) => {
    expect(() => makeIntegration('slack', { webhook_url })).toThrow(
      expect.objectContaining({ code: 'LS-RECEIVER-002', exit: 2 }),
    );
  },
);

it('slack keeps a fallback that names the alert, whatever the texts are', () => {
  const { config } = makeIntegration('slack', {
    webhook_url: 'http://127.0.0.1:5001/slack/services/T0/B0/x',
    title: 'mine',
    text: 'mine too',
    send_resolved: false,
  }).render({ alertmanager: { major: 0, minor: 25, patch: 0 }, secretPath: (name) => name });
  expect(config).toMatchObject({ title: 'mine', text: 'mine too', send_resolved: false });
  expect(config['fallback']).toContain('.CommonLabels.alertname');
});
