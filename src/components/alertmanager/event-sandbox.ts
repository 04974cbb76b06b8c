import { z } from 'zod';
import type { HttpSandbox, SandboxMessage, SandboxReply, SandboxRequest } from '../../stack/sandbox.ts';

/** An event holds every alert of its group, labels and annotations; Alertmanager sets no limit of its own. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

const pairs = z.object({ labels: z.array(z.object({ key: z.string(), value: z.string() })).default([]) });

const alert = z.object({ details: z.object({ labels: pairs.optional() }).optional() });

/**
 * Notifications of Alertmanager's event recorder as its webhook output posts them: protobuf in JSON, so that zeros and
 * empty texts are left out. Source: prometheus/alertmanager eventrecorder/eventrecorderpb/eventrecorder.proto, 0.33.
 */
const event = z.object({
  '@timestamp': z.iso.datetime({ offset: true }),
  instance: z.string().default(''),
  data: z.looseObject({
    notification: z
      .object({
        alerts: z.array(alert).default([]),
        firingAlerts: z.array(z.unknown()).default([]),
        groupInfo: z.object({ groupKey: z.string().default(''), receiverName: z.string().default('') }),
        integration: z.object({ name: z.string(), index: z.coerce.number().int().min(0).default(0) }),
      })
      .optional(),
  }),
});

type Notification = NonNullable<z.output<typeof event>['data']['notification']>;

/**
 * Takes what Alertmanager's event recorder says of each notification that an integration took; its other events are
 * answered and forgotten.
 */
export const eventSandbox: HttpSandbox = {
  protocol: 'http',
  type: 'event-recorder',
  mounts: ['events'],
  example: '/events (the event recorder of Alertmanager)',
  maxBodyBytes: MAX_BODY_BYTES,
  receive,
};

function receive(request: SandboxRequest): SandboxReply {
  const parsed = event.safeParse(parseJson(request.body));
  if (!parsed.success) {
    const batch = request.body.trimStart().startsWith('[') ? ': take `batch: true` out of its output' : '';
    return reply(400, [`this is no single event of Alertmanager's event recorder${batch}`]);
  }
  const { notification } = parsed.data.data;
  return notification
    ? { ...reply(200, []), message: messageOf(notification) }
    : { ...reply(200, []), forget: true };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reply(status: number, problems: readonly string[]): SandboxReply {
  return { status, body: `${problems.join('; ') || 'ok'}\n`, accepted: problems.length === 0, problems };
}

function messageOf({ alerts, firingAlerts, groupInfo, integration }: Notification): SandboxMessage {
  const recipient = `${groupInfo.receiverName} ${integration.name}[${integration.index}]`;
  const labels = alerts.map(({ details }) =>
    Object.fromEntries((details?.labels?.labels ?? []).map(({ key, value }) => [key, value])),
  );
  return {
    title: `${recipient} took ${labels[0]?.['alertname'] ?? groupInfo.groupKey}${alerts.length > 1 ? ` (${alerts.length} alerts)` : ''}`,
    text: labels
      .map((one) => Object.entries(one).map(([label, value]) => `${label}=${JSON.stringify(value)}`))
      .map((texts) => texts.join(' '))
      .join('\n'),
    status: firingAlerts.length > 0 ? 'firing' : 'resolved',
    recipient,
  };
}
