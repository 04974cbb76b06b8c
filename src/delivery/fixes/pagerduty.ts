import { type Fix, hostOf, secretOf, settingOf, thenApply } from './fix.ts';

/** PagerDuty/developer-docs, events-API-v2. */
export const PAGERDUTY_FIXES: readonly Fix[] = [
  [
    /routing_key|invalid key|\b403\b|authError/i,
    (target) =>
      `PagerDuty does not know the key: copy the *Integration Key* (32 letters and digits) of an integration "Events API v2" of the service into ${secretOf(target)}${thenApply(target)}. One of the type "Prometheus" speaks the old version 1`,
  ],
  [
    /\b413\b|too (long|large)|is too long/i,
    (target) =>
      `the event is larger than PagerDuty takes: shorten \`summary\` and \`details\` of ${target.receiver}`,
  ],
  [
    /\b400\b|Event object is invalid|invalid event/i,
    (target) =>
      `PagerDuty refuses the event: first compare the *Integration Key* of the service's "Events API v2" integration with ${secretOf(target)}; if that is right, leitstand alert preview ${target.receiver} shows the event${thenApply(target)}`,
  ],
  [
    /\b429\b|rateLimited/,
    () =>
      'PagerDuty takes about 120 events a minute for a key; Alertmanager tries again by itself. Wait a minute and test again; if real alerts are lost so, group them more',
  ],
  [
    /\b40[45]\b/,
    (target) =>
      `that is not PagerDuty's address: ${settingOf('url', target)} is https://events.pagerduty.com/v2/enqueue, in the EU https://events.eu.pagerduty.com/v2/enqueue${thenApply(target)}`,
  ],
  [
    /\b5\d\d\b|serverError/,
    () =>
      'PagerDuty itself has a problem: see https://status.pagerduty.com; Alertmanager tries again by itself',
  ],
  [
    /<html|<!doctype/i,
    (target) =>
      `something else than PagerDuty answered: a proxy or its login page. Let ${hostOf(target)} through`,
  ],
];
