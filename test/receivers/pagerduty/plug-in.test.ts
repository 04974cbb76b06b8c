import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { pagerduty } from '../../../src/receivers/pagerduty/index.ts';
import { makeIntegration } from '../../fixtures/alerting.ts';
import { describeHttpSandbox, describeReceiver, httpSandbox } from '../conformance.ts';

const KEY = 'e93facc04764012d7bfb002500d5d1a6';
const PATH = '/pagerduty/v2/enqueue';

describeReceiver({
  plugin: pagerduty,
  config: (routing_key, ca_file) => ({ routing_key, ca_file }),
  goodSecret: KEY,
  destination: 'https://events.pagerduty.com/v2/enqueue',
  fileSince: '0.25.0',
  badSecrets: [
    ['a variable nobody replaced', '${PAGERDUTY_7f3a}'],
    ['a key of the REST API', 'y_NbAkKc66ryYTW-7f3a'],
    ['half a key', 'e93facc047647f3a'],
    ['a key that is too long', `${KEY}7f3a`],
    ['a URL', 'https://events.pagerduty.com/v2/enqueue?7f3a'],
    ['white space', ' e93facc047647f3a7bfb002500d5d1a6'],
  ],
});

// PagerDuty's own example (api-schema, reference/events-v2), but for the key, which is no sample there.
const event = {
  payload: {
    summary: 'DISK at 99% on machine prod-datapipe03.example.com',
    timestamp: '2015-07-17T08:42:58.315+0000',
    severity: 'critical',
    source: 'prod-datapipe03.example.com',
    component: 'mysql',
    group: 'prod-datapipe',
    class: 'disk',
    custom_details: { 'free space': '1%', 'ping time': '1500ms', 'load avg': 0.75 },
  },
  routing_key: KEY,
  dedup_key: 'srv01/mysql',
  event_action: 'trigger',
  client: 'Sample Monitoring Service',
  client_url: 'https://monitoring.service.com',
  links: [{ href: 'http://pagerduty.example.com', text: 'An example link.' }],
  images: [
    { src: 'https://chart.googleapis.com/chart?chs=600x400', href: 'https://google.com', alt: 'An image' },
  ],
};

const { payload } = event;
const json = (value: unknown) => ({ body: JSON.stringify(value) });
const withPayload = (changed: Readonly<Record<string, unknown>>) =>
  json({ ...event, payload: { ...payload, ...changed } });

