import { z } from 'zod';
import { path, secret, template, url } from '../../config/fields.ts';
import { SEVERITIES } from './event-rules.ts';

const EVENTS_PATH = '/v2/enqueue';
export const EVENTS_URL = `https://events.pagerduty.com${EVENTS_PATH}`;

export const pagerdutySchema = z.strictObject({
  routing_key: secret().describe('Integration key of an "Events API v2" integration: 32 letters and digits.'),
  // Here to be recognised, and so that its value is shown nowhere.
  service_key: secret()
    .refine(() => false, {
      error:
        'is for the Events API v1, which knows no severity, and whose address Alertmanager has built in, so that nothing can be tested',
      params: {
        fix: 'add an "Events API v2" integration to the PagerDuty service and write its key as `routing_key`; a secret may keep its name: `routing_key: ${secret:PAGERDUTY_SERVICE_KEY}`',
      },
    })
    .optional()
    .describe('Key of the Events API v1: refused, with what to do instead.'),
  url: url()
    .refine(isEventsUrl, {
      error: 'is an address of PagerDuty that takes no events of the Events API v2',
      params: { fix: `write ${EVENTS_URL}, or https://events.eu.pagerduty.com${EVENTS_PATH} in the EU` },
    })
    .default(EVENTS_URL)
    .describe(
      'Where events are sent to. In the EU service region: `https://events.eu.pagerduty.com/v2/enqueue`.',
    ),
  summary: template()
    .optional()
    .describe(
      "What the incident is called, in Alertmanager's template language; a test is marked in any case.",
    ),
  severity: z
    .record(z.string(), z.enum(SEVERITIES).describe("PagerDuty's severity."))
    .default({})
    .describe(
      "Value of the label `severity` → PagerDuty's severity. What is not named here: critical, warning and info are the same there, everything else is an error.",
    ),
  class: template()
    .optional()
    .describe("Kind of problem, in Alertmanager's template language. Default: the alert's name."),
  component: template()
    .optional()
    .describe("What is broken, in Alertmanager's template language. Default: the label `component`."),
  group: template()
    .optional()
    .describe(
      "What belongs together, in Alertmanager's template language. Default: the label `workspace_id`.",
    ),
  details: z
    .record(
      z.string().min(1),
      template({ mayBeEmpty: true }).describe("Text, in Alertmanager's template language."),
    )
    .default({})
    .describe('Further details of the incident: name → text.'),
  send_resolved: z.boolean().default(true).describe('Whether it is told when an alert is over.'),
  proxy_url: url().optional().describe('Proxy that Alertmanager goes through.'),
  ca_file: path({ absolute: true })
    .optional()
    .describe('PEM file of the authority that signed the certificate, where it is no public one.'),
  read_back: z
    .strictObject({
      api_key: secret().describe('Key of the REST API; one that may only read is enough.'),
      url: url()
        .optional()
        .describe(
          'The REST API. Default: `https://api.pagerduty.com`, or that of the EU where events are sent there.',
        ),
    })
    .optional()
    .describe('How `alert test` asks PagerDuty whether the incident is there.'),
});

export type PagerdutyConfig = z.infer<typeof pagerdutySchema>;

/** Other hosts (the inbox, an agent, a proxy) have paths of their own. */
function isEventsUrl(text: string): boolean {
  const parsed = URL.parse(text);
  if (!parsed) return true;
  const { hostname, pathname } = parsed;
  return !/(^|\.)pagerduty\.com$/.test(hostname) || pathname === EVENTS_PATH;
}

/** Of the REST API, without a `/` at the end. */
export function apiUrlOf({ url: eventsUrl, read_back }: PagerdutyConfig): string {
  const isEu = new URL(eventsUrl).hostname.endsWith('.eu.pagerduty.com');
  const own = isEu ? 'https://api.eu.pagerduty.com' : 'https://api.pagerduty.com';
  return (read_back?.url ?? own).replace(/\/+$/, '');
}
