import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAddressList } from '../../../src/receivers/email/address-list.ts';
import { htmlAsText } from '../../../src/receivers/email/html-as-text.ts';
import { email } from '../../../src/receivers/email/index.ts';
import type { MailSandbox, SandboxReply } from '../../../src/stack/sandbox.ts';
import { workedMs } from '../../fixtures/cpu-time.ts';

const NONCE = '0123456789abx0x';

function sandbox(): MailSandbox {
  if (email.sandbox?.protocol !== 'smtp') throw new Error('not spoken to by SMTP');
  return email.sandbox;
}

function receive(source: string | Buffer): Promise<SandboxReply> {
  return sandbox().receive({
    from: 'alerts@example.org',
    to: ['ops@example.org'],
    isEncrypted: true,
    source: Buffer.from(source as string),
  });
}

const HEADERS = {
  From: 'alerts@example.org',
  To: 'ops@example.org',
  Subject: '[FIRING:1] DiskFull',
  Date: 'Fri, 27 Nov 2026 09:40:20 +0000',
  'Message-Id': '<1.2@monitor.example.org>',
  'Content-Type': 'text/plain; charset=utf-8',
};

/** A mail in order, with headers changed (undefined: left out) and added. */
function mail(
  changed: Readonly<Record<string, string | undefined>> = {},
  body = 'The disk is full.\r\n',
  more = '',
): string {
  const lines = Object.entries({ ...HEADERS, ...changed }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}\r\n`],
  );
  return `${lines.join('')}${more}\r\n${body}`;
}

describe.each(['0.25.0', '0.31.1'])('what Alertmanager %s sent', (version) => {
  const source = (status: string) =>
    readFileSync(new URL(`../../fixtures/alertmanager/email-${status}-${version}.body`, import.meta.url));

  it.each(['firing', 'resolved'] as const)('%s: is taken and understood', async (status) => {
    const reply = await receive(source(status));
    expect(reply).toMatchObject({ status: 250, accepted: true, problems: [], message: { status } });
    expect(reply.message?.title).toContain(`LeitstandTest_${NONCE}`);
    expect(reply.message?.text).toContain('nothing is wrong');
    expect(reply.message?.text).toContain(NONCE);
    expect(reply.message?.recipient).toBe('ops@example.org');
  });

  it('is refused when it was cut off anywhere', async () => {
    const whole = source('firing');
    // Between the headers that a mail must have and the first one about its body it is a whole mail, which says nothing.
    const headersEnd = whole.indexOf('\r\nContent-Type: multipart');
    expect(headersEnd).toBeGreaterThan(0);
    for (const length of [headersEnd, headersEnd + 2])
      expect(await receive(whole.subarray(0, length))).toMatchObject({ status: 250 });
    // Without its last line break it is whole: the mark of the end is there.
    const lengths = fc
      .integer({ min: 0, max: whole.length - 5 })
      .filter((length) => length !== headersEnd && length !== headersEnd + 2);
    await fc.assert(
      fc.asyncProperty(lengths, async (length) => {
        expect(await receive(whole.subarray(0, length))).toMatchObject({ status: 554, accepted: false });
      }),
      { numRuns: 200 },
    );
  });

  it('has nothing that a provider would complain of, and is shown as a mail', async () => {
    const body = source('firing').toString('utf8');
    expect(await email.limits?.(body)).toEqual([]);
    expect(await email.card?.(body)).toMatchObject({
      kind: 'mail',
      subject: `[TEST][CRITICAL] LeitstandTest_${NONCE}`,
      from: 'alerts@example.org',
      to: 'ops@example.org',
      text: expect.stringContaining(`(${NONCE})`),
      html: expect.stringContaining('<!DOCTYPE html>'),
    });
  });
});

describe('the sandbox', () => {
  it.each([
    ['a plain mail', mail()],
    ['a folded header', mail({ Subject: 'a\r\n b' })],
    [
      'several recipients',
      mail({ To: 'a@example.org, "B, c" <b@example.org>, =?utf-8?B?SsO8?= <c@example.org>' }),
    ],
    ['nobody in particular', mail({ To: 'undisclosed-recipients:;' })],
    ['a date without a day', mail({ Date: '27 Nov 2026 09:40 +0000 (UTC)' })],
    ['a line of 998 characters', mail({}, `${'x'.repeat(998)}\r\n`)],
  ])('takes %s', async (_, source) => {
    expect(await receive(source)).toMatchObject({ status: 250, accepted: true, problems: [] });
  });

  it.each([
    ['no From', mail({ From: undefined }), 'no header From'],
    ['two senders', mail({ From: 'a@example.org, b@example.org' }), 'From that is not one address'],
    ['two headers From', mail({}, 'x', 'From: b@example.org\r\n'), 'header From more than once'],
    // What Alertmanager makes of `Jürgen <a@example.org>`: it encodes headers as a whole.
    [
      'an address within encoded words',
      mail({ From: '=?utf-8?q?J=C3=BCrgen_<a@example.org>?=' }),
      'From that is not one address',
    ],
    ['no To', mail({ To: undefined }), 'no header To'],
    ['a To that is no address', mail({ To: 'ops' }), 'To that is no list'],
    [
      'a name with a comma that is not quoted',
      mail({ To: 'Ops, Team <ops@example.org>' }),
      'To that is no list',
    ],
    ['no Date', mail({ Date: undefined }), 'no header Date'],
    ['a Date of another kind', mail({ Date: '2026-11-27T09:40:20Z' }), 'Date that is no date'],
    ['no Message-Id', mail({ 'Message-Id': undefined }), 'no header Message-Id'],
    ['a Message-Id without brackets', mail({ 'Message-Id': '1.2@example.org' }), 'Message-Id that is no'],
    ['two subjects', mail({}, 'x', 'SUBJECT: b\r\n'), 'header Subject more than once'],
    [
      'a subject that is not encoded',
      mail({ Subject: 'Müll' }),
      'header Subject with characters that are not encoded',
    ],
    [
      'a header of another kind that is not encoded',
      mail({ 'X-Team': 'Müll' }),
      'header X-Team with characters',
    ],
    ['a line of 999 characters', mail({}, `${'x'.repeat(999)}\r\n`), 'line 8 is longer than 998'],
    ['a LF alone', mail({}, 'a\nb\r\n'), 'stands alone'],
    ['a CR alone', mail({}, 'a\rb\r\n'), 'stands alone'],
    ['a NUL', mail({}, 'a\0b\r\n'), 'NUL'],
    ['a line among the headers that is none', mail({}, 'x', 'nonsense\r\n'), 'that is no header'],
    ['parts without a boundary', mail({ 'Content-Type': 'multipart/alternative' }), 'without the boundary'],
    [
      'parts without an end',
      mail({ 'Content-Type': 'multipart/alternative; boundary=b' }, '--b\r\n\r\nx\r\n'),
      'cut off',
    ],
    ['no type', mail({ 'Content-Type': 'html' }), 'names no type'],
    ['nothing', '', 'no header From'],
  ])('refuses %s', async (_, source, word) => {
    const reply = await receive(source);
    expect(reply).toMatchObject({ status: 554, accepted: false });
    expect(reply.problems.join('; ')).toContain(word);
    expect(reply.body).toMatch(/^5\.6\.0 [ -~]+$/);
    // By this a test is found that was refused.
    expect(reply.message?.recipient).toBe('ops@example.org');
  });

  it.each([
    ['[RESOLVED] a', 'resolved'],
    ['[FIRING:3] a', 'firing'],
    ['[CRITICAL] a', 'unknown'],
    ['hello', 'unknown'],
  ])("tells the status of another's mail from its subject: %s", async (Subject, status) => {
    expect((await receive(mail({ Subject }))).message?.status).toBe(status);
  });

  it('reads HTML where there is no text, encodings and character sets', async () => {
    const html = await receive(
      mail(
        { 'Content-Type': 'text/html; charset=utf-8' },
        '<style>p{}</style><p>a &lt;b&gt; &amp; c</p><p>d</p>\r\n',
      ),
    );
    expect(html.message?.text).toBe('a <b> & c\nd');
    const latin = mail(
      {
        'Content-Type': 'text/plain; charset=iso-8859-1',
        'Content-Transfer-Encoding': 'quoted-printable',
        Subject: '=?iso-8859-1?q?M=FCll?=',
      },
      'gr=FCn\r\n',
    );
    expect((await receive(latin)).message).toMatchObject({ title: 'Müll', text: 'grün' });
  });

  it('has an answer to everything', async () => {
    const whole = mail();
    const source = fc.oneof(
      fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
      fc.string({ unit: 'binary', maxLength: 300 }).map((text) => Buffer.from(text)),
      // One byte of a good mail is another one.
      fc
        .tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 }))
        .map(([at, byte]) => Buffer.from(whole).fill(byte, at, at + 1)),
      fc
        .array(
          fc.constantFrom(
            'From: ',
            '<',
            '>',
            ',',
            '"',
            '\\',
            '=?utf-8?q?',
            '?=',
            '\r\n',
            ' ',
            ';boundary=b',
            '--b',
            'a@b',
            ':',
            'To: ',
          ),
          { maxLength: 60 },
        )
        .map((parts) => Buffer.from(parts.join(''))),
    );
    await fc.assert(
      fc.asyncProperty(source, async (bytes) => {
        const reply = await receive(bytes);
        expect([250, 554]).toContain(reply.status);
        expect(reply.accepted).toBe(reply.status === 250);
        expect(reply.problems.length === 0).toBe(reply.accepted);
        expect(reply.body).not.toMatch(/[\r\n]/);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['tags that never end', '<'.repeat(500_000)],
    ['styles that never end', '<style>'.repeat(100_000)],
    ['quotes that never end', `"${'\\'.repeat(300_000)}`],
  ])('is quick with %s', async (_, text) => {
    const started = workedMs();
    htmlAsText(text);
    readAddressList(text);
    await receive(mail({ 'Content-Type': 'text/html' }, `${text.replaceAll(/.{900}/g, '$&\r\n')}\r\n`));
    expect(workedMs() - started).toBeLessThan(3_000);
  });
});

