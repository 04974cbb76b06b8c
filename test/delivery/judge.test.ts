import { describe, expect, it } from 'vitest';
import { type Counted, countedSince, isByReceiver, readCounters } from '../../src/delivery/counters.ts';
import type { Evidence } from '../../src/delivery/evidence.ts';
import { judge } from '../../src/delivery/judge.ts';
import type { InboxMessage } from '../../src/stack/sandbox.ts';
import { parseMetrics } from '../../src/platform/metrics-text.ts';
import { makeIntegration } from '../fixtures/alerting.ts';

const integration = makeIntegration('slack', { webhook_url: 'https://example.org/token-7f3a' });
const message: InboxMessage = {
  id: 7,
  receivedAt: '2026-01-02T03:04:05.678Z',
  type: 'slack',
  path: '/',
  recipient: '',
  headers: {},
  body: '',
  replyStatus: 200,
  accepted: true,
  problems: [],
  title: '',
  text: '',
  status: 'firing',
};
const quiet = { state: 'active', silencedBy: [], inhibitedBy: [], mutedBy: [] };
const group = (receiver: string, status: object = {}) => ({
  receiver: { name: receiver },
  alerts: [{ labels: {}, receivers: [{ name: receiver }], status: { ...quiet, ...status } }],
});
/** As many notifications as these requests need, unless `started` says that there are more. */
const counted = (requests: number, failedRequests = 0, failed = 0, more: Partial<Counted> = {}): Counted => ({
  started: Math.max(requests - failedRequests + failed, Math.min(requests, 1)),
  requests,
  failedRequests,
  succeeded: requests - failedRequests,
  failed,
  reasons: [],
  ...more,
});
const early: Evidence = {
  message: undefined,
  copies: [],
  unassigned: 0,
  refused: 0,
  isInbox: false,
  unread: [],
  hasTwins: false,
  event: undefined,
  holds: [],
  groups: [group('on-call')],
  attempts: [],
  isLogLate: false,
  waitMs: 0,
  counted: counted(0),
  sameType: { unsettled: 1, proven: 0, failed: 0 },
  postedAt: new Date('2026-01-02T03:04:05.600Z'),
  elapsedMs: 100,
  patienceMs: 5_000,
  turnsMs: 0,
  final: false,
};
const oneFailed = { unsettled: 1, proven: 0, failed: 1 };
const both = { started: 2 };
const late: Evidence = { ...early, elapsedMs: 15_000, final: true };
const refused = {
  receiver: 'on-call',
  integration: 'slack[0]',
  reason: 'dial tcp 127.0.0.1:1: connect: connection refused',
};
const end = { ...refused, end: 'refused' } as const;

describe('good news', () => {
  it('is CONFIRMED by a message that the inbox took, with its time', () => {
    const report = judge(integration, { ...early, isInbox: true, message });
    expect(report).toMatchObject({ verdict: 'CONFIRMED', latencyMs: 78, evidence: 'inbox message 7' });
  });

  it('took no time when the clock was set back meanwhile', () => {
    const postedAt = new Date('2026-01-02T04:00:00.000Z');
    expect(judge(integration, { ...early, isInbox: true, message, postedAt })).toMatchObject({
      latencyMs: 0,
    });
    const event = { at: new Date(message.receivedAt), message: 7 };
    expect(judge(integration, { ...early, event, postedAt })).toMatchObject({ latencyMs: 0 });
  });

  it.each([
    ['its one request succeeded', { counted: counted(1) }],
    ['a second try succeeded', { counted: counted(2, 1) }],
    ['all three did', { counted: counted(3), sameType: { unsettled: 2, proven: 1, failed: 0 } }],
    ["somebody else's did as well", { counted: counted(2) }],
    ['the other is known to have failed', { counted: counted(2, 1, 1), sameType: oneFailed }],
    [
      'the other is known to fail and is tried again',
      { counted: counted(2, 1, 0, both), sameType: oneFailed },
    ],
  ])('is ACCEPTED when %s', (_, evidence) => {
    expect(judge(integration, { ...early, ...evidence })?.verdict).toBe('ACCEPTED');
  });

  it.each([
    [
      'fewer requests than integrations',
      { counted: counted(1), sameType: { unsettled: 2, proven: 0, failed: 0 } },
    ],
    [
      'requests that proven ones have used up',
      { counted: counted(1), sameType: { unsettled: 1, proven: 1, failed: 0 } },
    ],
    ["somebody else's on its way: the success may be theirs", { counted: counted(1, 0, 0, both) }],
    ["somebody else's given up: the success may be theirs", { counted: counted(2, 1, 1) }],
    ['a request whose failure may not be counted yet', { counted: counted(1, 0, 0, { succeeded: 0 }) }],
    ['a reset of the counters', { counted: undefined }],
    ['our own inbox, where nothing came', { counted: counted(1), isInbox: true }],
    ['a group that waits among other alerts: the success may be theirs', { counted: counted(1), waitMs: 1 }],
    [
      'a group that waits among other alerts: the failure may be theirs',
      { counted: counted(1, 1, 1), waitMs: 1 },
    ],
  ])('is not claimed with %s', (_, evidence) => {
    expect(judge(integration, { ...early, ...evidence })).toBeUndefined();
    expect(judge(integration, { ...late, ...evidence })?.verdict).toMatch(/^(SENT-UNCONFIRMED|FAILED)$/);
  });
});

