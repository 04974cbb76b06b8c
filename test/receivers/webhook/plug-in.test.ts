import { describe, expect, it } from 'vitest';
import { webhook } from '../../../src/receivers/webhook/index.ts';
import { webhookLimits } from '../../../src/receivers/webhook/limits.ts';
import { makeIntegration } from '../../fixtures/alerting.ts';
import { type Asked, startProvider } from '../../fixtures/provider.ts';
import {
  describeHttpDirect,
  describeHttpSandbox,
  describeReceiver,
  httpSandbox,
  NO_URLS,
} from '../conformance.ts';
import { workedMs } from '../../fixtures/cpu-time.ts';

const json = (value: unknown) => ({ body: JSON.stringify(value) });
const plain = { headers: { 'content-type': 'text/plain' } };
const target = (minor: number) => ({
  alertmanager: { major: 0, minor, patch: 0 },
  secretPath: (name: string) => `/s/${name}`,
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
  config: (url, ca_file) => ({ url, ca_file }),
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

function receive(path: string, body: string) {
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  return httpSandbox(webhook.sandbox).receive({ method: 'POST', path, headers, body });
}

it('takes newer fields, and hands max_alerts on', () => {
  const { config } = makeIntegration('webhook', { url: 'http://a/', max_alerts: 5 }).render(target(31));
  expect(config).toEqual({
    url_file: '/s/on-call-webhook-0',
    send_resolved: true,
    max_alerts: 5,
    http_config: { follow_redirects: false },
  });
  const reply = receive(
    '/',
    JSON.stringify({ ...v4, status: 'resolved', notification_reason: 'x', routeLabels: {} }),
  );
  expect(reply).toMatchObject({ accepted: true, message: { status: 'resolved', text: 'full' } });
});

it.each([
  ['alerts that are none', `{"alerts":[${'0,'.repeat(2_000_000)}0]}`],
  [
    'labels that are none',
    `{"commonLabels":{${Array.from({ length: 300_000 }, (_, i) => `"${i}":0`).join()}}}`,
  ],
])('finds fault with millions of %s without drowning in findings', (_, body) => {
  const started = workedMs();
  const { problems } = receive('/', body);
  expect(problems.length).toBeLessThanOrEqual(10);
  // One finding for each took six seconds for this body and gigabytes for a larger one.
  expect(workedMs() - started).toBeLessThan(3_000);
});

describe('a URL of a service that takes no webhook of Alertmanager', () => {
  it.each([
    ['https://hooks.slack.com/services/T0/B0/7f3a', '`slack:`'],
    ['https://discord.com/api/webhooks/1/7f3a', '`type: discord`'],
    ['https://ptb.discordapp.com/api/webhooks/1/7f3a', '`type: discord`'],
    ['https://example.webhook.office.com/webhookb2/7f3a', '`type: msteamsv2`'],
    ['https://events.eu.pagerduty.com/v2/enqueue?7f3a', '`pagerduty:`'],
    ['https://api.telegram.org/bot1:7f3a/sendMessage', '`type: telegram`'],
  ])('%s is refused, with what to write', (url, fix) => {
    const make = () => makeIntegration('webhook', { url });
    expect(make).toThrow(
      expect.objectContaining({
        code: 'LS-RECEIVER-005',
        exit: 2,
        details: expect.objectContaining({ fix: expect.stringContaining(fix) }),
      }),
    );
    expect(make).not.toThrow('7f3a');
    expect(makeIntegration('webhook', { url, payload: { text: 'a' } })).toBeDefined();
  });

  it('is none of others that are called alike', () => {
    for (const url of ['https://slack.com.example.org/', 'https://notdiscord.com/'])
      expect(makeIntegration('webhook', { url })).toBeDefined();
  });
});

describe('a payload of its own', () => {
  const payload = { text: '{{ .CommonLabels.alertname }}', nested: { list: ['{{ .Status }}'] } };
  const config = { url: 'https://example.org/hook', payload };

  it('stands in the configuration as it is', () => {
    expect(makeIntegration('webhook', config).render(target(32)).config).toMatchObject({ payload });
    expect(makeIntegration('webhook', config).direct).toBeUndefined();
  });

  it('is refused where a text in it cannot be read', () => {
    const wrong = { ...config, payload: { nested: { list: ['{{ if .Status }}'] } } };
    const [issue] = webhook.schema.safeParse(wrong).error?.issues ?? [];
    expect(issue).toMatchObject({
      path: ['payload', 'nested', 'list', 0],
      message: 'has `{{ if .Status }}` without its end',
    });
  });

  it('is refused where Alertmanager is too old, as is `timeout`', () => {
    for (const [settings, minor] of [
      [config, 31],
      [{ ...config, payload: { text: '{{ now }}' } }, 32],
      [{ url: 'https://example.org/', timeout: '5s' }, 27],
    ] as const)
      expect(() => makeIntegration('webhook', settings).render(target(minor))).toThrow(
        expect.objectContaining({ code: 'LS-RECEIVER-003', exit: 2 }),
      );
  });

  it('is taken by the inbox whatever it is, and found by its texts', () => {
    const sandbox = { hostPort: '127.0.0.1:7', caFile: '/ca.pem' };
    const { secrets } = makeIntegration('webhook', config).render({ ...target(32), sandbox });
    expect(secrets[0]?.value.reveal()).toBe('http://127.0.0.1:7/webhook/custom');
    const reply = receive('/webhook/custom', '{"text":"DiskFull","nested":{"list":["firing",1,null]}}');
    expect(reply).toMatchObject({ accepted: true, message: { title: 'DiskFull', text: 'DiskFull\nfiring' } });
    expect(receive('/webhook/custom', '{')).toMatchObject({ status: 400, accepted: false });
    const deep = `${'['.repeat(100_000)}"x"${']'.repeat(100_000)}`;
    expect(receive('/webhook/custom', deep).accepted).toBe(true);
  });
});

describe('credentials', () => {
  const token = { url: 'https://example.org/hook', bearer_token: 'token-7f3a' };
  const basic = { url: 'https://example.org/hook', username: 'am', password: 'pass-7f3a', timeout: '5s' };

  it.each([25, 31])('are read from files by 0.%i', (minor) => {
    const rendered = makeIntegration('webhook', token).render(target(minor));
    expect(rendered.config['http_config']).toEqual({
      follow_redirects: false,
      authorization: { credentials_file: '/s/on-call-webhook-0-token' },
    });
    expect(rendered.secrets.find(({ name }) => name.endsWith('-token'))?.value.reveal()).toBe('token-7f3a');
    const { timeout: _, ...rest } = basic;
    const other = makeIntegration('webhook', { ...rest, proxy_url: 'http://proxy:1', ca_file: '/ca.pem' });
    expect(other.render(target(minor)).config['http_config']).toEqual({
      basic_auth: { username: 'am', password_file: '/s/on-call-webhook-0-password' },
      follow_redirects: false,
      proxy_url: 'http://proxy:1',
      tls_config: { ca_file: '/ca.pem' },
    });
    expect(JSON.stringify(other.render(target(31)).config)).not.toContain('7f3a');
  });

  it('never go to the inbox', () => {
    const sandbox = { hostPort: '127.0.0.1:7', caFile: '/ca.pem' };
    for (const config of [token, basic]) {
      const rendered = makeIntegration('webhook', config).render({ ...target(31), sandbox });
      expect(rendered.config).not.toHaveProperty('http_config');
      expect(rendered.secrets).toHaveLength(1);
    }
    expect(makeIntegration('webhook', basic).render(target(31)).config).toMatchObject({ timeout: '5000ms' });
  });

  it('are part of what it is', () => {
    const identities = [
      token,
      { ...token, bearer_token: 'x' },
      basic,
      { ...basic, username: 'x' },
      { url: token.url },
    ].map((config) => JSON.stringify(makeIntegration('webhook', config).identity()));
    expect(new Set(identities).size).toBe(5);
  });

  it.each([
    [{ url: 'https://a/', username: 'a' }, 'only one of'],
    [{ url: 'https://a/', username: 'a', password: 'b', bearer_token: 'c' }, 'one header Authorization'],
  ])('%j is refused', (config, words) => {
    expect(JSON.stringify(webhook.schema.safeParse(config).error?.issues)).toContain(words);
  });

  it('have a form', () => {
    expect(webhook.objectToSecret?.('bearer_token', '${TOKEN}')).toContain('${');
    expect(webhook.objectToSecret?.('password', 'a\nb')).toContain('lines');
    expect(webhook.objectToSecret?.('password', 'a b')).toBeUndefined();
    expect(webhook.objectToSecret?.('url', 'a b')).toBeDefined();
  });
});

describeHttpDirect({
  plugin: webhook,
  what: 'with a token',
  at: (url) => ({ url: `${url}/hook/path7f3a?key=query7f3a`, bearer_token: 'token7f3a' }),
  hidden: ['path7f3a', 'query7f3a', 'token7f3a'],
});
describeHttpDirect({
  plugin: webhook,
  what: 'with a password',
  at: (url) => ({ url: `${url}/hook`, username: 'am', password: 'pass7f3a' }),
  hidden: ['pass7f3a', Buffer.from('am:pass7f3a').toString('base64')],
});

describe('sent directly', () => {
  const message = { nonce: 'abc1', title: 'Test', text: 'nothing is wrong' };

  it('is an alert of version 4, with the credentials', async () => {
    await using server = await startProvider(({ body }) => ({ status: receive('/webhook', body).status }));
    const { direct } = makeIntegration('webhook', { url: `${server.url}/hook`, bearer_token: 'token' });
    await expect(direct?.send(message)).resolves.toBe('status 200');
    expect(server.asked[0]?.headers['authorization']).toBe('Bearer token');
    expect(server.asked[0]?.body).toContain('LeitstandTest_abc1');
    const basic = makeIntegration('webhook', { url: `${server.url}/hook`, username: 'ä', password: 'b' });
    await basic.direct?.send(message);
    const login = String(server.asked[1]?.headers['authorization']).replace('Basic ', '');
    expect(Buffer.from(login, 'base64').toString()).toBe('ä:b');
  });

  it.each([
    [401, 'bearer_token'],
    [404, 'path of the URL'],
    [302, 'redirects'],
    [413, 'max_alerts'],
    [503, 'log of the program'],
    [422, 'version 4'],
  ])('%i is refused, with what to do', async (status, fix) => {
    await using server = await startProvider(() => ({ status, body: 'no' }));
    const { direct } = makeIntegration('webhook', { url: `${server.url}/hook-7f3a` });
    await expect(direct?.send(message)).rejects.toMatchObject({
      code: 'LS-RECEIVER-011',
      details: { why: 'it answered `no`', fix: expect.stringContaining(fix) },
    });
    await expect(direct?.send(message)).rejects.not.toThrow('7f3a');
    expect(server.asked satisfies readonly Asked[]).toHaveLength(2);
  });
});

it('limits: says what was left out, and what is much', () => {
  expect(webhookLimits(JSON.stringify(v4))).toEqual([]);
  expect(webhookLimits(JSON.stringify({ ...v4, truncatedAlerts: 3 })).join()).toContain('3 alerts');
  expect(webhookLimits(`"${'a'.repeat(1024 ** 2)}"`).join()).toContain('1 MiB');
  expect(webhookLimits('{')).toEqual([]);
});