describe('limits', () => {
  it.each([
    ['a long subject', mail({ Subject: 'x'.repeat(79) }), 'the subject has 79 characters: phones'],
    [
      'a very long subject',
      mail({ Subject: 'x'.repeat(256) }),
      'the subject has 256 characters: Exchange cuts',
    ],
    ['HTML alone', mail({ 'Content-Type': 'text/html' }, '<p>a</p>\r\n'), 'there is no text part'],
    [
      'much HTML',
      mail({ 'Content-Type': 'text/html' }, `<p>${'abc\r\n'.repeat(30_000)}</p>\r\n`),
      'the HTML part is larger than 102 KiB',
    ],
    ['11 MB', mail({}, 'x'.repeat(98).concat('\r\n').repeat(110_000)), 'many servers refuse it above 10 MB'],
    [
      '101 recipients',
      mail({ To: Array.from({ length: 101 }, (_, i) => `a${i}@b`).join(',\r\n ') }),
      'it has 101 recipients',
    ],
  ])('tells of %s', async (_, source, word) => {
    expect((await email.limits?.(source))?.join('\n')).toContain(word);
  });

  it('says nothing of an ordinary mail', async () => {
    expect(await email.limits?.(mail())).toEqual([]);
    expect(await email.card?.('')).toBeUndefined();
  });
});

it.each([
  ['a@b, "x, y" <c@d>', ['a@b', 'c@d']],
  ['A. Müller <a@b>', undefined],
  ['Dr. A <a@b>', ['a@b']],
  ['"a b"@c', ['"a b"@c']],
  ['a@[127.0.0.1]', ['a@[127.0.0.1]']],
  ['Nobody:;', []],
  ['a@b,', undefined],
  ['', undefined],
  ['<a@b> c', undefined],
])('the address list %j is %j', (value, addresses) => {
  expect(readAddressList(value)).toEqual(addresses);
});
