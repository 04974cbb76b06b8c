import { describe, expect, it } from 'vitest';
import { slack } from '../../../src/receivers/slack/index.ts';
import { slackLimits } from '../../../src/receivers/slack/limits.ts';
import { makeIntegration } from '../../fixtures/alerting.ts';
import { describeHttpSandbox, describeReceiver, httpSandbox, NO_URLS } from '../conformance.ts';

const json = (value: unknown) => ({ body: JSON.stringify(value) });
const plain = { headers: { 'content-type': 'text/plain' } };
const WEBHOOK = 'https://hooks.slack.com/services/T024BE7LD/B024BE7LH/abcDEF123';
const INBOX = 'http://127.0.0.1:5001/slack/services/T0/B0/x';
const version = (minor: number) => ({ major: 0, minor, patch: 0 });
const target = (minor = 31) => ({ alertmanager: version(minor), secretPath: (name: string) => `/s/${name}` });

describeReceiver({
  plugin: slack,
  config: (webhook_url, ca_file) => ({ webhook_url, ca_file, channel: '#alerts' }),
  goodSecret: WEBHOOK,
  destination: WEBHOOK,
  fileSince: '0.22.0',
  badSecrets: NO_URLS,
});

const goodBody = {
  channel: '#alerts',
  username: 'Alertmanager',
  attachments: [
    {
      title: 'a',
      title_link: 'b',
      text: 'c',
      fallback: 'd',
      callback_id: '',
      footer: '',
      color: 'danger',
      fields: [{ title: 'a', value: 'b', short: true }],
      actions: [{ type: 'button', text: 'a', url: 'https://example.org/' }],
    },
  ],
};

