import type { HttpSandbox, SandboxMessage, SandboxReply, SandboxRequest } from '../../stack/sandbox.ts';
import { type Fields, isObject, listOf, parseObject, textOf } from '../json.ts';

/** Slack's own limit is not documented; its messages are far below this. */
const MAX_BODY_BYTES = 1024 * 1024;
const MAX_ATTACHMENTS = 100;
/** Of a message's text: longer ones are cut by webhooks, and refused by chat.postMessage. */
export const MAX_TEXT = 40_000;
const WEBHOOK_PATH = /^\/slack\/services\/T[A-Z0-9]+\/B[A-Z0-9]+\/([^/]*)$/;
const TOKEN = /^[A-Za-z0-9]+$/;
/** Where Alertmanager's `app_url` has chat.postMessage. */
export const SANDBOX_API_PATH = '/slack/api/chat.postMessage';
/** Of every message that the sandbox takes: nobody can ask it for one. */
const TS = '1700000000.000100';
const BOT_TOKEN = /^Bearer xoxb-[A-Za-z0-9-]+$/;

/**
 * Answers as hooks.slack.com does (plain text, `ok` or one of Slack's error words), and below `/slack/api` as the Web
 * API does (JSON, status 200 also for errors).
 */
export const slackSandbox: HttpSandbox = {
  protocol: 'http',
  type: 'slack',
  mounts: ['slack'],
  example: '/slack/services/T000/B000/anything',
  maxBodyBytes: MAX_BODY_BYTES,
  receive: (request) =>
    pathOf(request) === SANDBOX_API_PATH ? receiveByApi(request) : receiveByWebhook(request),
  recipientOf: (request) =>
    pathOf(request) === SANDBOX_API_PATH ? textOf(parseObject(request.body), 'channel') : undefined,
  refusal,
};

interface Refusal {
  readonly status: number;
  readonly word: string;
  readonly problem: string;
}

function receiveByWebhook(request: SandboxRequest): SandboxReply {
  const refused = refuseAddress(request) ?? refuseMessage(request);
  if (refused) return webhookReply(refused);
  return {
    status: 200,
    headers: { 'content-type': 'text/html' },
    body: 'ok',
    accepted: true,
    problems: [],
    message: messageOf(parseObject(request.body) ?? {}),
  };
}

function refuseAddress(request: SandboxRequest): Refusal | undefined {
  const token = WEBHOOK_PATH.exec(pathOf(request))?.[1];
  if (token === undefined)
    return {
      status: 404,
      word: 'no_service',
      problem: 'the path is not /services/T…/B…/… as in the URL of an incoming webhook',
    };
  return TOKEN.test(token)
    ? undefined
    : { status: 403, word: 'invalid_token', problem: 'the last part of the URL is no token' };
}

function webhookReply({ status, word, problem }: Refusal): SandboxReply {
  return {
    status,
    headers: { 'content-type': 'text/html' },
    body: word,
    accepted: false,
    problems: [`${word}: ${problem}`],
  };
}

/** chat.postMessage (docs.slack.dev, reference/methods/chat.postMessage). */
function receiveByApi(request: SandboxRequest): SandboxReply {
  const refused = refuseToken(request) ?? refuseMessage(request) ?? refusePost(request);
  if (refused) {
    const { word, problem } = refused;
    return apiReply({ ok: false, error: word }, { accepted: false, problems: [`${word}: ${problem}`] });
  }
  const payload = parseObject(request.body) ?? {};
  const channel = textOf(payload, 'channel');
  return apiReply(
    { ok: true, channel, ts: TS, message: { type: 'message', ts: TS } },
    { accepted: true, problems: [], message: { ...messageOf(payload), recipient: channel } },
  );
}

function apiReply(
  answer: unknown,
  rest: Pick<SandboxReply, 'accepted' | 'problems' | 'message'>,
): SandboxReply {
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(answer),
    ...rest,
  };
}

function refuseToken({ headers }: SandboxRequest): Refusal | undefined {
  const authorization = headers['authorization'];
  if (authorization === undefined)
    return { status: 200, word: 'not_authed', problem: 'there is no header Authorization' };
  return BOT_TOKEN.test(authorization)
    ? undefined
    : { status: 200, word: 'invalid_auth', problem: 'the header Authorization has no bot token (xoxb-…)' };
}

