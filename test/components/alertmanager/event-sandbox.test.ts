import { describe, expect, it } from 'vitest';
import { eventSandbox } from '../../../src/components/alertmanager/event-sandbox.ts';
import { describeHttpSandbox } from '../../receivers/conformance.ts';

/** As Alertmanager 0.34 posts it (shortened). */
const alert = {
  hash: '10613773510461625484',
  details: {
    fingerprint: '13372349620453946315',
    name: 'DiskFull',
    labels: {
      labels: [
        { key: 'alertname', value: 'DiskFull' },
        { key: 'leitstand_test', value: 'abc' },
      ],
    },
    annotations: {},
    startsAt: '2026-11-27T08:23:24.261Z',
    endsAt: '0001-01-01T00:00:00Z',
  },
};
const notification = {
  alerts: [alert],
  firingAlerts: [{ hash: alert.hash }],
  groupInfo: { groupKey: '{}:{}', groupLabels: {}, receiverName: 'on-call' },
  repeatInterval: '14400s',
  reason: 'NOTIFY_REASON_FIRST_NOTIFICATION',
  flushId: '1',
  integration: { name: 'webhook', index: '1' },
};
const event = (data: object) => ({ '@timestamp': '2026-11-27T09:23:24.330187665Z', instance: 'vm', data });

describeHttpSandbox({
  sandbox: eventSandbox,
  path: '/events',
  goodBody: event({ notification }),
  success: 200,
  refused: [
    { what: 'what is no JSON', request: { body: 'hello' }, status: 400, word: 'no single event' },
    {
      what: 'a batch, and says how to turn it off',
      request: { body: JSON.stringify([event({ notification })]) },
      status: 400,
      word: 'take `batch: true` out',
    },
    { what: 'a message of Slack', request: { body: '{"text":"x"}' }, status: 400, word: 'no single event' },
  ],
});

describe('the event of a notification', () => {
  const receive = (body: object) =>
    eventSandbox.receive({ method: 'POST', path: '/events', headers: {}, body: JSON.stringify(body) });

  it('says which integration took which alert', () => {
    expect(receive(event({ notification })).message).toEqual({
      title: 'on-call webhook[1] took DiskFull',
      text: 'alertname="DiskFull" leitstand_test="abc"',
      status: 'firing',
      recipient: 'on-call webhook[1]',
    });
  });

  it('counts integrations from 0, which protobuf leaves out', () => {
    const { message } = receive(event({ notification: { ...notification, integration: { name: 'slack' } } }));
    expect(message?.recipient).toBe('on-call slack[0]');
  });

  it('is of an end when nothing fires any more', () => {
    const { firingAlerts: _, ...resolved } = notification;
    expect(receive(event({ notification: resolved })).message?.status).toBe('resolved');
  });

  it('is kept; other events are answered and forgotten', () => {
    expect(receive(event({ notification })).forget).toBeUndefined();
    for (const data of [{ alertCreated: { alert: alert.details } }, { alertmanagerStartupEvent: {} }, {}])
      expect(receive(event(data))).toMatchObject({ status: 200, accepted: true, forget: true });
  });
});
