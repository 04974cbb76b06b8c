import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { createTransport, type SentMessageInfo } from 'nodemailer';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { InboxMessage } from '../../src/stack/sandbox.ts';
import {
  type Client,
  greeted,
  MAIL_LIMIT,
  reply,
  secured,
  startTestInbox,
  type TestInbox,
} from './harness.ts';

let test: TestInbox;
let port = 0;
let ca = '';
let before = 0;

beforeAll(async () => {
  test = await startTestInbox();
  port = test.inbox.port;
  ca = await readFile(test.caFile, 'utf8');
});
beforeEach(() => {
  before = test.history.messages.lastId();
  test.mails.length = 0;
});
afterAll(() => test.stop());

const kept = (): InboxMessage[] => test.history.messages.after(before, 1000);

async function introduced(): Promise<Client> {
  const client = await greeted(port);
  client.send('EHLO me\r\n');
  await client.until(reply(250));
  return client;
}

async function answerTo(client: Client, command: string): Promise<number> {
  client.send(`${command}\r\n`);
  return Number((await client.until(/^\d{3} .*\r\n/m)).trimEnd().split('\r\n').at(-1)?.slice(0, 3));
}

/** What a client of its own right sends. */
function send(options: object, mail: object = {}): Promise<SentMessageInfo> {
  const transport = createTransport({ host: '127.0.0.1', port, tls: { ca }, ...options });
  return transport.sendMail({
    from: 'alerts@town.example',
    to: 'ops@town.example',
    subject: 's',
    text: 't',
    ...mail,
  });
}

describe('a real client', () => {
  const auth = { user: 'somebody', pass: 'hidden-7f3a' };

  it.each([
    ['STARTTLS', { requireTLS: true, auth }],
    ['TLS from the start', { secure: true, auth }],
    ['AUTH LOGIN', { requireTLS: true, auth, authMethod: 'LOGIN' }],
  ])('sends with %s', async (_name, options) => {
    const info = await send(options, {
      to: ['a@town.example', 'Bürger <b@town.example>'],
      subject: 'Grüße 🔥',
    });
    expect(info.response).toBe('250 2.0.0 taken');
    expect(test.mails).toMatchObject([
      {
        from: 'alerts@town.example',
        to: ['a@town.example', 'b@town.example'],
        isEncrypted: true,
        user: 'somebody',
      },
    ]);
    expect(kept()).toMatchObject([
      {
        type: 'email',
        path: 'smtp',
        recipient: 'a@town.example, b@town.example',
        headers: {
          from: 'alerts@town.example',
          to: 'a@town.example, Bürger <b@town.example>',
          subject: 'Grüße 🔥',
        },
        body: expect.stringContaining('Subject: =?UTF-8?'),
        replyStatus: 250,
        accepted: true,
        title: 'a mail',
      },
    ]);
    expect(JSON.stringify(kept())).not.toContain('7f3a');
  });

  it('sends without TLS and login, and the endpoint is told', async () => {
    await send({ ignoreTLS: true });
    expect(test.mails).toMatchObject([{ isEncrypted: false }]);
    expect(test.mails[0]).not.toHaveProperty('user');
  });

  it('hears what the endpoint refuses, and it is kept', async () => {
    await expect(send({}, { text: 'refuse' })).rejects.toMatchObject({ responseCode: 554 });
    expect(kept()).toMatchObject([{ accepted: false, replyStatus: 554, problems: ['no'], title: 'a mail' }]);
  });

  it('hears that a mail is too large, before and after it is sent', async () => {
    const text = 'x\n'.repeat(MAIL_LIMIT / 2);
    await expect(send({}, { text })).rejects.toMatchObject({ responseCode: 552 });
    const client = await introduced();
    expect(await answerTo(client, `MAIL FROM:<a@b.example> SIZE=${MAIL_LIMIT + 1}`)).toBe(552);
    expect(test.mails).toEqual([]);
    expect(kept()).toMatchObject([
      {
        accepted: false,
        replyStatus: 552,
        body: '',
        problems: [expect.stringContaining(String(MAIL_LIMIT))],
      },
    ]);
  });

  it('with a dot at the start of a line loses nothing', async () => {
    await send({}, { text: '.\n..\n.x\n' });
    expect(test.mails[0]?.source.toString()).toContain('\r\n.\r\n..\r\n.x\r\n');
  });

  it('with the wrong authority goes away', async () => {
    await expect(send({ requireTLS: true, tls: { ca: [] } })).rejects.toMatchObject({ code: /ESOCKET|ETLS/ });
    expect(kept()).toEqual([]);
  });

  it('sends several mails in one session', async () => {
    const pool = createTransport({ host: '127.0.0.1', port, pool: true, maxConnections: 1, tls: { ca } });
    const mail = { from: 'a@b.example', to: 'c@d.example', text: 't' };
    for (let i = 0; i < 3; i++) await pool.sendMail(mail);
    pool.close();
    expect(kept()).toHaveLength(3);
  });
});