describeHttpSandbox({
  sandbox: pagerduty.sandbox,
  path: PATH,
  success: 202,
  goodBody: event,
  refused: [
    { what: 'what is not JSON', request: { body: '{' }, status: 400, word: 'Unrecognized object' },
    { what: 'a list', request: json([event]), status: 400, word: 'JSON parse error' },
    {
      what: 'another content type',
      request: { headers: { 'content-type': 'text/plain' } },
      status: 400,
      word: 'Unrecognized object',
    },
    {
      what: 'another path',
      request: { path: '/pagerduty/v2/change/enqueue' },
      status: 404,
      word: '/v2/enqueue',
    },
    {
      what: 'the Events API v1',
      request: { path: '/pagerduty/generic/2010-04-15/create_event.json' },
      status: 404,
      word: 'Events API v1',
    },
    {
      what: 'a short key',
      request: json({ ...event, routing_key: 'samplekeyhere' }),
      status: 400,
      word: "Length of 'routing_key' is incorrect (should be 32 characters)",
    },
    {
      what: 'a variable as key',
      request: json({ ...event, routing_key: '${PAGERDUTY_SERVICE_KEY_AND_MORE}' }),
      status: 400,
      word: "'routing_key' cannot contain non-alphanumeric characters.",
    },
    {
      what: 'no key',
      request: json({ ...event, routing_key: ' ' }),
      status: 400,
      word: "'routing_key' is missing",
    },
    {
      what: 'no action',
      request: json({ ...event, event_action: '' }),
      status: 400,
      word: "'event_action' is missing",
    },
    {
      what: 'another action',
      request: json({ ...event, event_action: 'fire' }),
      status: 400,
      word: "'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')",
    },
    {
      what: 'a long dedup_key',
      request: json({ ...event, dedup_key: 'a'.repeat(256) }),
      status: 400,
      word: "'dedup_key' is too long (maximum is 255 characters)",
    },
    {
      what: 'a resolve without a dedup_key',
      request: json({ routing_key: KEY, event_action: 'resolve' }),
      status: 400,
      word: "'dedup_key' is missing or blank",
    },
    {
      what: 'no payload',
      request: json({ ...event, payload: null }),
      status: 400,
      word: "'payload' is missing",
    },
    {
      what: 'a blank source',
      request: withPayload({ source: '\u00a0' }),
      status: 400,
      word: "'payload.source' is missing or blank",
    },
    {
      what: 'no summary',
      request: withPayload({ summary: undefined }),
      status: 400,
      word: "'payload.summary' is missing or blank",
    },
    {
      what: 'a long summary',
      request: withPayload({ summary: '🚨'.repeat(1025) }),
      status: 400,
      word: "'payload.summary' is too long (maximum is 1024 characters)",
    },
    {
      what: 'a severity in capitals',
      request: withPayload({ severity: 'CRITICAL' }),
      status: 400,
      word: "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')",
    },
    {
      what: 'the severity none',
      request: withPayload({ severity: 'none' }),
      status: 400,
      word: "'payload.severity' is invalid",
    },
    {
      what: 'details that are text',
      request: withPayload({ custom_details: 'text' }),
      status: 400,
      word: "'payload.custom_details' is invalid",
    },
    {
      what: 'an image that is not on https',
      request: json({ ...event, images: [{ src: 'http://example.org/a.png' }] }),
      status: 400,
      word: "'images[0].src' is invalid (must be an https URL)",
    },
    {
      what: 'a link without a URL',
      request: json({ ...event, links: [event.links[0], { text: 'Runbook' }] }),
      status: 400,
      word: "'links[1].href' is invalid (must be a URL)",
    },
  ],
});

