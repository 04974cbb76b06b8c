import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../fixtures/free-port.ts';
import { LeitstandError } from '../../../src/platform/errors.ts';
import { directSender } from '../../../src/receivers/email/direct.ts';
import { makeIntegration } from '../../fixtures/alerting.ts';
import { selfSigned } from '../../fixtures/certificate.ts';

const message = { nonce: '7x0x', title: 'Prüfung von on-call', text: 'nothing is wrong' };
const LOGIN = { username: 'alerts@example.org', password: 'hunter2-7f3a' };
const certificate = selfSigned();

let directory = '';
let close: (() => Promise<void>) | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'direct-'));
  await writeFile(join(directory, 'ca.pem'), certificate.cert);
});
afterEach(async () => {
  await close?.();
  close = undefined;
  await rm(directory, { recursive: true, force: true });
});

interface Taken {
  readonly user: unknown;
  readonly isEncrypted: boolean;
  readonly to: readonly string[];
  readonly source: string;
}

/** A mail server with these manners; resolves with its port, and what it took. */
async function serve(options: SMTPServerOptions = {}) {
  const taken: Taken[] = [];
  const server = new SMTPServer({
    ...certificate,
    authOptional: true,
    onAuth: ({ username }, _session, callback) => callback(null, { user: username ?? '' }),
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        taken.push({
          user: session.user,
          isEncrypted: session.secure,
          to: session.envelope.rcptTo.map(({ address }) => address),
          source: Buffer.concat(chunks).toString(),
        });
        callback(null, '2.0.0 Ok: queued as 4F3');
      });
    },
    ...options,
  });
  // A client that breaks off is what some of these are about.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  close = () => new Promise((resolve) => server.close(() => resolve()));
  return { port: (server.server.address() as AddressInfo).port, taken };
}

/** Accepts connections and does with them what it is told to. */
async function serveRaw(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  close = () =>
    new Promise((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
    });
  return (server.address() as AddressInfo).port;
}

function send(
  port: number,
  own: Readonly<Record<string, unknown>> = {},
  signal?: AbortSignal,
): Promise<string> {
  const { direct } = makeIntegration('email', {
    to: ['Ops <ops@example.org>', 'b@example.org'],
    from: 'Leitstand <alerts@example.org>',
    smarthost: `127.0.0.1:${port}`,
    ...(own['tls'] === 'none' ? {} : { ca_file: join(directory, 'ca.pem') }),
    ...own,
  });
  if (!direct) throw new Error('sends nothing directly');
  return direct.send({ ...message, signal });
}

async function refusal(sending: Promise<unknown>): Promise<LeitstandError> {
  try {
    await sending;
  } catch (error) {
    if (!(error instanceof LeitstandError)) throw error;
    expect(JSON.stringify(error)).not.toContain('7f3a');
    expect(JSON.stringify(error)).not.toContain(Buffer.from(LOGIN.password).toString('base64'));
    expect(error.details.what).toContain('receiver on-call, email[0]');
    return error;
  }
  throw new Error('it was sent');
}

