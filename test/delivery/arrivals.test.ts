import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { arrivalOf, eventsOf, isInbox } from '../../src/delivery/arrivals.ts';
import type { Probe } from '../../src/delivery/probe.ts';
import type { Target } from '../../src/delivery/target.ts';
import { type History, openHistory } from '../../src/history/history.ts';
import type { NewMessage } from '../../src/history/messages.ts';
import { makeIntegration } from '../fixtures/alerting.ts';

const NONCE = 'abcdef012345x0x';
const inboxUrl = 'http://127.0.0.1:5001';
let directory = '';
let history: History;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'arrivals-'));
  history = openHistory(join(directory, 'leitstand.db'));
});
afterEach(() => {
  history.close();
  rmSync(directory, { recursive: true, force: true });
});

function came(message: Partial<NewMessage>): number {
  return history.messages.append({
    receivedAt: '2026-01-02T03:04:05.678Z',
    type: 'webhook',
    path: '/webhook',
    recipient: '',
    headers: {},
    body: NONCE,
    replyStatus: 200,
    accepted: true,
    problems: [],
    title: '',
    text: '',
    status: 'firing',
    ...message,
  }).id;
}

const webhook = (path = '/webhook', index = 0) =>
  makeIntegration('webhook', { url: inboxUrl + path }, 'on-call', index);
const mail = (to: string, index = 0) =>
  makeIntegration('email', { to, from: 'a@example.org', smarthost: '127.0.0.1:5001' }, 'on-call', index);
const probeWith = (...integrations: readonly Target[]): Probe => ({
  receiver: 'on-call',
  nonce: NONCE,
  integrations,
  routed: { labels: {}, own: [] },
});
const search = () => ({ inbox: { baseUrl: inboxUrl, messages: history.messages }, sinceMessage: 0 });
const messages = (probe: Probe) =>
  probe.integrations.map((one) => arrivalOf(search(), probe, one).message?.id);

describe('what came to the inbox', () => {
  it('is told apart by the path, and is of this test only', () => {
    const probe = probeWith(webhook('/webhook/a', 0), webhook('/webhook/b', 1));
    came({ path: '/webhook/b', body: 'another test' });
    const b = came({ path: '/webhook/b' });
    expect(messages(probe)).toEqual([undefined, b]);
    const a = came({ path: '/webhook/a' });
    expect(messages(probe)).toEqual([a, b]);
  });

  it('is told apart by the recipient where the place is shared', () => {
    const probe = probeWith(mail('a@example.org', 0), mail('b@example.org', 1));
    const [first, second] = probe.integrations.map(({ recipient }) => recipient ?? '');
    expect(first).not.toBe(second);
    const b = came({ type: 'email', path: 'smtp', recipient: second ?? '' });
    expect(messages(probe)).toEqual([undefined, b]);
    const a = came({ type: 'email', path: 'smtp', recipient: first ?? '' });
    expect(messages(probe)).toEqual([a, b]);
  });

  it('is needed once for each where nothing tells them apart', () => {
    const probe = probeWith(webhook('/webhook', 0), webhook('/webhook', 1));
    const a = came({});
    expect(messages(probe)).toEqual([undefined, undefined]);
    expect(arrivalOf(search(), probe, probe.integrations[1] as Target).unassigned).toBe(1);
    const b = came({});
    expect(messages(probe)).toEqual([a, b]);
  });

  it('counts what was taken before what was refused', () => {
    const probe = probeWith(webhook());
    const one = probe.integrations[0] as Target;
    const refused = came({ accepted: false, replyStatus: 503 });
    expect(arrivalOf(search(), probe, one)).toMatchObject({ message: { id: refused }, refused: 0 });
    came({ accepted: false, replyStatus: 503 });
    const taken = came({});
    expect(arrivalOf(search(), probe, one)).toMatchObject({ message: { id: taken }, refused: 2, copies: [] });
  });

  it('tells a copy from the message', () => {
    const probe = probeWith(webhook());
    const first = came({});
    const second = came({});
    const arrival = arrivalOf(search(), probe, probe.integrations[0] as Target);
    expect(arrival.message?.id).toBe(first);
    expect(arrival.copies.map(({ id }) => id)).toEqual([second]);
  });

  it('tells the end from the alert', () => {
    const probe = probeWith(webhook());
    const one = probe.integrations[0] as Target;
    const end = came({ status: 'resolved' });
    expect(arrivalOf(search(), probe, one).message).toBeUndefined();
    expect(arrivalOf(search(), probe, one, 'resolved').message?.id).toBe(end);
  });

  it('refused before it was read is of the only one that sends there', () => {
    const refused = { type: 'email', path: 'smtp', accepted: false, replyStatus: 421 } as const;
    const alone = probeWith(mail('a@example.org'));
    const id = came(refused);
    expect(messages(alone)).toEqual([id]);
    expect(messages(probeWith(mail('a@example.org', 0), mail('b@example.org', 1)))).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('says nothing of what goes elsewhere', () => {
    const elsewhere = makeIntegration('webhook', { url: 'https://example.org/webhook' });
    came({});
    expect(messages(probeWith(elsewhere))).toEqual([undefined]);
    expect(isInbox(search().inbox, elsewhere)).toBe(false);
    expect(isInbox(search().inbox, webhook())).toBe(true);
    expect(isInbox(undefined, webhook())).toBe(false);
  });

  it('is an attached one by as many places as there are integrations of the type', () => {
    const hidden = (index: number): Target => ({
      ...webhook('/webhook', index),
      attached: true,
      destination: () => undefined,
    });
    const probe = probeWith(hidden(0), hidden(1));
    const a = came({ path: '/webhook/a' });
    came({ path: '/webhook/a' });
    expect(messages(probe)).toEqual([undefined, undefined]);
    const b = came({ path: '/webhook/b' });
    expect(messages(probe)).toEqual([a, b]);
  });
});

describe('what the event recorder says', () => {
  const event = (body: string, recipient = 'on-call webhook[0]') =>
    came({ type: 'event-recorder', path: '/events', recipient, body: `${NONCE} ${body}` });
  const at = (nanoseconds: string) => `{"@timestamp":"2026-01-02T03:04:05.${nanoseconds}Z"}`;

  it('is of one integration, and has a time of its own', () => {
    const probe = probeWith(webhook('/webhook', 0), webhook('/webhook', 1));
    const id = event(at('123456789'));
    event(at('2'), 'other webhook[0]');
    const [first, second] = probe.integrations.map((one) => eventsOf(search(), probe, one));
    expect(first).toEqual([{ message: id, at: new Date('2026-01-02T03:04:05.123Z') }]);
    expect(second).toEqual([]);
    // It tells of a message and is none.
    expect(messages(probe)).toEqual([undefined, undefined]);
  });

  it('counts once when it was posted twice, and twice when it happened twice', () => {
    const probe = probeWith(webhook());
    for (const nanoseconds of ['1', '1', '2']) event(at(nanoseconds));
    expect(eventsOf(search(), probe, probe.integrations[0] as Target)).toHaveLength(2);
  });
});
