import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixFor } from '../../src/delivery/fixes.ts';
import type { Target } from '../../src/delivery/target.ts';
import { makeIntegration } from '../fixtures/alerting.ts';

const TARGETS: Readonly<Record<string, Target>> = {
  slack: makeIntegration('slack', { webhook_url: 'https://hooks.example.org/SECRET7f3a' }),
  email: makeIntegration('email', {
    to: 'ops@example.org',
    from: 'alerts@example.org',
    smarthost: 'smtp.example.org:587',
    username: 'user',
    password: 'SECRET7f3a',
  }),
  pagerduty: makeIntegration('pagerduty', { routing_key: 'SECRET7f3aSECRET7f3aSECRET7f3aSE' }),
  webhook: makeIntegration('webhook', { url: 'https://example.org/SECRET7f3a' }),
  telegram: makeIntegration('alertmanager', {
    type: 'telegram',
    settings: { bot_token: 'SECRET7f3a', chat_id: -100, api_url: 'http://telegram.example.org' },
  }),
};

/** Reasons as Alertmanager logs them (0.25 to 0.34) and as the inbox words them, and what tells people what to do. */
const CASES = [
  ['slack', 'unexpected status code 403: invalid_token', 'make a new webhook'],
  ['slack', 'unexpected status code 404: no_service', 'into the secret TEST_URL; then: leitstand up'],
  ['slack', 'unexpected status code 410: channel_is_archived', 'unarchive it'],
  ['slack', 'channel "#alerts": received an error response from Slack: not_in_channel', '/invite @YOUR-APP'],
  ['slack', 'received an error response from Slack: missing_scope', 'the scopes chat:write'],
  ['slack', 'received an error response from Slack: token_revoked', 'Bot User OAuth Token'],
  ['slack', 'unexpected status code 403: action_prohibited', 'ask an administrator'],
  ['slack', 'unexpected status code 400: invalid_attachments', 'leitstand alert preview on-call'],
  ['slack', 'unexpected status code 429: {"ok":false,"error":"rate_limited"}', 'one message a second'],
  ['slack', 'received an error response from Slack: <html>', 'a proxy or its login page'],
  ['slack', 'unexpected status code 500: rollup_error', 'slack-status.com'],
  [
    'email',
    '*smtp.plainAuth auth: 535 5.7.8 Error: authentication failed',
    'refuses the user name or the password',
  ],
  ['email', '*email.loginAuth auth: 535 "5.7.8 Error: authentication failed"', 'app password'],
  [
    'email',
    '*smtp.plainAuth auth: 534 5.7.9 Application-specific password required',
    'wants an app password',
  ],
  ['email', '*smtp.plainAuth auth: unencrypted connection', '`tls: starttls`'],
  ['email', 'find auth mechanism: unknown auth mechanism: GSSAPI', 'no way of logging in'],
  ['email', 'find auth mechanism: missing password for PLAIN auth mechanism', 'the password is empty'],
  [
    'email',
    'find auth mechanism: could not read /srv/x: open /srv/x: no such file or directory',
    '`leitstand up` writes it anew',
  ],
  [
    'email',
    `'require_tls' is true (default) but "smtp.example.org:587" does not advertise the STARTTLS extension`,
    'offers no encryption on this port',
  ],
  [
    'email',
    'send STARTTLS command: tls: failed to verify certificate: x509: certificate signed by unknown authority',
    'name its PEM file in `ca_file`',
  ],
  [
    'email',
    'establish TLS connection to server: tls: first record does not look like a TLS handshake',
    'does not begin with TLS',
  ],
  ['email', 'create SMTP client: EOF', '`tls: implicit`'],
  ['email', 'send RCPT command: 550 5.1.1 User unknown', 'refuses the recipient ops@example.org'],
  ['email', 'send RCPT command: 554 5.7.1 Relay access denied', 'does not pass mail on'],
  ['email', 'send MAIL command: 530 5.7.0 Authentication required', 'only from those who log in'],
  ['email', 'send MAIL command: 553 5.7.1 Sender address rejected: not owned by user', 'refuses the sender'],
  ['email', 'send RCPT command: 451 4.7.1 Greylisting in action', 'Test again in 15 minutes'],
  ['email', 'delivery failure: 552 5.3.4 Message size exceeds limit', 'shorten `html` and `text`'],
  [
    'email',
    'establish connection to server: dial tcp 127.0.0.1:587: connect: connection refused',
    'nothing listens',
  ],
  [
    'pagerduty',
    "unexpected status code 400: Event object is invalid: Length of 'routing_key' is incorrect",
    'Integration Key',
  ],
  ['pagerduty', 'unexpected status code 400', 'refuses the event'],
  ['pagerduty', 'unexpected status code 403', 'does not know the key'],
  ['pagerduty', 'unexpected status code 429', '120 events a minute'],
  ['pagerduty', 'unexpected status code 404', 'https://events.pagerduty.com/v2/enqueue'],
  ['pagerduty', 'unexpected status code 413', 'larger than PagerDuty takes'],
  ['pagerduty', 'unexpected status code 503', 'status.pagerduty.com'],
  ['webhook', 'unexpected status code 401', 'refuses the credentials'],
  ['webhook', 'unexpected status code 404', 'nothing takes messages at that URL'],
  ['webhook', 'unexpected status code 405', 'takes no POST'],
  ['webhook', 'unexpected status code 302', 'a redirect'],
  ['webhook', 'unexpected status code 413', '`max_alerts`'],
  ['webhook', 'unexpected status code 422', "Alertmanager's webhook, version 4"],
  ['webhook', 'unexpected status code 502', 'a problem of its own'],
  ['webhook', 'Post "<redacted>": EOF', 'cuts the connection'],
  ['webhook', 'Post "<redacted>": context deadline exceeded', 'does not answer in time'],
  [
    'webhook',
    'Post "<redacted>": dial tcp: lookup example.org: no such host',
    'is not known on the machine of Alertmanager',
  ],
  ['webhook', 'Post "<redacted>": dial tcp 10.0.0.1:443: connect: no route to host', 'has no way to'],
  ['webhook', 'Post "<redacted>": x509: certificate has expired or is not yet valid', 'check the clock here'],
  ['webhook', 'Post "<redacted>": proxyconnect tcp: dial tcp: connection refused', 'no proxy listens'],
  ['webhook', 'open /etc/am/hook: permission denied', 'cannot read the secret file'],
  ['webhook', 'unsupported protocol scheme ""', 'the whole one, with https://'],
  [
    'webhook',
    'parse "https://h/${TOKEN}": invalid character',
    'a variable stands there that nobody replaced',
  ],
  [
    'webhook',
    'execute "title" template: template: :1: function "foo" not defined',
    'leitstand alert preview on-call',
  ],
  ['webhook', 'Alertmanager gave up sending for the reason it calls authError', 'refuses the credentials'],
  ['webhook', 'Alertmanager gave up sending for the reason it calls clientError', 'refuses it: a key'],
  ['webhook', 'Alertmanager gave up sending for the reason it calls other', 'look into `leitstand logs'],
  [
    'slack',
    'Alertmanager gave up sending for the reason it calls contextDeadlineExceeded',
    'no answer in time',
  ],
  [
    'webhook',
    'unable to read CA cert: unable to read file /a.pem: open /a.pem: no such file',
    'correct `ca_file`',
  ],
  [
    'webhook',
    'Post "<redacted>": http: server gave HTTP response to HTTPS client',
    'http:// in place of https://',
  ],
  ['telegram', 'telegram: chat not found (400)', 'the settings of on-call telegram[0]'],
  ['telegram', 'telegram: Unauthorized (401)', 'refuses the credentials'],
  [
    'telegram',
    'telebot: Post "http://telegram.example.org/…": dial tcp 127.0.0.1:80: connect: connection refused',
    'the address in the settings of on-call telegram[0] in leitstand.yaml',
  ],
  ['webhook', 'something that nobody has seen yet', '`leitstand logs alertmanager`'],
] as const;

describe('what people can do', () => {
  it.each(CASES)('%s: %s', (type, reason, words) => {
    const target = TARGETS[type];
    if (!target) throw new Error(type);
    expect(fixFor(reason, target)).toContain(words);
  });

  it('is said for every reason, and holds no secret', () => {
    const words = fc.constantFrom(...CASES.map(([, reason]) => reason));
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), words),
        fc.constantFrom(...Object.values(TARGETS)),
        (reason, target) => {
          for (const one of [target, { ...target, attached: true as const }]) {
            const fix = fixFor(reason, one);
            expect(fix.length).toBeGreaterThan(20);
            expect(fix).not.toContain('7f3a');
            expect(fix).not.toContain('undefined');
          }
        },
      ),
    );
  });

  it('of an attached one is for who runs it', () => {
    for (const [type, reason] of CASES) {
      const target = { ...TARGETS[type], attached: true as const } as Target;
      expect(fixFor(reason, target)).not.toContain('leitstand up');
    }
  });
});