describe('sends', () => {
  it.each([
    ['by STARTTLS and login', {}, { ...LOGIN }, { isEncrypted: true, user: LOGIN.username }],
    [
      'with TLS from the first byte on',
      { secure: true },
      { ...LOGIN, tls: 'implicit' },
      { isEncrypted: true, user: LOGIN.username },
    ],
    ['without a login', {}, {}, { isEncrypted: true, user: false }],
    ['in clear, though STARTTLS is offered', {}, { tls: 'none' }, { isEncrypted: false }],
    ['with AUTH LOGIN alone', { authMethods: ['LOGIN'] }, { ...LOGIN }, { user: LOGIN.username }],
    // As Alertmanager, which then does not log in.
    ['where no login is offered', { disabledCommands: ['AUTH'] }, { ...LOGIN }, { user: false }],
  ])('%s', async (_, server, own, expected) => {
    const { port, taken } = await serve(server);
    expect(await send(port, own)).toContain('queued as 4F3');
    expect(taken).toMatchObject([{ ...expected, to: ['ops@example.org', 'b@example.org'] }]);
    const [{ source } = { source: '' }] = taken;
    expect(source).toMatch(/^Subject: =\?UTF-8\?\S+\?=\r$/m);
    expect(source).toMatch(/^X-Leitstand-Alert: 7x0x\r$/m);
    expect(source).toMatch(/^From: Leitstand <alerts@example\.org>\r$/m);
    expect(source).toContain('nothing is wrong\r\n\r\n7x0x');
  });

  it('says EHLO with the name it was given', async () => {
    const names: string[] = [];
    const { port } = await serve({
      onMailFrom: (_address, session, callback) => {
        names.push(session.hostNameAppearsAs);
        callback();
      },
    });
    await send(port, { hello: 'monitor.example.org' });
    await send(port);
    expect(names).toEqual(['monitor.example.org', 'localhost']);
  });
});

function refuseWith(status: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode: status });
}

