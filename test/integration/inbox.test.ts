import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { httpExchange } from '../../src/platform/http.ts';
import type { Fault, InboxMessage } from '../../src/stack/sandbox.ts';
import { receiverPlugins } from '../../src/receivers/registry.ts';
import { startTestInbox, type TestInbox } from '../inbox/harness.ts';
import { type ForeignAlertmanager, startForeignAlertmanager } from './foreign-stack.ts';
import { generations, requirePrograms } from './programs.ts';

let test: TestInbox;
let alertmanager: ForeignAlertmanager | undefined;

beforeEach(async () => {
  test = await startTestInbox({ endpoints: receiverPlugins.flatMap(({ sandbox }) => sandbox ?? []) });
});
afterEach(async () => {
  await alertmanager?.stop();
  alertmanager = undefined;
  await test.stop();
});

/** Somebody's Alertmanager with one receiver. `PORT` and `CA` stand for the inbox's. */
async function notify(generation: (typeof generations)[number], receiver: string): Promise<void> {
  const program = (await requirePrograms(generation)).get('alertmanager');
  if (!program) throw new Error('no alertmanager');
  const config = `route: {receiver: all, group_wait: 1s, group_interval: 10s}
receivers:
  - name: all
    ${receiver.replaceAll('PORT', String(test.inbox.port)).replaceAll('CA', test.caFile)}
`;
  alertmanager = await startForeignAlertmanager(program, test.directory, config);
  const alerts = [
    {
      labels: { alertname: 'DiskFull7f3a', severity: 'warning' },
      annotations: { summary: 'Die Platte ist voll' },
      startsAt: new Date(Date.now() - 60_000).toISOString(),
    },
  ];
  const { status } = await httpExchange(`${alertmanager.url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(alerts),
  });
  expect(status).toBe(200);
}

const MAIL = `email_configs:
      - to: 'Ops <ops@town.example>'
        from: alerts@town.example
        hello: monitoring.town.example
        smarthost: 'localhost:PORT'
        auth_username: alerts
        auth_password: secret-7f3a
        tls_config: {ca_file: 'CA'}`;
const WEB = `webhook_configs:
      - url: 'https://localhost:PORT/webhook'
        http_config: {tls_config: {ca_file: 'CA'}}`;

const patience = { timeout: 30_000, interval: 50 };
const misbehave = (type: string, fault: Fault, times?: number) =>
  test.history.misbehaviours.add({ type, fault, times });
const kept = () => test.kept() as readonly Omit<InboxMessage, 'id'>[];
const log = () => readFile(join(test.directory, 'alertmanager.log'), 'utf8');

describe.each(generations)("somebody's Alertmanager (%s)", (generation) => {
  it('sends mail with STARTTLS, a login and ca_file', async () => {
    await notify(generation, MAIL);
    await expect.poll(kept, patience).toMatchObject([
      {
        type: 'email',
        path: 'smtp',
        accepted: true,
        replyStatus: 250,
        headers: { from: 'alerts@town.example', subject: expect.stringContaining('DiskFull7f3a') },
        body: expect.stringContaining('DiskFull7f3a'),
        title: expect.stringContaining('DiskFull7f3a'),
      },
    ]);
    expect(JSON.stringify(kept())).not.toContain('secret-7f3a');
  });

  it('posts over HTTPS with ca_file', async () => {
    await notify(generation, WEB);
    await expect.poll(kept, patience).toMatchObject([{ type: 'webhook', accepted: true, replyStatus: 200 }]);
  });

  it('goes away from a server that it does not trust, and the inbox says so', async () => {
    await notify(generation, MAIL.replace("tls_config: {ca_file: 'CA'}", 'tls_config: {}'));
    await expect
      .poll(() => test.troubles, patience)
      .toContainEqual(expect.stringMatching(/bad certificate|unknown ca/));
    await expect.poll(log, patience).toMatch(/x509: certificate signed by unknown authority/);
    expect(kept()).toEqual([]);
  });

  it.each([
    [{ kind: 'status', status: 535 }, /535 \W*5\.7\.8/],
    [{ kind: 'status', status: 550 }, /550 \W*5\.1\.1/],
    [{ kind: 'no-starttls' }, /require_tls/],
    [{ kind: 'bad-certificate' }, /x509: certificate signed by unknown authority/],
    [{ kind: 'html' }, /HTTP\/1\.1/],
    [{ kind: 'drop' }, /EOF|reset/],
  ] as const)('is failed by mail with %j, and says why in its log', async (fault, reason) => {
    misbehave('email', fault);
    await notify(generation, MAIL);
    await expect.poll(log, patience).toMatch(reason);
    await expect.poll(kept, patience).toContainEqual(
      expect.objectContaining({
        type: 'email',
        accepted: false,
        problems: [expect.stringMatching(/told to misbehave/)],
      }),
    );
  });

  it('comes again after greylisting, and gets through', async () => {
    misbehave('email', { kind: 'status', status: 451 }, 1);
    await notify(generation, MAIL);
    await expect.poll(kept, patience).toMatchObject([
      { accepted: false, replyStatus: 451 },
      { accepted: true, replyStatus: 250 },
    ]);
  });

  it('comes again after 503 and a cut connection, and gets through', async () => {
    misbehave('webhook', { kind: 'status', status: 503 }, 1);
    misbehave('webhook', { kind: 'drop' }, 1);
    await notify(generation, WEB);
    await expect
      .poll(kept, patience)
      .toMatchObject([{ replyStatus: 503 }, { replyStatus: 0 }, { accepted: true }]);
  });

  it('takes a page for success, and the inbox knows better', async () => {
    misbehave('webhook', { kind: 'html' }, 1);
    await notify(generation, WEB);
    await expect.poll(kept, patience).toMatchObject([{ accepted: false, replyStatus: 200 }]);
    expect(await log()).not.toMatch(/level=(error|warn)/i);
  });
});
