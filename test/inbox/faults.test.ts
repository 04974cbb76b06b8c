import { readFile } from 'node:fs/promises';
import { connect as connectTls } from 'node:tls';
import { createTransport } from 'nodemailer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { faultText } from '../../src/inbox/faults.ts';
import { httpExchange } from '../../src/platform/http.ts';
import type { Fault } from '../../src/stack/sandbox.ts';
import { dial, greeted, reply, secured, startTestInbox, type TestInbox } from './harness.ts';

let test: TestInbox;
let port = 0;
let ca = '';

beforeEach(async () => {
  test = await startTestInbox();
  port = test.inbox.port;
  ca = await readFile(test.caFile, 'utf8');
});
afterEach(() => test.stop());

const misbehave = (type: string, fault: Fault, times?: number) =>
  test.history.misbehaviours.add({ type, fault, times });
const post = (timeoutMs = 20_000) =>
  httpExchange(`http://127.0.0.1:${port}/web`, { method: 'POST', body: 'hi', timeoutMs });
const send = (options: object = {}) =>
  createTransport({
    host: '127.0.0.1',
    port,
    requireTLS: true,
    auth: { user: 'u', pass: 'p' },
    tls: { ca },
    ...options,
  }).sendMail({
    from: 'a@town.example',
    to: 'b@town.example',
    subject: 'nonce-7f3a',
    text: 't',
  });
/** What was kept of something that failed on purpose. */
const onPurpose = (fault: Fault) => ({
  accepted: false,
  problems: [expect.stringContaining(`told to misbehave: ${faultText(fault)}`)],
});

