import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { pagerduty } from '../../../src/receivers/pagerduty/index.ts';
import type { Integration, ReadBackSearch } from '../../../src/stack/receiver.ts';
import { makeIntegration } from '../../fixtures/alerting.ts';
import { type Answer, type Asked, startProvider } from '../../fixtures/provider.ts';
import { describeHttpDirect, httpSandbox } from '../conformance.ts';

const KEY = 'e93facc04764012d7bfb002500d5d1a6';
const API_KEY = 'y_NbAkKc66ryYTWUXYEu';
const GROUP_KEY = '{}/{severity="critical"}:{alertname="LeitstandTest_abc"}';
const DEDUP_KEY = createHash('sha256').update(GROUP_KEY).digest('hex');
const message = { nonce: 'abc', title: 'Test of on-call', text: 'nothing is wrong' };

/** As events.pagerduty.com: the sandbox, which has its own tests. */
function events(asked: Asked): Answer {
  const { status, body } = httpSandbox(pagerduty.sandbox).receive({
    method: asked.method,
    path: '/pagerduty/v2/enqueue',
    headers: { 'content-type': String(asked.headers['content-type']) },
    body: asked.body,
  });
  return { status, body };
}

function integration(url: string, more: Readonly<Record<string, unknown>> = {}): Integration {
  return makeIntegration('pagerduty', { routing_key: KEY, url: `${url}/v2/enqueue`, ...more });
}

const bodies = (asked: readonly Asked[]) =>
  asked.map(({ body }) => JSON.parse(body) as Readonly<Record<string, unknown>>);

async function refusal(work: Promise<unknown> | undefined) {
  try {
    await work;
  } catch (error) {
    expect(JSON.stringify(error)).not.toMatch(new RegExp(`${KEY}|${API_KEY}`));
    return error;
  }
  throw new Error('it did not fail');
}

describeHttpDirect({
  plugin: pagerduty,
  what: 'with a key',
  at: (url) => ({ routing_key: KEY, url: `${url}/v2/enqueue` }),
  hidden: [KEY],
});

describe('sending directly', () => {
  it('opens an incident that is marked as a test, and ends it at once', async () => {
    await using server = await startProvider(events);
    const { direct } = integration(server.url);
    expect(await direct?.send(message)).toBe('Event processed; ended at once');
    const [trigger, resolve] = bodies(server.asked);
    expect(server.asked.map(({ url }) => url.pathname)).toEqual(['/v2/enqueue', '/v2/enqueue']);
    expect(trigger).toMatchObject({
      routing_key: KEY,
      event_action: 'trigger',
      dedup_key: 'LeitstandTest_abc',
      payload: { summary: 'TEST Test of on-call', severity: 'info', class: 'LeitstandTest_abc' },
    });
    expect(resolve).toEqual({ routing_key: KEY, event_action: 'resolve', dedup_key: 'LeitstandTest_abc' });
    await direct?.send({ ...message, title: `🧪 TEST ${'x'.repeat(2_000)}` });
    expect(bodies(server.asked)[2]).toMatchObject({
      payload: { summary: expect.stringMatching(/^🧪 TEST x{1017}$/u) },
    });
  });

  it("hands on PagerDuty's refusal, and says what to do", async () => {
    const errors = ["Length of 'routing_key' is incorrect (should be 32 characters)", `not ${KEY}`];
    await using server = await startProvider(() => ({
      status: 400,
      body: { status: 'invalid event', message: 'Event object is invalid', errors },
    }));
    expect(await refusal(integration(server.url).direct?.send(message))).toMatchObject({
      code: 'LS-RECEIVER-011',
      exit: 1,
      details: {
        why: "400: Event object is invalid, Length of 'routing_key' is incorrect (should be 32 characters), not …",
        fix: expect.stringContaining('Events API v2'),
      },
    });
    expect(server.asked).toHaveLength(1);
  });

  it.each([
    ['too many events', { status: 429, body: '' }, '429', 'wait a minute'],
    ['a problem of its own', { status: 503, body: 'busy' }, '503: `busy`', 'status.pagerduty.com'],
    ['a wrong URL', { status: 404, body: '{}' }, '404', 'https://events.pagerduty.com/v2/enqueue'],
    ['a page of a proxy', { status: 200, body: '<html>log in' }, '200: `<html>log in`', 'proxy'],
    ['200 in words of PagerDuty', { status: 200, body: { status: 'success' } }, '200', 'proxy'],
    ['a cut connection', undefined, 'broken off', 'curl -v http://127.0.0.1'],
  ])('does not take %s for a success or a refusal', async (_, answer, why, fix) => {
    await using server = await startProvider(() => answer);
    const error = await refusal(integration(server.url).direct?.send(message));
    expect(error).toMatchObject({
      code: 'LS-RECEIVER-012',
      exit: 5,
      details: { why: expect.stringContaining(why), fix: expect.stringContaining(fix) },
    });
  });

  it('says so when it could not end what it opened', async () => {
    await using server = await startProvider((asked, index) =>
      index === 0 ? events(asked) : { status: 500 },
    );
    expect(await refusal(integration(server.url).direct?.send(message))).toMatchObject({
      code: 'LS-RECEIVER-012',
      details: { fix: expect.stringContaining('LeitstandTest_abc') },
    });
  });

  it('can be cancelled', async () => {
    const reason = new Error('enough');
    const sending = integration('http://127.0.0.1:9').direct?.send({
      ...message,
      signal: AbortSignal.abort(reason),
    });
    await expect(sending).rejects.toBe(reason);
  });
});

