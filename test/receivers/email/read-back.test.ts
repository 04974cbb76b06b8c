import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../fixtures/free-port.ts';
import { LeitstandError } from '../../../src/platform/errors.ts';
import { readBackFrom } from '../../../src/receivers/email/read-back.ts';
import type { ReadBack, ReadBackFinding } from '../../../src/stack/receiver.ts';
import { makeIntegration } from '../../fixtures/alerting.ts';
import { selfSigned } from '../../fixtures/certificate.ts';
import { type ImapOptions, type ImapServer, startImapServer, type StoredMail } from './imap-server.ts';

const certificate = selfSigned();
const USER = 'ops@example.org';
const PASSWORD = 'hunter "2" 7f3a';
const SINCE = new Date('2026-11-27T10:00:00Z');

let directory = '';
let server: ImapServer | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'read-back-'));
  await writeFile(join(directory, 'ca.pem'), certificate.cert);
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(directory, { recursive: true, force: true });
});

/** What Alertmanager sent, with another mark. */
function mail(nonce: string, at = '2026-11-27T10:00:02Z'): StoredMail {
  const source = readFileSync(
    new URL('../../fixtures/alertmanager/email-firing-0.31.1.body', import.meta.url),
    'utf8',
  );
  return {
    source: source
      .replaceAll('0123456789abx0x', nonce)
      .replace(/^Message-Id: .*$/m, `Message-Id: <${nonce}@example.org>\r`),
    at: new Date(at),
  };
}

async function serve(options: Partial<ImapOptions> = {}): Promise<number> {
  server = await startImapServer({
    certificate,
    implicit: true,
    user: USER,
    password: PASSWORD,
    folders: { INBOX: [mail('other'), mail('mine'), mail('third')], Junk: [] },
    ...options,
  });
  return server.port;
}

function readBack(port: number, own: Readonly<Record<string, unknown>> = {}): ReadBack {
  const { readBack: found } = makeIntegration('email', {
    to: USER,
    from: 'alerts@example.org',
    smarthost: 'smtp.example.org:587',
    read_back: {
      imap: `127.0.0.1:${port}`,
      tls: 'implicit',
      username: USER,
      password: PASSWORD,
      ca_file: join(directory, 'ca.pem'),
      ...own,
    },
  });
  if (!found) throw new Error('reads nothing back');
  return found;
}

function find(
  port: number,
  {
    nonce = 'mine',
    signal,
    ...own
  }: Readonly<{ nonce?: string; signal?: AbortSignal } & Record<string, unknown>> = {},
): Promise<ReadBackFinding | undefined> {
  return readBack(port, own).find({ nonce, groupKey: undefined, since: SINCE, signal });
}

async function refusal(finding: Promise<unknown>): Promise<LeitstandError> {
  try {
    await finding;
  } catch (error) {
    if (!(error instanceof LeitstandError)) throw error;
    expect(JSON.stringify(error)).not.toContain('7f3a');
    expect(error.details.what).toContain('receiver on-call, email[0]');
    return error;
  }
  throw new Error('it was answered');
}

