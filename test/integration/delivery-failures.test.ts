import { expect } from 'vitest';
import { httpExchange } from '../../src/platform/http.ts';
import type { Fault } from '../../src/stack/sandbox.ts';
import {
  ACCEPTED,
  CONFIRMED,
  describeScenes,
  lost,
  notSent,
  oneOfEach,
  onPurpose,
  type Played,
  perGeneration,
  whileTold,
} from './delivery-scenes.ts';

const status = (code: number, retryAfter?: number): Fault => ({
  kind: 'status',
  status: code,
  ...(retryAfter === undefined ? {} : { retryAfter }),
});
const everywhere = (fault: Fault, times?: number) =>
  ['slack', 'email', 'pagerduty', 'webhook'].map((type) => [type, fault, times] as const);
/** What is to be done, in whole sentences. */
const NEW_WEBHOOK =
  'make a new webhook at https://api.slack.com/apps (your app, *Incoming Webhooks*) and put its URL into the secret TEST_URL; then: leitstand up';
const FIX = {
  slackRevoked: `the webhook was revoked, or its URL is not whole: ${NEW_WEBHOOK}`,
  slackGone: `the webhook does not exist, or was switched off: ${NEW_WEBHOOK}`,
  slackArchived: `the channel is archived: unarchive it, or for another one ${NEW_WEBHOOK}`,
  slackRate:
    'more than about one message a second: wait a minute and test again. If real alerts are lost so, let them wait for each other longer: `routing.group_wait`',
  slackFailed: 'Slack failed: see https://slack-status.com, then test again',
  slackPage:
    'something else than Slack answered in its place: a proxy or its login page. Let HOST through, or name the proxy in `proxy_url` of slack slack[0] in leitstand.yaml',
  mailLogin:
    'HOST refuses the user name or the password: correct `username` and the secret TEST_URL; many providers want an app password in place of that of the mailbox; then: leitstand up',
  mailRecipient:
    'HOST refuses the recipient ops@example.org: correct `to` of email email[0] in leitstand.yaml, or ask the operator of that mailbox; then: leitstand up',
  mailRule:
    'HOST refuses the mail by a rule of its own (spam, sender, rights), which its words name: log in (`username`, `password`) if nobody does, put an address into `from` of email email[0] in leitstand.yaml that this account may send as, or ask its operator; then: leitstand up',
  mailUnnoticed:
    'HOST refused the mail after its last line, which Alertmanager before 0.28 does not notice: such alerts are lost and counted as sent. Take 0.28 or newer (`components.alertmanager.version`), and ask the operator of the mail server why it refuses',
  mailLater:
    'HOST puts it off (greylisting, or it is busy): Alertmanager tries again by itself. Test again in 15 minutes; if it stays, ask its operator to let this sender through',
  mailCut:
    'HOST cuts the connection: a port that begins with TLS (465) wants `tls: implicit`; else it may block this machine: ask its operator',
  mailPage:
    'a web server answers at HOST where a mail server should: correct `smarthost` of email email[0] in leitstand.yaml; then: leitstand up',
  pagerdutyKey:
    'PagerDuty does not know the key: copy the *Integration Key* (32 letters and digits) of an integration "Events API v2" of the service, not of one "Prometheus", into the secret TEST_URL; then: leitstand up',
  pagerdutyAddress:
    "that is not PagerDuty's address: set `url` of pagerduty pagerduty[0] in leitstand.yaml to https://events.pagerduty.com/v2/enqueue, in the EU to https://events.eu.pagerduty.com/v2/enqueue; then: leitstand up",
  pagerdutyFailed:
    'PagerDuty itself has a problem: see https://status.pagerduty.com; Alertmanager tries again by itself',
  pagerdutyPage: 'something else than PagerDuty answered: a proxy or its login page. Let HOST through',
  credentials:
    'HOST refuses the credentials: make new ones and put them into the secret TEST_URL; then: leitstand up',
  noSuchUrl:
    'nothing takes messages at that URL of HOST: copy the right one into the secret TEST_URL; then: leitstand up',
  rate: 'HOST limits the rate: wait a minute and test again; group alerts more',
  failed:
    'HOST has a problem of its own: Alertmanager tries again by itself; look into its log, or ask its operator',
  page: 'a web page answered in place of HOST: a proxy or its login page stands between',
  late: 'HOST does not answer in time: try it from the machine of Alertmanager, look at the firewall and the proxy on the way, and give it more time (--timeout 60s)',
  cut: 'HOST cuts the connection without an answer: look into its own log, and at what stands between',
} as const;