it("closes the incident of a group of alerts, under Alertmanager's key", async () => {
  await using server = await startProvider(events);
  expect(await integration(server.url).close?.({ groupKey: GROUP_KEY })).toBe('Event processed');
  expect(bodies(server.asked)).toEqual([{ routing_key: KEY, event_action: 'resolve', dedup_key: DEDUP_KEY }]);
});

describe('asking for the incident', () => {
  const since = new Date('2026-03-01T12:00:00Z');
  const search: ReadBackSearch = { nonce: 'abc', groupKey: GROUP_KEY, since };
  // As PagerDuty's own example (api-schema, reference/REST, GET /incidents), shortened.
  const incident = {
    id: 'PT4KHLK',
    type: 'incident',
    summary: '[#1234] TEST CRITICAL: LeitstandTest_abc',
    incident_number: 1234,
    title: 'TEST CRITICAL: LeitstandTest_abc',
    created_at: '2026-03-01T12:00:01Z',
    status: 'resolved',
    incident_key: DEDUP_KEY,
    alert_counts: { all: 2, triggered: 0, resolved: 2 },
    priority: null,
    urgency: 'high',
  };
  const list = (...incidents: readonly unknown[]): Answer => ({
    status: 200,
    body: { incidents, limit: 100, offset: 0, more: false, total: null },
  });

  function readBack(url: string) {
    return integration(url, { read_back: { api_key: API_KEY, url } }).readBack;
  }

  it('finds it by the key of the group', async () => {
    await using server = await startProvider(() => list(incident));
    const back = readBack(server.url);
    expect(back?.from).toBe(`PagerDuty's incidents at ${new URL(server.url).host}`);
    expect(await back?.find(search)).toEqual({
      evidence: 'PagerDuty incident #1234 (PT4KHLK), resolved',
      at: new Date(incident.created_at),
    });
    const [asked] = server.asked;
    expect(asked).toMatchObject({
      method: 'GET',
      headers: {
        authorization: `Token token=${API_KEY}`,
        accept: 'application/vnd.pagerduty+json;version=2',
      },
    });
    expect(asked?.url.pathname).toBe('/incidents');
    expect(asked?.url.searchParams.get('incident_key')).toBe(DEDUP_KEY);
    expect(Date.parse(asked?.url.searchParams.get('since') ?? '')).toBeLessThan(since.getTime());
  });

  it('finds it by the mark in its title where the key is not known', async () => {
    const other = { ...incident, id: 'POTHER', title: 'CRITICAL: DiskFull' };
    await using server = await startProvider(() => list(other, incident));
    expect(await readBack(server.url)?.find({ ...search, groupKey: undefined })).toMatchObject({
      evidence: expect.stringContaining('PT4KHLK'),
    });
    expect(server.asked[0]?.url.searchParams.has('incident_key')).toBe(false);
  });

  it('takes none that an earlier test may have opened: the mark is in the group, or in the title', async () => {
    const groupKey = '{}/{severity="critical"}:{alertname="DiskFull", workspace_id="w1"}';
    const title = 'TEST CRITICAL: DiskFull: Test alert (LeitstandTest_abc)';
    await using server = await startProvider(() =>
      list(
        { ...incident, id: 'POLD', title: 'TEST CRITICAL: DiskFull: Test alert (LeitstandTest_old)' },
        { ...incident, title },
      ),
    );
    expect(await readBack(server.url)?.find({ ...search, groupKey })).toMatchObject({
      evidence: expect.stringContaining('PT4KHLK'),
    });
    expect(await readBack(server.url)?.find({ ...search, groupKey, nonce: 'new' })).toBeUndefined();
  });

  it('takes no older one, and finds nothing in an empty list', async () => {
    await using server = await startProvider((_, index) =>
      index === 0 ? list() : list({ ...incident, created_at: '2026-02-28T12:00:00Z' }),
    );
    expect(await readBack(server.url)?.find(search)).toBeUndefined();
    expect(await readBack(server.url)?.find(search)).toBeUndefined();
  });

  it.each([
    [
      401,
      { error: { message: 'Authentication failed', code: 2006 } },
      {},
      'LS-RECEIVER-013',
      4,
      'read-only key',
    ],
    [403, { error: { message: 'Access Denied', code: 2010 } }, {}, 'LS-RECEIVER-013', 4, 'read-only key'],
    [404, { error: { message: 'Not Found', code: 2100 } }, {}, 'LS-RECEIVER-012', 5, 'read_back.url'],
    [
      429,
      { error: { message: 'Rate Limit Exceeded', code: 2020 } },
      { 'ratelimit-reset': '20' },
      'LS-RECEIVER-012',
      5,
      'in 20 s',
    ],
    [429, '', {}, 'LS-RECEIVER-012', 5, 'wait a minute'],
    [500, `an error page with ${API_KEY}`, {}, 'LS-RECEIVER-012', 5, 'status.pagerduty.com'],
    [200, '<html>log in', {}, 'LS-RECEIVER-012', 5, 'read_back.url'],
    [200, { incidents: [{ id: 1 }] }, {}, 'LS-RECEIVER-012', 5, 'read_back.url'],
  ])('says what %s means', async (status, body, headers, code, exit, fix) => {
    await using server = await startProvider(() => ({ status, body, headers }));
    expect(await refusal(readBack(server.url)?.find(search))).toMatchObject({
      code,
      exit,
      details: { fix: expect.stringContaining(fix) },
    });
  });

  it('is not there without a key, and asks where events are sent to', () => {
    expect(integration('https://events.pagerduty.com').readBack).toBeUndefined();
    const at = (url: string) => integration(url, { read_back: { api_key: API_KEY } }).readBack?.from;
    expect(at('https://events.pagerduty.com')).toContain('api.pagerduty.com');
    expect(at('https://events.eu.pagerduty.com')).toContain('api.eu.pagerduty.com');
  });
});