describe('MUTED', () => {
  it.each([
    ['a silence', { silencedBy: ['s1'] }, 'silence s1'],
    ['an inhibition', { inhibitedBy: ['f1'] }, 'fingerprint f1'],
    ['an interval', { mutedBy: ['nights'] }, 'interval nights'],
  ])('by %s', (_, status, words) => {
    expect(judge(integration, { ...early, groups: [group('on-call', status)] })).toMatchObject({
      verdict: 'MUTED',
      reason: expect.stringContaining(words),
      fix: expect.any(String),
    });
  });

  it('is about the own receiver only', () => {
    const groups = [group('on-call'), group('other', { silencedBy: ['s1'] })];
    expect(judge(integration, { ...early, groups })).toBeUndefined();
  });
});

describe('NOT-ROUTED', () => {
  it('needs time, and names who gets it instead', () => {
    const groups = [group('other')];
    expect(judge(integration, { ...early, groups })).toBeUndefined();
    expect(judge(integration, { ...early, groups, elapsedMs: 1500 })).toMatchObject({
      verdict: 'NOT-ROUTED',
      reason: expect.stringContaining('to other instead'),
    });
  });

  it('is said at the end when there is no group at all', () => {
    expect(judge(integration, { ...early, groups: [], elapsedMs: 1500 })).toBeUndefined();
    expect(judge(integration, { ...late, groups: [], waitMs: Infinity })?.verdict).toBe('NOT-ROUTED');
    // It was there, or may have been: Alertmanager has forgotten it.
    for (const waitMs of [0, Infinity])
      expect(judge(integration, { ...late, groups: [], waitMs, counted: undefined })).toMatchObject({
        verdict: 'SENT-UNCONFIRMED',
        reason: expect.stringContaining('restarted meanwhile'),
      });
  });
});