const REFUSED = 'the inbox refused it as the provider would: ';
const UNNOTICED = '; Alertmanager takes that for success and does not send it again';
const PAGE = 'the inbox answered 200 and did not take it: told to misbehave: 200 with an HTML page';
const hung = onPurpose('the inbox did not answer: told to misbehave: no answer', FIX.late);
const cut = onPurpose('the inbox did not answer: told to misbehave: the connection is cut', FIX.cut);
const late = lost('no answer from HOST within the time: timeout', FIX.late, 'counters');

/** Until Alertmanager has forgotten the alerts of the test, whose end it could tell nobody; then all providers are well. */
async function nobodyIsToldLater({ world, running, report }: Played): Promise<void> {
  const groups = async () => {
    const { body } = await httpExchange(`${running.live.url}/api/v2/alerts/groups?filter=leitstand_test!=""`);
    return JSON.parse(body) as unknown[];
  };
  await expect.poll(groups, { timeout: 60_000, interval: 200 }).toEqual([]);
  world.history.misbehaviours.clear();
  expect(report).toMatchObject({ exit: 1, resolved: true });
  expect(world.history.messages.findByText(report.nonce, 0).filter(({ accepted }) => accepted)).toEqual([]);
}

describeScenes('what providers answer', [
  {
    name: 'a wrong key',
    receivers: oneOfEach,
    faults: [
      ['slack', status(403)],
      ['email', status(535)],
      ['pagerduty', status(400)],
      ['webhook', status(401)],
    ],
    inbox: {
      slack: onPurpose(`${REFUSED}403 invalid_token (told to misbehave: status 403)`, FIX.slackRevoked),
      email: onPurpose('5.7.8 Error: authentication failed', FIX.mailLogin, 'log'),
      pagerduty: onPurpose(`${REFUSED}400 {"status":"invalid event"`, FIX.pagerdutyKey),
      webhook: onPurpose(`${REFUSED}401 told to misbehave`, FIX.credentials),
    },
    elsewhere: {
      slack: lost('unexpected status code 403: invalid_token', FIX.slackRevoked, 'log'),
      email: lost('*smtp.plainAuth auth: 535', FIX.mailLogin, 'log'),
      pagerduty: lost("400: Event object is invalid: Length of 'routing_key'", FIX.pagerdutyKey, 'log'),
      webhook: lost('unexpected status code 401: ', FIX.credentials, 'log'),
    },
  },
  {
    name: 'a revoked webhook, an unknown mailbox',
    receivers: oneOfEach,
    faults: [
      ['slack', status(404)],
      ['email', status(550)],
      ['pagerduty', status(403)],
      ['webhook', status(410)],
    ],
    inbox: {
      slack: onPurpose(`${REFUSED}404 no_service`, FIX.slackGone),
      email: onPurpose('send RCPT command: 550', FIX.mailRecipient, 'log'),
      pagerduty: onPurpose(`${REFUSED}403 told to misbehave`, FIX.pagerdutyKey),
      webhook: onPurpose(`${REFUSED}410 told to misbehave`, FIX.noSuchUrl),
    },
    elsewhere: {
      slack: lost('unexpected status code 404: no_service', FIX.slackGone, 'log'),
      email: lost('send RCPT command: 550', FIX.mailRecipient, 'log'),
      pagerduty: lost('unexpected status code 403', FIX.pagerdutyKey, 'log'),
      webhook: lost('unexpected status code 410: ', FIX.noSuchUrl, 'log'),
    },
  },
  {
    name: 'an archived channel, a mail that is refused when it is said',
    receivers: oneOfEach,
    faults: [
      ['slack', status(410)],
      ['email', status(554)],
      ['pagerduty', status(404)],
      ['webhook', status(404)],
    ],
    inbox: {
      slack: onPurpose(`${REFUSED}410 channel_is_archived`, FIX.slackArchived),
      email: perGeneration(
        onPurpose(`${REFUSED}554 5.7.1 Message rejected (told to misbehave: status 554)`, FIX.mailRule),
        onPurpose(`Message rejected (told to misbehave: status 554)${UNNOTICED}`, FIX.mailUnnoticed),
      ),
      pagerduty: onPurpose(`${REFUSED}404 told to misbehave`, FIX.pagerdutyAddress),
      webhook: onPurpose(`${REFUSED}404 told to misbehave`, FIX.noSuchUrl),
    },
    elsewhere: {
      slack: lost('unexpected status code 410: channel_is_archived', FIX.slackArchived, 'log'),
      // It does not read what the server says: nobody but the server could know better.
      email: perGeneration(lost('delivery failure: 554', FIX.mailRule, 'log'), ACCEPTED),
      pagerduty: lost('unexpected status code 404', FIX.pagerdutyAddress, 'log'),
      webhook: lost('unexpected status code 404: ', FIX.noSuchUrl, 'log'),
    },
  },
  {
    name: 'a burst: 429, which of these PagerDuty alone is tried again after',
    receivers: oneOfEach,
    faults: [
      ['slack', status(429, 1)],
      ['email', status(421), 1],
      ['pagerduty', status(429), 1],
      ['webhook', status(429)],
    ],
    request: () => ({ timeoutMs: 60_000 }),
    inbox: {
      slack: onPurpose(`${REFUSED}429 {"retry_after":1,"ok":false,"error":"rate_limited"}`, FIX.slackRate),
      email: perGeneration(
        { ...CONFIRMED, notes: ['refused once before it was taken'] },
        onPurpose(
          `421 4.7.0 Try again later, closing connection (told to misbehave: status 421)${UNNOTICED}`,
          FIX.mailUnnoticed,
        ),
      ),
      pagerduty: { ...CONFIRMED, notes: ['refused once before it was taken'] },
      webhook: onPurpose(`${REFUSED}429 told to misbehave`, FIX.rate),
    },
    elsewhere: {
      slack: lost('unexpected status code 429: {"retry_after":1', FIX.slackRate, 'log'),
      email: ACCEPTED,
      pagerduty: ACCEPTED,
      webhook: lost('unexpected status code 429: ', FIX.rate, 'log'),
    },
    afterwards: async ({ running }) => {
      const log = async () => (await running.live.logTail(400)).join('\n');
      for (const one of ['slack[0]', 'webhook[0]']) {
        // oxlint-disable-next-line vitest/no-standalone-expect -- called by the test of the row
        await expect
          .poll(log, { timeout: 30_000 })
          .toContain(`${one}: notify retry canceled due to unrecoverable error after 1 attempts`);
      }
    },
  },
  {
    name: '500 and greylisting, then recovery',
    receivers: oneOfEach,
    faults: [...everywhere(status(500), 2).filter(([type]) => type !== 'email'), ['email', status(451), 2]],
    request: () => ({ timeoutMs: 60_000 }),
    inbox: {
      slack: { ...CONFIRMED, notes: ['refused 2 times before it was taken'] },
      email: CONFIRMED,
      pagerduty: { ...CONFIRMED, notes: ['refused 2 times before it was taken'] },
      webhook: { ...CONFIRMED, notes: ['refused 2 times before it was taken'] },
    },
    elsewhere: { slack: ACCEPTED, email: ACCEPTED, pagerduty: ACCEPTED, webhook: ACCEPTED },
  },
  {
    name: '500 and greylisting, and no recovery in time; the alert ends meanwhile',
    receivers: oneOfEach,
    faults: [...everywhere(status(500)).filter(([type]) => type !== 'email'), ['email', status(451)]],
    request: () => ({ timeoutMs: 6_000 }),
    inbox: {
      slack: onPurpose(`${REFUSED}500 rollup_error`, FIX.slackFailed),
      email: onPurpose('send RCPT command: 451', FIX.mailLater, 'log'),
      pagerduty: onPurpose(`${REFUSED}500 told to misbehave`, FIX.pagerdutyFailed),
      webhook: onPurpose(`${REFUSED}500 told to misbehave`, FIX.failed),
    },
    elsewhere: {
      slack: lost('unexpected status code 500: rollup_error', FIX.slackFailed, 'log'),
      email: lost('send RCPT command: 451', FIX.mailLater, 'log'),
      pagerduty: lost('unexpected status code 500', FIX.pagerdutyFailed, 'log'),
      webhook: lost('unexpected status code 500: ', FIX.failed, 'log'),
    },
    afterwards: nobodyIsToldLater,
  },
  {
    name: 'no answer',
    receivers: oneOfEach,
    faults: everywhere({ kind: 'hang' }),
    request: () => ({ timeoutMs: 8_000 }),
    inbox: { slack: hung, email: { ...late, fix: whileTold(FIX.late) }, pagerduty: hung, webhook: hung },
    elsewhere: { slack: late, email: late, pagerduty: late, webhook: late },
  },
  {
    name: 'a late answer',
    receivers: oneOfEach,
    faults: everywhere({ kind: 'slow', delayMs: 1_500 }),
    request: () => ({ timeoutMs: 60_000 }),
    inbox: { slack: CONFIRMED, email: CONFIRMED, pagerduty: CONFIRMED, webhook: CONFIRMED },
    elsewhere: { slack: ACCEPTED, email: ACCEPTED, pagerduty: ACCEPTED, webhook: ACCEPTED },
  },
  {
    name: 'a connection that is cut',
    receivers: oneOfEach,
    faults: everywhere({ kind: 'drop' }),
    inbox: {
      slack: cut,
      email: { ...notSent('create SMTP client: EOF', whileTold(FIX.mailCut)) },
      pagerduty: cut,
      webhook: cut,
    },
    elsewhere: {
      slack: notSent('EOF', FIX.cut),
      email: notSent('create SMTP client: EOF', FIX.mailCut),
      pagerduty: notSent('EOF', FIX.cut),
      webhook: notSent('EOF', FIX.cut),
    },
  },
  {
    name: '200 with the login page of a proxy',
    receivers: oneOfEach,
    faults: everywhere({ kind: 'html' }),
    inbox: {
      slack: perGeneration(onPurpose(PAGE, FIX.slackPage), onPurpose(PAGE + UNNOTICED, FIX.slackPage)),
      email: notSent('short response', whileTold(FIX.mailPage)),
      pagerduty: onPurpose(PAGE + UNNOTICED, FIX.pagerdutyPage),
      webhook: onPurpose(PAGE + UNNOTICED, FIX.page),
    },
    // Alertmanager looks at the status alone, at Slack's words since 0.26: no more than ACCEPTED is claimed.
    elsewhere: {
      slack: perGeneration(
        lost('received an error response from Slack: <!DOCTYPE html>', FIX.slackPage, 'log'),
        ACCEPTED,
      ),
      email: notSent('short response', FIX.mailPage),
      pagerduty: ACCEPTED,
      webhook: ACCEPTED,
    },
  },
]);
