import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPrometheusApi } from '../../../src/components/prometheus/api.ts';
import { metricValue } from '../../../src/components/prometheus/source/known-loss.ts';

describe('createPrometheusApi', () => {
  let answer: { status: number; body: string };
  let asked: { url: string; authorization: string | undefined; body: string }[];
  let server: ReturnType<typeof createServer>;
  let url: string;

  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      request.on('end', () => {
        asked.push({ url: request.url ?? '', authorization: request.headers.authorization, body });
        response.writeHead(answer.status).end(answer.body);
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.close();
    if (server.listening) await once(server, 'close');
  });

  const failure = (errorType: string, error: string) => JSON.stringify({ status: 'error', errorType, error });

  it('asks below a path prefix, with credentials it never shows, at millisecond precision', async () => {
    answer = { status: 200, body: '{"status":"success","data":{"resultType":"vector","result":[]}}' };
    const withUser = `${url.replace('//', '//user:secret@')}/prefix`;
    expect(await createPrometheusApi(withUser).queryVector('up{a="b"}', 1_795_536_613_620)).toEqual([]);
    expect(asked[0]?.url).toBe('/prefix/api/v1/query');
    expect(asked[0]?.authorization).toMatch(/^Basic /);
    expect(new URLSearchParams(asked[0]?.body).get('time')).toBe('1795536613.620');
    answer = { status: 401, body: '' };
    const refusal = await createPrometheusApi(withUser)
      .version()
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'LS-PROMETHEUS-002', exit: 4 });
    expect(JSON.stringify(refusal)).not.toContain('secret');
  });

  it.each([
    [403, '', 'LS-PROMETHEUS-002'],
    [503, 'Service Unavailable', 'LS-PROMETHEUS-001'],
    [500, failure('unavailable', 'admin APIs disabled'), 'LS-PROMETHEUS-003'],
    [500, failure('internal', 'create snapshot: hard link: operation not permitted'), 'LS-PROMETHEUS-008'],
    [404, '404 page not found', 'LS-PROMETHEUS-006'],
    [200, '<html>', 'LS-PROMETHEUS-006'],
    [200, '{"status":"success","data":{}}', 'LS-PROMETHEUS-006'],
    [302, '', 'LS-PROMETHEUS-006'],
  ])('snapshot: status %i, %s is %s', async (status, body, code) => {
    answer = { status, body };
    await expect(createPrometheusApi(url).snapshot()).rejects.toMatchObject({ code });
  });

  it.each([
    [422, failure('execution', 'cannot populate chunk 8'), 'LS-PROMETHEUS-004', /cannot populate chunk 8/],
    [
      422,
      failure('execution', 'query would load too many samples into memory'),
      'LS-PROMETHEUS-005',
      /too many/,
    ],
    [503, failure('timeout', 'query timed out in expression evaluation'), 'LS-PROMETHEUS-005', /timed out/],
  ])('query: status %i, %s is %s', async (status, body, code, why) => {
    answer = { status, body };
    await expect(createPrometheusApi(url).queryVector('x', 0)).rejects.toMatchObject({
      code,
      details: { why: expect.stringMatching(why) },
    });
  });

  it('says which flag turns the admin API on', async () => {
    answer = { status: 500, body: failure('unavailable', 'admin APIs disabled') };
    await expect(createPrometheusApi(url).snapshot()).rejects.toMatchObject({
      details: { fix: expect.stringContaining('--web.enable-admin-api') },
    });
  });

  it('tells a server without a block list from one without blocks', async () => {
    answer = { status: 404, body: '404 page not found' };
    expect(await createPrometheusApi(url).blocks()).toBeUndefined();
    answer = { status: 200, body: '{"status":"success","data":{"blocks":[]}}' };
    expect(await createPrometheusApi(url).blocks()).toEqual([]);
  });

  it('is unreachable, exit 5, when nothing listens; a cancelled call rejects with the reason', async () => {
    server.close();
    await once(server, 'close');
    const refusal = await createPrometheusApi(url)
      .ready()
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'LS-PROMETHEUS-001', exit: 5 });
    const reason = new Error('stop');
    await expect(createPrometheusApi(url, AbortSignal.abort(reason)).ready()).rejects.toBe(reason);
  });
});

describe('metricValue', () => {
  const text = '# HELP a x\na{type="float"} 3\na{type="histogram"} 4\na_total 9\nb 1e3\n';

  it('adds up the series of exactly that metric', () => {
    expect(metricValue(text, 'a')).toBe(7);
    expect(metricValue(text, 'b')).toBe(1000);
    expect(metricValue(text, 'c')).toBeUndefined();
  });
});
