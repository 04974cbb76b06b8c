import { z } from 'zod';
import type { SandboxEndpoint, SandboxMessage, SandboxReply, SandboxRequest } from '../../stack/sandbox.ts';

const MAX_BODY_BYTES = 16 * 1024 * 1024;
const MAX_PROBLEMS = 10;

const labels = z.record(z.string(), z.string());

/**
 * Webhook version 4; newer Alertmanagers add fields. Source: prometheus/alertmanager notify/webhook/webhook.go and
 * template/template.go.
 */
const webhookBody = z.looseObject({
  version: z.literal('4'),
  groupKey: z.string().min(1),
  truncatedAlerts: z.int().min(0),
  status: z.enum(['firing', 'resolved']),
  receiver: z.string().min(1),
  groupLabels: labels,
  commonLabels: labels,
  commonAnnotations: labels,
  externalURL: z.string(),
  alerts: z
    .array(
      z.looseObject({
        status: z.enum(['firing', 'resolved']),
        labels,
        annotations: labels,
        startsAt: z.string(),
        endsAt: z.string(),
        generatorURL: z.string(),
        fingerprint: z.string(),
      }),
    )
    .min(1),
});

type WebhookBody = z.infer<typeof webhookBody>;

/** A strict reader of Alertmanager's webhook; also at `/` and `/alerts`, where many examples post to. */
export const webhookSandbox: SandboxEndpoint = {
  type: 'webhook',
  mounts: ['webhook', 'alerts', ''],
  maxBodyBytes: MAX_BODY_BYTES,
  receive,
};

function receive(request: SandboxRequest): SandboxReply {
  if (!(request.headers['content-type'] ?? '').startsWith('application/json')) {
    return refuse(415, ['the content type is not application/json']);
  }
  const body = parse(request.body);
  if ('problems' in body) return refuse(400, body.problems);
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: '{"status":"ok"}',
    accepted: true,
    problems: [],
    message: messageOf(body.value),
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
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { problems: ['the body is not JSON'] };
  }
  const parsed = webhookBody.safeParse(json);
  if (parsed.success) return { value: parsed.data };
  return {
    problems: parsed.error.issues
      .slice(0, MAX_PROBLEMS)
      .map(({ path, message }) => `${path.map(String).join('.') || 'the body'}: ${message}`),
  };
}

function messageOf(body: WebhookBody): SandboxMessage {
  const name = body.commonLabels['alertname'] ?? body.groupLabels['alertname'] ?? body.groupKey;
  return {
    title: `[${body.status.toUpperCase()}:${body.alerts.length}] ${name}`,
    text: body.alerts
      .map(({ labels: all, annotations }) => annotations['summary'] ?? all['alertname'] ?? '')
      .join('\n'),
    status: body.status,
  };
}
