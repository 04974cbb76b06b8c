import { z } from 'zod';
import type { HttpSandbox, SandboxMessage, SandboxReply, SandboxRequest } from '../../stack/sandbox.ts';
import { isObject, parseJson } from '../json.ts';

const MAX_BODY_BYTES = 16 * 1024 * 1024;
const MAX_PROBLEMS = 10;
/** Takes any JSON object: what `payload` makes of a message is nobody's but the user's. */
export const CUSTOM_PATH = '/webhook/custom';

const labels = z.custom<Readonly<Record<string, string>>>(isLabels, 'is not an object of strings');

const alert = z.looseObject({
  status: z.enum(['firing', 'resolved']),
  labels,
  annotations: labels,
  startsAt: z.string(),
  endsAt: z.string(),
  generatorURL: z.string(),
  fingerprint: z.string(),
});

/**
 * Webhook version 4; newer Alertmanagers add fields. Source: prometheus/alertmanager notify/webhook/webhook.go and
 * template/template.go. Alerts are judged one by one: a hostile body of a few MB would make millions of findings.
 */
const envelope = z.looseObject({
  version: z.literal('4'),
  groupKey: z.string().min(1),
  truncatedAlerts: z.int().min(0),
  status: z.enum(['firing', 'resolved']),
  receiver: z.string().min(1),
  groupLabels: labels,
  commonLabels: labels,
  commonAnnotations: labels,
  externalURL: z.string(),
  alerts: z.array(z.unknown()).min(1),
});

interface WebhookBody {
  readonly envelope: z.infer<typeof envelope>;
  readonly alerts: readonly z.infer<typeof alert>[];
}

/**
 * A strict reader of Alertmanager's webhook; also at `/` and `/alerts`, where many examples post to. What is newer than
 * version 4 knew (`notification_reason` of 0.32, `routeLabels` of 0.34) is taken as it is.
 */
export const webhookSandbox: HttpSandbox = {
  protocol: 'http',
  type: 'webhook',
  mounts: ['webhook', 'alerts', ''],
  example: '/webhook',
  maxBodyBytes: MAX_BODY_BYTES,
  receive,
};

function receive(request: SandboxRequest): SandboxReply {
  if (!(request.headers['content-type'] ?? '').startsWith('application/json')) {
    return refuse(415, ['the content type is not application/json']);
  }
  if (request.path.split('?')[0] === CUSTOM_PATH) return receiveCustom(request.body);
  const body = parse(request.body);
  return 'problems' in body ? refuse(400, body.problems) : accept(messageOf(body.value));
}

function receiveCustom(body: string): SandboxReply {
  const json = parseJson(body);
  if (json === undefined) return refuse(400, ['the body is not JSON']);
  const texts = textsIn(json);
  return accept({ title: texts[0] ?? 'custom payload', text: texts.join('\n'), status: 'unknown' });
}

function accept(message: SandboxMessage): SandboxReply {
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: '{"status":"ok"}',
    accepted: true,
    problems: [],
    message,
  };
}

function refuse(status: number, problems: readonly string[]): SandboxReply {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ status: 'error', errors: problems }),
    accepted: false,
    problems,
  };
}

function parse(text: string): { readonly value: WebhookBody } | { readonly problems: readonly string[] } {
  const json = parseJson(text);
  if (json === undefined) return { problems: ['the body is not JSON'] };
  const parsed = envelope.safeParse(json);
  if (!parsed.success) return { problems: problemsOf(parsed.error, []) };
  const alerts: z.infer<typeof alert>[] = [];
  const problems: string[] = [];
  for (const [index, one] of parsed.data.alerts.entries()) {
    const judged = alert.safeParse(one);
    if (judged.success) alerts.push(judged.data);
    else problems.push(...problemsOf(judged.error, ['alerts', index]));
    if (problems.length >= MAX_PROBLEMS) break;
  }
  return problems.length > 0 ? { problems } : { value: { envelope: parsed.data, alerts } };
}

/** Without recursion: a hostile body may be nested as deep as it is long. */
function textsIn(json: unknown): string[] {
  const texts: string[] = [];
  const waiting = [json];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (typeof value === 'string') texts.push(value);
    else if (typeof value === 'object' && value !== null)
      for (const one of Object.values(value).toReversed()) waiting.push(one);
  }
  return texts;
}

function problemsOf({ issues }: z.ZodError, below: readonly PropertyKey[]): string[] {
  return issues.map(
    ({ path, message }) => `${[...below, ...path].map(String).join('.') || 'the body'}: ${message}`,
  );
}

function isLabels(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((one) => typeof one === 'string');
}

function messageOf({
  envelope: { status, commonLabels, groupLabels, groupKey },
  alerts,
}: WebhookBody): SandboxMessage {
  const name = commonLabels['alertname'] ?? groupLabels['alertname'] ?? groupKey;
  return {
    title: `[${status.toUpperCase()}:${alerts.length}] ${name}`,
    text: alerts
      .map(({ labels: all, annotations }) => annotations['summary'] ?? all['alertname'] ?? '')
      .join('\n'),
    status,
  };
}
