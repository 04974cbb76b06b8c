import type { HttpSandbox, SandboxMessage, SandboxReply, SandboxRequest } from '../../stack/sandbox.ts';

/** Slack's own limit is not documented; its messages are far below this. */
const MAX_BODY_BYTES = 1024 * 1024;
const MAX_ATTACHMENTS = 100;
const WEBHOOK_PATH = /^\/slack\/services\/T[A-Z0-9]+\/B[A-Z0-9]+\/([^/]*)$/;
const TOKEN = /^[A-Za-z0-9]+$/;

/** Answers as hooks.slack.com does: plain text, `ok` or one of Slack's error words. */
export const slackSandbox: HttpSandbox = {
  protocol: 'http',
  type: 'slack',
  mounts: ['slack'],
  example: '/slack/services/T000/B000/anything',
  maxBodyBytes: MAX_BODY_BYTES,
  receive,
};

function receive(request: SandboxRequest): SandboxReply {
  const token = WEBHOOK_PATH.exec(request.path.split('?')[0] ?? '')?.[1];
  if (token === undefined) {
    return refuse(
      404,
      'no_service',
      'the path is not /services/T…/B…/… as in the URL of an incoming webhook',
    );
  }
  if (!TOKEN.test(token)) return refuse(403, 'invalid_token', 'the last part of the URL is no token');
  if (!(request.headers['content-type'] ?? '').startsWith('application/json')) {
    return refuse(400, 'invalid_payload', 'the content type is not application/json');
  }
  const payload = parseObject(request.body);
  if (!payload) return refuse(400, 'invalid_payload', 'the body is not a JSON object');
  const attachments = payload['attachments'] ?? [];
  if (!Array.isArray(attachments) || !attachments.every(isObject)) {
    return refuse(400, 'invalid_attachments', '`attachments` is not a list of objects');
  }
  if (attachments.length > MAX_ATTACHMENTS) {
    return refuse(400, 'too_many_attachments', `more than ${MAX_ATTACHMENTS} attachments`);
  }
  if (text(payload, 'text') === '' && !attachments.some(hasContent)) {
    return refuse(400, 'no_text', 'neither `text` nor an attachment says anything');
  }
  return {
    status: 200,
    headers: { 'content-type': 'text/html' },
    body: 'ok',
    accepted: true,
    problems: [],
    message: messageOf(payload, attachments[0]),
  };
}

function refuse(status: number, word: string, problem: string): SandboxReply {
  return {
    status,
    headers: { 'content-type': 'text/html' },
    body: word,
    accepted: false,
    problems: [`${word}: ${problem}`],
  };
}

type Fields = Readonly<Record<string, unknown>>;

function parseObject(body: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(fields: Fields | undefined, name: string): string {
  const value = fields?.[name];
  return typeof value === 'string' ? value.trim() : '';
}

function hasContent(attachment: Fields): boolean {
  return ['title', 'text', 'pretext', 'fallback'].some((name) => text(attachment, name) !== '');
}

function messageOf(payload: Fields, attachment: Fields | undefined): SandboxMessage {
  const title = text(attachment, 'title') || text(payload, 'text') || text(attachment, 'fallback');
  return {
    title,
    text: text(attachment, 'text') || text(payload, 'text'),
    status: statusOf(title, text(attachment, 'color')),
  };
}

/** Slack knows no status; Alertmanager's titles and colours tell it. */
function statusOf(title: string, color: string): SandboxMessage['status'] {
  if (title.startsWith('[RESOLVED') || color === 'good') return 'resolved';
  if (title.startsWith('[FIRING') || color === 'danger') return 'firing';
  return 'unknown';
}
