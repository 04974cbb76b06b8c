import { eventProblems, isFields, lengthOf, MAX_SUMMARY } from './event-rules.ts';
import { MAX_EVENT_BYTES } from './sandbox.ts';

/** What PagerDuty or Alertmanager makes of an event that is too large in some part; what PagerDuty would refuse. */
export function pagerdutyLimits(body: string): readonly string[] {
  const event = parse(body);
  if (!isFields(event)) return ['it is no JSON object: PagerDuty refuses it'];
  const payload = isFields(event['payload']) ? event['payload'] : {};
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
    ...(isFields(details) && String(details['error']).startsWith('Custom details have been removed')
      ? [`it would have more than ${MAX_EVENT_BYTES} bytes: Alertmanager left all details out`]
      : []),
  ];
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}
