import { type Fix, hostOf, previewOf, secretOf, settingOf, statusIn, thenApply } from './fix.ts';

/** PagerDuty/developer-docs, events-API-v2. */
export const PAGERDUTY_FIXES: readonly Fix[] = [
  [
    statusIn('403', 'routing_key', '[Ii]nvalid (?:[Rr]outing )?[Kk]ey', 'authError'),
    (target) =>
      `PagerDuty does not know the key: copy the *Integration Key* (32 letters and digits) of an integration "Events API v2" of the service, not of one "Prometheus", into ${secretOf(target)}${thenApply(target)}`,
  ],
  [
    statusIn('413', 'too (?:long|large)'),
    (target) =>
      `the event is larger than PagerDuty takes: shorten \`summary\` and \`details\` of ${target.receiver}`,
  ],
  [
    statusIn('400', 'Event object is invalid', 'invalid event'),
    (target) =>
      `PagerDuty refuses the event: first compare the *Integration Key* of the service's "Events API v2" integration with ${secretOf(target)}; if that is right, ${previewOf(target)} shows the event${thenApply(target)}`,
  ],
  [
    statusIn('429', 'rateLimited'),
    () =>
      'PagerDuty takes about 120 events a minute for a key; Alertmanager tries again by itself. Wait a minute and test again; if real alerts are lost so, group them more',
  ],
  [
    statusIn('40[45]'),
    (target) =>
      `that is not PagerDuty's address: set ${settingOf('url', target)} to https://events.pagerduty.com/v2/enqueue, in the EU to https://events.eu.pagerduty.com/v2/enqueue${thenApply(target)}`,
  ],
  [
    statusIn('5\\d\\d', 'serverError'),
    () =>
      'PagerDuty itself has a problem: see https://status.pagerduty.com; Alertmanager tries again by itself',
  ],
  [
    /<html|<!doctype|html page/i,
    (target) =>
      `something else than PagerDuty answered: a proxy or its login page. Let ${hostOf(target)} through`,
  ],
];