describe('AUTH', () => {
  const plain = (user: string, password: string) => Buffer.from(`\0${user}\0${password}`).toString('base64');

  it('is neither offered nor known before TLS', async () => {
    const client = await greeted(port);
    client.send('EHLO me\r\n');
    const capabilities = await client.until(reply(250));
    expect(capabilities).toContain('STARTTLS');
    expect(capabilities).not.toContain('AUTH');
    expect(await answerTo(client, `AUTH PLAIN ${plain('a', 'b')}`)).toBe(500);
  });

  it.each([
    ['an empty password', 'somebody', ''],
    ['an empty user', '', 'secret'],
  ])('refuses %s', async (_name, user, password) => {
    const client = await secured(port, ca);
    expect(await answerTo(client, `AUTH PLAIN ${plain(user, password)}`)).toBe(535);
    expect(kept()).toMatchObject([{ accepted: false, replyStatus: 535, problems: [/empty/], body: '' }]);
  });

  it.concurrent.each(['AUTH', 'AUTH CRAM-MD5', 'AUTH XOAUTH2 eA==', 'AUTH PLAIN !', 'AUTH PLAIN AGE='])(
    'refuses %s',
    async (command) => {
      const client = await secured(port, ca);
      expect(await answerTo(client, command)).toBeGreaterThanOrEqual(500);
    },
  );
});

describe('the dialogue', () => {
  it.concurrent.each([
    ['MAIL FROM:a@b.example', 501],
    ['MAIL FROM:<a@b@c.example>', 501],
    ['MAIL FROM:<a..b@c.example>', 501],
    ['MAIL FROM:<a b@c.example>', 501],
    ['MAIL FROM:<a,b@c.example>', 553],
    ['MAIL FROM:<a@-c.example>', 553],
    ['MAIL FROM:<a@[1.2.3]>', 501],
    ['MAIL FROM:<a@b.example> SIZE=x', 501],
    ['RCPT TO:<a@b.example>', 503],
    ['DATA', 503],
    ['WIZ me', 500],
    ['XCLIENT ADDR=1.2.3.4', 500],
    ['NONSENSE', 500],
    ['GET / HTTP/1.1', 421],
  ])('refuses %s', async (command, code) => {
    expect(await answerTo(await introduced(), command)).toBe(code);
  });

  it.concurrent.each([
    'RCPT TO:<>',
    'RCPT TO:<ops@b.example,dev@b.example>',
    'RCPT TO:ops@b.example',
    'RCPT TO:<(x)@b.example>',
  ])('refuses %s', async (command) => {
    const client = await introduced();
    expect(await answerTo(client, 'MAIL FROM:<a@b.example>')).toBe(250);
    expect(await answerTo(client, command)).toBeGreaterThanOrEqual(500);
    expect(await answerTo(client, 'DATA')).toBe(503);
  });

  it.concurrent.each([
    'RCPT TO:<"a b"@b.example>',
    'RCPT TO:<a+b@b.example>',
    'RCPT TO:<a@[127.0.0.1]>',
    'RCPT TO:<postmaster>',
  ])('takes %s', async (command) => {
    const client = await introduced();
    await answerTo(client, 'MAIL FROM:<>');
    expect(await answerTo(client, command)).toBe(command.includes('"a b"') ? 501 : 250);
  });

  it('wants EHLO first', async () => {
    expect(await answerTo(await greeted(port), 'MAIL FROM:<a@b.example>')).toBe(503);
  });

  it('takes commands that come together', async () => {
    const client = await greeted(port);
    client.send(
      'EHLO me\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nRCPT TO:<e@f.example>\r\nDATA\r\n',
    );
    await client.until(reply(354));
    client.send('Subject: x\r\n\r\nx\r\n.\r\nMAIL FROM:<a@b.example>\r\nQUIT\r\n');
    await client.until(reply(221));
    await client.closed;
    expect(test.mails).toMatchObject([{ to: ['c@d.example', 'e@f.example'] }]);
  });

  it('takes no more than 100 recipients', async () => {
    const client = await introduced();
    await answerTo(client, 'MAIL FROM:<a@b.example>');
    for (let i = 0; i < 100; i++) expect(await answerTo(client, `RCPT TO:<a${i}@b.example>`)).toBe(250);
    expect(await answerTo(client, 'RCPT TO:<a100@b.example>')).toBe(452);
  });

  it('drops what was sent in the clear behind STARTTLS', async () => {
    const client = await introduced();
    client.send('STARTTLS\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nx\r\n.\r\n');
    await client.until(reply(220));
    client.socket.end();
    await client.closed;
    expect(kept()).toEqual([]);
  });

  it('does not take a mail that breaks off', async () => {
    const client = await introduced();
    client.send('MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n');
    await client.until(reply(354));
    client.send('Subject: x\r\n\r\nhalf of it\r\n');
    client.socket.destroy();
    await (await introduced()).until(/$/);
    expect(kept()).toEqual([]);
    expect(test.mails).toEqual([]);
  });

  it('ends a mail at CRLF.CRLF only', async () => {
    const client = await introduced();
    client.send('MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n');
    await client.until(reply(354));
    client.send('Subject: x\r\n\r\nx\n.\nMAIL FROM:<evil@b.example>\r\n.\r\n');
    await client.until(/^250 2\.0\.0 taken\r\n/m);
    expect(test.mails).toHaveLength(1);
    expect(test.mails[0]?.source.toString()).toContain('MAIL FROM:<evil@b.example>');
  });
});

