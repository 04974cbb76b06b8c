import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SLACK_WORDS } from '../../../src/receivers/slack/answers.ts';
import { slack } from '../../../src/receivers/slack/index.ts';
import { makeIntegration } from '../../fixtures/alerting.ts';
import { selfSigned } from '../../fixtures/certificate.ts';
import { localServer } from '../../fixtures/local-server.ts';
import { type Answer, type Asked, startProvider } from '../../fixtures/provider.ts';
import { describeHttpDirect, httpSandbox } from '../conformance.ts';

const TOKEN = 'xoxb-1-2-abcdef';
const PATH = '/slack/services/T0/B0/secretToken7f3a';
const message = { nonce: 'abc1', title: 'Test abc1 <!channel>', text: 'nothing is wrong & all is well' };

/** As Slack: the sandbox, which has its own tests. */
function sandboxAnswer({ method, url, headers, body }: Asked): Answer {
  const all = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  const reply = httpSandbox(slack.sandbox).receive({ method, path: url.pathname, headers: all, body });
  return { status: reply.status, body: reply.body, ...(reply.headers ? { headers: reply.headers } : {}) };
}

describeHttpDirect({
  plugin: slack,
  what: 'through a webhook',
  at: (url) => ({ webhook_url: `${url}${PATH}` }),
  hidden: ['secretToken7f3a'],
});
describeHttpDirect({
  plugin: slack,
  what: 'with a token',
  at: (url) => ({ app_token: TOKEN, channel: '#ops', api_url: `${url}/api` }),
  hidden: [TOKEN],
});

describe('sent directly', () => {
  it('is taken by the webhook, and calls nobody', async () => {
    await using server = await startProvider(sandboxAnswer);
    const { direct } = makeIntegration('slack', { webhook_url: `${server.url}${PATH}` });
    await expect(direct?.send(message)).resolves.toBe('ok');
    const body = server.asked[0]?.body ?? '';
    expect(body).toContain('Test abc1 &lt;!channel&gt;');
    expect(body).toContain('&amp; all is well');
  });

  it('is taken by chat.postMessage, for its channel', async () => {
    await using server = await startProvider(sandboxAnswer);
    const config = { app_token: TOKEN, channel: '#ops', api_url: `${server.url}/slack/api/` };
    await expect(makeIntegration('slack', config).direct?.send(message)).resolves.toBe('ok');
    expect(server.asked[0]?.headers['authorization']).toBe(`Bearer ${TOKEN}`);
    expect(JSON.parse(server.asked[0]?.body ?? '{}')).toMatchObject({ channel: '#ops' });
  });

  it.each([
    ['revoked', { status: 403, body: 'invalid_token' }, /invalid_token.*revoked/, 'make a new webhook'],
    ['gone', { status: 404, body: 'no_service' }, /no_service/, 'make a new webhook'],
    ['archived', { status: 410, body: 'channel_is_archived' }, /archived/, 'unarchive it'],
    ['forbidden', { status: 403, body: 'action_prohibited' }, /forbids/, 'administrator'],
    [
      'too many',
      { status: 429, body: { ok: false, error: 'rate_limited' } },
      /rate_limited/,
      'wait a minute',
    ],
    ['broken', { status: 500, body: 'rollup_error' }, /rollup_error/, 'slack-status.com'],
    ['a login page', { status: 200, body: '<html>Sign in</html>' }, /Sign in.*proxy/, 'check the URL'],
    ['an error with 200', { status: 200, body: { ok: false, error: 'not_in_channel' } }, /not_in/, '/invite'],
    ['an error nobody knows', { status: 400, body: 'what_is_this' }, /what_is_this/, 'check the URL'],
    ['a redirect', { status: 302, body: '' }, /status 302.*nothing/, 'check the URL'],
  ])('is refused: %s', async (_, answer, words, fix) => {
    await using server = await startProvider(() => answer);
    const { direct } = makeIntegration('slack', { webhook_url: `${server.url}${PATH}` });
    const error = await refusal(direct?.send(message));
    expect(error).toMatchObject({ code: 'LS-RECEIVER-011', exit: 1 });
    expect(`${error.details.what} ${error.details.why}`).toMatch(words);
    expect(error.details.fix).toContain(fix);
    expect(JSON.stringify(error)).not.toContain('7f3a');
  });

  it('says so when there is no answer, without the URL', async () => {
    await using server = await startProvider(() => undefined);
    const { direct } = makeIntegration('slack', { webhook_url: `${server.url}${PATH}` });
    const error = await refusal(direct?.send(message));
    expect(error).toMatchObject({ code: 'LS-RECEIVER-012', exit: 5 });
    expect(`${JSON.stringify(error)} ${String(error.cause)}`).not.toContain('7f3a');
  });

  it('can be called off', async () => {
    await using server = await startProvider(() => ({ status: 200, body: 'ok' }));
    const { direct } = makeIntegration('slack', { webhook_url: `${server.url}${PATH}` });
    const signal = AbortSignal.abort(new Error('called off'));
    await expect(direct?.send({ ...message, signal })).rejects.toThrow('called off');
  });
});