describe('FAILED', () => {
  it('at stage receive when the inbox refused it', () => {
    const no = { ...message, accepted: false, replyStatus: 403, problems: ['invalid_token: none'] };
    expect(judge(integration, { ...early, isInbox: true, message: no })).toMatchObject({
      verdict: 'FAILED',
      stage: 'receive',
      reason: expect.stringContaining('403 invalid_token'),
      fix: expect.stringContaining('into the secret TEST_URL; then: leitstand up'),
    });
  });

  it('at stage send, as soon as the counters say that it was given up, with the reason of the log', () => {
    const evidence = { ...early, counted: counted(1, 1, 1), attempts: [refused] };
    expect(judge(integration, evidence)).toMatchObject({
      verdict: 'FAILED',
      stage: 'send',
      reason: refused.reason,
      fix: expect.stringContaining('nothing listens at example.org'),
    });
  });

  it('is patient with what Alertmanager tries again', () => {
    const evidence = { ...early, counted: counted(1, 1), attempts: [refused] };
    expect(judge(integration, evidence)).toBeUndefined();
    expect(judge(integration, { ...evidence, elapsedMs: 6_000 })?.verdict).toBe('FAILED');
  });

  it('by counters alone only after the log had its time, with their word for it', () => {
    const evidence = { ...early, counted: counted(1, 1, 1, { reasons: ['clientError'] }) };
    expect(judge(integration, evidence)).toBeUndefined();
    expect(judge(integration, { ...evidence, elapsedMs: 1500 })).toMatchObject({
      verdict: 'FAILED',
      stage: 'receive',
      reason: expect.stringContaining('clientError'),
    });
  });

  it('waits for the log while a group is tried, for at most as long as Alertmanager does that', () => {
    const evidence = { ...early, counted: counted(1, 1, 1), isLogLate: true, elapsedMs: 10_500 };
    expect(judge(integration, evidence)).toBeUndefined();
    expect(judge(integration, { ...evidence, attempts: [end] })).toMatchObject({ reason: refused.reason });
    for (const more of [{ elapsedMs: 11_000 }, { final: true }, { isLogLate: false }])
      expect(judge(integration, { ...evidence, ...more })?.reason).toContain('gave up sending');
  });

  it('at once when Alertmanager says that it gave up; where it does not say of what, a moment later', () => {
    const own = { ...end, group: 'alertname="LeitstandTest_abcx0x"' };
    expect(judge(integration, { ...early, attempts: [own] })?.verdict).toBe('FAILED');
    expect(judge(integration, { ...early, attempts: [end] })).toBeUndefined();
    expect(judge(integration, { ...early, attempts: [end], elapsedMs: 1_000 })?.verdict).toBe('FAILED');
    expect(judge(integration, { ...early, attempts: [own], turnsMs: 2_000 })).toBeUndefined();
    // Tried for as long as Alertmanager does: the next group_interval is another chance.
    const exhausted = { ...own, end: 'exhausted' } as const;
    expect(judge(integration, { ...early, attempts: [exhausted], elapsedMs: 4_000 })).toBeUndefined();
  });

  it.each([
    ['send RCPT command: 550 5.1.1 User unknown', 'receive'],
    ['send RCPT command: 550 "5.1.1 User unknown"', 'receive'],
    ['*smtp.plainAuth auth: 535 5.7.8 Error', 'receive'],
    ['create SMTP client: 421 4.7.0 Try again later', 'receive'],
    ['delivery failure: 554 5.7.1 Message rejected', 'receive'],
    ['establish connection to server: dial tcp 10.0.0.1:587: i/o timeout', 'send'],
    ['create SMTP client: EOF', 'send'],
  ])('of a mail: %s', (reason, stage) => {
    expect(judge(integration, { ...late, attempts: [{ ...refused, reason }] })).toMatchObject({ stage });
  });

  it('of our own inbox, which does not run', () => {
    const evidence = { ...late, isInbox: true, attempts: [refused] };
    expect(judge(integration, evidence)?.fix).toMatch(/^the inbox does not run: `leitstand status`/);
    const proxy = { ...refused, reason: `proxyconnect tcp: ${refused.reason}` };
    expect(judge(integration, { ...evidence, attempts: [proxy] })?.fix).toContain('no proxy listens');
  });

  it('is not concluded by counters while another notification of the type is on its way', () => {
    const evidence = { ...early, elapsedMs: 6_000, counted: counted(1, 1, 1, both) };
    expect(judge(integration, evidence)).toBeUndefined();
  });

  it('is not concluded from the failure of another of the same type', () => {
    const sameType = { unsettled: 1, proven: 0, failed: 1 };
    const evidence = { ...early, elapsedMs: 6_000, counted: counted(1, 1, 1), sameType };
    expect(judge(integration, evidence)).toBeUndefined();
    const other = { ...refused, integration: 'slack[1]' };
    expect(judge(integration, { ...evidence, attempts: [other] })).toBeUndefined();
    expect(
      judge(integration, { ...evidence, attempts: [{ ...refused, receiver: 'other' }] }),
    ).toBeUndefined();
  });

  it('at the end when nothing was sent, nothing succeeded, or nothing arrived', () => {
    expect(judge(integration, late)).toMatchObject({ verdict: 'FAILED', stage: 'send' });
    expect(judge(integration, { ...late, counted: counted(0, 0, 0, { started: 1 }) })).toMatchObject({
      verdict: 'FAILED',
      stage: 'receive',
      reason: expect.stringContaining('no answer from example.org'),
      fix: expect.stringContaining('does not answer in time'),
    });
    expect(judge(integration, { ...late, counted: counted(3, 3) })).toMatchObject({ stage: 'send' });
    expect(judge(integration, { ...late, counted: counted(1), isInbox: true })).toMatchObject({
      verdict: 'FAILED',
      stage: 'receive',
    });
  });
});