describeHttpSandbox({
  sandbox: slack.sandbox,
  path: '/slack/services/T024BE7LD/B024BE7LH/abcDEF123',
  success: 200,
  goodBody,
  refused: [
    { what: 'what is not JSON', request: { body: 'payload' }, status: 400, word: 'invalid_payload' },
    { what: 'a list', request: json([]), status: 400, word: 'invalid_payload' },
    { what: 'another content type', request: plain, status: 400, word: 'invalid_payload' },
    { what: 'nothing to say', request: json({}), status: 400, word: 'no_text' },
    { what: 'an empty attachment', request: json({ attachments: [{}] }), status: 400, word: 'no_text' },
    ...['a', { fields: 'a' }, { text: 'a', actions: [1] }].map((attachment) => ({
      what: `attachments that are none: ${JSON.stringify(attachment)}`,
      request: json({ attachments: [attachment] }),
      status: 400,
      word: 'invalid_attachments',
    })),
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

describe('the sandbox of webhooks', () => {
  const post = (body: unknown) =>
    httpSandbox(slack.sandbox).receive({
      method: 'POST',
      path: '/slack/services/T0/B0/x',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const section = { type: 'section', text: { type: 'mrkdwn', text: 'Disk full' } };

  it.each([
    ['blocks', { blocks: [section] }, 'Disk full'],
    ['an attachment of blocks', { attachments: [{ blocks: [section], fields: null }] }, 'Disk full'],
    ['a table', { attachments: [{ fields: [{ title: 'a', value: 'b' }] }] }, 'a message without a text'],
    ['a picture', { attachments: [{ image_url: 'https://example.org/a.png' }] }, 'a message without a text'],
  ])('takes %s, as other programs send it', (_, body, title) => {
    expect(post(body)).toMatchObject({ status: 200, accepted: true, message: { title } });
  });
});

describe('the sandbox as Web API', () => {
  const post = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    httpSandbox(slack.sandbox).receive({
      method: 'POST',
      path: '/slack/api/chat.postMessage',
      headers: {
        'content-type': 'application/json',
        authorization: 'Bearer xoxb-1-2-abc',
        ...headers,
      },
      body: JSON.stringify(body),
    });

  it('takes a message with a bot token, for the channel it names', () => {
    const reply = post(goodBody);
    expect(reply).toMatchObject({ status: 200, accepted: true, message: { recipient: '#alerts' } });
    expect(JSON.parse(reply.body)).toMatchObject({ ok: true, channel: '#alerts' });
  });

  it.each([
    ['no token', goodBody, { authorization: undefined as unknown as string }, 'not_authed'],
    ['an app-level token', goodBody, { authorization: 'Bearer xapp-1' }, 'invalid_auth'],
    ['no channel', { ...goodBody, channel: '' }, {}, 'channel_not_found'],
    ['nothing to say', { channel: 'C1', attachments: [] }, {}, 'no_text'],
    ['too much', { channel: 'C1', text: 'a'.repeat(40_001) }, {}, 'msg_too_long'],
  ])('refuses %s with status 200, as Slack does', (_, body, headers, word) => {
    const reply = post(body, headers);
    expect(reply).toMatchObject({ status: 200, accepted: false });
    expect(JSON.parse(reply.body)).toEqual({ ok: false, error: word });
    expect(reply.problems.join()).toContain(word);
  });

  it("has Slack's own words for a status", () => {
    const { refusal } = httpSandbox(slack.sandbox);
    const words = [400, 403, 404, 410, 500].map((status) => refusal?.(status)?.body);
    expect(words).toEqual([
      'invalid_payload',
      'invalid_token',
      'no_service',
      'channel_is_archived',
      'rollup_error',
    ]);
    expect(refusal?.(429, 30)).toEqual({
      headers: { 'content-type': 'application/json; charset=utf-8', 'retry-after': '30' },
      body: '{"retry_after":30,"ok":false,"error":"rate_limited"}',
    });
    expect(refusal?.(418)).toBeUndefined();
  });
});

describe('the secret', () => {
  it.each(['https://hooks.slack.com/triggers/T0/1/2', 'https://hooks.slack.com/services/YOUR/WEBHOOK/HERE'])(
    'is not %s, which no incoming webhook has',
    (webhook_url) => {
      expect(() => makeIntegration('slack', { webhook_url })).toThrow(
        expect.objectContaining({ code: 'LS-RECEIVER-002', exit: 2 }),
      );
      expect(slack.objectToSecret?.('webhook_url', webhook_url)).toContain('/services/T…');
    },
  );

  it.each(['xapp-1-A-1-abcdef', 'xoxp-1-2-abcdef', 'https://slack.com/x', '${SLACK_TOKEN}', 'xoxb-'])(
    'is not the token %s',
    (app_token) => {
      const make = () => makeIntegration('slack', { app_token, channel: '#a' });
      expect(make).toThrow(expect.objectContaining({ code: 'LS-RECEIVER-004', exit: 2 }));
      expect(make).not.toThrow(app_token);
      expect(slack.objectToSecret?.('app_token', app_token)).toBeDefined();
    },
  );

  it.each([
    [{}, 'does not say how Slack is reached'],
    [{ webhook_url: WEBHOOK, api_url: 'https://hooks.slack.com/services/T0/B0/x' }, 'as `api_url`'],
    [{ webhook_url: WEBHOOK, app_token: 'xoxb-1-2-abcdef', channel: '#a' }, 'delete one of them'],
    [{ app_token: 'xoxb-1-2-abcdef' }, "add `channel: '#alerts'`"],
    [{ webhook_url: WEBHOOK, read_back: { channel_id: 'C0123456789' } }, 'without a token'],
    [{ webhook_url: WEBHOOK, channel: '#{{ .CommonLabels.team }}' }, 'make another receiver and a route'],
    [{ webhook_url: WEBHOOK, title: '{{ .CommonLabels.alertname' }, 'which is never closed'],
    [{ webhook_url: WEBHOOK, text: '{{ .Status | upper }}' }, 'calls `upper`'],
    [{ webhook_url: WEBHOOK, read_back: { channel_id: '#alerts', token: 'x' } }, 'is no ID of a channel'],
  ])('%j is refused, and the way out is named', (config, words) => {
    expect(JSON.stringify(slack.schema.safeParse(config).error?.issues)).toContain(words);
  });
});

describe('with the token of an app', () => {
  const config = { app_token: 'xoxb-1-2-abcdef', channel: '#alerts' };

  it('reads it from a file, and goes to the Web API', () => {
    const integration = makeIntegration('slack', config);
    expect(integration).toMatchObject({ recipient: '#alerts', place: '#alerts' });
    expect(integration.destination()?.href).toBe('https://slack.com/api/chat.postMessage');
    const rendered = integration.render(target());
    expect(rendered.config).toMatchObject({
      app_token_file: '/s/on-call-slack-0',
      app_url: 'https://slack.com/api/chat.postMessage',
      channel: '#alerts',
      username: '',
    });
    expect(rendered.secrets.map(({ value }) => value.reveal())).toEqual(['xoxb-1-2-abcdef']);
    expect(JSON.stringify(rendered.config)).not.toContain('xoxb');
  });

  it('goes to the inbox whole, without the token', () => {
    const sandbox = { hostPort: '127.0.0.1:7', caFile: '/ca.pem' };
    const { config: rendered, secrets } = makeIntegration('slack', config).render({ ...target(), sandbox });
    expect(rendered).toMatchObject({ app_url: 'http://127.0.0.1:7/slack/api/chat.postMessage' });
    expect(secrets[0]?.value.reveal()).toMatch(/^xoxb-inbox/);
  });

  it('is refused where Alertmanager is too old, with the way out', () => {
    expect(() => makeIntegration('slack', config).render(target(29))).toThrow(
      expect.objectContaining({
        code: 'LS-RECEIVER-003',
        exit: 2,
        details: expect.objectContaining({ fix: expect.stringContaining('use `webhook_url`') }),
      }),
    );
    expect(() => makeIntegration('slack', config).render(target(30))).not.toThrow();
  });
});

describe('what is rendered', () => {
  it('is short: the texts are in a file, overrides stand in it', () => {
    const { config, templates } = makeIntegration('slack', { webhook_url: INBOX, title: 'mine' }).render(
      target(),
    );
    expect(config).toMatchObject({
      title: '{{ template "leitstand.slack.mark" . }}mine',
      text: '{{ template "leitstand.slack.text" . }}',
    });
    expect(templates).toMatchObject([{ name: 'slack.en.tmpl' }]);
    const content = templates?.[0]?.content ?? '';
    for (const [, name] of JSON.stringify(config).matchAll(/template \\"(leitstand[^\\]+)\\"/g))
      expect(content).toContain(`{{ define "${name}" }}`);
  });

  it('calls no function that Alertmanager does not have yet', () => {
    const text = '{{ .Alerts | toJson }}{{ toUpper .Status }}';
    const integration = makeIntegration('slack', { webhook_url: INBOX, text });
    expect(() => integration.render(target(29))).toThrow(
      expect.objectContaining({
        code: 'LS-RECEIVER-003',
        details: expect.objectContaining({
          what: expect.stringContaining('`{{ toJson … }}` needs Alertmanager 0.30'),
        }),
      }),
    );
    expect(integration.render(target(30)).config).toMatchObject({ text });
  });

  it('writes no `else with` that Alertmanager does not have yet', () => {
    const text = '{{ with .Alerts.Firing }}a{{ else with .Alerts.Resolved }}b{{ end }}';
    const integration = makeIntegration('slack', { webhook_url: INBOX, text });
    expect(() => integration.render(target(27))).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({
          what: expect.stringContaining('`{{ else with … }}` needs Alertmanager 0.28'),
        }),
      }),
    );
    expect(integration.render(target(28)).config).toMatchObject({ text });
  });

  it('keeps a fallback that names the alert, whatever the texts are', () => {
    const { config, templates } = makeIntegration('slack', {
      webhook_url: INBOX,
      title: 'mine',
      text: 'mine too',
      send_resolved: false,
    }).render(target(25));
    expect(config).toMatchObject({ text: 'mine too', send_resolved: false });
    expect(config['title']).toMatch(/mine$/);
    expect(config['fallback']).toBe('{{ template "leitstand.slack.fallback" . }}');
    expect(templates?.[0]?.content).toMatch(
      /define "leitstand\.slack\.fallback" \}\}[^\n]*\.CommonLabels\.alertname/,
    );
  });

  it('goes through a proxy and trusts an authority, but not on its way to the inbox', () => {
    const integration = makeIntegration('slack', {
      webhook_url: WEBHOOK,
      proxy_url: 'http://proxy:3128',
      ca_file: '/etc/ca.pem',
    });
    expect(integration.render(target()).config['http_config']).toEqual({
      follow_redirects: false,
      proxy_url: 'http://proxy:3128',
      tls_config: { ca_file: '/etc/ca.pem' },
    });
    const sandbox = { hostPort: '127.0.0.1:7', caFile: '/ca.pem' };
    expect(integration.render({ ...target(), sandbox }).config).not.toHaveProperty('http_config');
  });

  it('has Alertmanager give up a request that hangs, where it can', () => {
    const rendered = (minor: number) =>
      makeIntegration('slack', { webhook_url: WEBHOOK }).render(target(minor));
    expect(rendered(30).config).toMatchObject({ timeout: '10s' });
    expect(rendered(29).config).not.toHaveProperty('timeout');
  });
});

