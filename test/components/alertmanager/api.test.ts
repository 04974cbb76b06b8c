import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAlertmanagerApi } from '../../../src/components/alertmanager/api.ts';
import { freePort } from '../../fixtures/free-port.ts';

let server: Server;
let url = '';
let answer: { status: number; body: string } = { status: 200, body: '' };
let asked: { method: string | undefined; path: string | undefined; body: string }[] = [];

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      asked.push({ method: request.method, path: request.url, body });
      response.writeHead(answer.status).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const status = { state: 'active', silencedBy: [], inhibitedBy: [] };
const alert = { labels: { a: 'b' }, receivers: [{ name: 'on-call' }], status, fingerprint: 'x' };

describe('the client of Alertmanager', () => {
  it('asks for groups by label, quoted', async () => {
    answer = {
      status: 200,
      body: JSON.stringify([{ receiver: { name: 'on-call' }, labels: {}, alerts: [alert] }]),
    };
    const [group] = await createAlertmanagerApi(url).groups('leitstand_test', 'a"b');
    expect(group).toMatchObject({ receiver: { name: 'on-call' }, alerts: [{ status }] });
    expect(decodeURIComponent(asked[0]?.path ?? '')).toBe(
      '/api/v2/alerts/groups?filter=leitstand_test="a\\"b"',
    );
  });

  it('keeps the path under which Alertmanager is served', async () => {
    answer = { status: 200, body: '[]' };
    expect(await createAlertmanagerApi(`${url}/am`).isFiring('a', 'b')).toBe(false);
    answer = { status: 200, body: JSON.stringify([alert]) };
    expect(await createAlertmanagerApi(`${url}/am/`).isFiring('a', 'b')).toBe(true);
    expect(asked.map(({ path }) => path?.slice(0, 18))).toEqual(['/am/api/v2/alerts?', '/am/api/v2/alerts?']);
  });

  it('posts alerts as version 2 wants them', async () => {
    answer = { status: 200, body: '' };
    const [startsAt, endsAt] = [new Date(0), new Date(1000)];
    await createAlertmanagerApi(url).post([
      { labels: { a: 'b' }, annotations: { c: 'd' }, startsAt, endsAt },
    ]);
    expect(asked[0]).toMatchObject({ method: 'POST', path: '/api/v2/alerts' });
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual([
      {
        labels: { a: 'b' },
        annotations: { c: 'd' },
        startsAt: '1970-01-01T00:00:00.000Z',
        endsAt: '1970-01-01T00:00:01.000Z',
      },
    ]);
  });

  it.each([
    [401, '', 'LS-ALERTMANAGER-002', 4],
    [403, '', 'LS-ALERTMANAGER-002', 4],
    [500, 'broken', 'LS-ALERTMANAGER-003', 5],
    [302, '', 'LS-ALERTMANAGER-003', 5],
    [200, '<html>', 'LS-ALERTMANAGER-003', 5],
    [200, '{"status":"success"}', 'LS-ALERTMANAGER-003', 5],
    [200, '[{"alerts":[]}]', 'LS-ALERTMANAGER-003', 5],
  ])('judges an answer of %s %s', async (code, body, error, exit) => {
    answer = { status: code, body };
    await expect(createAlertmanagerApi(url).groups('a', 'b')).rejects.toMatchObject({ code: error, exit });
  });

  it('tells "not ready" from "not there"', async () => {
    answer = { status: 503, body: '' };
    await expect(createAlertmanagerApi(url).assertReady()).rejects.toMatchObject({
      code: 'LS-ALERTMANAGER-004',
      exit: 5,
    });
    const nobody = `http://127.0.0.1:${await freePort()}`;
    await expect(createAlertmanagerApi(nobody).assertReady()).rejects.toMatchObject({
      code: 'LS-ALERTMANAGER-001',
      exit: 5,
      details: { why: expect.stringContaining('connection refused') },
    });
  });

  it('shows no credentials of the URL', async () => {
    answer = { status: 401, body: '' };
    const api = createAlertmanagerApi(url.replace('//', '//user:geheim@'));
    await expect(api.metrics()).rejects.not.toThrow(/geheim/);
    await expect(api.metrics()).rejects.toThrow(/refuses the credentials/);
  });

  it('rejects with the reason when it is cancelled', async () => {
    const reason = new Error('enough');
    await expect(createAlertmanagerApi(url, AbortSignal.abort(reason)).metrics()).rejects.toBe(reason);
  });
});
