import { describe, expect, it } from 'vitest';
import { email } from '../../../src/receivers/email/index.ts';
import { SecretReference, Secret } from '../../../src/stack/secret.ts';
import { makeIntegration } from '../../fixtures/alerting.ts';
import { describeReceiver } from '../conformance.ts';

const config = {
  to: 'ops@example.org',
  from: 'alerts@example.org',
  smarthost: 'smtp.example.org:587',
};

describeReceiver({
  plugin: email,
  config: (password, ca_file) => ({ ...config, username: 'alerts@example.org', password, ca_file }),
  goodSecret: 'correct horse battery 1',
  destination: 'smtp://smtp.example.org:587',
  fileSince: '0.25.0',
  badSecrets: [
    ['a variable nobody replaced', '${PASSWORD_7f3a}'],
    ['a variable in the middle', 'abc${env:PASSWORD_7f3a}'],
    ['two lines', 'first7f3a\nsecond'],
    ['white space at the end', '7f3a '],
    ['a control character', '7f3a\u0007'],
  ],
});

const secretPath = (name: string) => `/run/secrets/${name}`;

function render(own: Readonly<Record<string, unknown>>, minor = 31) {
  return makeIntegration('email', { ...config, ...own }).render({
    alertmanager: { major: 0, minor, patch: 0 },
    secretPath,
  }).config;
}

describe('where it goes', () => {
  it('names its recipients once, in lower case and sorted, as the sandbox does', async () => {
    const to = ['Ops <Ops@Example.org>', 'b@example.org', 'ops@example.org'];
    const { place, recipient } = makeIntegration('email', { ...config, to });
    expect(place).toBe('Ops@Example.org, b@example.org, ops@example.org');
    expect(recipient).toBe('b@example.org, ops@example.org');
    if (email.sandbox?.protocol !== 'smtp') throw new Error('no mail sandbox');
    const reply = await email.sandbox.receive({
      from: 'a@example.org',
      to: ['b@example.org', 'Ops@Example.org', 'ops@example.org'],
      isEncrypted: true,
      source: Buffer.from('Subject: a\r\n\r\nb\r\n'),
    });
    expect(reply.message?.recipient).toBe(recipient);
  });

  it.each([
    ['smtp.example.org:587', undefined, 'smtp://smtp.example.org:587'],
    ['smtp.example.org:465', undefined, 'smtps://smtp.example.org:465'],
    ['smtp.example.org:2465', 'implicit', 'smtps://smtp.example.org:2465'],
    ['[::1]:25', 'none', 'smtp://[::1]:25'],
  ])('%s (%s) is %s', (smarthost, tls, url) => {
    const settings = { ...config, smarthost, ...(tls === undefined ? {} : { tls }) };
    expect(makeIntegration('email', settings).destination()?.href).toBe(url);
  });

  it.each(['from', 'to', 'smarthost', 'username', 'password'])('another %s is another integration', (key) => {
    const login = { ...config, username: 'me', password: 'pw' };
    const value = key === 'smarthost' ? 'other.example.org:587' : 'other@example.org';
    expect(makeIntegration('email', { ...login, [key]: value }).identity()).not.toEqual(
      makeIntegration('email', login).identity(),
    );
  });
});