describe('finds a mail', () => {
  it.each([
    ['with TLS from the first byte on', {}, {}],
    ['by STARTTLS', { implicit: false }, { tls: 'starttls' }],
  ])('%s', async (_, options, own) => {
    const port = await serve(options);
    expect(readBack(port).from).toBe('the folder INBOX of the mailbox on 127.0.0.1');
    expect(await find(port, own)).toEqual({
      evidence: 'message <mine@example.org> in INBOX',
      at: new Date('2026-11-27T10:00:02Z'),
    });
    // It leaves everything as it is, what is unread too.
    expect(server?.commands.filter((command) => /^(?:SELECT|STORE|UID STORE)|BODY\[/.test(command))).toEqual(
      [],
    );
    expect(server?.commands).toContain('EXAMINE INBOX');
  });

  it('in another folder', async () => {
    const port = await serve({ folders: { INBOX: [], Alerts: [mail('mine')] } });
    expect(await find(port, { mailbox: 'Alerts' })).toMatchObject({
      evidence: 'message <mine@example.org> in Alerts',
    });
  });

  it('by its mark where its subject is another', async () => {
    const { source, at } = mail('mine');
    const port = await serve({
      folders: { INBOX: [{ source: source.replace(/^Subject: .*$/m, 'Subject: a\r'), at }] },
    });
    expect(await find(port)).toBeDefined();
  });

  it('by its mark in an encoded header that the mark is spread over', async () => {
    const { source, at } = mail('mine');
    const encoded = 'X-Leitstand-Alert: =?utf-8?q?Gr=C3=B6=C3=9Fe_mi?= =?utf-8?q?ne?=';
    const port = await serve({
      folders: {
        INBOX: [
          {
            source: source
              .replace(/^Subject: .*$/m, 'Subject: a\r')
              .replace(/^X-Leitstand-Alert: .*$/m, encoded),
            at,
          },
        ],
      },
    });
    expect(await find(port)).toBeDefined();
  });

  it('by its subject where a gateway took out the mark, from the sender alone', async () => {
    const { source, at } = mail('mine');
    const bare = source.replace(/^X-Leitstand-Alert: .*\r\n/m, '');
    const port = await serve({ folders: { INBOX: [{ source: bare, at }] } });
    expect(await find(port)).toBeDefined();
    await server?.close();
    const bounce = bare
      .replace(/^Subject: /m, 'Subject: Undeliverable: ')
      .replace(/^From: .*$/m, 'From: Mail Delivery System <postmaster@example.org>');
    const other = await serve({ folders: { INBOX: [{ source: bounce, at }] } });
    expect(await find(other)).toBeUndefined();
  });

  it.each([
    ['is not there', { INBOX: [mail('other')] }],
    ['is in an empty folder', { INBOX: [] }],
    ['is older than a day', { INBOX: [mail('mine', '2026-11-20T10:00:00Z')] }],
  ])('not when it %s', async (_, folders) => {
    expect(await find(await serve({ folders }))).toBeUndefined();
  });
});

describe('says what went wrong, and what to do', () => {
  it('a wrong password, quoted by the server', async () => {
    const error = await refusal(find(await serve(), { password: 'other-7f3a' }));
    expect(error).toMatchObject({ code: 'LS-RECEIVER-013', exit: 4 });
    expect(error.details.why).toContain('no entry for …');
    expect(error.details.fix).toMatch(
      /correct the secret .* of `read_back`; many providers want an app password/,
    );
  });

  it('no such folder, and which there are', async () => {
    const error = await refusal(find(await serve(), { mailbox: 'Alarme' }));
    expect(error).toMatchObject({ code: 'LS-RECEIVER-033', exit: 2 });
    expect(error.details).toMatchObject({
      why: 'there are: INBOX, Junk',
      fix: 'correct `read_back.mailbox`',
    });
  });

  it('a mail among the spam: nobody sees it', async () => {
    const error = await refusal(find(await serve({ folders: { INBOX: [], Junk: [mail('mine')] } })));
    expect(error).toMatchObject({ code: 'LS-RECEIVER-034', exit: 1 });
    expect(error.details.why).toBe('message <mine@example.org> in Junk, not in INBOX');
    expect(error.details.fix).toContain('SPF and DKIM');
  });

  it('nobody there', async () => {
    const error = await refusal(find(await freePort()));
    expect(error).toMatchObject({ code: 'LS-RECEIVER-012', exit: 5 });
    expect(error.details.why).toContain('connection refused');
  });

  it('a certificate of somebody else', async () => {
    const error = await refusal(find(await serve({ certificate: selfSigned() })));
    expect(error).toMatchObject({ code: 'LS-RECEIVER-012' });
    expect(error.details.why).toContain('certificate is signed by an authority that is not trusted');
  });

  it('no STARTTLS: the password is not sent', async () => {
    const port = await serve({ implicit: false, offersStartTls: false });
    const error = await refusal(find(port, { tls: 'starttls' }));
    expect(error).toMatchObject({ code: 'LS-RECEIVER-012' });
    expect(error.details.why).toMatch(/STARTTLS/);
    expect(server?.commands).not.toContain('LOGIN');
  });

  it('TLS on the port without it', async () => {
    const error = await refusal(find(await serve({ implicit: false })));
    expect(error.details.why).toContain('it does not speak TLS from the first byte on');
  });

  it('a server that hangs up', async () => {
    const other = createServer((socket) => socket.on('error', () => undefined).end('* BYE too many\r\n'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const error = await refusal(find((other.address() as AddressInfo).port, { tls: 'starttls' }));
    expect(error).toMatchObject({ code: 'LS-RECEIVER-012' });
    await new Promise((resolve) => other.close(resolve));
  });
});

it('gives up a server that never ends what it says', async () => {
  const other = createServer((socket) => {
    const drip = setInterval(() => socket.write('* OK still here\r\n'), 20);
    socket.on('error', () => undefined).on('close', () => clearInterval(drip));
  });
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  const place = { host: '127.0.0.1', port, tls: 'none', caFile: undefined, login: undefined } as const;
  const slow = readBackFrom({
    server: { ...place, whose: 'receiver on-call, email[0]' },
    folder: 'INBOX',
    sender: USER,
    longestMs: 300,
  });
  const error = await refusal(slow.find({ nonce: 'mine', groupKey: undefined, since: SINCE }));
  expect(error).toMatchObject({
    code: 'LS-RECEIVER-012',
    details: { why: expect.stringContaining('given up') },
  });
  await new Promise((resolve) => other.close(resolve));
});

it('stops asking when it is told to', async () => {
  const other = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const controller = new AbortController();
  const finding = find((other.address() as AddressInfo).port, { tls: 'starttls', signal: controller.signal });
  other.once('connection', () => controller.abort(new Error('enough')));
  await expect(finding).rejects.toThrow('enough');
  await expect(find(1, { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
  await new Promise((resolve) => other.close(resolve));
});