describe('the event recorder', () => {
  const event = { at: new Date('2026-01-02T03:04:05.640Z'), message: 9 };

  it('is enough for ACCEPTED, whatever the counters and an earlier failure say', () => {
    const evidence = { ...early, event, counted: undefined, attempts: [refused] };
    expect(judge(integration, evidence)).toMatchObject({
      verdict: 'ACCEPTED',
      evidenceKind: 'events',
      evidence: expect.stringContaining('example.org took it at 03:04:05.640 UTC'),
      latencyMs: 40,
      message: 9,
    });
  });

  it('is not the message where the message should be', () => {
    expect(judge(integration, { ...early, event, isInbox: true })).toBeUndefined();
    expect(judge(integration, { ...late, event, isInbox: true, counted: counted(1) })?.verdict).toBe(
      'FAILED',
    );
  });
});

describe('what is tried again', () => {
  const no = (replyStatus: number) => ({ ...message, accepted: false, replyStatus, problems: ['told to'] });
  const at = (type: string, replyStatus: number, evidence: Partial<Evidence> = {}) =>
    judge({ ...integration, type }, { ...early, isInbox: true, message: no(replyStatus), ...evidence })
      ?.verdict;

  it.each([
    ['slack', 500],
    ['slack', 0],
    ['email', 550],
    ['email', 451],
    ['pagerduty', 429],
  ])('%s %i is waited for', (type, status) => {
    expect(at(type, status)).toBeUndefined();
    expect(at(type, status, { elapsedMs: 5_000 })).toBe('FAILED');
    expect(at(type, status, { final: true })).toBe('FAILED');
    expect(at(type, status, { counted: counted(1, 1, 1) })).toBe('FAILED');
  });

  it.each([
    ['slack', 429],
    ['slack', 404],
    ['pagerduty', 400],
    ['webhook', 403],
  ])('%s %i is not', (type, status) => {
    expect(at(type, status)).toBe('FAILED');
  });

  it('is not what Alertmanager takes for success: that is told at once, and that it does so', () => {
    const taken = { ...early, isInbox: true, counted: counted(1) };
    const html = { ...no(200), problems: ['told to misbehave: 200 with an HTML page'] };
    expect(judge(integration, { ...early, isInbox: true, message: html })).toBeUndefined();
    for (const one of [html, no(421)])
      expect(judge({ ...integration, type: 'email' }, { ...taken, message: one })).toMatchObject({
        verdict: 'FAILED',
        reason: expect.stringContaining('; Alertmanager takes that for success and does not send it again'),
      });
    for (const evidence of [{ elapsedMs: 1_000 }, { final: true }, { counted: counted(1, 1, 1) }])
      expect(judge(integration, { ...early, ...evidence, isInbox: true, message: html })?.reason).toBe(
        'the inbox answered 200 and did not take it: told to misbehave: 200 with an HTML page',
      );
  });

  it('is of the inbox, whose words go before those of the log', () => {
    const own = { ...end, group: 'alertname="LeitstandTest_abcx0x"' };
    for (const status of [200, 500])
      expect(
        judge(integration, { ...early, isInbox: true, message: no(status), attempts: [own] }),
      ).toMatchObject({ verdict: 'FAILED', evidenceKind: 'inbox' });
  });

  it('on purpose has another fix', () => {
    const told = { ...no(403), problems: ['invalid_token (told to misbehave: status 403)'] };
    expect(judge(integration, { ...early, isInbox: true, message: told })?.fix).toMatch(
      /^the inbox was told to do so: leitstand inbox misbehave --clear\. Were it the provider: .*make a new webhook/,
    );
    const real = { ...told, problems: ['invalid_token: the last part of the URL is no token'] };
    expect(judge(integration, { ...early, isInbox: true, message: real })?.fix).not.toContain('misbehave');
  });

  it('counts only after the last member of a cluster had its turn', () => {
    const evidence = { counted: counted(1, 1, 1), turnsMs: 2_000, patienceMs: 7_000 };
    expect(at('slack', 500, { ...evidence, elapsedMs: 2_500 })).toBeUndefined();
    expect(at('slack', 500, { ...evidence, elapsedMs: 3_000 })).toBe('FAILED');
  });

  it('says how often it was refused before', () => {
    expect(judge(integration, { ...early, message, refused: 2 })).toMatchObject({
      verdict: 'CONFIRMED',
      notes: ['refused 2 times before it was taken'],
    });
  });
});

