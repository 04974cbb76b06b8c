import { isObject, parseObject } from '../json.ts';
import { eventProblems, lengthOf, MAX_SUMMARY } from './event-rules.ts';
import { MAX_EVENT_BYTES } from './sandbox.ts';

/** What PagerDuty or Alertmanager makes of an event that is too large in some part; what PagerDuty would refuse. */
export function pagerdutyLimits(body: string): readonly string[] {
  const event = parseObject(body);
  if (!event) return ['it is no JSON object: PagerDuty refuses it'];
  const payload = isObject(event['payload']) ? event['payload'] : {};
  const { summary, custom_details: details } = payload;
  return [
    ...eventProblems(event).map((problem) => `PagerDuty refuses it: ${problem}`),
    // Alertmanager cuts longer ones to exactly this length.
    ...(typeof summary === 'string' && lengthOf(summary) === MAX_SUMMARY && summary.endsWith('…')
      ? [`the summary is cut to ${MAX_SUMMARY} characters`]
      : []),
    ...(Buffer.byteLength(body) > MAX_EVENT_BYTES
      ? [
          `it has more than ${MAX_EVENT_BYTES} bytes: PagerDuty refuses it, and Alertmanager leaves all details out`,
        ]
      : []),
    ...(isObject(details) && String(details['error']).startsWith('Custom details have been removed')
      ? [`it would have more than ${MAX_EVENT_BYTES} bytes: Alertmanager left all details out`]
      : []),
  ];
}