describe('read back', () => {
  const since = new Date('2026-01-02T03:04:05.500Z');
  const search = { nonce: 'abc1', groupKey: undefined, since };
  const history = (messages: readonly unknown[]) => ({ status: 200, body: { ok: true, messages } });
  const own = {
    type: 'message',
    subtype: 'bot_message',
    ts: '1767323046.001200',
    attachments: [{ title: 'TEST LeitstandTest_abc1', fallback: 'x' }],
  };
  const reader = (url: string, rest: Record<string, unknown> = {}) =>
    makeIntegration('slack', {
      webhook_url: `${url}${PATH}`,
      api_url: `${url}/api`,
      read_back: { channel_id: 'C0123456789', token: TOKEN },
      ...rest,
    }).readBack;

  it('finds the test in the channel, by its mark', async () => {
    await using server = await startProvider(() => history([{ ts: '1', text: 'other' }, own]));
    await expect(reader(server.url)?.find(search)).resolves.toEqual({
      evidence: 'message 1767323046.001200 in the Slack channel C0123456789',
      at: new Date(1_767_323_046_001.2),
    });
    const [{ method, url, headers } = {} as Asked] = server.asked;
    expect(method).toBe('GET');
    expect(url.pathname).toBe('/api/conversations.history');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      channel: 'C0123456789',
      oldest: '1767322445.500000',
      limit: '100',
    });
    expect(headers['authorization']).toBe(`Bearer ${TOKEN}`);
  });

  it('takes the first of its messages, and none of what people say about it', async () => {
    const by = (ts: string, more: Record<string, unknown>) => ({ ts, text: 'LeitstandTest_abc1', ...more });
    await using server = await startProvider(() =>
      history([
        by('1767323060.0', { bot_id: 'B1' }),
        by('1767323050.0', { bot_id: 'B1' }),
        by('1767323040.0', { user: 'U1' }),
      ]),
    );
    await expect(reader(server.url)?.find(search)).resolves.toMatchObject({
      evidence: 'message 1767323050.0 in the Slack channel C0123456789',
    });
  });

  it('trusts the authority that the receiver trusts', async () => {
    const certificate = selfSigned();
    const directory = await mkdtemp(join(tmpdir(), 'slack-'));
    await writeFile(join(directory, 'ca.pem'), certificate.cert);
    await using server = await localServer(
      (_, response) => response.end(JSON.stringify({ ok: true, messages: [own] })),
      certificate,
    );
    expect(await reader(server.url, { ca_file: join(directory, 'ca.pem') })?.find(search)).toBeDefined();
    await rm(directory, { recursive: true });
  });

  it('does not find what is not there', async () => {
    await using server = await startProvider(() => history([{ ts: '1', text: 'abc2' }]));
    await expect(reader(server.url)?.find(search)).resolves.toBeUndefined();
  });

  it('takes the token of the app where it has no own', async () => {
    await using server = await startProvider(() => history([]));
    const readBack = reader(server.url, {
      webhook_url: undefined,
      app_token: TOKEN,
      channel: '#a',
      read_back: { channel_id: 'C0123456789' },
    });
    await readBack?.find(search);
    expect(server.asked[0]?.headers['authorization']).toBe(`Bearer ${TOKEN}`);
    expect(readBack?.from).toMatch(/^the Slack channel C0123456789 on 127\.0\.0\.1:/);
  });

  it.each([
    ['invalid_auth', 'LS-RECEIVER-013', 'Bot User OAuth Token'],
    ['missing_scope', 'LS-RECEIVER-013', 'channels:history'],
    ['not_in_channel', 'LS-RECEIVER-013', '/invite'],
    ['channel_not_found', 'LS-RECEIVER-013', '/invite'],
    ['ratelimited', 'LS-RECEIVER-012', 'wait 30 s'],
    ['internal_error', 'LS-RECEIVER-012', 'slack-status.com'],
  ])('%s: says what to do', async (error, code, fix) => {
    const headers: Record<string, string> = error === 'ratelimited' ? { 'retry-after': '30' } : {};
    await using server = await startProvider(() => ({ status: 200, body: { ok: false, error }, headers }));
    const failure = await refusal(reader(server.url)?.find(search));
    expect(failure).toMatchObject({ code });
    expect(failure.details.fix).toContain(fix);
    expect(JSON.stringify(failure)).not.toContain(TOKEN);
  });

  it('knows the page of a proxy for no answer', async () => {
    await using server = await startProvider(() => ({ status: 200, body: '<html>Sign in</html>' }));
    const failure = await refusal(reader(server.url)?.find(search));
    expect(failure).toMatchObject({ code: 'LS-RECEIVER-012' });
    expect(failure.details.why).toContain('Sign in');
  });
});

interface Refusal extends Error {
  readonly details: { readonly what: string; readonly why?: string; readonly fix?: string };
}

async function refusal(sending: Promise<unknown> | undefined): Promise<Refusal> {
  try {
    await sending;
  } catch (error) {
    return error as Refusal;
  }
  throw new Error('it was not refused');
}

it('every word that Slack may answer is in the readme', async () => {
  const readme = await readFile(new URL('../../../src/receivers/slack/readme.md', import.meta.url), 'utf8');
  for (const word of SLACK_WORDS) expect(readme).toContain(`\`${word}\``);
});
