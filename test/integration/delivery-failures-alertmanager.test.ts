import { expect } from 'vitest';
import { createAlertmanagerApi } from '../../src/components/alertmanager/api.ts';
import { attachedAlerting } from '../../src/delivery/attached/alerting.ts';
import type { Hours } from '../../src/stack/stack.ts';
import {
  ACCEPTED,
  CONFIRMED,
  describeScenes,
  lost,
  oneOfEach,
  perGeneration,
  SECRET,
} from './delivery-scenes.ts';
import { type DeliveryWorld, type Running, silence } from './delivery-world.ts';

const muted = (reason: string, fix: string) =>
  ({ verdict: 'MUTED', reason, fix, evidence: 'alertmanager' }) as const;
const unclear = (reason: string, fix: string) =>
  ({ verdict: 'SENT-UNCONFIRMED', reason, fix, evidence: 'none' }) as const;

/** An interval that is not now. */
function neverNow(): Hours {
  const month = new Date(Date.now() + 40 * 86_400_000).getUTCMonth() + 1;
  return { times: [], weekdays: [], daysOfMonth: [], months: [String(month)], location: 'UTC' };
}

/** Of an Alertmanager that somebody else runs: its API hides the secrets, and nobody here reads its log. */
async function attached(_: DeliveryWorld, { live }: Running) {
  const { config } = await createAlertmanagerApi(live.url).status();
  return { alerting: attachedAlerting(config), logTail: async () => [] };
}

const gaveUp = (stage: 'send' | 'receive', reason: string, fix: string) =>
  ({ verdict: 'FAILED', stage, reason, fix, evidence: 'counters' }) as const;

/** Alertmanager counts reasons since 0.26. */
const refused = (type: string) =>
  perGeneration(
    gaveUp(
      'receive',
      'Alertmanager gave up sending for the reason it calls clientError (',
      `the destination of ${type} ${type}[0] refuses it: a key that is wrong or revoked, a URL that leads nowhere, or a message that it does not take; which of them is in Alertmanager's own log`,
    ),
    gaveUp(
      'send',
      'Alertmanager gave up sending (',
      `check the credentials of ${type} ${type}[0] in Alertmanager's configuration; more is in Alertmanager's own log`,
    ),
  );

const notThrough = (type: string) =>
  gaveUp(
    'send',
    ` requests of type ${type} failed, none is left that succeeded`,
    `check the credentials of ${type} ${type}[0] in Alertmanager's configuration; more is in Alertmanager's own log`,
  );

const HELD = {
  silence:
    "expire it if it is not wanted: in Alertmanager's page under Silences, or amtool silence expire ID",
  inhibition: 'see which alert that is (amtool alert query) and test again when it is over',
  hours: 'test again when the receiver is on duty, or change the interval',
} as const;

const hook = (world: DeliveryWorld, path: string) => ({
  webhook: [{ url: `${world.inboxUrl}/webhook/${path}` }],
});