const receive = (body: unknown) =>
  httpSandbox(pagerduty.sandbox).receive({
    method: 'POST',
    path: PATH,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

describe('what the sandbox makes of an event', () => {
  it('answers as documented, with every mistake at once', () => {
    expect(JSON.parse(receive(event).body)).toEqual({
      status: 'success',
      message: 'Event processed',
      dedup_key: 'srv01/mysql',
    });
    const reply = receive({
      ...event,
      routing_key: '-',
      payload: { ...payload, severity: 'none', source: '' },
    });
    expect(JSON.parse(reply.body)).toEqual({
      status: 'invalid event',
      message: 'Event object is invalid',
      errors: [
        "Length of 'routing_key' is incorrect (should be 32 characters)",
        "'routing_key' cannot contain non-alphanumeric characters.",
        "'payload.source' is missing or blank",
        "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')",
      ],
    });
  });

  it('makes a key of its own where there is none, and another one each time', () => {
    const { dedup_key: _, ...without } = event;
    const keys = [receive(without), receive(without)].map(
      ({ body }) => (JSON.parse(body) as { readonly dedup_key: string }).dedup_key,
    );
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(keys[1]).not.toBe(keys[0]);
  });

  it('says what becomes of it: the same alert, or dropped', () => {
    const key = { ...event, dedup_key: 'one-life' };
    const resolve = { routing_key: KEY, dedup_key: 'one-life', event_action: 'resolve' };
    const text = (body: unknown) => receive(body).message?.text ?? '';
    expect(text(resolve)).toContain('drops it');
    expect(text(key)).not.toContain('PagerDuty');
    expect(text(key)).toContain('adds it to the alert that is open');
    // Of another service: the same key is another alert.
    expect(text({ ...key, routing_key: KEY.replace('e', 'f') })).not.toContain('PagerDuty');
    expect(text({ ...resolve, event_action: 'acknowledge' })).not.toContain('drops it');
    expect(text(resolve)).not.toContain('drops it');
    expect(text({ ...resolve, event_action: 'acknowledge' })).toContain('drops it');
    expect(text(key)).not.toContain('PagerDuty');
  });

  it('tells whom it is for as the integration does, and not the key', () => {
    const integration = makeIntegration('pagerduty', { routing_key: KEY });
    const { message } = receive(event);
    expect(message).toMatchObject({ title: payload.summary, status: 'firing' });
    expect(message?.recipient).toBe(`key-${createHash('sha256').update(KEY).digest('hex').slice(0, 12)}`);
    expect(integration.recipient).toBe(message?.recipient);
    expect(JSON.stringify(message)).not.toContain(KEY);
    expect(message?.text).toContain('free space: 1%');
    expect(receive({ ...event, event_action: 'resolve' }).message?.status).toBe('resolved');
  });
});

describe('what is kept of an event', () => {
  const { concealed } = httpSandbox(pagerduty.sandbox);
  const kept = (body: string) => concealed?.(body) ?? '';

  it('has no key, and another one of its form', () => {
    const body = JSON.stringify(event);
    expect(kept(body)).not.toContain(KEY);
    const { recipient } = receive(event).message ?? {};
    expect(JSON.parse(kept(body))).toEqual({
      ...event,
      routing_key: `${recipient?.slice(4)}${'x'.repeat(20)}`,
    });
    expect(pagerduty.limits?.(kept(body))).toEqual([]);
  });

  it('shows what nobody replaced, and nothing of what is no JSON', () => {
    expect(kept('{"routing_key":"${KEY}"}')).toBe('{"routing_key":"${KEY}"}');
    expect(kept(`{"routing_key" : "${KEY}", `)).not.toContain(KEY);
    expect(kept('{"routing_key":"short"}')).toMatch(/^{"routing_key":"[0-9a-f]{5}"}$/);
    expect(kept(`{"service_key":"${KEY}"}`)).not.toContain(KEY);
    expect(kept('text')).toBe('text');
  });

  it('refuses in the words of PagerDuty when it is told to', () => {
    const { refusal } = httpSandbox(pagerduty.sandbox);
    expect(refusal?.(429)?.body).toContain('Request Limit Exceeded');
    expect(JSON.parse(refusal?.(400)?.body ?? '')).toMatchObject({ status: 'invalid event' });
    expect(refusal?.(500)).toBeUndefined();
  });
});

describe('what is said of the limits', () => {
  const limits = (body: unknown) =>
    pagerduty.limits?.(typeof body === 'string' ? body : JSON.stringify(body));

  it('nothing, of an ordinary event', () => expect(limits(event)).toEqual([]));

  it('what is refused, what is cut, and what Alertmanager left out', () => {
    expect(limits('no JSON')).toEqual([expect.stringContaining('no JSON object')]);
    expect(limits({ ...event, event_action: 'resolve', dedup_key: '' })).toEqual([
      "PagerDuty refuses it: 'dedup_key' is missing or blank",
    ]);
    const cut = `${'a'.repeat(1023)}…`;
    expect(limits({ ...event, payload: { ...payload, summary: cut } })).toEqual([
      'the summary is cut to 1024 characters',
    ]);
    const error =
      'Custom details have been removed because the original event exceeds the maximum size of 512KB';
    expect(limits({ ...event, payload: { ...payload, custom_details: { error } } })).toEqual([
      expect.stringContaining('left all details out'),
    ]);
    const large = { ...event, payload: { ...payload, custom_details: { a: 'ü'.repeat(256_001) } } };
    expect(limits(large)).toEqual([expect.stringContaining('512000 bytes')]);
  });
});
