import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { catalog } from '../../src/catalog.ts';
import { type CommandContext, CommandInput, type CommandResult } from '../../src/cli/command.ts';
import { inboxListCommand } from '../../src/cli/commands/inbox-list.ts';
import { inboxMisbehaveCommand } from '../../src/cli/commands/inbox-misbehave.ts';
import { inboxServeCommand } from '../../src/cli/commands/inbox-serve.ts';
import { inboxShowCommand } from '../../src/cli/commands/inbox-show.ts';
import { namesOf } from '../../src/cli/inbox/places.ts';
import { standingLine } from '../../src/cli/inbox/misbehaviour-text.ts';
import { openHistory } from '../../src/history/history.ts';
import { httpExchange } from '../../src/platform/http.ts';
import { contextFor } from './context.ts';

let directory = '';
let said: string[] = [];
let lines: string[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'inbox-cli-'));
  [said, lines] = [[], []];
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function context(signal?: AbortSignal): CommandContext {
  const base = contextFor(directory, said);
  const output = { ...base.output, line: ({ text }: { text: string }) => lines.push(text) > 0 };
  return { ...base, output, ...(signal ? { signal } : {}) };
}

const WEBHOOK = '{"version":"4"}';
const post = (port: number) =>
  httpExchange(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: WEBHOOK,
  });

interface Serving {
  readonly port: number;
  readonly ended: Promise<CommandResult>;
  stop(): void;
}

async function serve(options: Record<string, string> = {}): Promise<Serving> {
  const stop = new AbortController();
  const input = new CommandInput([], { host: '127.0.0.1', port: '0', ...options });
  const ended = inboxServeCommand.run(context(stop.signal), input);
  const listening = () => said.join('\n').includes('listens on');
  ended.catch(() => undefined);
  while (!listening())
    await Promise.race([ended.then(() => undefined), new Promise((resolve) => setTimeout(resolve, 20))]);
  const port = Number(/listens on \S+:(\d+)/.exec(said.join('\n'))?.[1]);
  return { port, ended, stop: () => stop.abort() };
}

