import type { Deliveries } from '../history/deliveries.ts';
import type { NewDelivery } from '../history/delivery-rows.ts';
import type { Destinations } from '../history/destinations.ts';
import type { MessageLog } from '../history/messages.ts';
import { TEST_ALERT_PREFIX } from '../stack/delivery.ts';
import type { InboxMessage } from '../stack/sandbox.ts';
import type { MessageStore } from './record.ts';

interface Records {
  readonly messages: Pick<MessageLog, 'append' | 'appendAll'>;
  readonly deliveries: Pick<Deliveries, 'appendAll'>;
  readonly destinations: Pick<Destinations, 'find' | 'has'>;
  together<Result>(work: () => Result): Result;
}

/** Keeps each message, and what it says about a delivery of a real alert in the history of deliveries. */
export function recordingStore({ messages, deliveries, destinations, together }: Records) {
  const record = (kept: readonly InboxMessage[]) => {
    try {
      const seen = kept.flatMap((message) => notificationOf(message, destinations) ?? []);
      if (seen.length > 0) deliveries.appendAll(seen);
    } catch {
      // The messages are kept, and their senders are told so: nobody sends them again for the sake of a statistic.
    }
    return kept;
  };
  return {
    append: (message) => together(() => record([messages.append(message)])),
    appendAll: (batch) => together(() => record(messages.appendAll(batch))),
  } satisfies MessageStore;
}

/** Of Alertmanager's event recorder: not the message itself, but that an integration took it. */
const EVENTS = 'event-recorder';
const LONGEST_NAME = 200;
/** Longer bodies are not read a second time. */
const LONGEST_BODY = 1024 * 1024;

/** Undefined for what a test sent, which has a row of its own, and for what is recorded otherwise. */
function notificationOf(
  message: InboxMessage,
  destinations: Pick<Destinations, 'find' | 'has'>,
): NewDelivery | undefined {
  if (isOfTest(message)) return undefined;
  const common = {
    at: message.receivedAt,
    message: message.id,
    ...(message.status === 'unknown' ? {} : { status: message.status }),
  };
  if (message.type === EVENTS) return eventDelivery(message, common, destinations);
  const body = message.type === 'webhook' ? webhookBody(message.body) : undefined;
  const place = destinations.find({ ...message, receiver: body?.receiver });
  const name = body?.alert ?? message.title;
  return {
    ...common,
    type: message.type,
    receiver: place?.receiver ?? body?.receiver ?? '',
    index: place?.index ?? 0,
    evidence: 'inbox',
    ...(name === '' ? {} : { alert: name.slice(0, LONGEST_NAME) }),
    ...(body?.startedAt === undefined ? {} : { ageMs: Date.parse(message.receivedAt) - body.startedAt }),
    ...(message.accepted
      ? { verdict: 'CONFIRMED' }
      : { verdict: 'FAILED', stage: 'receive', reason: refusal(message) }),
  };
}

function isOfTest({ title, text, body }: InboxMessage): boolean {
  return [title, text, body].some((part) => part.includes(TEST_ALERT_PREFIX));
}

function refusal({ replyStatus, problems }: InboxMessage): string {
  const answer = replyStatus === 0 ? 'no answer' : String(replyStatus);
  return problems.length === 0 ? answer : `${answer}: ${problems.join('; ')}`;
}

/** `on-call slack[0]`, as the sandbox of the event recorder writes it. */
const TAKER = /^(.+) (\S+)\[(\d+)\]$/;
const ALERT_NAME = /(?:^|\s)alertname=("(?:[^"\\]|\\.)*")/;

function eventDelivery(
  { recipient, text, accepted }: InboxMessage,
  common: Pick<NewDelivery, 'at' | 'message' | 'status'>,
  destinations: Pick<Destinations, 'find' | 'has'>,
): NewDelivery | undefined {
  const [, receiver, type, index] = TAKER.exec(recipient) ?? [];
  if (!accepted || receiver === undefined || type === undefined) return undefined;
  // Where the message itself comes to this inbox, it is recorded itself.
  if (destinations.has({ receiver, type, index: Number(index) })) return undefined;
  const name = ALERT_NAME.exec(text)?.[1];
  return {
    ...common,
    receiver,
    type,
    index: Number(index),
    verdict: 'ACCEPTED',
    evidence: 'events',
    ...(name === undefined ? {} : { alert: (JSON.parse(name) as string).slice(0, LONGEST_NAME) }),
  };
}

interface WebhookBody {
  readonly receiver: string | undefined;
  readonly alert: string | undefined;
  /** Milliseconds since 1970: when the first of its alerts began. */
  readonly startedAt: number | undefined;
}

/** What Alertmanager's webhook, version 4, tells beyond the words that every message has. */
function webhookBody(text: string): WebhookBody | undefined {
  const body = text.length > LONGEST_BODY ? undefined : parseObject(text);
  if (!body) return undefined;
  const alerts = Array.isArray(body['alerts']) ? body['alerts'].filter(isObject) : [];
  const starts = alerts.map(({ startsAt }) => Date.parse(String(startsAt))).filter(Number.isFinite);
  const names = new Set(
    alerts.flatMap(({ labels }) => (isObject(labels) ? (textOf(labels['alertname']) ?? []) : [])),
  );
  return {
    receiver: textOf(body['receiver']),
    alert: names.size === 0 ? undefined : [...names].join(', '),
    startedAt: starts.length === 0 ? undefined : Math.min(...starts),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, LONGEST_NAME) : undefined;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