function refusePost({ body }: SandboxRequest): Refusal | undefined {
  const payload = parseObject(body) ?? {};
  if (textOf(payload, 'channel') === '')
    return { status: 200, word: 'channel_not_found', problem: '`channel` is missing' };
  return textOf(payload, 'text').length > MAX_TEXT
    ? { status: 200, word: 'msg_too_long', problem: `\`text\` has more than ${MAX_TEXT} characters` }
    : undefined;
}

function refuseMessage({ headers, body }: SandboxRequest): Refusal | undefined {
  const no = (word: string, problem: string): Refusal => ({ status: 400, word, problem });
  if (!(headers['content-type'] ?? '').startsWith('application/json'))
    return no('invalid_payload', 'the content type is not application/json');
  const payload = parseObject(body);
  if (!payload) return no('invalid_payload', 'the body is not a JSON object');
  const attachments = payload['attachments'] ?? [];
  if (!Array.isArray(attachments) || !attachments.every(isAttachment))
    return no(
      'invalid_attachments',
      '`attachments` is not a list of objects with lists of `fields` and `actions`',
    );
  if (attachments.length > MAX_ATTACHMENTS)
    return no('too_many_attachments', `more than ${MAX_ATTACHMENTS} attachments`);
  return textOf(payload, 'text') === '' && blocksIn(payload).length === 0 && !attachments.some(hasContent)
    ? no('no_text', 'neither `text`, nor a block, nor an attachment says anything')
    : undefined;
}

/** The words that go with a status: docs.slack.dev and its changelog of 2016-05-17. */
const WORDS: Readonly<Record<number, string>> = {
  400: 'invalid_payload',
  403: 'invalid_token',
  404: 'no_service',
  410: 'channel_is_archived',
  500: 'rollup_error',
};

function refusal(status: number, retryAfter?: number): Pick<SandboxReply, 'headers' | 'body'> | undefined {
  if (status === 429) {
    const seconds = retryAfter ?? 1;
    return {
      headers: { 'content-type': 'application/json; charset=utf-8', 'retry-after': String(seconds) },
      body: JSON.stringify({ retry_after: seconds, ok: false, error: 'rate_limited' }),
    };
  }
  const word = WORDS[status];
  return word === undefined ? undefined : { headers: { 'content-type': 'text/html' }, body: word };
}

function pathOf({ path }: SandboxRequest): string {
  return path.split('?')[0] ?? '';
}

function isAttachment(value: unknown): value is Fields {
  return isObject(value) && ['fields', 'actions'].every((name) => isList(value[name]));
}

function isList(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.every(isObject));
}

/** Other programs than Alertmanager write those. */
function blocksIn(fields: Fields | undefined): readonly Fields[] {
  return fields === undefined ? [] : listOf(fields, 'blocks');
}

const CONTENTS = ['title', 'text', 'pretext', 'fallback', 'author_name', 'image_url', 'thumb_url'];

function hasContent(attachment: Fields): boolean {
  return (
    CONTENTS.some((name) => textOf(attachment, name) !== '') ||
    listOf(attachment, 'fields').length > 0 ||
    blocksIn(attachment).length > 0
  );
}

function messageOf(payload: Fields): SandboxMessage {
  const [attachment] = (payload['attachments'] ?? []) as readonly Fields[];
  const blocks = [...blocksIn(payload), ...blocksIn(attachment)].map(textOfBlock).join('\n');
  const title =
    textOf(attachment, 'title') || textOf(payload, 'text') || textOf(attachment, 'fallback') || blocks;
  return {
    title: title || 'a message without a text',
    text: textOf(attachment, 'text') || textOf(payload, 'text') || blocks,
    status: statusOf(title, attachment),
  };
}

function textOfBlock({ text }: Fields): string {
  return isObject(text) ? textOf(text, 'text') : '';
}

/** Slack knows no status; Alertmanager's and Leitstand's titles and colours tell it. */
function statusOf(title: string, attachment: Fields | undefined): SandboxMessage['status'] {
  const color = textOf(attachment, 'color');
  if (color === 'good' || /^(?:\[RESOLVED|✅)/.test(title)) return 'resolved';
  const isFiring = /^(?:\[FIRING|🚨|⚠|🧪)/u;
  const isKnown = color === 'danger' || color === 'warning';
  return isKnown || [title, textOf(attachment, 'fallback')].some((words) => isFiring.test(words))
    ? 'firing'
    : 'unknown';
}