describe('inbox serve', () => {
  it('needs nothing, shows what comes, and leaves nothing', async () => {
    const before = (await readdir(tmpdir())).filter((name) => name.startsWith('leitstand-inbox-'));
    const serving = await serve();
    expect((await post(serving.port)).status).toBe(400);
    expect(lines).toEqual([
      expect.stringMatching(/^\d\d:\d\d:\d\d {2}#1 {4}webhook {4}400 REFUSED {12}groupKey: /),
    ]);
    const text = said.join('\n').replaceAll(/ +/g, ' ');
    for (const place of [
      `slack_configs: api_url: http://127.0.0.1:${serving.port}/slack/services/`,
      `webhook_configs: url: http://127.0.0.1:${serving.port}/webhook`,
      `email_configs: smarthost: 127.0.0.1:${serving.port} with tls_config: {ca_file: /`,
      'all of it is gone when it ends',
    ])
      expect(text).toContain(place);
    serving.stop();
    expect(await serving.ended).toMatchObject({ exit: 0, json: { port: serving.port } });
    expect((await readdir(tmpdir())).filter((name) => name.startsWith('leitstand-inbox-'))).toEqual(before);
  });

  it('keeps what came in a directory, where the other commands find it', async () => {
    const state = join(directory, 'kept');
    const serving = await serve({ state });
    await post(serving.port);
    const at = (options = {}) => ({ limit: '20', state, ...options });
    const listed = await inboxListCommand.run(context(), new CommandInput([], at()));
    expect(listed.text).toMatch(/1 +\d s +webhook +400 REFUSED +unknown +groupKey/);
    const shown = await inboxShowCommand.run(context(), new CommandInput(['1'], at()));
    expect(shown.text).toContain('"version": "4"');
    await inboxMisbehaveCommand.run(context(), new CommandInput(['webhook', '503'], at({ times: '1' })));
    expect((await post(serving.port)).status).toBe(503);
    expect((await post(serving.port)).status).toBe(400);
    serving.stop();
    await serving.ended;
    expect((await stat(join(state, 'inbox', 'ca.pem'))).mode & 0o777).toBe(0o644);
  });

  it('warns when others can reach it, and is known to them by name', async () => {
    const serving = await serve({ host: '0.0.0.0' });
    serving.stop();
    await serving.ended;
    expect(said.join('\n')).toContain('warning: it listens on 0.0.0.0: whoever reaches this machine');
    expect(namesOf('0.0.0.0')).toContain('host.docker.internal');
    expect(namesOf('127.0.0.1')).toEqual([]);
    expect(namesOf('10.1.2.3')).toEqual(['10.1.2.3']);
  });

  it('says who has the port, and what to do', async () => {
    const first = await serve();
    const second = inboxServeCommand.run(
      context(),
      new CommandInput([], { host: '127.0.0.1', port: String(first.port) }),
    );
    await expect(second).rejects.toMatchObject({
      code: 'LS-INBOX-001',
      details: { why: expect.stringContaining(`pid ${process.pid}`), fix: expect.stringContaining('--port') },
    });
    first.stop();
    await first.ended;
  });

  it.each(['x', '70000', '-1', '1.5', ''])('refuses --port %s', async (port) => {
    const input = new CommandInput([], { host: '127.0.0.1', port });
    await expect(inboxServeCommand.run(context(), input)).rejects.toMatchObject({ code: 'LS-CLI-001' });
  });
});

describe('inbox misbehave', () => {
  const misbehave = (args: string[], options = {}) =>
    inboxMisbehaveCommand.run(context(), new CommandInput(args, { state: directory, ...options }));

  beforeEach(() => openHistory(join(directory, 'leitstand.db')).close());

  it.each([
    [['slack', '429'], { retryAfter: '30s', times: '3' }, { kind: 'status', status: 429, retryAfter: 30 }],
    [['email', 'greylist'], { times: '1' }, { kind: 'status', status: 451 }],
    [['pagerduty', 'hang'], { for: '10m' }, { kind: 'hang' }],
    [['*', 'drop'], {}, { kind: 'drop' }],
    [['webhook', 'slow'], {}, { kind: 'slow', delayMs: 30_000 }],
    [['webhook', 'slow'], { delay: '500ms' }, { kind: 'slow', delayMs: 500 }],
    [['*', 'no-starttls'], {}, { kind: 'no-starttls' }],
    [['slack', 'bad-certificate'], {}, { kind: 'bad-certificate' }],
  ])('takes %j %j', async (args, options, fault) => {
    const { text, json } = await misbehave(args, options);
    expect(text).toContain('`leitstand alert test` can now say FAILED');
    expect(text).toContain(`leitstand inbox misbehave --clear --state ${directory}`);
    expect(json).toMatchObject({ type: args[0], fault });
    const listed = await misbehave([], {});
    expect(listed.json).toMatchObject([{ type: args[0], fault }]);
  });

  it('says how long', async () => {
    expect((await misbehave(['slack', 'hang'], { times: '1' })).text).toContain('for the next request.');
    expect((await misbehave(['slack', 'hang'], { for: '10m' })).text).toContain('for another 10 min.');
    expect((await misbehave(['slack', 'hang'])).text).toContain('until it is cleared.');
    expect((await misbehave(['slack', 'bad-certificate'])).text).toContain(
      'every sender that begins with TLS',
    );
  });

  it.each([
    [['slak', '503'], {}, 'leitstand inbox misbehave slack 503'],
    [['slack', 'hagn'], {}, 'leitstand inbox misbehave slack hang'],
    [['slack', '200'], {}, 'leitstand inbox misbehave slack 503'],
    [['*', 'dorp'], {}, "leitstand inbox misbehave '*' drop"],
    [['slack'], {}, 'leitstand inbox misbehave slack 503'],
    [['slack', 'greylist'], {}, 'leitstand inbox misbehave email greylist'],
    [['webhook', 'no-starttls'], {}, 'leitstand inbox misbehave email no-starttls'],
    [['email', '550'], { retryAfter: '3s' }, 'leitstand inbox misbehave email 429 --retry-after 30s'],
    [['slack', 'hang'], { delay: '3s' }, 'leitstand inbox misbehave slack slow --delay 3s'],
    [['slack', '429'], { retryAfter: 'soon' }, '--retry-after 30s'],
    [['slack', 'hang'], { for: '10' }, '--for 30s'],
    [['slack', 'hang'], { times: '0' }, 'leitstand inbox misbehave slack hang --times 3'],
    [['slack', 'hang'], { clear: true }, 'leitstand inbox misbehave slack --clear'],
    [['slack', 'hang'], { list: true }, 'leitstand inbox misbehave --list'],
  ])('refuses %j %j, and proposes `%s`', async (args, options, fix) => {
    await expect(misbehave(args, options)).rejects.toMatchObject({ code: 'LS-CLI-001', details: { fix } });
    expect((await misbehave([])).json).toEqual([]);
  });

  it('behaves again', async () => {
    expect((await misbehave([], { clear: true })).text).toBe('The inbox behaved already.');
    await misbehave(['slack', 'hang']);
    await misbehave(['email', 'hang']);
    expect((await misbehave(['slack'], { clear: true })).text).toBe('The inbox behaves again towards slack.');
    expect((await misbehave([], { list: true })).text).toMatch(
      /email +no answer, the connection stays open +until/,
    );
    expect((await misbehave(['*'], { clear: true })).text).toBe('The inbox behaves again.');
    expect((await misbehave([])).text).toBe('The inbox behaves.');
  });

  it('proposes only what it takes itself', async () => {
    const types = (await catalog.sandboxes()).map(({ type }) => type);
    const offers = inboxMisbehaveCommand.arguments?.map((one) => one.offers) ?? [];
    for (const type of offers[0] ?? []) expect([...types, '*']).toContain(type);
    for (const fault of offers[1] ?? []) await misbehave(['*', fault]);
  });

  it('needs records', async () => {
    const nowhere = { state: join(directory, 'nowhere') };
    await expect(misbehave(['slack', 'hang'], nowhere)).rejects.toMatchObject({
      code: 'LS-CLI-003',
      details: { fix: expect.stringContaining('inbox serve --state') },
    });
    await expect(misbehave(['slack', 'hang'], { state: undefined })).rejects.toMatchObject({
      code: 'LS-CLI-002',
      details: { fix: expect.stringContaining('--state DIR') },
    });
  });
});

describe('status', () => {
  it('has one line for what stands', () => {
    const now = new Date('2026-01-02T03:04:05Z');
    expect(standingLine([], now)).toBeUndefined();
    const standing = standingLine(
      [
        { id: 1, type: '*', fault: { kind: 'drop' }, until: '2026-01-02T03:14:05Z' },
        { id: 2, type: 'slack', fault: { kind: 'status', status: 429, retryAfter: 30 }, times: 3, left: 2 },
      ],
      now,
    );
    expect(standing).toBe(
      'THE INBOX WAS TOLD TO MISBEHAVE towards everybody: the connection is cut without an answer for another 10 min; ' +
        'slack: status 429, Retry-After 30 s for 2 more requests. Back to normal: leitstand inbox misbehave --clear',
    );
  });
});

describe('inbox list --follow', () => {
  it('shows what comes from now on', async () => {
    const history = openHistory(join(directory, 'leitstand.db'));
    const message = {
      receivedAt: '2026-01-02T03:04:05.678Z',
      type: 'slack',
      path: '/x',
      recipient: '',
      headers: {},
      body: '',
      replyStatus: 200,
      accepted: true,
      problems: [],
      title: 'one\ntwo',
      text: '',
      status: 'firing',
    } as const;
    history.messages.append(message);
    const stop = new AbortController();
    const input = new CommandInput([], { limit: '20', follow: true, state: directory });
    const following = inboxListCommand.run(context(stop.signal), input);
    await new Promise((resolve) => setTimeout(resolve, 50));
    history.messages.append({
      ...message,
      replyStatus: 0,
      accepted: false,
      problems: ['told to misbehave: x'],
    });
    await expect
      .poll(() => lines, { timeout: 20_000 })
      .toEqual([expect.stringMatching(/NO ANSWER .*told to/)]);
    history.messages.append(message);
    await expect
      .poll(() => lines.at(-1), { timeout: 20_000 })
      .toMatch(/slack {6}200 {8,} firing {4}one two$/);
    stop.abort();
    expect(await following).toMatchObject({ exit: 130, json: 2 });
    history.close();
  });
});