const address = fc.constantFrom(
  '<a@b.example>',
  '<>',
  'a@b.example',
  '<a@b@c>',
  '<ä@b.example>',
  '<a\u0000@b>',
  '<@>',
);
const line = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('EHLO me', 'HELO me', 'RSET', 'NOOP', 'DATA', 'VRFY a', 'HELP', 'AUTH LOGIN'),
  },
  { weight: 3, arbitrary: address.map((one) => `MAIL FROM:${one}`) },
  { weight: 3, arbitrary: address.map((one) => `RCPT TO:${one}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('MAIL FROM:<a@b.example> SIZE=99999999', 'AUTH PLAIN AGEAYg==', '.', '..'),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 80 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
);
/** A whole mail, so that many runs get as far as one. */
const mail = fc
  .tuple(
    address,
    fc.array(address, { maxLength: 3 }),
    fc.array(fc.string({ maxLength: 40 }), { maxLength: 5 }),
  )
  .map(([from, to, body]) => [
    `MAIL FROM:${from}`,
    ...to.map((one) => `RCPT TO:${one}`),
    'DATA',
    ...body,
    '.',
  ]);

describe('whatever is said', () => {
  it('nothing is taken but from and to addresses, and what was answered 250 is kept', async () => {
    const dialogue = fc.array(
      fc.oneof(
        mail,
        line.map((one) => [one]),
      ),
      { maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(dialogue, fc.boolean(), async (parts, atOnce) => {
        const from = test.history.messages.lastId();
        const client = await greeted(port);
        // Out of a mail, out of a login, and away.
        const lines = ['EHLO me', ...parts.flat(), '.', '*', 'QUIT', 'QUIT'];
        if (atOnce) client.send(Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1'));
        else for (const one of lines) client.send(Buffer.from(`${one}\r\n`, 'latin1'));
        await client.closed;
        const taken = test.history.messages.after(from, 1000).filter(({ accepted }) => accepted);
        expect(taken).toHaveLength(client.text().match(/^250 2\.0\.0 taken\r$/gm)?.length ?? 0);
        for (const { recipient } of taken)
          expect(recipient).toMatch(/^[^\s@<>,]+@[^\s@<>,]+(, [^\s@<>,]+@[^\s@<>,]+)*$/);
      }),
      { numRuns: 40 },
    );
    await send({ requireTLS: true });
  });
});