describeScenes('what Alertmanager does', [
  {
    name: 'a silence, and hours in which nobody is told',
    receivers: (world) => ({
      team: hook(world, 'team'),
      office: hook(world, 'office'),
      'on-call': hook(world, 'on-call'),
    }),
    more: () => ({
      severities: { critical: 'on-call' },
      routes: [{ match: [{ label: 'severity', values: ['warning'] }], receiver: 'office', hours: 'office' }],
      hours: { office: neverNow() },
    }),
    prepare: (_, { live }) => silence(live, 'severity', 'critical'),
    inbox: {
      team: CONFIRMED,
      office: muted('held back by the time interval office (it is outside of it now) until 20', HELD.hours),
      'on-call': muted(' by anna ("disk is being replaced") until 20', HELD.silence),
    },
  },
  {
    name: 'an alert that inhibits',
    receivers: (world) => ({ 'on-call': hook(world, 'on-call'), team: hook(world, 'team') }),
    more: () => ({ severities: { critical: 'on-call', warning: 'team' } }),
    prepare: (_, { live }) => {
      const now = Date.now();
      const labels = { alertname: 'RackDown', severity: 'critical', workspace_id: 'w1' };
      const times = { startsAt: new Date(now - 3_600_000), endsAt: new Date(now + 600_000) };
      return createAlertmanagerApi(live.url).post([{ labels, annotations: {}, ...times }]);
    },
    request: () => ({
      aim: {
        kind: 'labels',
        labels: { severity: 'warning', workspace_id: 'w1', component: '', instance: '' },
      },
    }),
    inbox: {
      team: muted(
        'held back by the alert RackDown {severity="critical", workspace_id="w1"}, which fires and inhibits it',
        HELD.inhibition,
      ),
    },
  },
  {
    // The log names what was refused for good only when the slowest of the group is given up as well.
    name: 'a group of which one is tried again and again',
    receivers: (world) => {
      const { slack, email, webhook } = oneOfEach(world);
      return { 'on-call': { ...slack, ...email, ...webhook } };
    },
    faults: [
      ['slack', { kind: 'status', status: 404 }],
      ['email', { kind: 'status', status: 550 }],
    ],
    request: () => ({ timeoutMs: 30_000 }),
    elsewhere: {
      'on-call slack[0]': lost(
        'unexpected status code 404: no_service',
        'the webhook does not exist, or was switched off: make a new webhook at https://api.slack.com/apps (your app, *Incoming Webhooks*) and put its URL into the secret TEST_URL; then: leitstand up',
        'log',
      ),
      'on-call email[0]': lost(
        'send RCPT command: 550',
        'HOST refuses the recipient ops@example.org: correct `to` of on-call email[0] in leitstand.yaml, or ask the operator of that mailbox; then: leitstand up',
        'log',
      ),
      'on-call webhook[0]': ACCEPTED,
    },
  },
  {
    name: 'two of one type, of which one is refused',
    receivers: (world) => ({
      'on-call': {
        slack: [
          { webhook_url: `${world.inboxUrl}/slack/services/T0/B0/${SECRET}` },
          { webhook_url: `${world.inboxUrl}/slack/services/T0/B0/${SECRET}-` },
        ],
      },
    }),
    inbox: {
      'on-call slack[0]': CONFIRMED,
      'on-call slack[1]': lost(
        'the inbox refused it as the provider would: 403 invalid_token: the last part of the URL is no token',
        'the webhook was revoked, or its URL is not whole: make a new webhook at https://api.slack.com/apps (your app, *Incoming Webhooks*) and put its URL into the secret TEST_URL; then: leitstand up',
        'inbox',
      ),
    },
    elsewhere: {
      'on-call slack[0]': ACCEPTED,
      'on-call slack[1]': lost(
        'unexpected status code 403: invalid_token',
        'the webhook was revoked, or its URL is not whole: make a new webhook at https://api.slack.com/apps (your app, *Incoming Webhooks*) and put its URL into the secret TEST_URL; then: leitstand up',
        'log',
      ),
    },
  },
  {
    // One success and one that is still open: whose it is, nothing says.
    name: 'two of one type, of which one does not answer',
    receivers: async (world) => {
      const silent = await world.elsewhere(() => undefined);
      const good = await world.elsewhere(() => ({ status: 200 }));
      return { 'on-call': { webhook: [{ url: `${silent}/${SECRET}` }, { url: `${good}/${SECRET}` }] } };
    },
    request: () => ({ timeoutMs: 4_000 }),
    elsewhere: {
      'on-call webhook[0]': unclear(
        'integrations of type webhook share one counter; of 2 notifications 1 succeeded, and it does not tell whose',
        'messages past Alertmanager say which of them takes none: leitstand alert test --direct on-call',
      ),
      'on-call webhook[1]': unclear(
        'integrations of type webhook share one counter; of 2 notifications 1 succeeded, and it does not tell whose',
        'messages past Alertmanager say which of them takes none: leitstand alert test --direct on-call',
      ),
    },
  },
  {
    name: 'an attached one, which hides its secrets and whose log nobody reads',
    receivers: oneOfEach,
    faults: [
      ['slack', { kind: 'status', status: 403 }],
      ['email', { kind: 'status', status: 550 }],
      ['pagerduty', { kind: 'status', status: 400 }],
      ['webhook', { kind: 'status', status: 500 }],
    ],
    request: async (world, running) => ({ ...(await attached(world, running)), timeoutMs: 7_000 }),
    elsewhere: {
      slack: refused('slack'),
      email: notThrough('email'),
      pagerduty: refused('pagerduty'),
      webhook: notThrough('webhook'),
    },
    // oxlint-disable-next-line vitest/no-standalone-expect -- called by the test of the row
    afterwards: ({ kept }) => expect(kept).not.toContain('leitstand up'),
  },
]);