describe('limits', () => {
  const message = (attachment: Record<string, unknown>, rest: Record<string, unknown> = {}) =>
    slackLimits(JSON.stringify({ ...rest, attachments: [attachment] }));

  it('has nothing to say about a usual message', () => {
    expect(slackLimits(JSON.stringify({ attachments: goodBody.attachments }))).toEqual([]);
  });

  it.each([
    [{ text: 'a'.repeat(700) }, '700 characters'],
    [{ text: `${'a\n'.repeat(5)}a` }, '5 line breaks'],
    [{ title: `${'a'.repeat(1023)}…` }, 'cut the title'],
    [{ footer: 'a'.repeat(301) }, 'footer'],
    [
      { fields: Array.from({ length: 4 }, () => ({ title: 'a', value: 'b', short: true })) },
      '4 short fields',
    ],
    [{ actions: Array.from({ length: 6 }, () => ({ url: 'https://a/' })) }, '6 buttons'],
    [{ actions: [{ url: `https://a/${'a'.repeat(3000)}` }] }, '3000 characters'],
  ])('says what becomes of %j', (attachment, words) => {
    expect(message(attachment).join()).toContain(words);
  });

  it('says that a webhook of an app has its own channel, and not so with a token', () => {
    expect(message({}, { channel: '#a', username: 'Alertmanager' }).join()).toContain('legacy webhooks');
    expect(message({}, { channel: '#a' })).toEqual([]);
    expect(message({}, { text: 'a'.repeat(40_001) }).join()).toContain('40000');
    expect(slackLimits('[]')).toEqual(['it is no JSON object: Slack refuses it']);
  });
});
