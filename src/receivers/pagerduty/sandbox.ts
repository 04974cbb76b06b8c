import { randomUUID } from 'node:crypto';
import type { HttpSandbox, MessageStatus, SandboxReply, SandboxRequest } from '../../stack/sandbox.ts';
import { type Fields, isObject, listOf, parseObject, textOf } from '../json.ts';
import { type Action, eventProblems } from './event-rules.ts';
import { recipientOf, withoutKey } from './key.ts';
import { createOpenAlerts, type OpenAlerts } from './open-alerts.ts';

/** PagerDuty says 512 KB; Alertmanager leaves the details out above 512,000 bytes, the smaller reading. */
export const MAX_EVENT_BYTES = 512_000;
export const SANDBOX_PATH = '/pagerduty/v2/enqueue';

const JSON_HEADERS = { 'content-type': 'application/json' };

interface World {
  readonly alerts: OpenAlerts;
  newKey(): string;
}

/** Answers as events.pagerduty.com does. Remembers what is open, for its remarks. */
export function createPagerdutySandbox(
  world: World = { alerts: createOpenAlerts(), newKey: () => randomUUID().replaceAll('-', '') },
): HttpSandbox {
  return {
    protocol: 'http',
    type: 'pagerduty',
    mounts: ['pagerduty'],
    example: SANDBOX_PATH,
    maxBodyBytes: MAX_EVENT_BYTES,
    receive: (request) => receive(request, world),
    recipientOf: ({ body }) => {
      const key = parseObject(body)?.['routing_key'];
      return typeof key === 'string' ? recipientOf(key) : undefined;
    },
    refusal,
    concealed: withoutKey,
  };
}

function receive({ path, headers, body }: SandboxRequest, world: World): SandboxReply {
  if (path !== SANDBOX_PATH) {
    const problem = /create_event/.test(path)
      ? 'the Events API v1 has no severity and is not taken here: post to /v2/enqueue'
      : 'the path is not /v2/enqueue';
    return { status: 404, headers: JSON_HEADERS, body: '{}', accepted: false, problems: [problem] };
  }
  const event = (headers['content-type'] ?? '').startsWith('application/json')
    ? parseObject(body)
    : undefined;
  if (!event)
    return refuse('Unrecognized object', 'Event object format is unrecognized', ['JSON parse error']);
  const problems = eventProblems(event);
  if (problems.length > 0) return refuse('invalid event', 'Event object is invalid', problems);
  return accept(event, world);
}

function refuse(status: string, message: string, errors: readonly string[]): SandboxReply {
  return {
    status: 400,
    headers: JSON_HEADERS,
    body: JSON.stringify({ status, message, errors }),
    accepted: false,
    problems: errors,
  };
}

/** What a key that is cut, or of another kind, is answered with; those of integrations have 32 characters. */
const WRONG_KEY = "Length of 'routing_key' is incorrect (should be 32 characters)";

/** As documented for 400 and 429 (events-API-v2/05-Rate-Limits.md). */
function refusal(status: number): Pick<SandboxReply, 'headers' | 'body'> | undefined {
  const answer = (words: string, message: string, errors: readonly string[]) => ({
    headers: JSON_HEADERS,
    body: JSON.stringify({ status: words, message, errors }),
  });
  if (status === 400) return answer('invalid event', 'Event object is invalid', [WRONG_KEY]);
  return status === 429 ? answer('throttle exceeded', 'Request Limit Exceeded', []) : undefined;
}

const STATUSES: Readonly<Record<Action, MessageStatus>> = {
  trigger: 'firing',
  acknowledge: 'unknown',
  resolve: 'resolved',
};

function accept(event: Fields, { alerts, newKey }: World): SandboxReply {
  const action = event['event_action'] as Action;
  const recipient = recipientOf(String(event['routing_key']));
  const key = textOf(event, 'dedup_key') || newKey();
  const remark = alerts.follow(action, `${recipient} ${key}`);
  const payload = isObject(event['payload']) ? event['payload'] : {};
  return {
    status: 202,
    headers: JSON_HEADERS,
    body: JSON.stringify({ status: 'success', message: 'Event processed', dedup_key: key }),
    accepted: true,
    problems: [],
    message: {
      title: textOf(payload, 'summary') || `${action} ${key}`,
      text: [...linesOf(payload, event), ...(remark === undefined ? [] : [remark])].join('\n'),
      status: STATUSES[action],
      recipient,
    },
  };
}

function linesOf(payload: Fields, event: Fields): string[] {
  const facts = ['severity', 'source', 'group', 'class', 'component'].flatMap((name) => {
    const value = textOf(payload, name);
    return value === '' ? [] : [`${name}: ${value}`];
  });
  const details = isObject(payload['custom_details']) ? Object.entries(payload['custom_details']) : [];
  return [
    ...facts,
    ...details.map(
      ([name, value]) => `${name}: ${typeof value === 'string' ? value.trim() : JSON.stringify(value)}`,
    ),
    ...listOf(event, 'links').map((link) => `${textOf(link, 'text')} ${textOf(link, 'href')}`.trim()),
  ];
}