describe('says what went wrong, and what to do', () => {
  it('a wrong password, quoted by the server', async () => {
    const { port } = await serve({
      onAuth: ({ password }, _session, callback) =>
        callback(refuseWith(535, `5.7.8 Error: authentication failed for ${password}`)),
    });
    const error = await refusal(send(port, LOGIN));
    expect(error).toMatchObject({ code: 'LS-RECEIVER-031', exit: 4 });
    expect(error.details.why).toContain('535 5.7.8 Error: authentication failed for …');
    expect(error.details.fix).toMatch(/correct the secret TEST_URL .* app password/);
  });

  it.each([
    ['534 5.7.9 Application-specific password required. k12 gsmtp', /make an app password/],
    [
      '535 5.7.139 Authentication unsuccessful, basic authentication is disabled.',
      /let its administrator allow "authenticated SMTP"/,
    ],
  ])('login: %s', async (text, fix) => {
    const { port } = await serve({
      onAuth: (_auth, _session, callback) => callback(refuseWith(Number(text.slice(0, 3)), text.slice(4))),
    });
    expect((await refusal(send(port, LOGIN))).details.fix).toMatch(fix);
  });

  it.each([
    ['onRcptTo', '550 5.1.1 User unknown', {}, /correct the address in `to`/],
    ['onRcptTo', '554 5.7.1 Relay access denied', {}, /add `username` and `password`/],
    [
      'onMailFrom',
      '553 5.7.1 Sender address rejected: not owned by user',
      LOGIN,
      /into `from` that this account may send as/,
    ],
    ['onData', '552 5.2.3 Message is odd', LOGIN, /see what its words ask for/],
  ] as const)('%s: %s', async (stage, text, own, fix) => {
    const reply = refuseWith(Number(text.slice(0, 3)), text.slice(4));
    const handlers: SMTPServerOptions = {
      onRcptTo: (_address, _session, callback) => callback(reply),
      onMailFrom: (_address, _session, callback) => callback(reply),
      onData: (stream, _session, callback) => stream.resume().on('end', () => callback(reply)),
    };
    const { port } = await serve({ [stage]: handlers[stage] });
    const error = await refusal(send(port, own));
    expect(error).toMatchObject({ code: 'LS-RECEIVER-011', exit: 1 });
    expect(error.details.why).toContain(text);
    expect(error.details.fix).toMatch(fix);
  });

  it('one recipient of two that is unknown: Alertmanager sends to nobody then', async () => {
    const { port } = await serve({
      onRcptTo: ({ address }, _session, callback) =>
        address === 'b@example.org' ? callback(refuseWith(550, '5.1.1 User unknown')) : callback(),
    });
    expect(await refusal(send(port))).toMatchObject({ code: 'LS-RECEIVER-011' });
  });

  it('greylisting: later', async () => {
    const { port } = await serve({
      onRcptTo: (_address, _session, callback) => callback(refuseWith(451, '4.7.1 Greylisted')),
    });
    const error = await refusal(send(port));
    expect(error).toMatchObject({ code: 'LS-RECEIVER-012', exit: 5 });
    expect(error.details.why).toContain('451 4.7.1 Greylisted');
    expect(error.details.fix).toContain('try again in some minutes');
  });

  it('no STARTTLS', async () => {
    const { port, taken } = await serve({ disabledCommands: ['STARTTLS'] });
    const error = await refusal(send(port, LOGIN));
    expect(error).toMatchObject({ code: 'LS-RECEIVER-032', exit: 1 });
    expect(error.details.why).toContain('it offers no STARTTLS');
    expect(error.details.fix).toContain('465');
    expect(taken).toEqual([]);
  });

  it.each([
    ['by STARTTLS', {}, {}],
    ['from the first byte on', { secure: true }, { tls: 'implicit' }],
  ])('a certificate of somebody else, %s', async (_, server, own) => {
    const { port } = await serve({ ...server, ...selfSigned() });
    const error = await refusal(send(port, own));
    expect(error).toMatchObject({ code: 'LS-RECEIVER-032', exit: 1 });
    expect(error.details.what).toContain('the certificate of the mail server');
    expect(error.details.fix).toContain('`ca_file`');
  });

  it('a certificate that has expired', async () => {
    const expired = selfSigned({ expired: true });
    await writeFile(join(directory, 'ca.pem'), expired.cert);
    const { port } = await serve({ ...expired });
    const error = await refusal(send(port));
    expect(error).toMatchObject({ code: 'LS-RECEIVER-032' });
    expect(error.details.why).toContain('expired');
  });

  it('STARTTLS where TLS is spoken from the first byte on, and the other way round', async () => {
    const { port } = await serve();
    expect((await refusal(send(port, { tls: 'implicit' }))).code).toMatch(/^LS-RECEIVER-0(?:12|32)$/);
  });

  it('nobody there', async () => {
    const port = await freePort();
    const error = await refusal(send(port));
    expect(error).toMatchObject({ code: 'LS-RECEIVER-012', exit: 5 });
    expect(error.details.why).toContain('connection refused');
    expect(error.details.fix).toContain(`nc -v 127.0.0.1 ${port}`);
  });

  it('a server that breaks off, and one that is none', async () => {
    const cut = await serveRaw((socket) => socket.destroy());
    expect((await refusal(send(cut))).code).toBe('LS-RECEIVER-012');
    await close?.();
    const web = await serveRaw((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect((await refusal(send(web))).code).toBe('LS-RECEIVER-012');
  });

  it('an authority that cannot be read', async () => {
    const { port } = await serve();
    const error = await refusal(send(port, { ca_file: join(directory, 'none.pem') }));
    expect(error).toMatchObject({ code: 'LS-RECEIVER-014', exit: 2 });
    expect(error.details.why).toContain('none.pem cannot be read (ENOENT)');
  });
});

it('gives up a server that never ends what it says, after one attempt', async () => {
  let connections = 0;
  const port = await serveRaw((socket) => {
    connections += 1;
    const drip = setInterval(() => socket.write('220-wait\r\n'), 20);
    socket.on('close', () => clearInterval(drip));
  });
  const place = { host: '127.0.0.1', port, tls: 'none', caFile: undefined, login: undefined } as const;
  const address = { name: '', address: 'a@example.org' };
  const route = {
    server: { ...place, whose: 'receiver on-call, email[0]' },
    hello: undefined,
    from: address,
    to: [address],
  };
  const error = await refusal(directSender(route, 300).send(message));
  expect(error).toMatchObject({
    code: 'LS-RECEIVER-012',
    details: { why: expect.stringContaining('given up') },
  });
  expect(connections).toBe(1);
});

it('stops waiting when it is told to', async () => {
  const port = await serveRaw(() => undefined);
  const controller = new AbortController();
  const sending = send(port, {}, controller.signal);
  controller.abort(new Error('enough'));
  await expect(sending).rejects.toThrow('enough');
});