describe('rendered', () => {
  it('is short and holds no password', () => {
    const { headers, ...rest } = render({ username: 'me', password: 'hunter2' });
    expect(rest).toEqual({
      to: 'ops@example.org',
      from: 'alerts@example.org',
      smarthost: 'smtp.example.org:587',
      auth_username: 'me',
      auth_password_file: '/run/secrets/on-call-email-0',
      send_resolved: true,
      html: '{{ template "leitstand.email.html" . }}',
      text: '{{ template "leitstand.email.text" . }}',
      threading: { enabled: true, thread_by_date: 'daily' },
    });
    expect(headers).toEqual({
      Subject: '{{ template "leitstand.email.subject" . }}',
      'Auto-Submitted': 'auto-generated',
      'X-Leitstand-Alert': '{{ template "leitstand.email.alert" . }}',
      'X-Leitstand-Status': '{{ .Status }}',
    });
  });

  it('makes threads by a header of its own where Alertmanager has none', () => {
    const { headers, threading } = render({}, 29);
    expect(threading).toBeUndefined();
    expect(headers).toMatchObject({ References: '{{ template "leitstand.email.thread" . }}' });
  });

  it.each([
    [587, 'starttls', 31, {}],
    [465, undefined, 25, { require_tls: false }],
    [465, 'implicit', 31, { require_tls: false }],
    [2465, 'implicit', 31, { require_tls: false, force_implicit_tls: true }],
    [25, 'none', 31, { require_tls: false }],
  ])('port %i, tls %s, Alertmanager 0.%i', (port, tls, minor, expected) => {
    const { require_tls, force_implicit_tls } = render(
      { smarthost: `smtp.example.org:${port}`, ...(tls === undefined ? {} : { tls }) },
      minor,
    );
    expect({ require_tls, force_implicit_tls }).toEqual({
      require_tls: undefined,
      force_implicit_tls: undefined,
      ...expected,
    });
  });

  it('refuses TLS on another port than 465 where Alertmanager cannot do it', () => {
    expect(() => render({ smarthost: 'smtp.example.org:2465', tls: 'implicit' }, 30)).toThrow(
      expect.objectContaining({ code: 'LS-RECEIVER-003', exit: 2 }),
    );
  });

  it('encodes names that are not ASCII, and never the address', () => {
    const { to, from } = render({
      to: ['Jürgen Müßig <juergen@example.org>', 'Team, Netze <netze@example.org>'],
      from: '"Leitstand" <alerts@example.org>',
    });
    expect(from).toBe('Leitstand <alerts@example.org>');
    expect(to).toBe(
      '=?utf-8?B?SsO8cmdlbiBNw7zDn2ln?= <juergen@example.org>, "Team, Netze" <netze@example.org>',
    );
  });

  it('takes own texts and headers, and still tells which alert it is', () => {
    const { headers, html, text } = render({
      subject: 'mine',
      html: '<p>mine</p>',
      text: 'mine',
      headers: { 'X-Priority': '1', 'Reply-To': 'team@example.org' },
    });
    expect([html, text]).toEqual(['<p>mine</p>', 'mine']);
    expect(headers).toMatchObject({
      Subject: 'mine',
      'X-Priority': '1',
      'Reply-To': 'team@example.org',
      'X-Leitstand-Alert': '{{ template "leitstand.email.alert" . }}',
    });
  });

  it('calls no function in them that Alertmanager does not have yet', () => {
    for (const own of [{ html: '{{ toJson .Alerts }}' }, { headers: { 'X-A': '{{ toJson .Alerts }}' } }]) {
      expect(() => render(own, 29)).toThrow(expect.objectContaining({ code: 'LS-RECEIVER-003', exit: 2 }));
      expect(() => render(own, 30)).not.toThrow();
    }
    expect(email.schema.safeParse({ ...config, subject: '{{ .Status' }).success).toBe(false);
  });

  it.each(['127.0.0.1:5001', 'localhost:5001'])('trusts the inbox at %s without being told', (smarthost) => {
    expect(render({ smarthost })).toMatchObject({ tls_config: { ca_file: '/test/.leitstand/inbox/ca.pem' } });
    expect(render({ smarthost, ca_file: '/my/ca.pem' })).toMatchObject({
      tls_config: { ca_file: '/my/ca.pem' },
    });
  });

  it('trusts it for no other server', () => {
    expect(makeIntegration('email', config).caFile).toBeUndefined();
    expect(makeIntegration('email', { ...config, ca_file: '/my/ca.pem' }).caFile).toBe('/my/ca.pem');
    expect(render({})['tls_config']).toBeUndefined();
    expect(render({ smarthost: '127.0.0.1:5002' })['tls_config']).toBeUndefined();
    expect(render({ smarthost: '127.0.0.1:5001', tls: 'none' })['tls_config']).toBeUndefined();
  });

  it('sends to an inbox without a trace of the mail server', () => {
    const {
      config: redirected,
      secrets,
      inlineSecrets,
    } = makeIntegration('email', {
      ...config,
      hello: 'monitor.example.org',
      username: 'me',
      password: 'hunter2',
      ca_file: '/my/ca.pem',
    }).render({
      alertmanager: { major: 0, minor: 31, patch: 0 },
      secretPath,
      sandbox: { hostPort: '127.0.0.1:7', caFile: '/sandbox/ca.pem' },
    });
    expect(redirected).toMatchObject({
      smarthost: '127.0.0.1:7',
      tls_config: { ca_file: '/sandbox/ca.pem' },
    });
    expect(JSON.stringify(redirected)).not.toMatch(/smtp\.example|hunter2|auth_|monitor\.example|my\/ca/);
    expect([secrets, inlineSecrets]).toEqual([[], []]);
  });
});

describe('a user name: no version reads it from a file', () => {
  const integrate = (username: string | SecretReference, value: string) =>
    email.integration(email.schema.parse({ ...config, username, password: 'hunter2' }), {
      receiver: 'on-call',
      index: 0,
      language: 'en',
      inbox: { hostPort: '127.0.0.1:5001', caFile: '/ca.pem' },
      resolve: (input) => new Secret(typeof input === 'string' ? input : value, 'secret SMTP_USERNAME'),
    });
  const reference = new SecretReference('SMTP_USERNAME');

  it.each([
    ['makes the file private when it is a secret', reference, 'AKIA7F3A', ['AKIA7F3A']],
    ['is none where it is written in leitstand.yaml', 'AKIA7F3A', 'AKIA7F3A', []],
    // Redacted, it would take the sender out of every text; and a preview shows the sender.
    ['is none where it is the address of the sender', reference, 'alerts@example.org', []],
  ])('%s', (_, username, value, expected) => {
    const integration = integrate(username, value);
    const { inlineSecrets } = integration.render({
      alertmanager: { major: 0, minor: 34, patch: 0 },
      secretPath,
    });
    expect(inlineSecrets.map((secret) => secret.reveal())).toEqual(expected);
    expect(integration.secrets().map((secret) => secret.reveal())).toEqual(['hunter2', ...expected]);
  });
});

it('keeps the password of the mailbox to itself', () => {
  const read_back = { imap: 'imap.example.org:993', username: 'ops', password: 'hunter3' };
  const integration = makeIntegration('email', { ...config, read_back });
  expect(integration.secrets().map((one) => one.reveal())).toEqual(['hunter3']);
  expect(
    JSON.stringify(integration.render({ alertmanager: { major: 0, minor: 34, patch: 0 }, secretPath })),
  ).not.toContain('imap');
});

it('says what an init needs, in a form that the schema takes', () => {
  const { setup } = email;
  const entry = Object.fromEntries(
    (setup?.keys ?? []).map(({ key, inbox }) => [key, inbox('127.0.0.1:5001')]),
  );
  expect(email.schema.safeParse(entry).success).toBe(true);
  expect(setup?.keys.flatMap(({ variable }) => variable ?? [])).toEqual(
    expect.arrayContaining(['SMTP_USERNAME', 'SMTP_PASSWORD']),
  );
  expect(email.objectToSecret?.('password', '${SMTP_PASSWORD}')).toContain('a variable that nobody replaced');
  expect(email.objectToSecret?.('password', 'abcd efgh ijkl mnop')).toBeUndefined();
});