describe('over HTTP', () => {
  it('answers with a status in the words of the provider, and when to come back', async () => {
    const fault = { kind: 'status', status: 429, retryAfter: 7 } as const;
    misbehave('web', fault, 1);
    expect(await post()).toMatchObject({
      status: 429,
      body: '{"own":429}',
      headers: { 'retry-after': '7', 'x-own': 'yes' },
    });
    expect(test.kept()).toMatchObject([{ ...onPurpose(fault), replyStatus: 429, body: 'hi', type: 'web' }]);
    expect((await post()).status).toBe(200);
  });

  it('answers with a status in its own words where the provider has none', async () => {
    misbehave('*', { kind: 'status', status: 503 });
    expect(await post()).toMatchObject({ status: 503, body: expect.stringContaining('told to answer 503') });
  });

  it('hangs', async () => {
    misbehave('web', { kind: 'hang' }, 1);
    await expect(post(300)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect(test.kept()).toMatchObject([{ ...onPurpose({ kind: 'hang' }), replyStatus: 0, body: 'hi' }]);
  });

  it('cuts the connection', async () => {
    misbehave('web', { kind: 'drop' }, 1);
    await expect(post()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(test.kept()).toMatchObject([{ ...onPurpose({ kind: 'drop' }), replyStatus: 0 }]);
  });

  it('answers 200 with a page', async () => {
    misbehave('web', { kind: 'html' }, 1);
    const answer = await post();
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(answer.body).toContain('<html>');
    expect(test.kept()).toMatchObject([{ ...onPurpose({ kind: 'html' }), replyStatus: 200 }]);
  });

  it('is late, and takes what waits', async () => {
    misbehave('web', { kind: 'slow', delayMs: 200 }, 1);
    const start = performance.now();
    expect((await post()).status).toBe(200);
    expect(performance.now() - start).toBeGreaterThan(190);
    expect(test.kept()).toMatchObject([{ accepted: true, problems: [] }]);
  });

  it('is late, and does not take what does not wait', async () => {
    const fault = { kind: 'slow', delayMs: 20_000 } as const;
    misbehave('web', fault, 1);
    await expect(post(200)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    await expect.poll(() => test.kept()).toMatchObject([{ ...onPurpose(fault), replyStatus: 0 }]);
    expect(test.kept()[0]?.problems[0]).toContain('did not wait');
  });

  it('shows a certificate that nobody signed, before it knows to whom', async () => {
    const fault = { kind: 'bad-certificate' } as const;
    misbehave('another', fault, 1);
    const get = () => httpExchange(`https://127.0.0.1:${port}/web`, { method: 'POST', ca });
    await expect(get()).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(test.kept()).toMatchObject([{ ...onPurpose(fault), type: 'another', path: 'tls' }]);
    expect((await get()).status).toBe(200);
  });

  it('fails one type and leaves the others alone', async () => {
    misbehave('email', { kind: 'drop' });
    misbehave('another', { kind: 'drop' });
    misbehave('*', { kind: 'no-starttls' });
    expect((await post()).status).toBe(200);
  });

  it('fails exactly so many of those that come at once', async () => {
    misbehave('web', { kind: 'status', status: 500 }, 20);
    const answers = await Promise.all(Array.from({ length: 50 }, () => post()));
    expect(answers.filter(({ status }) => status === 500)).toHaveLength(20);
    expect(test.kept().filter(({ accepted }) => accepted)).toHaveLength(30);
  });
});

describe('over SMTP', () => {
  it.each([
    [535, 'AUTH', { code: 'EAUTH', responseCode: 535 }],
    [550, 'RCPT', { responseCode: 550, command: 'RCPT TO' }],
    [451, 'RCPT', { responseCode: 451, command: 'RCPT TO' }],
    [554, 'the mail', { responseCode: 554, command: 'DATA' }],
    [421, 'the mail', { responseCode: 421 }],
  ])('answers %i to %s', async (status, stage, error) => {
    const fault = { kind: 'status', status } as const;
    misbehave('email', fault, 1);
    await expect(send()).rejects.toMatchObject(error);
    expect(test.kept()).toMatchObject([
      { ...onPurpose(fault), replyStatus: status, type: 'email', path: 'smtp' },
    ]);
    expect(test.kept()[0]?.body.includes('nonce-7f3a')).toBe(stage === 'the mail');
    expect(test.mails).toEqual([]);
    await send();
    expect(test.mails).toHaveLength(1);
  });

  it('greylists: the next try gets through', async () => {
    misbehave('email', { kind: 'status', status: 451 }, 1);
    await expect(send()).rejects.toMatchObject({ response: expect.stringContaining('Greylisting') });
    expect((await send()).response).toContain('250');
  });

  it('says nothing', async () => {
    misbehave('email', { kind: 'hang' }, 1);
    await expect(send({ greetingTimeout: 300 })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect(test.kept()).toMatchObject([{ ...onPurpose({ kind: 'hang' }), replyStatus: 0 }]);
  });

  it('hangs up', async () => {
    misbehave('email', { kind: 'drop' }, 1);
    const client = await dial(port);
    await client.closed;
    expect(client.text()).toBe('');
    expect(test.kept()).toMatchObject([onPurpose({ kind: 'drop' })]);
  });

  it('is another server altogether', async () => {
    misbehave('email', { kind: 'html' }, 1);
    await expect(send()).rejects.toThrow(/greeting/i);
    expect(test.kept()).toMatchObject([onPurpose({ kind: 'html' })]);
  });

  it('is late, and takes what waits', async () => {
    misbehave('email', { kind: 'slow', delayMs: 200 }, 1);
    expect((await send()).response).toContain('250');
    expect(test.kept()).toMatchObject([{ accepted: true }]);
  });

  it('is late, and does not take what does not wait', async () => {
    const fault = { kind: 'slow', delayMs: 20_000 } as const;
    misbehave('email', fault, 1);
    const client = await secured(port, ca);
    client.send('MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n');
    await client.until(reply(354));
    client.send('Subject: nonce-7f3a\r\n\r\nx\r\n.\r\n');
    await new Promise((resolve) => setTimeout(resolve, 100));
    client.socket.destroy();
    await expect.poll(() => test.kept()).toMatchObject([{ ...onPurpose(fault), replyStatus: 0 }]);
    expect(test.mails).toEqual([]);
  });

  it('does not offer STARTTLS', async () => {
    const fault = { kind: 'no-starttls' } as const;
    misbehave('email', fault, 1);
    const client = await greeted(port);
    client.send('EHLO me\r\n');
    expect(await client.until(reply(250))).not.toContain('STARTTLS');
    client.send('STARTTLS\r\n');
    await client.until(reply(500));
    client.send('QUIT\r\n');
    await client.closed;
    await expect.poll(() => test.kept()).toMatchObject([{ ...onPurpose(fault), replyStatus: 0 }]);
  });

  it('does not offer STARTTLS, and a mail that does not need it is taken', async () => {
    misbehave('email', { kind: 'no-starttls' }, 1);
    await send({ requireTLS: false, auth: undefined });
    expect(test.kept()).toMatchObject([{ accepted: true }]);
  });

  it('shows a certificate that nobody signed', async () => {
    const fault = { kind: 'bad-certificate' } as const;
    misbehave('email', fault, 2);
    await expect(send()).rejects.toThrow(/self[- ]signed/);
    await expect.poll(() => test.kept()).toMatchObject([{ ...onPurpose(fault), path: 'smtp' }]);
    await expect(send({ secure: true })).rejects.toThrow(/self[- ]signed/);
    await expect.poll(() => test.kept()).toMatchObject([{}, { ...onPurpose(fault), path: 'tls' }]);
    await send();
  });

  it('does not use up a fault whose stage is never reached', async () => {
    misbehave('email', { kind: 'status', status: 535 }, 1);
    await send({ auth: undefined });
    expect(test.history.misbehaviours.list(new Date())).toMatchObject([{ left: 1 }]);
  });
});

describe('for a time', () => {
  it('behaves again when it is over', async () => {
    const until = new Date(Date.now() - 1).toISOString();
    test.history.misbehaviours.add({ type: 'web', fault: { kind: 'drop' }, until });
    expect((await post()).status).toBe(200);
    expect(test.history.misbehaviours.list(new Date())).toEqual([]);
  });
});

describe('when it cannot keep what failed on purpose', () => {
  it('ends the connection', async () => {
    misbehave('*', { kind: 'bad-certificate' });
    test.history.close();
    const socket = connectTls({ host: '127.0.0.1', port, ca });
    await new Promise((resolve) => socket.once('error', resolve));
    expect((await httpExchange(`http://127.0.0.1:${port}/`)).status).toBe(200);
  });
});
