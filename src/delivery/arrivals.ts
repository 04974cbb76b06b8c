import type { InboxMessage } from '../stack/sandbox.ts';
import type { Probe } from './probe.ts';
import type { TestInbox } from './request.ts';
import { nameOf, type Target } from './target.ts';

/** What came to the inbox for one integration of one probe. */
export interface Arrival {
  /** Its own message: the first that was taken; while there is none, the last that was refused. */
  readonly message: InboxMessage | undefined;
  /** Messages that were taken and would be its own as well: more than one for each that shares the destination. */
  readonly copies: readonly InboxMessage[];
  /** Messages that came to a place several integrations share, too few to be one for each. */
  readonly unassigned: number;
  /** Tries that were refused before. */
  readonly refused: number;
}

export interface ArrivalSearch {
  readonly inbox: TestInbox | undefined;
  /** Id of the newest message before the test. */
  readonly sinceMessage: number;
}

const NOTHING: Arrival = { message: undefined, copies: [], unassigned: 0, refused: 0 };
/** Of Alertmanager's event recorder: they tell of messages and are none. */
const EVENTS = 'event-recorder';

/** The messages that tell a probe's alert, or with `resolved` its end; for each of its integrations. */
export function arrivalOf(
  search: ArrivalSearch,
  probe: Probe,
  integration: Target,
  status: 'firing' | 'resolved' = 'firing',
): Arrival {
  const { inbox } = search;
  if (!inbox) return NOTHING;
  const messages = messagesOf(search, probe).filter((message) =>
    status === 'resolved' ? message.status === 'resolved' : message.status !== 'resolved',
  );
  const destination = integration.destination();
  if (!destination) return masked(probe, integration, messages);
  if (!mayBeInbox(inbox, destination)) return NOTHING;
  const there = probe.integrations.filter(
    (other) => other.type === integration.type && other.destination()?.href === destination.href,
  );
  const sharing = there.filter(({ recipient }) => recipient === integration.recipient);
  return assign(
    messages.filter((message) => isFor(message, integration, { destination, isAlone: there.length === 1 })),
    { sharing: sharing.length, position: sharing.indexOf(integration) },
  );
}

function messagesOf({ inbox, sinceMessage }: ArrivalSearch, { nonce }: Probe): InboxMessage[] {
  return (inbox?.messages.findByText(nonce, sinceMessage) ?? []).filter(({ type }) => type !== EVENTS);
}

function isFor(
  { type, path, recipient, accepted }: InboxMessage,
  target: Target,
  { destination, isAlone }: { readonly destination: URL; readonly isAlone: boolean },
): boolean {
  if (type !== target.type) return false;
  if (target.recipient === undefined) return path === destination.pathname + destination.search;
  // What was refused unread says not whom it was for.
  return recipient === target.recipient || (recipient === '' && !accepted && isAlone);
}

/** Integrations of one receiver that share a place get the same message; each has arrived when there is one for each. */
function assign(
  messages: readonly InboxMessage[],
  { sharing, position }: { readonly sharing: number; readonly position: number },
): Arrival {
  const taken = messages.filter(({ accepted }) => accepted);
  const refused = messages.filter(({ accepted }) => !accepted);
  if (taken.length >= sharing)
    return {
      message: taken[position],
      copies: position === 0 ? taken.slice(sharing) : [],
      unassigned: 0,
      refused: refused.length,
    };
  if (taken.length === 0 && refused.length >= sharing)
    return { ...NOTHING, message: refused.at(-1), refused: refused.length - 1 };
  return { ...NOTHING, unassigned: messages.length };
}

/**
 * Where an integration sends to is masked, a message in our inbox still is one of this receiver. It is one's own when
 * as many places were used as the receiver has integrations of the type: retries come to the same place.
 */
function masked(probe: Probe, integration: Target, messages: readonly InboxMessage[]): Arrival {
  const alike = probe.integrations.filter(
    (other) =>
      other.type === integration.type && other.receiver === integration.receiver && !other.destination(),
  );
  const ofType = messages.filter(({ type }) => type === integration.type);
  const placeOf = ({ path, recipient }: InboxMessage) => `${path} ${recipient}`;
  const places = [...new Set(ofType.map(placeOf))];
  if (places.length < alike.length) return NOTHING;
  const place = places[alike.indexOf(integration)];
  return assign(
    ofType.filter((message) => placeOf(message) === place),
    { sharing: 1, position: 0 },
  );
}

/** So many messages are looked through for it. */
const LOOKED_THROUGH = 200;

/** What the inbox refused before there was a message (a mail to RCPT, a connection), in which no mark can be found. */
export function refusedUnread({ inbox, sinceMessage }: ArrivalSearch, integration: Target): InboxMessage[] {
  if (!inbox || !isInbox(inbox, integration)) return [];
  return inbox.messages
    .after(sinceMessage, LOOKED_THROUGH)
    .filter(({ type, accepted, body }) => type === integration.type && !accepted && body === '');
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Certainly: what does not arrive there is lost. The inbox speaks HTTP, SMTP and both over TLS on its one port. */
export function isInbox(inbox: TestInbox | undefined, integration: Target): boolean {
  const destination = integration.destination();
  return inbox?.baseUrl !== undefined && destination !== undefined && mayBeInbox(inbox, destination);
}

function mayBeInbox({ baseUrl }: TestInbox, { hostname, port }: URL): boolean {
  return LOOPBACK.has(hostname) && (baseUrl === undefined || port === new URL(baseUrl).port);
}

/** A notification that an integration took, as Alertmanager's event recorder says. */
export interface Taken {
  /** When Alertmanager recorded it. */
  readonly at: Date;
  readonly message: number;
}

/** Those of the event recorder about this integration and the probe's alert, oldest first; one for each copy. */
export function eventsOf(
  { inbox, sinceMessage }: ArrivalSearch,
  { nonce }: Probe,
  integration: Target,
  status: 'firing' | 'resolved' = 'firing',
): Taken[] {
  const name = nameOf(integration);
  const events = (inbox?.messages.findByText(nonce, sinceMessage) ?? []).filter(
    (message) =>
      message.type === EVENTS && message.accepted && message.recipient === name && message.status === status,
  );
  // Alertmanager posts an event again when it did not hear the answer; its nanoseconds tell it from any other.
  return [...new Map(events.map((event) => [event.body, event])).values()].map(
    ({ id, body, receivedAt }) => ({ message: id, at: recordedAt(body) ?? new Date(receivedAt) }),
  );
}

/** protojson writes nanoseconds, of which a Date keeps the milliseconds. */
function recordedAt(body: string): Date | undefined {
  const at = /"@timestamp":\s*"([^"]+)"/.exec(body)?.[1];
  const date = new Date(at ?? '');
  return Number.isNaN(date.getTime()) ? undefined : date;
}