describe('hours that Alertmanager does not show', () => {
  const hold = {
    kind: 'interval',
    by: 'the time interval office (it is outside of it now)',
    until: '2026-01-05T07:00:00.000Z',
    fix: 'wait',
    isUnsaid: true,
  } as const;

  it('are MUTED once it is clear that nothing is sent', () => {
    const evidence = { ...early, holds: [hold] };
    expect(judge(integration, evidence)).toBeUndefined();
    expect(judge(integration, { ...evidence, elapsedMs: 2_000 })).toMatchObject({
      verdict: 'MUTED',
      reason: expect.stringMatching(/office .* until 2026-01-05T07.*its definition says/),
    });
  });

  it('are not believed against what is sent', () => {
    const evidence = { ...early, holds: [hold], elapsedMs: 2_000 };
    expect(judge(integration, { ...evidence, counted: counted(0, 0, 0, { started: 1 }) })).toBeUndefined();
    expect(judge(integration, { ...evidence, counted: counted(1) })?.verdict).toBe('ACCEPTED');
    expect(judge(integration, { ...evidence, message })?.verdict).toBe('CONFIRMED');
  });
});

describe('SENT-UNCONFIRMED', () => {
  it('when a shared URL had too few messages', () => {
    expect(judge(integration, { ...late, isInbox: true, unassigned: 1, counted: counted(2) })).toMatchObject({
      verdict: 'SENT-UNCONFIRMED',
      reason: expect.stringContaining('share its URL'),
    });
  });

  it('always says why and what to do', () => {
    for (const evidence of [{ counted: undefined }, { counted: counted(5, 0, 0, { started: 6 }) }])
      expect(judge(integration, { ...late, ...evidence })).toMatchObject({
        verdict: 'SENT-UNCONFIRMED',
        reason: expect.any(String),
        fix: expect.any(String),
      });
  });
});

it('no verdict shows the secret URL, though the destination may quote it', () => {
  const quoting = { ...refused, reason: 'unexpected status code 404: Cannot POST /token-7f3a' };
  for (const evidence of [late, { ...late, counted: counted(1) }, { ...late, attempts: [refused, quoting] }])
    expect(JSON.stringify(judge(integration, evidence))).not.toContain('7f3a');
});

it('at the end there always is a verdict', () => {
  for (const requests of [0, 1, 2])
    for (const failed of [0, 1])
      for (const isInbox of [true, false])
        for (const groups of [[], [group('on-call')], [group('other')]])
          expect(
            judge(integration, { ...late, isInbox, groups, counted: counted(requests, failed, failed) }),
          ).toBeDefined();
});

describe('counters', () => {
  const text = (slack: number, webhook: number, started = 5) => `
process_start_time_seconds ${started}
alertmanager_notifications_total{integration="slack"} ${slack}
alertmanager_config_last_reload_success_timestamp_seconds 6
alertmanager_notification_requests_total{integration="slack"} ${slack}
alertmanager_notification_requests_total{integration="webhook"} ${webhook}
alertmanager_notifications_failed_total{integration="slack",reason="clientError"} ${slack}
alertmanager_notifications_failed_total{integration="slack",reason="other"} 4
alertmanager_notifications_failed_total{integration="webhook",reason="other"} ${webhook}
`;
  const snapshot = (...args: Parameters<typeof text>) => readCounters([parseMetrics(text(...args))]);

  it('tell what was added for one type', () => {
    const since = { type: 'slack', receiver: 'on-call', earlier: snapshot(2, 10) };
    expect(countedSince(snapshot(1, 10), snapshot(3, 10), since)).toEqual({
      started: 2,
      requests: 2,
      failedRequests: 0,
      // What only the last look knows may still turn out as a failure.
      succeeded: 1,
      failed: 2,
      reasons: ['clientError'],
    });
  });

  it('are of one receiver where Alertmanager tells them apart, and of all members of a cluster', () => {
    const member = (own: number, other: number) =>
      parseMetrics(`
process_start_time_seconds 5
alertmanager_notifications_total{integration="slack",receiver_name="on-call"} ${own}
alertmanager_notifications_total{integration="slack",receiver_name="other"} ${other}
`);
    const since = { type: 'slack', receiver: 'on-call', earlier: undefined };
    const before = readCounters([member(1, 5), member(0, 0)]);
    const after = readCounters([member(2, 9), member(3, 0)]);
    expect(isByReceiver(after)).toBe(true);
    expect(countedSince(before, after, since)?.started).toBe(4);
    // One of the members no longer answers: nobody knows what it did.
    expect(countedSince(before, readCounters([member(2, 9)]), since)).toBeUndefined();
  });

  it('tell nothing across a restart', () => {
    expect(
      countedSince(snapshot(1, 10), snapshot(3, 10, 6), {
        type: 'slack',
        receiver: 'on-call',
        earlier: undefined,
      }),
    ).toBeUndefined();
  });
});
