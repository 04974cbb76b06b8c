import { expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { LeitstandErrors } from '../../../src/platform/errors.ts';
import { email } from '../../../src/receivers/email/index.ts';
import { inDirectory } from '../../config/workplace.ts';

const GOOD = {
  to: 'ops@example.org',
  from: 'alerts@example.org',
  smarthost: 'smtp.example.org:587',
};

/** Loads an entry written as JSON, which is YAML. */
function load(entry: Readonly<Record<string, unknown>>) {
  const receivers = `receivers: {ops: {email: [${JSON.stringify(entry)}]}}\nrouting: {default: ops}\n`;
  const files = {
    'leitstand.yaml': `schema: 1\nstack: rathaus-nord\n${receivers}`,
    '.env': 'SMTP_USERNAME=alerts@example.org\nSMTP_PASSWORD=secret-7f3a\n',
  };
  return inDirectory(files, (directory) =>
    loadConfig({
      file: `${directory}/leitstand.yaml`,
      schemas: { components: {}, receivers: { email: email.schema } },
      env: {},
    }),
  );
}

async function mistakes(own: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  try {
    await load({ ...GOOD, ...own });
  } catch (error) {
    if (!(error instanceof LeitstandErrors)) throw error;
    return error.errors.map(({ details: { what, fix } }) =>
      `${what} → ${fix ?? ''}`.replace('receivers.ops.email[0].', ''),
    );
  }
  return [];
}

it.each([
  ['little', {}],
  ["the mission's names", { username: '${secret:SMTP_USERNAME}', password: '${secret:SMTP_PASSWORD}' }],
  ['several recipients', { to: ['a@example.org', 'Ops <b@example.org>'] }],
  ['TLS from the first byte on', { smarthost: 'smtp.example.org:465' }],
  [
    'a server on this machine, in clear and with a password',
    { smarthost: 'localhost:25', tls: 'none', username: 'a', password: 'b' },
  ],
  ['a server elsewhere, in clear and without a password', { smarthost: 'mailhog:1025', tls: 'none' }],
  ['headers', { headers: { 'X-Priority': '1', 'Reply-To': 'team@example.org' } }],
  ['a mailbox', { read_back: { imap: 'imap.example.org:993', username: 'a', password: 'b' } }],
])('takes %s', async (_, own) => {
  expect(await mistakes(own)).toEqual([]);
});

it.each([
  [{ to: 'ops' }, /^to is no e-mail address that every mail server takes: `ops` → write ops@example.org, or/],
  [{ to: ['a@example.org', 'b'] }, /^to\[1\] is no e-mail address/],
  [{ to: 'a@example.org, b@example.org' }, /several addresses are a list → write each on a line with `- `$/],
  [{ to: [] }, /^to is an empty list; it needs an entry/],
  [{ to: '{{ .GroupLabels.owner }}@example.org' }, /an address is fixed, it can hold no template/],
  [{ from: 'alerts@müller.example' }, /did you mean alerts@xn--mller-kva\.example\?$/],
  [{ from: 3 }, /^from must be an e-mail address such as ops@example.org, not a number/],
  [
    { smarthost: 'smtp.example.org' },
    /which has no port → write smtp\.example\.org:587, or another port of the server \(465, 25\)$/,
  ],
  [{ smarthost: 'smtps://smtp.example.org:465' }, /without a scheme → write smtp\.example\.org:465$/],
  [{ smarthost: 'smtp.example.org:0' }, /host:port is needed → e\.g\. mail\.example\.org:587/],
  [
    { username: 'me' },
    /^username is there without a `password` → add `password: \$\{secret:SMTP_PASSWORD\}`/,
  ],
  [{ password: '7f3a' }, /^password is there without a `username`/],
  [
    { smarthost: 'smtp.example.org:465', tls: 'starttls' },
    /^tls is `starttls`; on port 465 servers speak TLS from the first byte on/,
  ],
  [
    { tls: 'none', username: 'me', password: '7f3a' },
    /^tls is `none`: the password would go to smtp\.example\.org:587 in clear → take `starttls`/,
  ],
  [{ tls: 'none', ca_file: '/ca.pem' }, /^ca_file is of no use with `tls: none`/],
  [{ ca_file: 'ca.pem' }, /^ca_file is `ca\.pem`; the full path is needed/],
  [{ hello: 'a b' }, /^hello is no valid value/],
  [
    { headers: { Subject: 'x' } },
    /^headers\.Subject is a header that cannot be set here → use the key `subject`$/,
  ],
  [
    { headers: { bcc: 'x@example.org' } },
    /^headers\.bcc is a header that cannot be set here → Alertmanager delivers to `to` alone/,
  ],
  [{ headers: { 'message-ID': '<a@b>' } }, /is a header that cannot be set here/],
  [{ headers: { 'X-A': 'a\nb' } }, /has a line break or another control character/],
  [{ headers: { 'x a': 'b' } }, /has a name that no header can have/],
  [{ headers: { 'X-A': 'b', 'x-a': 'c' } }, /is there twice: case makes no difference/],
  [{ headers: { 'X-Leitstand-Status': 'b' } }, /is a header of Leitstand itself/],
  [
    { read_back: { imap: 'imap.example.org', username: 'a', password: '7f3a' } },
    /^read_back\.imap is `imap\.example\.org`, which has no port → write imap\.example\.org:993, or another port of the server \(143\)/,
  ],
  [
    { read_back: { imap: 'imap.example.org:143', tls: 'none', username: 'a', password: '7f3a' } },
    /^read_back\.tls is `none`: the password would go to imap\.example\.org:143 in clear/,
  ],
  [
    { read_back: { imap: 'imap.example.org:993', tls: 'starttls', username: 'a', password: '7f3a' } },
    /^read_back\.tls is `starttls`; on port 993/,
  ],
])('refuses %j', async (own, expected) => {
  const found = await mistakes(own);
  expect(found).toEqual([expect.stringMatching(expected)]);
  expect(found.join()).not.toContain('7f3a');
});

it('refuses more recipients than fit on a line of a header', async () => {
  const to = Array.from({ length: 60 }, (_, i) => `somebody-${i}@example.org`);
  expect(await mistakes({ to })).toEqual([
    expect.stringMatching(
      /^to makes a header line of 1488 characters; mail servers take 994 → write to the address of/,
    ),
  ]);
});
